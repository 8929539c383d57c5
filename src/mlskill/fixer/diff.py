"""diff: what fixes would change, as lines for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Any

from mlskill.fixer import Change
from mlskill.reader import decode

_CONTEXT = 3
_ALIGNED = 2000
"""Lines that are aligned with others; of more that were added or removed all are shown."""

_Code = tuple[str, int, int, int, int]


def diff(changes: Iterable[Change]) -> Iterator[str]:
    """The lines of a unified diff, without line ends; what is only saved otherwise is a line."""
    for change in changes:
        old, new = (_lines(decode(change.path, raw).text) for raw in (change.before, change.after))
        if old == new:
            yield f"{change.named}: saved otherwise (line ends, byte-order mark or encoding)"
            continue
        yield f"--- {change.named}"
        yield f"+++ {change.named}"
        for group in _Known(_codes(old, new)).get_grouped_opcodes(_CONTEXT):
            first, last = group[0], group[-1]
            yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
            for tag, a, b, c, d in group:
                if tag == "equal":
                    yield from (f" {line}" for line in old[a:b])
                else:
                    yield from (f"-{line}" for line in old[a:b])
                    yield from (f"+{line}" for line in new[c:d])


def _lines(text: str) -> list[str]:
    """The lines of `text`; a last one without its line end ends with a sign for that."""
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else [*lines[:-1], f"{lines[-1]} (no line end)"]


def _codes(old: list[str], new: list[str]) -> list[_Code]:
    """What became of which lines. A hostile page is not to take minutes: see `_ALIGNED`."""
    if len(old) == len(new):
        start, codes = 0, list[_Code]()
        same = [a == b for a, b in zip(old, new, strict=True)]
        for at in range(1, len(same) + 1):
            if at == len(same) or same[at] != same[start]:
                codes.append(("equal" if same[start] else "replace", start, at, start, at))
                start = at
        return codes
    head = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), None)
    head = min(len(old), len(new)) if head is None else head
    most = min(len(old), len(new)) - head
    ends = zip(reversed(old), reversed(new), strict=False)
    tail = min(next((n for n, (a, b) in enumerate(ends) if a != b), most), most)
    stop, there = len(old) - tail, len(new) - tail
    if max(stop, there) - head > _ALIGNED:
        inner: list[_Code] = [("replace", head, stop, head, there)]
    else:
        matcher = SequenceMatcher(None, old[head:stop], new[head:there], autojunk=False)
        inner = [
            (tag, a + head, b + head, c + head, d + head)
            for tag, a, b, c, d in matcher.get_opcodes()
        ]
    return [
        ("equal", 0, head, 0, head),
        *inner,
        ("equal", stop, len(old), there, len(new)),
    ]


class _Known(SequenceMatcher[str]):
    """Groups changes that are known, which it would search for itself."""

    def __init__(self, codes: list[_Code]) -> None:
        super().__init__()
        self._codes = codes

    def get_opcodes(self) -> Any:
        return self._codes


def _range(start: int, stop: int) -> str:
    return f"{start + 1},{stop - start}"
