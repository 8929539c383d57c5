"""A zip archive as a tree: in memory, never unpacked to disk, and nothing in it believed.

Programs that read an archive differ in what they make of names, duplicates and sizes. What they
could differ about is not read here, and is a fault `archive-unsafe`.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Union
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from mlskill.model import Fault, Limits
from mlskill.reader.names import ARCHIVES, MAIN, SKIPPED, printable
from mlskill.reader.tree import NOT_REGULAR, Kind, RefusedError, TooLargeError

_INNER = (*ARCHIVES, ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")
_RATIO = 100
"""How many times larger than in the archive a member may be; text is about four times larger."""
_SMALL = 1 << 16
"""Bytes up to which a member may be any number of times larger."""
_MEMBER = b"PK\x01\x02"
_LOCAL = struct.Struct("<4s2xHH4xIIIHH")
_ENCRYPTED, _SIZES_FOLLOW, _UTF8 = 0x1, 0x8, 0x800

_LIES = "is not what the archive says it is; pack it again"
_SHARED = "shares its bytes with another member; pack it again"
_TWICE = "is in the archive more than once and was not read; keep one of them"
_BOTH = "is both a file and a folder, and was not read; rename one of them"
_NESTED = "is an archive in the archive and was not opened; pack its files instead"
_ABSENT = "is not in the archive; add it"

_Node = dict[str, Union["_Node", ZipInfo, str]]
"""A folder: what is in it by name. A text is a member that is not read, and says why."""


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """A member of an archive, or a folder that a member lies in."""

    raw: bytes
    name: str
    node: _Node | ZipInfo | str

    @property
    def kind(self) -> Kind:
        """A folder or a file; whatever else a member may be, it is not read."""
        return "folder" if isinstance(self.node, dict) else "file"

    def size(self) -> int:
        """Its bytes, as declared; raises `RefusedError` where it is not read."""
        return self._info().file_size

    def read(self, most: int) -> bytes:
        """All of its bytes: exactly as many as declared, and no more than that are ever made."""
        info = self._info()
        if info.file_size > most:
            raise TooLargeError(info.file_size)
        start = info.header_offset
        *_, name, extra = _LOCAL.unpack_from(self.raw, start)
        start += _LOCAL.size + name + extra
        data = self.raw[start : start + info.compress_size]
        whole = len(data) == info.compress_size
        if info.compress_type == ZIP_DEFLATED:
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                data = inflate.decompress(data, info.file_size + 1)
            except zlib.error:
                whole = False
            whole = whole and inflate.eof and not inflate.unused_data
        if not whole or len(data) != info.file_size or zlib.crc32(data) != info.CRC:
            raise RefusedError("archive-unsafe", _LIES)
        return data

    def _info(self) -> ZipInfo:
        if isinstance(self.node, ZipInfo):
            return self.node
        if isinstance(self.node, str):
            raise RefusedError("archive-unsafe", self.node)
        raise RefusedError("file-not-regular", NOT_REGULAR)


@dataclass(frozen=True, slots=True)
class ArchiveFolder:
    """A folder in an archive."""

    raw: bytes
    node: _Node

    def __iter__(self) -> Iterator[ArchiveEntry]:
        return (ArchiveEntry(self.raw, name, node) for name, node in self.node.items())

    def entry(self, name: str) -> ArchiveEntry:
        """The entry of this name; raises `RefusedError` when there is none."""
        if name not in self.node:
            raise RefusedError("file-unreadable", _ABSENT)
        return ArchiveEntry(self.raw, name, self.node[name])


class Archive:
    """The tree in the zip archive whose bytes are `raw`, from the folder that holds the skill.

    `faults` says which members are not in the tree, and why.

    Raises:
        RefusedError: it is no archive, or has more members than `limits.files`.
    """

    def __init__(self, raw: bytes, limits: Limits) -> None:
        # Counted before any is looked at, since each takes half a kilobyte of memory.
        if raw.count(_MEMBER) > limits.files:
            what = f"has more than {limits.files} members and was not read (limit files)"
            raise RefusedError("limit-reached", what)
        self.raw = raw
        self.faults: list[Fault] = []
        self._top: _Node = {}
        self._fill(_members(raw), limits.depth)
        self._enter()

    def _fill(self, members: list[ZipInfo], depth: int) -> None:
        """Put every member that is safe into the tree."""
        shared = _overlapping(members)
        files: dict[tuple[str, ...], list[ZipInfo | str]] = {}
        for info in members:
            if unsafe := _unsafe_name(info):
                self._fault(info.orig_filename, unsafe)
            elif info.filename.count("/") > depth + 2:
                what = f"lies deeper than {depth} folders and was not read (limit depth)"
                self._fault(info.filename, what, "limit-reached")
            else:
                parts = tuple(p for p in info.filename.split("/") if p not in ("", "."))
                if not info.filename.endswith("/"):
                    unsafe = _SHARED if info.header_offset in shared else _unsafe(self.raw, info)
                    files.setdefault(parts, []).append(unsafe or info)
                elif self._folder(parts) is None:
                    self._fault(info.filename, _BOTH)
        for parts, (member, *others) in sorted(files.items(), key=lambda item: item[0]):
            folder = self._folder(parts[:-1])
            if folder is None or parts[-1] in folder:
                self._fault("/".join(parts), _BOTH)
                continue
            folder[parts[-1]] = _TWICE if others else member
            if parts[-1].lower().endswith(_INNER):
                self._fault("/".join(parts), _NESTED)

    def _folder(self, parts: Sequence[str]) -> _Node | None:
        """The folder at `parts`, made if need be; None where a file is in the way."""
        node = self._top
        for part in parts:
            below = node.setdefault(part, {})
            if not isinstance(below, dict):
                return None
            node = below
        return node

    def _fault(self, name: str, message: str, rule: str = "archive-unsafe") -> None:
        self.faults.append(Fault(rule, printable(name[:256]), 0, 0, message))

    def _enter(self) -> None:
        """Make the only top folder the top, unless SKILL.md lies beside it."""
        if any(name.lower() == MAIN.lower() for name in self._top):
            return
        tops = [(n, node) for n, node in self._top.items() if n not in SKIPPED]
        if len(tops) == 1 and isinstance(tops[0][1], dict):
            prefix = printable(tops[0][0]) + "/"
            self._top = tops[0][1]
            self.faults = [replace(f, path=f.path.removeprefix(prefix)) for f in self.faults]

    @contextmanager
    def folder(self, names: Sequence[str]) -> Iterator[ArchiveFolder]:
        """The folder at `names`."""
        node = self._top
        for name in names:
            below = node.get(name)
            if not isinstance(below, dict):
                raise RefusedError("file-unreadable", _ABSENT)
            node = below
        yield ArchiveFolder(self.raw, node)

    def target(self, names: Sequence[str]) -> tuple[str, ...]:
        """Never called: an archive's links are not let in."""
        raise RefusedError("symlink-escapes", "is a link in an archive; put the file in its place")


