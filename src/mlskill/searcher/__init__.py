r"""search: the sections of one or many skills that answer a question, best first.

Words are compared (stems, spellings, parts of identifiers, a typo), runs of letters, and meanings,
in sixteen languages: with the extra `vectors` by a better model. A section is ranked by what it
says and by how near the question comes to the lines in which the skill says what it is asked for:
*Use when*, symptoms, what links say. Lines that say what it is not for speak against an answer.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable

from mlskill.errors import IndexFileError
from mlskill.model import Hit, Skill
from mlskill.searcher.index import Index
from mlskill.searcher.kept import kept_index
from mlskill.searcher.ranking import Found
from mlskill.searcher.texts import says_what_is_asked
from mlskill.searcher.words import asked, words
from mlskill.tokens import Counter, estimate

__all__ = ["Index", "search"]

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

    Raises:
        IndexFileError: `skills` is an index in a file, and the file is damaged.

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
    if limit < 1:
        return ()
    wanted = frozenset(asked(query))
    try:
        return tuple(_hit(index, one, wanted, count) for one in index.answers(query)[:limit])
    except (sqlite3.DatabaseError, zlib.error, ValueError, TypeError, OverflowError) as error:
        if index.file is None:
            raise
        raise IndexFileError(index.file, f"damaged: {error}") from None


def _index(skills: Skill | Iterable[Skill]) -> Index:
    if not isinstance(skills, Skill):
        return Index(skills)
    own = vars(skills)  # where a cached_property keeps its value too: it dies with the skill
    if "_search_index" not in own:
        own["_search_index"] = kept_index(skills) if says_what_is_asked(skills) else Index([skills])
    index: Index = own["_search_index"]
    return index


def _hit(index: Index, found: Found, wanted: frozenset[str], count: Counter) -> Hit:
    path, anchor, title, tokens, text, plain = index.hit(found)
    return Hit(
        path=path,
        anchor=anchor,
        title=title,
        score=round(found.score, 3),
        tokens=tokens if count is estimate else count(text),
        snippet=_snippet(plain, wanted),
    )


def _snippet(plain: str, wanted: frozenset[str]) -> str:
    """The line that holds most of the words asked for, as much as fits."""
    lines = [" ".join(line.strip(" \t|").split()) for line in plain.splitlines()]
    best = max(lines, key=lambda line: len(wanted & set(words(line))), default="")
    return best if len(best) <= SNIPPET else best[: SNIPPET - 1].rstrip() + "…"
