"""identity: what other programs know a finding by: its file as they name it, and a fingerprint."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from mlskill.model import Finding


def local(path: str) -> str:
    """`path` as from the folder one is in, where it lies below it.

    >>> local("./a/../b.md"), local("/somewhere/else.md")
    ('b.md', '/somewhere/else.md')
    """
    path = posixpath.normpath(path) if path else ""
    here = Path.cwd().as_posix().rstrip("/") + "/"
    return path.removeprefix(here)


def uri(path: str) -> str:
    """`path` as a URI: relative where the path is, percent-encoded.

    >>> uri("a b/ü:c.md"), uri("/somewhere/else.md")
    ('a%20b/%C3%BC%3Ac.md', 'file:///somewhere/else.md')
    """
    path = local(path)
    prefix = "file://" if path.startswith("/") else ""
    return prefix + quote(path.encode("utf-8", "surrogatepass"), safe="/")


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """For each of `findings` what stays the same when lines are added above it; no two are equal.

    It is made of the rule, the path and the line's text, and counts where these are equal.
    """
    seen: Counter[str] = Counter()
    for finding in findings:
        parts = (finding.rule, local(finding.path), finding.excerpt.strip())
        digest = sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        seen[digest] += 1
        yield f"{digest}:{seen[digest]}"
