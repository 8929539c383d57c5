"""render: a skill, or a part of it, as text for an agent, by view.

Text of a skill is a value in our templates and never a template; an environment that escapes
whatever is not marked as prepared stands behind that. Only `site` knows Jinja, too. Every view is
without HTML comments and control characters, equal to the byte for equal skills, and ends with one
newline.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from html import escape
from typing import TYPE_CHECKING, Any, Literal

from mlskill.errors import UnknownNameError
from mlskill.model import Section, Skill
from mlskill.renderer import links, text
from mlskill.renderer.budget import choose
from mlskill.renderer.merger import merge
from mlskill.renderer.nodes import Node, assets, below, find, nodes, rooted
from mlskill.tokens import Counter, estimate

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

Format = Literal["markdown", "xml"]

BUDGET = 2000
"""Tokens that an answer may have where no budget is given."""
LISTED = 100
"""Documents, and other files, that a listing names before it says how many more there are."""

# A terminal obeys some of these, and XML allows none of them.
_CONTROLS = {c: "\ufffd" for c in (*range(32), *range(127, 160)) if chr(c) not in "\t\n"}


@dataclass(frozen=True, slots=True)
class View:
    """One way to show a skill: its templates by format, and what it is for."""

    summary: str
    templates: Mapping[str, str]


def _view(summary: str, markdown: str, xml: str = "content.xml.j2") -> View:
    return View(summary, {"markdown": markdown, "xml": xml})


VIEWS: Mapping[str, View] = {
    "outline": _view("a document, and a table of those below it", "outline.md.j2"),
    "module": _view("one document", "part.md.j2"),
    "section": _view("one section, with the way to it", "part.md.j2"),
    "full": _view("a document and all below it as one", "full.md.j2"),
    "catalog": _view("name, description and location", "catalog.md.j2", "catalog.xml.j2"),
}
"""Every view by name."""


def render(
    skill: Skill,
    target: str | None = None,
    *,
    view: str | None = None,
    format: Format = "markdown",
    query: str | None = None,
    budget: int | None = None,
    count: Counter = estimate,
) -> str:
    """`skill`, or the part of it that `target` names, as text.

    A target is a document (its path, its frontmatter's name or its file's name without suffix) or
    a section (``document#anchor``; ``#anchor`` is one of ``SKILL.md``). Without `view` it is
    `outline` for a skill, `module` for a document, `section` for a section. Relative links become
    paths from the skill's root, except in `full`, where they lead to a heading of the output.
    In XML, no text of the skill can open or close an element of ours. `count` gives the tokens.

    With a `query` or a `budget` in tokens (2,000 if only a query is given) it is, in any view, the
    sections that answer the query, or the outline and then the breadth, at most `budget` tokens by
    `count`: whole sections with the way to them, and the names of those that were left out.

    Raises:
        UnknownNameError: there is no such target, view or format.
    """
    if query is not None or budget is not None:
        return _within(skill, target, query, BUDGET if budget is None else budget, format, count)
    view = view or ("outline" if target is None else "section" if "#" in target else "module")
    if view not in VIEWS:
        raise UnknownNameError("view", view, VIEWS)
    if format not in VIEWS[view].templates:
        raise UnknownNameError("format", format, VIEWS[view].templates)
    if view == "catalog":
        return catalog([skill], format=format) + "\n"
    found = tuple(nodes(skill))
    node, section = (found[0], None) if target is None else find(found, target)
    shown = section if view == "section" else None
    whole = node is found[0] and view in ("outline", "full")
    under = below(found, node)
    others = under[1:] if view == "outline" else ()
    files = list(assets(skill)) if whole else []
    return _fill(
        VIEWS[view].templates[format],
        body=merge(skill, under) if view == "full" else _body(skill, node, shown),
        skill=skill.name,
        folder=posixpath.dirname(skill.location),
        path="" if whole else node.path,
        anchor=shown.anchor if shown else "",
        trail=_trail(node, shown),
        documents=[(other.path, other.purpose, count(other.body)) for other in others[:LISTED]],
        more_documents=max(0, len(others) - LISTED),
        files=files[:LISTED],
        more_files=max(0, len(files) - LISTED),
    )


def _within(
    skill: Skill, target: str | None, query: str | None, budget: int, format: str, count: Counter
) -> str:
    """What answers `query` in `budget` tokens, of all documents at or below `target`."""
    if format not in VIEWS["full"].templates:
        raise UnknownNameError("format", format, VIEWS["full"].templates)
    found = tuple(nodes(skill))
    if target is not None:
        found = below(found, find(found, target)[0])

    def wrap(body: str) -> str:
        template = "budget.md.j2" if format == "markdown" else "content.xml.j2"
        return _fill(
            template,
            body=body,
            skill=skill.name,
            folder=posixpath.dirname(skill.location),
            path="" if target is None else found[0].path,
            anchor="",
            trail=[],
            documents=[],
            more_documents=0,
            files=[],
            more_files=0,
        )

    return choose(
        skill,
        found,
        query,
        budget,
        body=lambda node, section: _body(skill, node, replace(section, end=section.text_end)),
        trail=_trail,
        wrap=wrap,
        count=count,
    )


@dataclass(frozen=True, slots=True)
class Part:
    """A document or a section without any frame: its address, the titles above it, its text."""

    path: str
    anchor: str
    trail: tuple[str, ...]
    text: str


def part(skill: Skill, target: str) -> Part:
    """What `target`, as `render` takes it, names: for a caller that frames it itself with `wrap`.

    Raises:
        UnknownNameError: there is no such target.
    """
    node, section = find(tuple(nodes(skill)), target)
    anchor = section.anchor if section else ""
    return Part(node.path, anchor, tuple(_trail(node, section)), _body(skill, node, section))


def wrap(body: str, *, note: str = "", **about: str) -> str:
    """`body`, and a `note` of the caller's, in one element ``skill_content`` with attributes.

    What comes from a skill may stand anywhere: nothing in it can close the element.
    """
    return _fill("wrapped.xml.j2", body=body, note=note, about=about)


def catalog(skills: Iterable[Skill], *, format: Format = "xml") -> str:
    """Name, description and location of each of `skills`, for a system prompt.

    In XML the bytes are those of `to_prompt` of the reference library (skills-ref 0.1.1), which
    has no newline at the end; but a location that could pass for a tag is escaped here.
    """
    if format not in VIEWS["catalog"].templates:
        raise UnknownNameError("format", format, VIEWS["catalog"].templates)
    listed = [(s.name, s.description, s.location) for s in skills]
    return _fill(VIEWS["catalog"].templates[format], skills=listed).removesuffix("\n")


def _body(skill: Skill, node: Node, section: Section | None) -> str:
    """A document or a section of it, with links from the root."""
    document = node.document
    if section is None:
        edits = links.retarget(document, partial(rooted, skill, node), inline=False)
        return text.body(document, edits)

    def address(link: Any) -> str | None:
        if link.internal and not link.path and link.fragment:
            there = document.section(link.fragment)
            inside = there is not None and section.start <= there.start < section.end
            return None if inside else links.from_root(link, node.path)
        return rooted(skill, node, link)

    edits = links.retarget(document, address, inline=True)
    return text.body(document, edits, section.start, section.end)


def _trail(node: Node, section: Section | None) -> list[str]:
    """The titles on the way from a document to what lies above `section`."""
    titles: list[str] = []
    sections = node.document.sections
    while section is not None and section.parent is not None:
        section = sections[section.parent]
        titles.append(section.title)
    return titles[-2::-1]


def _location(path: str) -> str:
    """A location in XML: as the reference writes it, escaped where it could pass for markup."""
    return path if path.isprintable() and not set("<>") & set(path) else escape(text.line(path))


def _fill(template: str, **values: Any) -> str:
    """The template, with the skill's text as prepared values and all others escaped."""
    from markupsafe import Markup

    xml = template.endswith(".xml.j2")
    if "body" in values:
        values["body"] = Markup(text.neutral(values["body"]) if xml else values["body"])  # noqa: S704
    written = _environment(xml).get_template(template).render(values)
    return written.translate(_CONTROLS).rstrip("\n") + "\n"


@cache
def _environment(xml: bool) -> ImmutableSandboxedEnvironment:
    """Jinja for one format; `finalize` sees every value before it is written."""
    from jinja2 import PackageLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from markupsafe import Markup

    prepare = escape if xml else text.inline
    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("mlskill", "views"),
        undefined=StrictUndefined,
        autoescape=xml,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda v: v if isinstance(v, Markup) else Markup(prepare(str(v))),  # noqa: S704
    )
    environment.filters["code"] = lambda value: Markup(text.code(value))  # noqa: S704
    environment.filters["location"] = lambda value: Markup(_location(value))  # noqa: S704
    environment.filters["line"] = text.line
    environment.filters["number"] = "{:,}".format
    return environment
