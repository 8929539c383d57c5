"""assets: files that are not Markdown, as pages and as pictures."""

from __future__ import annotations

import posixpath
from base64 import b64encode
from html import escape

from mlskill.model import Asset
from mlskill.site.code import code

PICTURES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif"))
"""Pictures that are copied. A browser that opens one of them runs nothing."""

SHOWN = 400_000
"""Bytes of the largest file that is shown."""
_DRAWING = 200_000


def is_picture(asset: Asset) -> bool:
    """Whether it is copied beside the pages."""
    return posixpath.splitext(asset.path)[1].lower() in PICTURES and asset.data is not None


def drawing(asset: Asset) -> str | None:
    """An SVG as part of the page that shows it: as a file of its own it could run script."""
    if not asset.path.lower().endswith(".svg") or not asset.data or len(asset.data) > _DRAWING:
        return None
    return "data:image/svg+xml;base64," + b64encode(asset.data).decode("ascii")


def text(asset: Asset) -> str | None:
    """What the file says; None for one that is not text, is too large or was not read."""
    if asset.data is None or len(asset.data) > SHOWN or b"\0" in asset.data[:8000]:
        return None
    try:
        return asset.data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return None


def language(path: str) -> str:
    """What the file at `path` is written in, by its name."""
    name = posixpath.basename(path).lower()
    suffix = posixpath.splitext(name)[1].removeprefix(".")
    return suffix or name


def coloured(path: str, words: str) -> str:
    """The file's text as HTML."""
    if len(words) > SHOWN:
        return escape(words, quote=False)
    return code(words, language(path))
