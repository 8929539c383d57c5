r"""decode: the bytes of a file as text whose lines can be counted."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE

from mlskill.model import Fault, Source


def decode(path: str, raw: bytes) -> Source:
    r"""`raw` as text: without a byte-order mark, and with ``\n`` for ``\r\n`` and a lone ``\r``.

    What is not UTF-8 becomes U+FFFD, and the first such byte a fault `file-not-utf8`. Of UTF-16
    nothing is read: one fault is not to become a thousand.

    >>> decode("a.md", b"\xef\xbb\xbfone\r\ntwo\rthree").text
    'one\ntwo\nthree'
    >>> decode("a.md", b"one\ncaf\xe9").faults[0].message
    'byte 0xE9 at 2:4 is not UTF-8; save the file as UTF-8'
    """
    if wide(raw):
        message = "is not UTF-8 at 1:1 (it looks like UTF-16); save the file as UTF-8"
        return Source(path, raw, "", (Fault("file-not-utf8", path, 0, 0, message),))
    body = raw.removeprefix(BOM_UTF8)
    try:
        return Source(path, raw, _lines(body.decode()))
    except UnicodeDecodeError as error:
        before = _lines(body[: error.start].decode())
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        where = f"byte 0x{body[error.start]:02X} at {line}:{column}"
        message = f"{where} is not UTF-8; save the file as UTF-8"
        fault = Fault("file-not-utf8", path, len(before), len(before) + 1, message)
        return Source(path, raw, _lines(body.decode(errors="replace")), (fault,))


def wide(raw: bytes) -> bool:
    r"""Whether each character of `raw` is two bytes, or four: UTF-16 or UTF-32.

    >>> wide("# A page".encode("utf-16-le")), wide("# A\0page".encode()), wide(b"")
    (True, False, False)
    """
    if raw.startswith((BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE)):
        return True
    some = raw[:400]
    halves = (some[::2], some[1::2])
    return len(some) > 7 and any(4 * half.count(0) > 3 * len(half) for half in halves)


def _lines(text: str) -> str:
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")
