r"""decode: the bytes of a file as text whose lines can be counted."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from mlskill.model import Fault, Source


def decode(path: str, raw: bytes) -> Source:
    r"""`raw` as text: without a byte-order mark, and with ``\n`` for ``\r\n`` and a lone ``\r``.

    What is not UTF-8 becomes U+FFFD, and the first such byte a fault `file-not-utf8`.

    >>> decode("a.md", b"\xef\xbb\xbfone\r\ntwo\rthree").text
    'one\ntwo\nthree'
    >>> decode("a.md", b"one\ncaf\xe9").faults[0].message
    'byte 0xE9 at 2:4 is not UTF-8; save the file as UTF-8'
    """
    body = raw.removeprefix(BOM_UTF8)
    try:
        return Source(path, raw, _lines(body.decode()))
    except UnicodeDecodeError as error:
        before = _lines(body[: error.start].decode())
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        looks = " (it looks like UTF-16)" if raw[:2] in (BOM_UTF16_BE, BOM_UTF16_LE) else ""
        message = (
            f"byte 0x{body[error.start]:02X} at {line}:{column} is not UTF-8{looks}; "
            "save the file as UTF-8"
        )
        fault = Fault("file-not-utf8", path, len(before), len(before) + 1, message)
        return Source(path, raw, _lines(body.decode(errors="replace")), (fault,))


def _lines(text: str) -> str:
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")
