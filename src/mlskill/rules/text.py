"""Rules about single characters: what was decoded wrongly, and what cannot be seen."""

from __future__ import annotations

from bisect import bisect_right
from unicodedata import name

from mlskill.hidden import Unseen, unseen
from mlskill.model import Document, Skill
from mlskill.rules.once import once
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
    # Some bytes of mojibake are control characters; that is one fault, not two.
    spoilt = {d.path: [run[:2] for run in runs] for d, runs in _mojibake(skill)}
    for document, found in _unseen(skill):
        runs = spoilt.get(document.path, [])
        for span in found.control:
            at_or_before = bisect_right(runs, (span[0], len(document.text))) - 1
            if at_or_before < 0 or span[0] >= runs[at_or_before][1]:
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
    for document, found in _unseen(skill):
        for span in found.invisible:
            tags = [ord(c) - 0xE0000 for c in document.text[slice(*span)] if c >= "\U000e0020"]
            words = "".join(chr(code) for code in tags if code < 0x7F)[:60]
            problem = _characters(document, span, f"it spells {words!r}" if words else "remove it")
            sure = not words and _idle(document.text, span)  # what it hides, one should read
            yield problem._replace(fix=(Replace(*span, ""),) if sure else ())
    yield from _written(skill, "invisible")


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
