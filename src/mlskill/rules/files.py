"""Rules about files: what the reader saw, and the byte-order mark."""

from __future__ import annotations

import posixpath
import re
from codecs import BOM_UTF8

from mlskill.model import Skill
from mlskill.rules.rule import Problem, Problems, at, reported, rule


@rule("warning")
def file_not_utf8(skill: Skill) -> Problems:
    """A Markdown file is not UTF-8."""
    for problem in reported(skill, "file-not-utf8"):
        # YAML must be Unicode, and no client loads a SKILL.md that is not.
        yield problem._replace(severity="error" if problem.path == "SKILL.md" else None)


@rule("warning")
def file_bom(skill: Skill) -> Problems:
    """A Markdown file starts with a byte-order mark."""
    for document in skill.documents:
        if document.source.raw.startswith(BOM_UTF8):
            yield Problem(
                document.path, 0, 0, "starts with a byte-order mark; save it without (UTF-8)"
            )


@rule("warning")
def file_line_ends(skill: Skill) -> Problems:
    """A Markdown file mixes line ends, or has ends that only old systems know."""
    for document in skill.documents:
        raw = document.source.raw
        if b"\r" not in raw:
            continue
        both = raw.count(b"\r\n")
        lone, plain = raw.count(b"\r") - both, raw.count(b"\n") - both
        if lone or (both and plain):
            pattern = r"\r(?!\n)" if lone else r"(?<!\r)\n" if both > plain else r"\r\n"
            first = _offset(raw, pattern)
            line = document.source.line_of(first)
            start = document.source.starts[line - 1]
            span = (start + len(document.source.line(line)),) * 2
            kinds = [(lone, "CR"), (both, "CRLF"), (plain, "LF")]
            found = ", ".join(f"{count:,} {kind}" for count, kind in kinds if count)
            yield at(document, span, f"the lines of this file end differently ({found}); use LF")


def _offset(raw: bytes, pattern: str) -> int:
    """Where `pattern` is first found, as an offset into the text that was made of `raw`."""
    text = raw.removeprefix(BOM_UTF8).decode(errors="replace")
    match = re.search(pattern, text)
    before = text[: match.start()] if match else ""
    return len(before.replace("\r\n", "\n"))


@rule("warning")
def file_not_regular(skill: Skill) -> Problems:
    """An entry is neither a file nor a folder: a pipe, a socket, a device."""
    return reported(skill, "file-not-regular")


@rule("warning")
def file_unreadable(skill: Skill) -> Problems:
    """A file or folder could not be read."""
    return reported(skill, "file-unreadable")


@rule("warning")
def symlink_escapes(skill: Skill) -> Problems:
    """A symbolic link leads out of the skill, or nowhere."""
    return reported(skill, "symlink-escapes")


@rule("warning")
def path_collision(skill: Skill) -> Problems:
    """Two paths differ only by case or Unicode form, and are one on some systems."""
    return reported(skill, "path-collision")


@rule("warning")
def path_unprintable(skill: Skill) -> Problems:
    """A name holds a character that cannot be seen or is not portable."""
    return reported(skill, "path-unprintable")


@rule("warning")
def archive_unsafe(skill: Skill) -> Problems:
    """A member of the archive is not safe to unpack."""
    return reported(skill, "archive-unsafe")


@rule("error")
def skill_file_case(skill: Skill) -> Problems:
    """The skill's file is not called exactly SKILL.md."""
    return reported(skill, "skill-file-case")


_COMPILED = frozenset(
    (
        *(".class", ".dll", ".dylib", ".exe", ".jar", ".o", ".pyc", ".pyd", ".pyo", ".so", ".wasm"),
        *(".a", ".beam", ".elc", ".luac", ".msi", ".node", ".pyz", ".scr"),
    )
)
_PACKED = frozenset(
    (
        *(".7z", ".bz2", ".gz", ".rar", ".skill", ".tar", ".tgz", ".whl", ".xz", ".zip"),
        *(".apk", ".cab", ".deb", ".dmg", ".egg", ".iso", ".lz4", ".lzma", ".rpm", ".tbz2", ".txz"),
        *(".zst",),
    )
)
_PICKLED = frozenset((".pickle", ".pkl", ".joblib"))


@rule("warning")
def file_opaque(skill: Skill) -> Problems:
    """A file is compiled or packed by its name: nobody sees what it does before it is used."""
    for asset in skill.assets:
        suffix = posixpath.splitext(asset.path)[1].lower()
        if suffix in _COMPILED:
            yield Problem(asset.path, 0, 0, "is compiled; give its source instead")
        elif suffix in _PACKED:
            yield Problem(asset.path, 0, 0, "is an archive; give what is in it as files")
        elif suffix in _PICKLED:
            yield Problem(
                asset.path, 0, 0, "runs code when it is loaded; give data in another form"
            )
