"""Rules about single characters: what was decoded wrongly, and what cannot be seen."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from unicodedata import name

from mlskill.hidden import Unseen, foreign, unseen
from mlskill.model import Document, Skill
from mlskill.rules.once import once
from mlskill.rules.prose import in_prose
from mlskill.rules.rule import Problem, Problems, Replace, at, rule


@rule("warning", exact=False)
def text_mojibake(skill: Skill) -> Problems:
    """Characters were saved in the wrong encoding: what was one character is several."""
    for document, runs in _mojibake(skill):
        for start, end, repaired in runs:
            # What a byte-order mark has become is to go: written back, it would be one again.
            fix = (Replace(start, end, repaired.replace("\ufeff", "")),)
            yield at(
                document, (start, end), f"is mojibake for {repaired}; write {repaired}", fix=fix
            )


@rule("warning")
def text_control_character(skill: Skill) -> Problems:
    """The text holds a control character other than tab and newline."""
    for document, span in _unspoilt(skill, "control"):
        yield _characters(document, span, "remove it")
    yield from _written(skill, "control")


@rule("warning")
def text_bidi_control(skill: Skill) -> Problems:
    """A bidirectional control changes the order in which the text is shown."""
    for document, found in _unseen(skill):
        for span in found.bidi:
            yield _characters(document, span, "it is shown in another order than it is read")
    yield from _written(skill, "bidi")


@rule("warning")
def text_invisible(skill: Skill) -> Problems:
    """The text holds characters that a reader cannot see and a model reads."""
    for document, span in _unspoilt(skill, "invisible"):
        tags = [ord(c) - 0xE0000 for c in document.text[slice(*span)] if c >= "\U000e0020"]
        words = "".join(chr(code) for code in tags if code < 0x7F)[:60]
        problem = _characters(document, span, f"it spells {words!r}" if words else "remove it")
        sure = not words and _idle(document.text, span)  # what it hides, one should read
        yield problem._replace(fix=(Replace(*span, ""),) if sure else ())
    yield from _written(skill, "invisible")


def _unspoilt(skill: Skill, kind: str) -> Iterator[tuple[Document, tuple[int, int]]]:
    """The runs of hidden characters that are no bytes of mojibake: that is one fault, not two."""
    spoilt = {d.path: [run[:2] for run in runs] for d, runs in _mojibake(skill)}
    for document, unseen_ in _unseen(skill):
        runs = spoilt.get(document.path, [])
        for span in getattr(unseen_, kind):
            before = bisect_right(runs, (span[0], len(document.text))) - 1
            if before < 0 or span[0] >= runs[before][1]:
                yield document, span


@once
def _unseen(skill: Skill) -> tuple[tuple[Document, Unseen], ...]:
    """What hides in each page that hides something."""
    found = ((document, unseen(document.text)) for document in skill.documents)
    return tuple((document, runs) for document, runs in found if any(runs))


def _written(skill: Skill, kind: str) -> Problems:
    r"""What frontmatter holds only once its escapes are read: ``"\u202e"`` is such a character."""
    for document, span, value, found in _escaped(skill):
        for start, _ in getattr(found, kind):
            char = value[start]
            message = f"U+{ord(char):04X} {_name(char)} written as an escape; remove it"
            yield at(document, span, message)
            break


@once
def _escaped(skill: Skill) -> tuple[tuple[Document, tuple[int, int], str, Unseen], ...]:
    """The values of frontmatter in which something hides that their text does not show."""
    return tuple(
        (document, span, value, found)
        for document in skill.documents
        for path, value in document.frontmatter.texts.items()
        if any(found := unseen(value))
        and (span := document.frontmatter.values.get(path))
        and not any(unseen(document.text[slice(*span)]))
    )


@once
def _mojibake(skill: Skill) -> tuple[tuple[Document, tuple[tuple[int, int, str], ...]], ...]:
    """The mojibake of each page that has some."""
    pages = [document for document in skill.documents if not document.text.isascii()]
    if not pages:
        return ()
    from mlskill.rules.mojibake import mojibake  # its patterns take longer to compile than to use

    found = ((document, tuple(mojibake(document.text))) for document in pages)
    return tuple((document, runs) for document, runs in found if runs)


def _characters(document: Document, span: tuple[int, int], advice: str) -> Problem:
    """A problem that names the first character of `span` and says how many there are."""
    char, count = document.text[span[0]], span[1] - span[0]
    more = f" and {count - 1:,} more" if count > 1 else ""
    return at(document, span, f"U+{ord(char):04X} {_name(char)}{more}; {advice}")


def _idle(text: str, span: tuple[int, int]) -> bool:
    """Whether the characters at `span` do nothing, so that without them all is as it was.

    A separator stands for a space or a line end, and before what could be markup such a character
    may be there to keep it from being that: a fence within a fence, a link that is to be shown.
    """
    before, after = text[span[0] - 1 : span[0]], text[span[1] : span[1] + 1]
    line = text[max(0, span[0] - 200) : span[0]].rpartition("\n")[2]
    starts = not line.strip()
    calm = after.isalpha() if starts else not after or after.isalnum() or after.isspace()
    return (
        calm
        and (not before or before.isalnum() or before.isspace())
        and not _SEPARATORS & set(text[slice(*span)])
    )


_SEPARATORS = frozenset("\u2028\u2029\u3164\uffa0\u115f\u1160")
_CONTROLS = {"\0": "NULL", "\x07": "BELL", "\x08": "BACKSPACE", "\x0c": "FORM FEED"}
_CONTROLS |= {"\x1b": "ESCAPE", "\x7f": "DELETE", "\x85": "NEXT LINE"}


def _name(char: str) -> str:
    return name(char, "") or _CONTROLS.get(char, "control character")


# A letter that looks like a Latin one, and where it belongs: words of its own script.
_LOOKALIKES = "аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅαοορινκΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
_ALIKE = frozenset(_LOOKALIKES)
_MIXED = re.compile(
    rf"(?<![A-Za-z{_LOOKALIKES}])(?:[A-Za-z]+[{_LOOKALIKES}]|[{_LOOKALIKES}]+[A-Za-z])"
    rf"[A-Za-z{_LOOKALIKES}]*"
)
_FOREIGN = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")


@rule("warning", exact=False)
def text_homoglyph(skill: Skill) -> Problems:
    """A word of Latin letters holds one of another script that looks the same."""
    for document in skill.documents:
        if _ALIKE.isdisjoint(foreign(document.text)):
            continue
        for match in _MIXED.finditer(document.text):
            char = next(c for c in match[0] if c in _LOOKALIKES)
            around = (
                document.text[match.start() - 1 : match.start()],
                document.text[match.end() : match.end() + 1],
            )
            latin = sum(c.isascii() for c in match[0])
            if any(_FOREIGN.match(c) for c in around) or latin < 3 or not _WORD.fullmatch(match[0]):
                continue
            at_ = match.start() + match[0].index(char)
            message = f"U+{ord(char):04X} {_name(char)} in a Latin word; it only looks the same"
            yield at(document, (at_, at_ + 1), message)


# Inside a word, or at the edge of one that is too long for a unit or a variable.
_WORD = re.compile(
    rf"[A-Za-z{_LOOKALIKES}]*[A-Za-z][{_LOOKALIKES}]+[A-Za-z]+"
    rf"|[{_LOOKALIKES}][A-Za-z]{{3,}}|[A-Za-z]{{3,}}[{_LOOKALIKES}]"
)


_STACK = re.compile(r"[\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{5,}+")


@rule("warning")
def text_stacked(skill: Skill) -> Problems:
    """More marks are stacked on a letter than any writing has: they cover what is around them."""
    for document in skill.documents:
        if _STACK.search(foreign(document.text)):
            for match in _STACK.finditer(document.text):
                yield _characters(document, match.span(), "no writing has as many; remove them")


_LOST = re.compile("\ufffd+")


@rule("warning", exact=False)
def text_lost(skill: Skill) -> Problems:
    """A replacement character stands where a character was lost."""
    for document in skill.documents:
        if b"\xef\xbf\xbd" in document.source.raw and not document.source.faults:
            for match in in_prose(skill, document, _LOST):
                yield at(document, match.span(), "a character was lost here; write it anew")


_LINES = 50
_SPACES = 300
_GAP = re.compile(rf"\n[ \t\u00a0\n]{{{_LINES},}}+|[ \t\u00a0\u3000]{{{_SPACES},}}+")


@rule("warning")
def text_padding(skill: Skill) -> Problems:
    """So much white space stands before a text that readers do not scroll to it."""
    for document in skill.documents:
        text = document.text
        if not any(white in text for white in ("\n" * 20, " " * 100, "\t" * 100, "\u00a0" * 100)):
            continue
        for match in _GAP.finditer(text.rstrip()):
            lines, last = match[0].count("\n") - 1, match[0].rpartition("\n")[2]
            if lines < _LINES and (len(last) < _SPACES or _in_table(text, match)):
                continue
            if text[match.end()] != "\n":
                what = f"{lines:,} empty lines" if lines >= _LINES else f"{len(last):,} spaces"
                yield at(
                    document, (match.end(), match.end()), f"stands behind {what}, out of sight"
                )


def _in_table(text: str, match: re.Match[str]) -> bool:
    """Whether the spaces fill up the cell of a table."""
    before = text[max(0, match.start() - 2000) : match.start()].rpartition("\n")[2]
    return "|" in before or text[match.end()] == "|"
