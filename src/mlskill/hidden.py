r"""hidden: the characters that act on a text, or carry one, without being seen in it.

    control    C0 and C1 but tab and newline: a terminal obeys them
    bidi       they change the order in which the text around them is shown
    invisible  tags, zero-width characters, fillers: what a reader cannot see, a model still reads

Not hidden is what writing needs: joiners in emoji and in Arabic and Indic words, the flags of
England, Scotland and Wales, what orders a line of right-to-left text, one variation selector after
what it varies. `visible` shows all others as escapes and is what every output goes through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    r"\u115f\u1160\u3164\uffa0"  # Hangul fillers
    r"\u17b4\u17b5\u180e\u034f\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff"  # zero width
    r"\u00ad\u2800\ufdd0-\ufdef\ufffe\uffff"  # soft hyphen, blank of Braille, no characters
    r"\u2028\u2029\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # separators, brackets
    r"\ufe00-\ufe0f\U000e0000-\U000e0fff"  # variation selectors, tags
)
# Patterns are compiled when they are first needed, which most texts never do: large classes take
# longer to compile than a skill to check.
_CONTROL_RUN = f"[{_CONTROL}]+"
_BIDI_RUN = f"[{_BIDI}]+"
_INVISIBLE_RUN = f"[{_INVISIBLE}]+"
_UNSEEN_RUN = f"[{_CONTROL}{_BIDI}{_INVISIBLE}]+"
_ASCII = bytes(range(128))
_ASCII_CONTROLS = bytes([*range(9), *range(11, 32), 127])
_ANY = rf"[{_CONTROL}\n]+|[{_BIDI}]+|[{_INVISIBLE}]+|[\ud800-\udfff]+"

# What is looked for beside such a character.
_RIGHT_TO_LEFT = (
    r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_MARKS = frozenset("\u061c\u200e\u200f")
_CLOSES = {"\u202c": "\u202a\u202b", "\u2069": "\u2066\u2067\u2068"}
# Scripts whose letters join: Arabic and its neighbours, Indic, Myanmar, Khmer, Mongolian, ...
_JOINING = (
    r"[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1cff\ua800-\uabff"
    r"\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00010fff\U00011000-\U00011fff\U0001e900-\U0001e95f]"
)
# Scripts that write no space between words, where U+200B says where a line may break.
_UNSPACED = r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u1aaf\u3000-\u9fff\uff00-\uffef]"
_JAMO = r"[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]"
_MARK = r"[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u1ab0-\u1aff]"
_PICTURE = (
    r"[\u00a9\u00ae\u203c\u2049\u2100-\u214f\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff"
    r"\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_IDEOGRAPH = r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_FLAG_TAGS = r"[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
_SELECTORS = r"[\ufe00-\ufe0f\U000e0100-\U000e01ef]"


Spans = tuple[tuple[int, int], ...]


class Unseen(NamedTuple):
    """The runs of a text that nobody sees and writing does not need, by what they do."""

    control: Spans = ()
    bidi: Spans = ()
    invisible: Spans = ()


def unseen(text: str) -> Unseen:
    r"""What hides in `text`, in one pass over it.

    >>> unseen("a\x1bb\u202ec")
    Unseen(control=((1, 2),), bidi=((3, 4),), invisible=())
    """
    raw = text.encode("utf-8", "surrogatepass")
    controlled = len(raw.translate(None, _ASCII_CONTROLS)) < len(raw)
    if not (controlled or re.search(_UNSEEN_RUN, foreign(text))):
        return Unseen()
    runs = [match.span() for match in re.finditer(_UNSEEN_RUN, text)]
    ordered = _Ordered(text)

    def within(pattern: str) -> Iterator[re.Match[str]]:
        return (match for run in runs for match in re.compile(pattern).finditer(text, *run))

    return Unseen(
        tuple(match.span() for match in within(_CONTROL_RUN)),
        tuple(match.span() for match in within(_BIDI_RUN) if match not in ordered),
        tuple(match.span() for match in within(_INVISIBLE_RUN) if not _needed(match)),
    )


def foreign(text: str) -> str:
    """The characters of `text` that are not ASCII, in their order.

    Whatever run of such characters is in `text` is in this, too, where it is found in a moment.

    >>> foreign("naïve café")
    'ïé'
    """
    if text.isascii():
        return ""
    raw = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    return raw.decode("utf-8", "surrogatepass")


def escape(char: str) -> str:
    r"""A character as an escape: ``\x1b``, ``\u202e``, ``\U000e0041``."""
    code = ord(char)
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def hidden(text: str) -> Iterator[tuple[int, int]]:
    """The runs in `text` that are shown as escapes: all that is hidden, newlines, surrogates."""
    ordered = _Ordered(text)
    for match in re.finditer(_ANY, text):
        if not (_needed(match) or match in ordered):
            yield match.span()


def visible(text: str) -> str:
    r"""`text` on one line, with nothing hidden in it; what was is shown as escapes, tabs are kept.

    >>> print(visible("a\x1b[2J\n\u202eb"), visible("a\u200bb"))
    a\x1b[2J\x0a\u202eb a\u200bb
    """
    if text.isascii() and text.isprintable():
        return text
    parts, last = [], 0
    for start, end in hidden(text):
        parts += [text[last:start], *map(escape, text[start:end])]
        last = end
    return "".join(parts) + text[last:]


class _Ordered:
    """The runs of bidirectional controls that right-to-left writing needs, line by line.

    Needed are, on a line with right-to-left letters, marks; and embeddings and isolates if all of
    the line are closed on it. Overrides are needed nowhere.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = -1
        self._letters = self._closed = False

    def __contains__(self, match: re.Match[str]) -> bool:
        if not re.match(_BIDI_RUN, match[0]):
            return False
        if match.start() > self._end:
            start = self._text.rfind("\n", 0, match.start()) + 1
            end = self._text.find("\n", match.end())
            self._end = end if end != -1 else len(self._text)
            line = self._text[start : self._end]
            self._letters = re.search(_RIGHT_TO_LEFT, line) is not None
            self._closed = self._letters and _closed(line)
        return self._closed or (self._letters and _MARKS.issuperset(match[0]))


def _closed(line: str) -> bool:
    """Whether `line` closes every embedding and isolate that it opens, and overrides nothing."""
    open_: list[str] = []
    for run in re.finditer(_BIDI_RUN, line):
        for char in run[0]:
            if char in _CLOSES:
                if not open_ or open_.pop() not in _CLOSES[char]:
                    return False
            elif char not in _MARKS:
                open_.append(char)
    return not open_


def _needed(match: re.Match[str]) -> bool:
    """Whether writing needs these invisible characters where they stand."""
    text, run = match.string, match[0]
    before = text[match.start() - 1] if match.start() else ""
    after = text[match.end()] if match.end() < len(text) else ""
    # What is shown as an escape itself needs nothing beside it.
    before, after = ("" if re.match(_ANY, char) else char for char in (before, after))
    if not re.match(_INVISIBLE_RUN, run):
        return False
    if before == "\U0001f3f4":
        return re.fullmatch(_FLAG_TAGS, run) is not None
    if re.match(_SELECTORS, run[0]):
        if run[0] < "\U000e0100":
            keycap = after == "\u20e3" and len(run) == 1
            varies = keycap if before.isascii() else not before.isspace()
        else:
            varies = re.match(_IDEOGRAPH, before) is not None
        if not varies or len(run) == 1:
            return varies
        run = run[1:]
    if run == "\u200d" and re.match(_PICTURE, before) and re.match(_PICTURE, after):
        return True
    only = frozenset(run)
    if only <= {"\u200c", "\u200d"}:
        return bool(re.match(_JOINING, before) or re.match(_JOINING, after))
    if only == {"\u200b"}:
        return bool(re.match(_UNSPACED, before) or re.match(_UNSPACED, after))
    if only == {"\u2800"}:
        return any("\u2801" <= char <= "\u28ff" for char in (before, after))
    if run in ("\u115f", "\u1160"):
        return bool(re.match(_JAMO, before) or re.match(_JAMO, after))
    return run == "\u034f" and re.match(_MARK, after) is not None
