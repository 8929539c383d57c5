"""ARCHIVES: zip archives that lie, as bytes, each with the rules that must speak of it."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Sequence

MAIN = "---\nname: skill\ndescription: Does a thing. Use when needed.\n---\n\nText.\n"
Member = tuple[str, bytes | str, int]


def packed(
    *members: tuple[str, bytes | str], mode: int = 0, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """An archive with a sound SKILL.md and these members; `mode` is that of the last."""
    buffer = io.BytesIO()
    every: Sequence[tuple[str, bytes | str]] = [("SKILL.md", MAIN), *members]
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as archive:
        warnings.simplefilter("ignore")  # of duplicate names, which are meant
        for name, data in every:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            if mode and (name, data) == every[-1]:
                info.external_attr = mode << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def changed(archive: bytes, old: bytes, new: bytes, *, last: bool = False) -> bytes:
    """`archive` with one stretch of bytes replaced by one as long."""
    assert len(old) == len(new)
    at = archive.rindex(old) if last else archive.index(old)
    return archive[:at] + new + archive[at + len(old) :]


def directory(archive: bytes, name: str, offset: int, format_: str, value: int) -> bytes:
    """`archive` in whose table of contents a field of the member `name` says `value`."""
    at = archive.rindex(name.encode()) - 46
    raw = bytearray(archive)
    struct.pack_into(format_, raw, at + offset, value)
    return bytes(raw)


def quine_like() -> bytes:
    """Many members of the table of contents that all begin at one place: each is that file."""
    whole = packed(("a.md", "# A\n" * 50_000))
    end = whole.rindex(b"PK\x05\x06")
    start = struct.unpack_from("<I", whole, end + 16)[0]
    at = whole.rindex(b"a.md") - 46
    entry = whole[at:end]
    table = whole[start:at] + b"".join(
        entry[:46] + f"{i:04}"[:4].encode() + entry[50:] for i in range(2000)
    )
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 2001, 2001, len(table), start, 0)
    return whole[:start] + table + tail


_LINK = stat.S_IFLNK | 0o777
_UNSAFE = ("archive-unsafe",)
_NESTED = packed(("zeros.md", b"0" * 100_000))

ARCHIVES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "bomb": (packed(("a.md", b"0" * (40 << 20))), _UNSAFE),
    "bomb of small files": (packed(*((f"p{i}.md", b"a\n\n" * 20_000) for i in range(60))), ()),
    "bomb in a bomb": (packed(("a.zip", packed(("b.zip", _NESTED)))), _UNSAFE),
    "members over one another": (quine_like(), _UNSAFE),
    "one name twice": (packed(("a.md", "# one"), ("a.md", "# two")), _UNSAFE),
    "two mains": (packed(("SKILL.md", MAIN.replace("skill", "other"))), _UNSAFE),
    "slip": (packed(("../secret.md", "x")), _UNSAFE),
    "slip inside": (packed(("a/../../secret.md", "x")), _UNSAFE),
    "absolute": (packed(("/etc/passwd", "x")), _UNSAFE),
    "drive": (packed(("C:/x.md", "x"), ("C:x.md", "x")), _UNSAFE),
    "backslashes": (packed(("..\\x.md", "x")), _UNSAFE),
    "share": (packed(("\\\\host\\x.md", "x")), _UNSAFE),
    "link": (packed(("a.md", "/etc/passwd"), mode=_LINK), _UNSAFE),
    "link as a folder": (packed(("a", "/etc"), ("a/passwd", "x"), mode=_LINK), _UNSAFE),
    "device": (packed(("a.md", ""), mode=stat.S_IFCHR | 0o666), _UNSAFE),
    "pipe": (packed(("a.md", ""), mode=stat.S_IFIFO | 0o666), _UNSAFE),
    "file and folder": (packed(("a", "x"), ("a/b.md", "x")), _UNSAFE),
    "nameless": (packed(("", "x"), (".", "x"), ("./", "")), ()),
    "null in a name": (changed(packed(("aXb.md", "x")), b"aXb.md", b"a\0b.md", last=True), _UNSAFE),
    "newline in a name": (packed(("a\n::error::b.md", "x")), ("path-unprintable",)),
    "escape in a name": (packed(("\x1b[2J.md", "x")), ("path-unprintable",)),
    "bytes in a name": (
        changed(packed(("XX.md", "x")), b"XX.md", b"\xff\xfe.md", last=True),
        _UNSAFE,
    ),
    "other name in the header": (changed(packed(("a.md", "x")), b"a.md", b"b.md"), _UNSAFE),
    "says it is small": (directory(packed(("a.md", b"0" * 9000)), "a.md", 24, "<I", 5), _UNSAFE),
    "says it is large": (
        directory(packed(("a.md", b"0" * 9000)), "a.md", 24, "<I", 0xFFFFFFF0),
        _UNSAFE,
    ),
    "says it is large and small": (
        directory(packed(("a.md", b"0" * 9000)), "a.md", 24, "<I", 0xFFFFFFFF),
        (),
    ),
    "starts elsewhere": (directory(packed(("a.md", "x")), "a.md", 42, "<I", 5), _UNSAFE),
    "starts beyond the end": (
        directory(packed(("a.md", "x")), "a.md", 42, "<I", 0x7FFFFFF0),
        _UNSAFE,
    ),
    "wrong sum": (directory(packed(("a.md", "x" * 99)), "a.md", 16, "<I", 1), _UNSAFE),
    "encrypted": (directory(packed(("a.md", "x" * 99)), "a.md", 8, "<H", 1), _UNSAFE),
    "odd method": (directory(packed(("a.md", "x" * 99)), "a.md", 10, "<H", 99), _UNSAFE),
    "bzip2": (packed(("a.md", "x"), method=zipfile.ZIP_BZIP2), ()),
    "deep": (packed(("d/" * 60 + "a.md", "x")), ("limit-reached",)),
    "long name": (packed(("a" * 5000 + ".md", "x")), _UNSAFE),
    "20,000 members": (packed(*((f"{i}.txt", "") for i in range(20_000)), method=0), ()),
    "cut off": (packed(("a.md", "x" * 9999))[:-30], ()),
    "only an end": (b"PK\x05\x06" + bytes(18), ()),
    "no archive": (b"\0" * 1000, ()),
    "empty": (b"", ()),
    "with a head": (b"#!/bin/sh\ntouch pwned\n" + packed(("a.md", "# A")), ()),
    "two archives": (packed(("a.md", "# A")) + packed(("b.md", "# B")), ()),
    "comment of an archive": (packed(("a.md", "x"))[:-2] + b"\xff\xff", ()),
    "zip64 that lies": (
        packed(("a.md", "x"))[:-22]
        + struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2, 2, 1 << 40, 1 << 40)
        + struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1)
        + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0),
        (),
    ),
}
