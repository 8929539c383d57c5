"""key: everything that a report depends on, as one hash.

Of a skill that is every field of its `Sources`, each file's bytes among them; else the limits, the
checks, and the code: the files of this package, the Python that runs it, and what is installed
beside it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mlskill.model import Sources

try:  # hashlib loads OpenSSL, too, which takes longer than to hash a skill
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

__all__ = ["blake2b", "code", "key"]


def key(sources: Sources, *others: object) -> str:
    """The hash of `sources` and of `others`, whose ``repr`` must say all that they are."""
    digest = blake2b(digest_size=20)

    def add(part: bytes) -> None:
        # Its length goes before each part: "ab", "c" is not "a", "bc".
        digest.update(b"%d:" % len(part))
        digest.update(part)

    about = (sources.root, sources.location, sources.project, sources.complete, sources.faults)
    add(repr((others, about, sorted(sources.folders))).encode("utf-8", "surrogatepass"))
    for source in sources.sources:
        add(repr((source.path, source.faults)).encode("utf-8", "surrogatepass"))
        add(source.raw)
    for asset in sources.assets:
        add(repr((asset.path, asset.size, asset.data is None)).encode("utf-8", "surrogatepass"))
        add(asset.data or b"")
    return digest.hexdigest()


def code() -> str:
    """What the package, Python and the installed libraries are now; changes when they do."""
    digest = blake2b(sys.version.encode(), digest_size=20)
    package = Path(__file__).parent.parent
    for path, size, changed in sorted(_files(str(package), "")):
        digest.update(repr((path, size, changed)).encode())
    for folder in sys.path:
        try:
            names = os.listdir(folder)  # noqa: PTH208 - names, not paths
        except OSError:  # an archive, or gone
            continue
        installed = sorted(name for name in names if name.endswith("-info"))
        digest.update(repr(installed).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _files(folder: str, path: str) -> list[tuple[str, int, int]]:
    """The files below `folder` that make a report; the skill in the wheel and bytecode do not."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            here = f"{path}/{entry.name}"
            if not entry.is_dir():
                stat = entry.stat()
                found.append((here, stat.st_size, stat.st_mtime_ns))
            elif entry.name not in ("__pycache__", "ml-engineer", "pages", "views"):
                found += _files(entry.path, here)
    return found
