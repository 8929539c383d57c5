"""Rules about files: what the reader saw, and the byte-order mark."""

from __future__ import annotations

import posixpath
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from mlskill.model import Save, Severity, Skill
from mlskill.reader.names import is_text
from mlskill.rules.rule import Problem, Problems, reported, rule


@rule("warning")
def file_not_utf8(skill: Skill) -> Problems:
    """A Markdown file is not UTF-8."""
    raw = {document.path: document.source.raw for document in skill.documents}
    for problem in reported(skill, "file-not-utf8"):
        # YAML must be Unicode, and no client loads a SKILL.md that is not.
        severity: Severity | None = "error" if problem.path == "SKILL.md" else None
        fix: Save | tuple[()] = "utf-8" if _utf16(raw.get(problem.path, b"")) else ()
        yield problem._replace(severity=severity, fix=fix)


def _utf16(raw: bytes) -> bool:
    """Whether `raw` is UTF-16 by its byte-order mark, and to its end."""
    if not raw.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        return False
    try:
        return "\0" not in raw.decode("utf-16")
    except UnicodeDecodeError:
        return False


@rule("warning")
def file_bom(skill: Skill) -> Problems:
    """A Markdown file starts with a byte-order mark."""
    for document in skill.documents:
        if document.source.raw.startswith(BOM_UTF8):
            message = "starts with a byte-order mark; save it without (UTF-8)"
            yield Problem(document.path, 0, 0, message, fix="without-bom")


@rule("warning")
def file_line_ends(skill: Skill) -> Problems:
    """A Markdown file mixes line ends, or has ends that only old systems know."""
    for document in skill.documents:
        raw = document.source.raw
        if b"\r" not in raw or not document.text:
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
            message = f"the lines of this file end differently ({found}); use LF"
            yield Problem(document.path, *span, message, fix="lf")


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
    """A symbolic link leads out of the skill, nowhere, or in a circle."""
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
# How such files begin; no script, settings or notes do.
_BEGINNINGS = {
    "compiled": (
        *(b"\x7fELF", b"MZ\x90\x00", b"\xca\xfe\xba\xbe", b"\x00asm", b"\xfe\xed\xfa\xce"),
        *(b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"),
    ),
    "an archive": (
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"7z\xbc\xaf\x27\x1c",
        b"\xfd7zXZ\x00",
        b"BZh91AY&SY",
    ),
}
_PICKLED = frozenset((".pickle", ".pkl", ".joblib"))


@rule("warning")
def file_opaque(skill: Skill) -> Problems:
    """A file is compiled or packed: nobody sees what it does before it is used."""
    yield from reported(skill, "file-opaque")
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
        elif asset.data is not None and is_text(asset.path):
            for kind, starts in _BEGINNINGS.items():
                if asset.data.startswith(starts):
                    message = f"is {kind}, whatever its name says; give it as text, or leave it out"
                    yield Problem(asset.path, 0, 0, message)
