"""Answers: what each tool says, as text for a model and as data for a program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from mlskill import outline as outlines
from mlskill.errors import UnknownNameError
from mlskill.model import Asset, Document, Skill
from mlskill.renderer import Part, part, wrap
from mlskill.renderer.text import code, inline, shorten
from mlskill.tokens import estimate
from mlskill.toolset.arguments import (
    File,
    Findings,
    Found,
    Heading,
    Listed,
    Named,
    Outline,
    OutlineArguments,
    ReadArguments,
    Reading,
    SearchArguments,
)
from mlskill.toolset.library import Library
from mlskill.toolset.pages import pages

_T = TypeVar("_T")

PAGE = 4000
"""Tokens of one page of an answer."""
DEPTH = 2
"""Levels of headings that the outline of a whole skill shows."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool says: `text` for the model, `data` for a program; `error`: it could not."""

    text: str
    data: BaseModel | None = None
    error: bool = False

    def __str__(self) -> str:
        return self.text

    @property
    def structured(self) -> dict[str, Any] | None:
        """The data, fit for JSON."""
        return None if self.data is None else self.data.model_dump(mode="json")


def outline(library: Library, name: str, asked: OutlineArguments) -> Answer:
    """The catalogue of all skills where none is named, else the tree of one."""
    if not name:
        return _catalogue(library, asked.page)
    skill = library.skill(name)
    tree = outlines.tree(skill)
    documents = tree["documents"]
    if asked.path:
        wanted = part(skill, asked.path).path
        documents = [document for document in documents if document["path"] == wanted]
    listed = [
        Listed(
            path=document["path"],
            purpose=document["purpose"],
            tokens=document["tokens"],
            sections=[
                Heading(**section)
                for section in document["sections"]
                if asked.path or section["level"] <= DEPTH
            ],
        )
        for document in documents
    ]
    files = [] if asked.path else [File(**file) for file in tree["files"]]
    items: list[tuple[Listed | File, str]] = [
        *((document, _document(document)) for document in listed),
        *((file, f"- {code(file.path)} ({file.bytes:,} bytes)\n") for file in files),
    ]
    head = f"{code(name)}: {inline(shorten(skill.description, 1024))}\n\n"
    shown, page, count = _page(items, asked.page)
    data = Outline(
        skill=name,
        description=skill.description,
        documents=[item for item, _ in shown if isinstance(item, Listed)],
        files=[item for item, _ in shown if isinstance(item, File)],
        page=page,
        pages=count,
    )
    return Answer(_wrap(head + "".join(line for _, line in shown), data, name=name), data)


def _catalogue(library: Library, number: int) -> Answer:
    named = [Named(name=name, description=library.description(name)) for name in library.names]
    items = [(n, f"- {code(n.name)}: {inline(shorten(n.description))}\n") for n in named]
    shown, page, count = _page(items, number)
    data = Outline(skills=[item for item, _ in shown], page=page, pages=count)
    return Answer(_wrap("".join(line for _, line in shown), data), data)


def _document(document: Listed) -> str:
    """A document, as a line with a line for each of its sections."""
    lines = [f"- {code(document.path)} ({document.tokens:,} tokens): {inline(document.purpose)}\n"]
    for section in document.sections:
        handle = code(f"#{section.anchor}")
        title = inline(section.title)
        indent = "  " * min(section.level, 6)
        lines.append(f"{indent}- {handle} {title} ({section.tokens:,} tokens)\n")
    return "".join(lines)