def _members(raw: bytes) -> list[ZipInfo]:
    """The archive's table of contents; raises `RefusedError` when there is none."""
    try:
        with ZipFile(BytesIO(raw)) as archive:
            return archive.infolist()
    except (BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        raise RefusedError("archive-unsafe", f"is not a zip archive ({error})") from None


def _unsafe_name(info: ZipInfo) -> str:
    """Why the member `info` has no place in the tree; empty when it has."""
    if info.filename in ("", "."):
        return "has no name; name it"
    for name in {info.filename, info.orig_filename}:
        if "\\" in name or "\0" in name or ".." in name.split("/"):
            return "has a name that leads out of the archive; rename it"
        if name.startswith("/") or name[1:2] == ":":
            return "has an absolute name; pack it again with relative names"
        if any(len(part.encode("utf-8", "replace")) > 255 for part in name.split("/")):
            return "has a name longer than 255 bytes; shorten it"
    return ""


def _unsafe(raw: bytes, info: ZipInfo) -> str:
    """Why the member `info` must not be read; empty when it may be."""
    mode = stat.S_IFMT(info.external_attr >> 16)
    if mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device; put a file in its place"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted; pack it without a password"
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "is packed by an uncommon method; pack it with deflate"
    if info.file_size > _SMALL and info.file_size > _RATIO * info.compress_size:
        return f"grows more than {_RATIO} times when it is unpacked; leave it out"
    return _lie(raw, info)


def _lie(raw: bytes, info: ZipInfo) -> str:
    """Whether the member's own header contradicts the archive's table of contents."""
    start = info.header_offset
    if not 0 <= start <= len(raw) - _LOCAL.size:
        return _LIES
    sign, flags, method, *sizes, name, _ = _LOCAL.unpack_from(raw, start)
    start += _LOCAL.size
    code = "utf-8" if info.flag_bits & _UTF8 else "cp437"
    if sign != b"PK\x03\x04" or raw[start : start + name] != info.orig_filename.encode(code):
        return _LIES
    if method != info.compress_type or flags & _ENCRYPTED:
        return _LIES
    wide = 0xFFFFFFFF in sizes  # then the sizes stand in an extra field
    if not flags & _SIZES_FOLLOW and not wide:
        if sizes != [info.CRC, info.compress_size, info.file_size]:
            return _LIES
    # Deflate makes what it cannot pack larger by a few bytes only.
    most = info.file_size if method == ZIP_STORED else 2 * info.file_size + 1024
    return _LIES if info.compress_size > most else ""


def _overlapping(members: list[ZipInfo]) -> set[int]:
    """The offsets at which a member begins inside the one before it."""
    found: set[int] = set()
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            found.add(info.header_offset)
        end = max(end, info.header_offset + _LOCAL.size + info.compress_size)
    return found
