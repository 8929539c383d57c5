"""Rules about the tree as a whole: how its pages hang together, and what stands in it twice."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from mlskill.model import Document, Link, Skill
from mlskill.rules.rule import Nearby, Problem, Problems, at, rule


@rule("warning", across=True)
def name_duplicate(skill: Skill) -> Problems:
    """Two skills that are validated together have one name: a client shows only one of them."""
    front = skill.main.frontmatter
    name = front.data.get("name")
    if isinstance(name, str) and ("name",) in front.keys:
        yield at(skill.main, front.keys["name",], f"another skill is called {name}, too")


@rule("warning")
def document_deep(skill: Skill) -> Problems:
    """A page is reached only through other pages: SKILL.md itself does not lead to it."""
    for document in skill.modules:
        chain = _chain(skill, document.path)
        if len(chain) > 2 and posixpath.basename(document.path) not in skill.main.text:
            way = " → ".join(chain)
            yield at(document, (0, 0), f"is two or more links from SKILL.md ({way}); link it there")


def _chain(skill: Skill, path: str) -> list[str]:
    """The pages from ``SKILL.md`` to `path`."""
    chain = [path]
    while chain[-1] in skill.parents and len(chain) < 20:
        chain.append(skill.parents[chain[-1]])
    return chain[::-1]


@rule("advice")
def link_cycle(skill: Skill) -> Problems:
    """A page leads back to one that led to it, so that who follows the links goes in a circle."""
    for edge in skill.edges:
        if (
            edge.fragment
            or edge.link.kind == "mention"
            or edge.target not in _chain(skill, edge.source)
        ):
            continue
        document = skill.by_path.get(edge.source)
        if isinstance(document, Document) and edge.target != skill.main.path:
            what = "itself" if edge.target == edge.source else f"{edge.target}, which leads here"
            yield at(document, (edge.link.start, edge.link.end), f"leads back to {what}")


PASSAGE = 60
"""Words of a paragraph that is looked for a second time."""


@rule("advice")
def passage_duplicated(skill: Skill) -> Problems:
    """A paragraph stands in the skill twice, word for word: one of the two will be forgotten."""
    first: dict[str, tuple[Document, int, int]] = {}
    for document in skill.documents:
        for start, end in _paragraphs(document):
            words = " ".join(document.text[start:end].split())
            known = first.setdefault(words, (document, start, end))
            if known[1:] != (start, end) or known[0] is not document:
                note = Nearby(known[0].path, known[1], known[2], "it stands first here")
                where = "on this page" if known[0] is document else f"in {known[0].path}"
                yield at(
                    document,
                    (start, end),
                    f"stands word for word {where}; keep one",
                    related=(note,),
                )


def _paragraphs(document: Document) -> Iterator[tuple[int, int]]:
    """The paragraphs of a page, code aside, that are too long to be equal by accident."""
    blocks = [(block.start, block.end) for block in document.blocks]
    number = 0
    for match in re.finditer(
        r"\S[^\n]*(?:\n(?!\s*\n)[^\n]*)*", document.text[document.frontmatter.end :]
    ):
        start, end = (at + document.frontmatter.end for at in match.span())
        while number < len(blocks) and blocks[number][1] <= start:
            number += 1
        inside = number < len(blocks) and blocks[number][0] < end
        if not inside and end - start > 4 * PASSAGE and len(match[0].split()) >= PASSAGE:
            yield start, end


@rule("warning", exact=False)
def module_line_differs(skill: Skill) -> Problems:
    """A line of SKILL.md calls a page by the name of another page."""
    titles: dict[str, set[str]] = {}
    for document in skill.modules:
        for name in {document.stem, document.title, document.frontmatter.texts.get(("name",), "")}:
            if len(name) > 2:
                titles.setdefault(_plain(name), set()).add(document.path)
    for edge in skill.edges:
        said = titles.get(_plain(edge.link.text), set())
        if edge.source != skill.main.path or edge.link.kind != "inline" or edge.link.image:
            continue
        if (
            len(said) == 1
            and edge.target not in said
            and not edge.fragment
            and _is_page(skill, edge.target)
        ):
            (meant,) = said
            yield _miscalled(skill, edge.link, edge.target, meant)


def _is_page(skill: Skill, path: str) -> bool:
    return any(document.path == path for document in skill.modules)


def _miscalled(skill: Skill, link: Link, target: str, meant: str) -> Problem:
    called = skill.by_path[meant]
    note = (Nearby(meant, 0, 0, "this page has that name"),) if isinstance(called, Document) else ()
    message = f"is called as {posixpath.basename(meant)} is, but leads to {target}"
    return at(skill.main, (link.start, link.end), message, related=note)


def _plain(name: str) -> str:
    """A name as far as people tell names apart."""
    name = posixpath.splitext(name)[0] if name.lower().endswith((".md", ".mdx")) else name
    return re.sub(r"[\W_]+", " ", name.lower()).strip()
