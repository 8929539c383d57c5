"""Rules about what some of the clients that load skills do not take, or take for something else.

Fourteen loaders were given the same files (2026-11): each of these made at least one refuse a skill
or read another one than was written.
"""

from __future__ import annotations

import re

from mlskill.model import Document, Skill
from mlskill.rules.rule import Problem, Problems, Replace, at, rule

_PLAIN = ("'", '"', "|", ">", "[", "{")
_DATE = re.compile(
    r"\d{4}-\d\d?-\d\d?(?:[Tt ]\s*\d\d?:\d\d:\d\d(?:\.\d*)?\s*(?:Z|[-+]\d\d?(?::?\d\d)?)?)?"
)


@rule("warning")
def frontmatter_dashes(skill: Skill) -> Problems:
    """A value holds ---, which ends the frontmatter for loaders that search the text for it."""
    main = skill.main
    block = main.text[3 : main.frontmatter.end]
    closing = block.rstrip().removesuffix("---")
    at_ = closing.find("---")
    if main.frontmatter.present and at_ != -1 and block.rstrip().endswith("---"):
        start = 3 + at_
        yield at(
            main, (start, start + 3), "several loaders end the frontmatter here; write – or a comma"
        )


@rule("warning")
def frontmatter_date(skill: Skill) -> Problems:
    """A value is a date to YAML, where the specification wants text."""
    main = skill.main
    for path, (start, end) in main.frontmatter.values.items():
        written = main.text[start:end].strip()
        if written[:1].isdigit() and _DATE.fullmatch(written):
            field = ".".join(map(str, path))
            message = f"{field} is a date to YAML, not text; put it in quotes"
            yield at(main, (start, start + len(written)), message)


@rule("warning")
def frontmatter_comment(skill: Skill) -> Problems:
    """What follows # in the name or the description is a comment: no client sees it."""
    front = skill.main.frontmatter
    for field in ("name", "description"):
        start, end = front.values.get((field,), (0, 0))
        text = skill.main.text
        if end and text[start : start + 1] not in _PLAIN:
            newline = text.find("\n", end)
            rest = text[end : newline if newline != -1 else None]
            if rest.lstrip().startswith("#") and rest[:1] in " \t":
                span = (end + len(rest) - len(rest.lstrip()), end + len(rest.rstrip()))
                yield at(
                    skill.main,
                    span,
                    f"is no part of the {field} but a comment; put the {field} in quotes",
                )


_TABS = re.compile(r"[ \t]*\t[ \t]*(?=[\n#]|\Z)")
_ABOVE = re.compile(r":[ \t]*(?:[|>][-+\d]*)?([ \t]*\t[ \t]*)\n")  # of what starts on the next line


@rule("warning")
def frontmatter_tab(skill: Skill) -> Problems:
    """A tab stands before or behind a value: many YAML libraries refuse it, the reference's too."""
    main, front = skill.main, skill.main.frontmatter
    if any(fault.rule == "frontmatter-invalid" for fault in front.faults):
        return
    for path, (start, end) in front.values.items():
        gap = main.text[front.keys[path][1] : start] if path in front.keys else ""
        above = _ABOVE.match(main.text, start - len(gap)) if gap else None
        behind = _TABS.match(main.text, end)
        if above:
            yield _tab(main, above.span(1), "")
        elif "\t" in gap:
            yield _tab(main, (start - len(gap.lstrip(":")), start), " ")
        if behind and main.text[start:end].strip() and main.text[start] not in "|>":
            yield _tab(main, behind.span(), " " if main.text[behind.end()] == "#" else "")


def _tab(main: Document, span: tuple[int, int], instead: str) -> Problem:
    what = "write a space" if instead else "remove it"
    message = f"a tab, for which many clients cannot read the frontmatter; {what}"
    return at(main, span, message, fix=(Replace(*span, instead),))


@rule("advice")
def field_unportable(skill: Skill) -> Problems:
    """A key of the specification that some clients refuse to load a skill for."""
    front = skill.main.frontmatter
    for field in ("compatibility", "allowed-tools"):
        if (field,) in front.keys:
            yield at(
                skill.main, front.keys[field,], f"some clients refuse a skill that has {field}"
            )


@rule("warning")
def tools_separator(skill: Skill) -> Problems:
    """The allowed tools are separated by commas: the specification wants spaces."""
    front = skill.main.frontmatter
    value = front.data.get("allowed-tools")
    if isinstance(value, str) and "," in re.sub(r"\([^()]*\)", "", value):
        place = front.values["allowed-tools",]
        yield at(skill.main, place, "separate the tools by spaces, without commas")


@rule("advice")
def skill_nested(skill: Skill) -> Problems:
    """A skill lies inside another: some clients list both, some do not find the inner one."""
    for inner in skill.skills:
        path = f"{inner.prefix}SKILL.md"
        yield Problem(
            path, 0, 0, "lies inside another skill; clients differ in what they make of it"
        )
