"""mentions: whether a path in a code span, or in a command, says that this skill has the file.

It may as well be an example, a file to be created, another skill's, or a repository's. What is
believed here was chosen so that on 926 public skills nobody is accused wrongly.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from mlskill.linker import candidates
from mlskill.model import Document, Link, Skill
from mlskill.rules.prose import spans

_CUSTOMARY = frozenset(
    (
        *("assets", "examples", "reference", "references", "resources", "scripts"),
        *("sub-skills", "subskills", "templates"),
    )
)
_SENT_TO = re.compile(
    r"\b(?:see|open|read|refer\w* to|load|consult|run|execute|python3?|bash|sh|node)\b"
    r"[^.`]{0,40}\Z",
    re.IGNORECASE,
)
_SUPPOSED = re.compile(
    r"\b(?:good|bad|example|e\.g|such as|coming soon|planned|creat\w*|writ\w*|sav\w*|generat\w*"
    r"|add\w*|put|mov\w*|placeholder|repositor\w+|repo|convention|output\w*|produc\w*|your)\b"
    r"|[→✓✗❌✅]|->|=>",
    re.IGNORECASE,
)
_ANOTHERS = re.compile(r"`['’]s?(?![\w`])|`\s+—\s+its\b|\bskill\b", re.IGNORECASE)
_INVENTED = re.compile(
    r"(?:(?:file|script)[_-]?name|foo|bar|baz|example\d?|my[-_].*|your[-_].*|name|x+|\w)\.\w+"
)


def speaks_of_own(skill: Skill, document: Document, mention: Link) -> bool:
    """Whether `mention` says that `skill` has the file."""
    written = [part for part in mention.path.split("/") if part not in (".", "..")]
    if len(written) < 2 or written[0] not in _CUSTOMARY:
        return False
    if _INVENTED.fullmatch(posixpath.basename(mention.path).lower()):
        return False
    # The words around it, and no more than that of a line of a megabyte.
    text, at = document.text, mention.start
    before = text[max(0, at - 200) : at].rpartition("\n")[2]
    line = before + text[at : at + 200].partition("\n")[0]
    paragraph = text[max(0, at - 120) : at].rpartition("\n\n")[2]
    if _SUPPOSED.search(line) or _ANOTHERS.search(paragraph):
        return False
    places = {c.partition("/")[0] for c in candidates(document.path, mention.path)}
    if written[0] in places & skill.folders:
        return True
    return written[0] != "examples" and _SENT_TO.search(before[-80:].rstrip("`* (")) is not None


_SHELLS = frozenset(("bash", "sh", "shell", "console", "zsh"))
_RUN = re.compile(
    r"^[ \t>`]*(?:\$[ \t]+)?(?:(?:uv|poetry|pipenv)[ \t]+run[ \t]+)?"
    r"(?:(?:python3?|bash|sh|node)[ \t]+(?:-\w[ \t]+)?|\./(?=scripts/))"
    r"(?:\./)?(scripts/[\w./-]+\.\w{1,5})(?![\w/*<{$])",
    re.MULTILINE,
)


_SCRIPTS = 100
"""Scripts of one page that are looked for."""


def commands(skill: Skill, document: Document) -> Iterator[Link]:
    """The scripts of its own that `document` tells the reader to run, each once."""
    if "scripts/" not in document.text or "scripts" not in skill.folders:
        return
    told = [line for line in document.text.split("\n") if "scripts/" in line]
    told = [line for line in told if not _RUN.match(line)]
    seen: set[str] = set()
    for start, end in _code(document):
        for match in _RUN.finditer(document.text[start:end]):
            path = match[1]
            if path in seen or len(seen) == _SCRIPTS:
                continue
            seen.add(path)
            if not _made(path, told):
                yield Link("mention", path, path, start + match.start(1), start + match.end(1))


def _code(document: Document) -> Iterator[tuple[int, int]]:
    """The blocks of shell and the code spans of `document`, in order."""
    blocks = ((b.start, b.end) for b in document.blocks if b.language in _SHELLS)
    return iter(sorted((*blocks, *spans(document))))


def _made(path: str, told: list[str]) -> bool:
    """Whether the page tells its reader to make the file, or the name is an invention."""
    if _INVENTED.fullmatch(posixpath.basename(path).lower()):
        return True
    return any(_SUPPOSED.search(line.replace(path, "")) for line in told if path in line)
