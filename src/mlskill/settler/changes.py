"""Changes: which files of some skills differ from what they were at a revision.

A repository may come from a stranger, and much in its ``.git/config`` names programs that git runs:
a monitor of the file system, hooks, filters of contents, drivers of diffs, transports of objects
that are missing. So git is asked for names and hashes in its store alone (``rev-parse``,
``ls-tree``), which run none of them, with all transports forbidden; files are read and hashed here.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from mlskill.errors import MlskillError
from mlskill.model import LIMITS, Finding, Limits
from mlskill.reader import read
from mlskill.rules import RULES
from mlskill.validator import named

SECONDS = 60
"""How long git may take for one answer."""

_SAFELY = (
    *("--no-pager", "--no-replace-objects", "--no-optional-locks"),
    *("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("-c", "protocol.allow=never", "-c", "safe.bareRepository=explicit"),
)
# What says that another repository is meant than the one that a folder lies in.
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE")


class Changes:
    """What changed since `revision` in the skills at `roots`.

    Raises:
        MlskillError: one of them lies in no repository, git is not there, or knows no such
            revision.
    """

    def __init__(self, revision: str, roots: Iterable[str], *, limits: Limits = LIMITS) -> None:
        self.revision = revision
        self._trees: dict[str, dict[str, tuple[str, str]]] = {}
        self._same: set[str] = set()
        self._touched: list[str] = []
        for root in roots:
            self._compare(root, limits)

    def reason(self, finding: Finding) -> str:
        """Why a finding is not of interest; empty for one in a file that changed.

        In a skill that changed, links are of interest in all files: what they lead to may be gone.
        """
        if finding.path not in self._same:
            return ""
        rule = RULES.get(finding.rule)
        if rule and rule.family == "links" and finding.path.startswith(tuple(self._touched)):
            return ""
        return f"unchanged since {self.revision}"

    def _compare(self, root: str, limits: Limits) -> None:
        sources = read(root, limits=limits, contents=True)
        folder = Path(os.path.realpath(sources.location)).parent
        top = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)
        if top is None:
            raise MlskillError(f"{root}: lies in no git repository")
        below = "" if folder == top else folder.relative_to(top).as_posix() + "/"
        there = {
            path[len(below) :]: blob
            for path, blob in self._tree(top).items()
            if path.startswith(below)
        }
        files = {source.path: source.raw for source in sources.sources}
        files |= {asset.path: asset.data for asset in sources.assets if asset.data is not None}
        main = Path(sources.location).name
        same = {
            p for p, raw in files.items() if _is(there.get(main if p == "SKILL.md" else p), raw)
        }
        self._same |= {named(sources, path) for path in same}
        gone = any(not os.path.lexists(folder / path) for path in there)
        if gone or same != set(files):
            prefix = named(sources, "SKILL.md").removesuffix(main)
            self._touched.append(prefix)

    def _tree(self, top: Path) -> dict[str, tuple[str, str]]:
        """The kind and hash of each file of the repository at `top`, as it was."""
        key = str(top)
        if key not in self._trees:
            if self.revision.startswith("-"):
                raise MlskillError(f"{self.revision}: is no revision")
            wanted = f"{self.revision}^{{commit}}"
            arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
            commit = _git(top, *arguments, unknown=self.revision).decode("ascii").strip()
            entries = _git(top, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")
            self._trees[key] = dict(_entry(entry) for entry in entries if entry)
        return self._trees[key]


def _entry(line: bytes) -> tuple[str, tuple[str, str]]:
    about, _, path = line.partition(b"\t")
    mode, _, blob = about.decode("ascii").split(" ")
    return os.fsdecode(path), (mode, blob)


def _is(blob: tuple[str, str] | None, raw: bytes) -> bool:
    """Whether a file that holds `raw` is `blob`; git may have put CRLF for its line ends."""
    if blob is None or not blob[0].startswith("100"):
        return False
    return any(_hash(data, len(blob[1])) == blob[1] for data in (raw, raw.replace(b"\r\n", b"\n")))


def _hash(raw: bytes, digits: int) -> str:
    algorithm = "sha1" if digits == 40 else "sha256"
    made = hashlib.new(algorithm, b"blob %d\0" % len(raw), usedforsecurity=False)
    made.update(raw)
    return made.hexdigest()


def _git(top: Path, *arguments: str, unknown: str = "") -> bytes:
    """What git answers in the repository at `top`."""
    environment = {k: v for k, v in os.environ.items() if k not in _ELSEWHERE}
    environment |= {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - no word of it can be taken for an option
            ["git", *_SAFELY, "-C", str(top), *arguments],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise MlskillError("git is not installed, which --changed-since needs") from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise MlskillError(f"git gave no answer: {type(error).__name__}") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise MlskillError(said or f"{top}: git knows no revision {unknown}")
    return done.stdout