def search(library: Library, name: str, asked: SearchArguments) -> Answer:
    """The sections that answer a query, of one skill or of all."""
    if name:
        from mlskill.searcher import search as find

        hits = [(name, hit) for hit in find(library.skill(name), asked.query, limit=asked.limit)]
    else:
        hits = [*library.search(asked.query, asked.limit)]
    found = [
        Found(
            skill=owner,
            path=hit.path,
            anchor=hit.anchor,
            title=hit.title,
            score=hit.score,
            tokens=hit.tokens,
            snippet=hit.snippet,
        )
        for owner, hit in hits
    ]
    several = len(library.names) > 1
    lines = []
    for hit in found:
        handle = code(f"{hit.path}#{hit.anchor}" if hit.anchor else hit.path)
        where = f"{code(hit.skill)} {handle}" if several else handle
        about = f"{inline(hit.title)} ({hit.tokens:,} tokens)"
        lines.append(f"- {where}: {about}\n" + f"  {inline(hit.snippet)}\n" * bool(hit.snippet))
    body = "".join(lines) or "Nothing here fits the question.\n"
    data = Findings(hits=found)
    return Answer(wrap(body.rstrip("\n"), name="" if several else library.names[0]), data)


def read(library: Library, name: str, asked: ReadArguments) -> Answer:
    """A file, or a section of it, or one page of that."""
    skill = library.skill(name)
    # A runtime that knows the MCP server's resources has models that name them so.
    path = asked.path.removeprefix(f"skill://{name}/").removeprefix("./")
    if asked.anchor:
        path = f"{path.partition('#')[0]}#{asked.anchor.removeprefix('#')}"
    found = _part(skill, path)
    markdown = isinstance(skill.by_path[found.path], Document)
    cut = pages(found.text, PAGE, markdown=markdown)
    page = _in_range(asked.page, len(cut))
    text = cut[page - 1]
    data = Reading(
        skill=name,
        path=found.path,
        anchor=found.anchor,
        page=page,
        pages=len(cut),
        tokens=estimate(text),
        text=text,
    )
    about = {"path": found.path, "section": found.anchor, "under": " > ".join(found.trail)}
    return Answer(_wrap(text, data, name=name, **about), data)


def _part(skill: Skill, target: str) -> Part:
    file = skill.by_path.get(target)
    if isinstance(file, Asset):
        return Part(target, "", (), _text(file))
    try:
        return part(skill, target)
    except UnknownNameError as error:
        if error.kind != "document":
            raise
        raise UnknownNameError("file", error.name, skill.by_path) from None


def _text(asset: Asset) -> str:
    """The text of a file that is not Markdown."""
    if asset.data is None:
        return (
            f"{asset.size:,} bytes that were not loaded: make the tools of a path, or of "
            "load(path, contents=True)."
        )
    try:
        return asset.data.decode()
    except UnicodeDecodeError:
        return f"{asset.size:,} bytes that are no text."


def _page(items: Sequence[tuple[_T, str]], number: int) -> tuple[list[tuple[_T, str]], int, int]:
    """The items of page `number`, each whole; that number; how many pages there are."""
    cut: list[list[tuple[_T, str]]] = [[]]
    used = 0
    for item in items:
        cost = estimate(item[1])
        if cut[-1] and used + cost > PAGE:
            cut.append([])
            used = 0
        cut[-1].append(item)
        used += cost
    page = _in_range(number, len(cut))
    return cut[page - 1], page, len(cut)


def _in_range(page: int, count: int) -> int:
    if page > count:
        raise UnknownNameError("page", str(page), [f"1 to {count}"] if count > 1 else ["1"])
    return page


def _wrap(text: str, data: Outline | Reading, **about: str) -> str:
    """`text` as the answer of a tool, with what a model needs to read on."""
    if data.pages == 1:
        return wrap(text.rstrip("\n"), **about)
    note = f"Page {data.page} of {data.pages}."
    if data.page < data.pages:
        note += f" The rest follows with page={data.page + 1}."
    about["page"] = f"{data.page}/{data.pages}"
    return wrap(text.rstrip("\n"), note=note, **about)


ANSWERS: dict[str, Callable[[Library, str, Any], Answer]] = {
    "skill_outline": outline,
    "skill_search": search,
    "skill_read": read,
}
"""Every tool's answer."""
