"""mentions: whether a path in a code span says that this skill has the file.

It may as well be an example, a file to be created, another skill's, or a repository's. What is
believed here was chosen so that on 926 public skills nobody is accused wrongly.
"""

from __future__ import annotations

import posixpath
import re

from mlskill.linker import candidates
from mlskill.model import Document, Link, Skill

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
    r"(?:file_?-?name|foo|bar|baz|example\d?|my[-_].*|your[-_].*|name|x+|\w)\.\w+"
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
