r"""What names mean to the reader: which are skipped, which are skills, which can be printed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from unicodedata import category, normalize
from urllib.parse import quote

MAIN = "SKILL.md"
"""The file that makes a folder a skill."""

MARKDOWN = (".md", ".markdown", ".mdx")
"""How the name of a Markdown file ends, in lower case."""

QUESTIONS = "questions.txt"
"""The file, in any folder, that says what people ask: read wherever Markdown is.

A line ``[path]`` begins the questions that the document at `path` answers, one a line; ``[]`` those
that the skill does not. What stands before the first such line is for whoever edits the file.
"""

TEXTS = frozenset(
    (
        *(".py", ".sh", ".bash", ".zsh", ".fish", ".ps1", ".psm1", ".bat", ".cmd", ".sql", ".tf"),
        *(".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".rb", ".pl", ".php", ".r"),
        *(".go", ".rs", ".java", ".kt", ".cs", ".swift", ".scala", ".lua", ".jl", ".c", ".cpp"),
        *(".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".env", ".properties"),
        *(".txt", ".pem", ".key", ".ipynb"),
    )
)
"""Suffixes of scripts, settings and notes; see `is_text`."""

ARCHIVES = (".zip", ".skill")
"""How the name of an archive ends, in lower case."""

CACHED = "__pycache__"
"""The folder in which Python keeps what it compiled."""

SKIPPED = frozenset(
    (
        *(".git", ".hg", ".svn", ".bzr", ".jj"),  # version control
        *("node_modules", "bower_components", ".venv", ".pixi", ".eggs"),  # other people's code
        *(CACHED, ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache"),  # caches
        *(".hypothesis", ".ipynb_checkpoints", ".terraform", ".gradle"),
        *("__MACOSX", ".DS_Store"),  # what macOS leaves behind
    )
)
"""Files and folders that are never a part of a skill, at any depth."""

VENV = "pyvenv.cfg"
"""The file that makes a folder a virtual environment, which is skipped too."""

MARKERS = frozenset((".git", "pyproject.toml", "package.json", "Cargo.toml", "go.mod"))
"""Beside SKILL.md, any of these says that the folder is a repository: see `read`."""

CONVENTIONAL = frozenset(
    (
        *("agents", "assets", "examples", "prompts", "reference", "references", "resources"),
        *("rules", "schemas", "scripts", "skills", "sub-skills", "subskills", "templates"),
        "workflows",
    )
)
"""Folders of a repository that belong to the skill at its root even where it does not name them."""


def is_markdown(name: str) -> bool:
    """Whether a file of this name is read as Markdown."""
    return name.lower().endswith(MARKDOWN)


def is_questions(path: str) -> bool:
    """Whether the file at `path` says what people ask."""
    return posixpath.basename(path) == QUESTIONS


def is_text(path: str) -> bool:
    """Whether a file that is no Markdown is by its name a script, settings or a note.

    >>> is_text("scripts/run.py"), is_text(".env.local"), is_text("id_rsa"), is_text("a.png")
    (True, True, True, False)
    """
    name = posixpath.basename(path).lower()
    suffix = posixpath.splitext(name)[1]
    return not suffix or suffix in TEXTS or name.startswith(".env")


def printable(name: str) -> str:
    r"""`name` with what could hide in a line of output written as an escape.

    That is control, bidirectional and invisible characters, bytes that are not UTF-8, and the
    backslash; the last so that two names never become one.

    >>> printable("a\n\x1b.md"), printable("caf\udce9.md"), printable("a\\u000a")
    ('a\\u000a\\u001b.md', 'caf\\xe9.md', 'a\\u005cu000a')
    """
    if name.isascii() and name.isprintable() and "\\" not in name:
        return name
    return "".join(_escape(c) for c in name)


def _escape(char: str) -> str:
    if char == "\\" or (
        category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs") and char not in " \u200c\u200d"
    ):  # the two joiners are a part of words in Persian and of emoji
        code = ord(char)
        if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that is not UTF-8
            return f"\\x{code - 0xDC00:02x}"
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


_FORBIDDEN = frozenset('<>:"|?*')
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789"))
)


def portable(name: str) -> bool:
    """Whether Windows, too, has files of this name; Git cannot check out others there.

    >>> portable("a b.md"), portable("12:30.md"), portable("Aux.md"), portable("auxiliary.md")
    (True, False, False, True)
    """
    device = name.partition(".")[0].lower() in _DEVICES
    return not (device or name.endswith((".", " ")) or not _FORBIDDEN.isdisjoint(name))


def encodable(path: str) -> str:
    r"""`path` with bytes that are not UTF-8 written as escapes, all else as it is.

    >>> encodable("caf\udce9")
    'caf\\xe9'
    """
    return "".join(_escape(c) if category(c) == "Cs" else c for c in path)


def collisions(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of paths that are one on some file systems: equal but for case or Unicode form.

    >>> list(collisions(["A.md", "a.md", "b/a.md"]))
    [('A.md', 'a.md')]
    """
    seen: dict[str, str] = {}
    for path in sorted(paths):
        folder, name = posixpath.split(path)
        if not name.isascii():
            name = normalize("NFC", normalize("NFD", name).casefold())
        first = seen.setdefault(f"{folder}/{name.lower()}", path)
        if first != path:
            yield first, path


def mentions(text: str, name: str) -> bool:
    """Whether `text` names the file `name`, or the folder if it ends with ``/``.

    >>> mentions("see data/x.md", "data/"), mentions("see data/x.md", "a/")
    (True, False)
    """
    for spelling in (name, quote(name, errors="surrogateescape")):
        at = text.find(spelling)
        while at != -1:
            before = text[at - 1 : at]
            if not (before.isalnum() or before in ("_", "-", ".")):
                return True
            at = text.find(spelling, at + 1)
    return False
