r"""search: the sections of one or many skills that answer a question, best first.

Words are compared, not meanings: stems, spellings, parts of identifiers, a typo. A section is
ranked by what it says and by what the document around it says, since a question names more than
one section holds. Whether anything fits at all is one threshold, `FIT`.
"""

from __future__ import annotations

from collections.abc import Iterable

from mlskill.model import Document, Hit, Section, Skill
from mlskill.searcher.index import Found, Index
from mlskill.searcher.texts import plain_text
from mlskill.searcher.words import asked, words
from mlskill.tokens import Counter, estimate

__all__ = ["FIT", "Index", "search"]

FIT = 1.2
"""How much of a question some document must know, by the question's length; else nothing fits."""
COVERED = 0.8
"""The share of a question's words, by what they tell, that makes a document fit whatever else."""
SNIPPET = 160
"""Characters of a snippet, at most."""


def search(
    skills: Skill | Iterable[Skill] | Index,
    query: str,
    *,
    limit: int = 10,
    count: Counter = estimate,
) -> tuple[Hit, ...]:
    r"""At most `limit` sections that answer `query`, best first; none where nothing fits.

    Of several skills, a hit's path starts with its skill's root. The index of a single skill is
    kept as long as the skill; for many questions to many skills make an `Index` once and pass it.

    >>> from mlskill.loader import loads
    >>> skill = loads({"SKILL.md": "# Bread\n\n## Rising\n\nWarm dough.\n\n## Baking\n\nHot."})
    >>> [hit.anchor for hit in search(skill, "warm dough to rise")]
    ['rising']
    >>> search(skill, "tax return")
    ()
    """
    index = skills if isinstance(skills, Index) else _index(skills)
    found = index.find(query)
    if limit < 1 or not any(one.fit >= FIT or one.covered >= COVERED for one in found):
        return ()
    wanted = frozenset(asked(query))
    return tuple(_hit(index, one, wanted, count) for one in found[:limit])


def _index(skills: Skill | Iterable[Skill]) -> Index:
    if not isinstance(skills, Skill):
        return Index(skills)
    kept = vars(skills)  # where a cached_property keeps its value too: it dies with the skill
    if "_search_index" not in kept:
        kept["_search_index"] = Index([skills])
    index: Index = kept["_search_index"]
    return index


def _hit(index: Index, found: Found, wanted: frozenset[str], count: Counter) -> Hit:
    page, section = index.page(found.part), found.part.section
    text = page.source.text[section.start : section.end]
    return Hit(
        path=index.address(found.part),
        anchor=section.anchor,
        title=section.title or page.title,
        score=round(found.score, 3),
        tokens=count(text),
        snippet=_snippet(page.source, section, wanted),
    )


def _snippet(document: Document, section: Section, wanted: frozenset[str]) -> str:
    """The line of the section that holds most of the words asked for, as much as fits."""
    lines = plain_text(document, section).splitlines()
    lines = [" ".join(line.strip(" \t|").split()) for line in lines]
    best = max(lines, key=lambda line: len(wanted & set(words(line))), default="")
    return best if len(best) <= SNIPPET else best[: SNIPPET - 1].rstrip() + "…"
