r"""Original: a file's bytes as its text is counted, so that an edit of the text leaves the rest.

The text of a `Source` has no byte-order mark, ends lines with ``\n`` and shows what is not UTF-8 as
U+FFFD. Here each of its characters is still the bytes it came from.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left, insort
from collections.abc import Iterable

from mlskill.model import Save
from mlskill.rules import Replace

# No UTF-8 decodes to it: it stands for a run of bytes that is none, and is followed by them.
_LOST = "\ud800"


def _keep(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    lost = error.object[error.start : error.end]
    return _LOST + lost.decode("ascii", "surrogateescape"), error.end


codecs.register_error("mlskill-keep", _keep)


class Original:
    r"""The bytes `raw` of a file, which edits of its text change.

    >>> original = Original(b"\xef\xbb\xbfone\r\ntwo \xff\r\n")
    >>> original.edited([Replace(4, 7, "2\n")])
    b'\xef\xbb\xbfone\r\n2\r\n \xff\r\n'
    """

    def __init__(self, raw: bytes) -> None:
        self._mark = codecs.BOM_UTF8 if raw.startswith(codecs.BOM_UTF8) else b""
        text = raw[len(self._mark) :].decode("utf-8", "mlskill-keep")
        runs = re.findall(f"{_LOST}([\udc80-\udcff]+)", text)
        self._lost = [run.encode("ascii", "surrogateescape") for run in runs]
        self._text = re.sub("[\udc80-\udcff]+", "", text) if runs else text
        self._holes = [match.start() for match in re.finditer(_LOST, self._text)]
        # Where, in the text that is counted, a line end is two characters here.
        windows = re.finditer("\r\n", self._text)
        self._windows = [match.start() - number for number, match in enumerate(windows)]
        ends = re.search("\r\n|\r|\n", self._text)
        self._end = ends[0] if ends else "\n"

    def edited(self, edits: Iterable[Replace]) -> bytes:
        """The bytes after `edits`, which are in order and do not overlap."""
        parts, at = [self._mark], 0
        for start, end, text in edits:
            parts += [self._bytes(at, start), self._written(text)]
            at = end
        return b"".join([*parts, self._bytes(at, None)])

    def _bytes(self, start: int, end: int | None) -> bytes:
        """What stands between two offsets of the text that is counted."""
        here = self._offset(start)
        there = len(self._text) if end is None else self._offset(end)
        part = self._text[here:there].split(_LOST)
        pieces = [part[0].encode()]
        for number, text in enumerate(part[1:], bisect_left(self._holes, here)):
            pieces += [self._lost[number], text.encode()]
        return b"".join(pieces)

    def _offset(self, at: int) -> int:
        return at + bisect_left(self._windows, at)

    def _written(self, text: str) -> bytes:
        return text.replace("\n", self._end).encode("utf-8", "replace")


def saved(raw: bytes, how: Save) -> bytes:
    r"""`raw` saved another way, its text the same.

    >>> saved(b"a\r\nb\rc\n", "lf"), saved(codecs.BOM_UTF16_LE + b"a\0", "utf-8")
    (b'a\nb\nc\n', b'a')
    """
    if how == "without-bom":
        while raw.startswith(codecs.BOM_UTF8):
            raw = raw.removeprefix(codecs.BOM_UTF8)
        return raw
    if how == "lf":
        return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw.decode("utf-16").encode()


def fitting(fixes: Iterable[tuple[Replace, ...]]) -> list[tuple[Replace, ...]]:
    """Those of `fixes`, the first ones first and each once, that can be made together.

    Two that replace the same stretch cannot; what both insert at one place can stand there in turn.

    >>> one, two = (Replace(0, 2, "x"),), (Replace(1, 3, "y"),)
    >>> fitting([one, two, one, (Replace(2, 2, "z"),)]) == [one, (Replace(2, 2, "z"),)]
    True
    """
    taken: dict[tuple[Replace, ...], None] = {}
    spans: list[tuple[int, int]] = []
    for fix in fixes:
        if fix not in taken and all(_fits(edit, spans) for edit in fix):
            for edit in fix:
                insort(spans, (edit.start, edit.end))
            taken[fix] = None
    return list(taken)


def _fits(edit: Replace, spans: list[tuple[int, int]]) -> bool:
    """Whether `edit` overlaps none of the sorted `spans`, of which no two overlap."""
    span = (edit.start, edit.end)
    at = bisect_left(spans, span)
    after_it = at == len(spans) or not _overlap(span, spans[at])
    return after_it and (at == 0 or not _overlap(spans[at - 1], span))


def _overlap(first: tuple[int, int], second: tuple[int, int]) -> bool:
    """Whether the one that starts first reaches into the other; touching is no overlap."""
    return first[1] > second[0]


def together(fixes: Iterable[tuple[Replace, ...]]) -> list[Replace]:
    """The edits of `fixes` that fit, in the order of the text."""
    return sorted((e for fix in fixes for e in fix), key=lambda edit: (edit.start, edit.end))
