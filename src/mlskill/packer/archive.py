"""zipped: files as a zip archive whose bytes depend on nothing but the files."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can state."""


def zipped(files: Mapping[str, bytes]) -> bytes:
    """`files` as an archive, in the order of their paths, with one date.

    They are stored, not compressed: deflate's bytes differ from one zlib to the next.
    """
    held = BytesIO()
    with ZipFile(held, "w", ZIP_STORED) as archive:
        for path in sorted(files):
            info = ZipInfo(path, _EPOCH)
            info.create_system = 3  # Unix, wherever this runs
            info.external_attr = (stat.S_IFREG | mode(files[path])) << 16
            archive.writestr(info, files[path])
    return held.getvalue()


def mode(data: bytes) -> int:
    """The permissions of a file with these bytes: what names its interpreter can be run."""
    return 0o755 if data.startswith(b"#!") else 0o644
