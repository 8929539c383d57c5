"""What is searched: each section of a skill as the fields in which a word may stand."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from mlskill.linker import candidates
from mlskill.model import Asset, Document, Section, Skill, Sources
from mlskill.reader.names import is_questions
from mlskill.searcher.sayings import against, cells, items, questions

FIELDS = ("title", "way", "symptoms", "about", "body", "code")
"""`way`: the titles above; `about`: what descriptions and links say of the document."""

_WHEN = re.compile(r"\b(?:when|symptoms?|triggers?|problems? it solves)\b", re.IGNORECASE)
_NOT_WHEN = re.compile(r"\b(?:not|don't|never|avoid|skip)\b", re.IGNORECASE)
_FAULTS = re.compile(
    r"pitfall|symptom|trouble|problem|gotcha|mistake|error|issue|failure|anti-?pattern|fault|faq",
    re.IGNORECASE,
)
_NOT_FOR = re.compile(r"^\W*(?:not for|not to be used for|do not use|don't use)\b", re.IGNORECASE)
_NOT_HERE = re.compile(
    r"^\W*(?:not (?:answered|covered|here|for)|out of scope|non-?goals"
    r"|(?:do not|don't|never) use)\b",
    re.IGNORECASE,
)
_TARGET = re.compile(r"(?<=\])\([^()\s]*\)")


@dataclass(slots=True)
class Part:
    """One section, by where it is, and what is said in and of it, by field."""

    skill: int
    path: str
    section: Section
    document: int
    fields: dict[str, str]


@dataclass(slots=True)
class Page:
    """One document: its sections; what is `said` of it elsewhere, in one text.

    `sayings` are the single lines in which somebody asks for it, `against` those in which somebody
    asks for what it does not have.
    """

    skill: int
    path: str
    title: str
    source: Document
    parts: list[Part] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    sayings: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)


def searched(tree: Skill | Sources) -> Iterator[tuple[str, str]]:
    """The path and text of every file that search reads, those of nested skills too."""
    for path, file in tree.by_path.items():
        if not isinstance(file, Asset):
            yield path, file.text
        elif text := _questions(file):
            yield path, text


def says_what_is_asked(skill: Skill) -> bool:
    """Whether `skill` has a ``questions.txt``."""
    return any(map(_questions, skill.assets))


def _questions(asset: Asset) -> str:
    """What a ``questions.txt`` holds; empty of any other file."""
    if asset.data is None or not is_questions(asset.path):
        return ""
    return asset.data.decode("utf-8", "replace")


def pages(skill: Skill, number: int = 0, prefix: str = "") -> Iterator[Page]:
    """Every document of `skill` and of those in it, with its sections as `Part`s."""
    found = {}
    for document in skill.documents:
        about = document.frontmatter.texts.get(("description",), "")
        page = Page(number, prefix + document.path, document.title, document, said=[about])
        if document is skill.main:
            page.against += against(about)
        page.sayings += items(about)
        found[document.path] = page
    for document in skill.documents:
        _fill(found[document.path], found)
    _ask(skill, found)
    for page in found.values():
        if page.parts:
            page.parts[0].fields["about"] = "\n".join(page.said)
    yield from found.values()
    for inner in skill.skills:
        yield from pages(inner, number, prefix + inner.prefix)


def _fill(page: Page, others: dict[str, Page]) -> None:
    """Read the sections of `page`; what its links say of other pages goes to those."""
    document = page.source
    text = document.text
    blocks: dict[int, list[tuple[int, int]]] = defaultdict(list)
    code: dict[int, list[str]] = defaultdict(list)
    for block in document.blocks:
        blocks[block.section].append((block.start, block.end))
        code[block.section].append(block.text)
    starts = [section.start for section in document.sections]
    for comment in document.comments:
        blocks[max(0, bisect_right(starts, comment.start) - 1)].append((comment.start, comment.end))
    told = _links(page, others)
    for at, section in enumerate(document.sections):
        cuts = blocks[at] + told.get(at, [])
        prose = _without(text, section.body_start, section.text_end, cuts)
        prose = _TARGET.sub(" ", prose)
        if not prose.strip() and (not section.level or at in told):
            continue  # what is said here of another page is found there
        way, parent = [], section.parent
        while parent is not None:
            way.append(document.sections[parent].title)
            parent = document.sections[parent].parent
        titles = [section.title, *way]
        fields = dict.fromkeys(FIELDS, "")
        fields["title"] = section.title
        fields["way"] = " ".join([page.title, *way])
        fields["code"] = "\n".join(code[at])
        when = any(_WHEN.search(title) for title in titles)
        away = any(_NOT_HERE.search(title) for title in titles)
        if away or (when and any(_NOT_WHEN.search(title) for title in titles)):
            page.against += items(prose)
            prose = ""
        elif len(section.title.split()) > 2:
            page.sayings.append(section.title)
        if when:
            fields["symptoms"] = prose
            page.sayings += [*items(prose), *cells(prose)]
        elif any(_FAULTS.search(title) for title in titles):
            symptoms = cells(prose)
            page.sayings += symptoms
            fields["symptoms"] = "\n".join(symptoms)
            fields["body"] = prose
        else:
            fields["body"] = prose
        page.parts.append(Part(page.skill, page.path, section, 0, fields))


def _ask(skill: Skill, found: dict[str, Page]) -> None:
    """Give each page the questions that it answers; those that none does speak against `skill`."""
    named: dict[str, list[Page]] = defaultdict(list)
    for page in found.values():
        named[posixpath.basename(page.source.path)].append(page)
    for asset in skill.assets:
        for path, asked in questions(_questions(asset)).items():
            if not path:
                found[skill.main.path].against += asked
                continue
            # A skill that was packed in another layout has its pages elsewhere.
            alike = named[posixpath.basename(path)]
            answering = found.get(path, alike[0] if len(alike) == 1 else None)
            if answering:
                answering.sayings += asked
                answering.said.append("\n".join(asked))


def _links(page: Page, others: dict[str, Page]) -> dict[int, list[tuple[int, int]]]:
    """Give what a line says before a link to the page it leads to.

    Returns, by section, the stretches that say what the page is *not* for.
    """
    document = page.source
    text = document.text
    told: dict[int, list[tuple[int, int]]] = defaultdict(list)
    starts = [section.start for section in document.sections]
    last = 0
    for link in document.links:
        if not link.internal or not link.path:
            continue
        target = next((p for p in candidates(document.path, link.path) if p in others), None)
        line = text.rfind("\n", 0, link.start) + 1
        begin = max(line, last)
        last = link.end
        if target is None or target == document.path:
            continue
        at = max(0, bisect_right(starts, link.start) - 1)
        away = bool(_NOT_FOR.match(text[line : line + 80]))
        said = text[begin : link.start]
        others[target].said.append(f"{said if away else ''} {link.text}")
        if away:
            told[at].append((begin, link.end))
        elif document.sections[at].start <= link.start < document.sections[at].body_start:
            # The link stands in a heading: the text under it is about what it leads to.
            section = document.sections[at]
            under = text[section.body_start : section.text_end]
            others[target].said.append(under)
            others[target].sayings += items(under)
            told[at].append((section.body_start, section.text_end))
    return told


def plain_text(document: Document, section: Section) -> str:
    """The section's own text without its code blocks, comments and link targets."""
    cuts = [(block.start, block.end) for block in document.blocks]
    cuts += [(comment.start, comment.end) for comment in document.comments]
    cuts = [(a, b) for a, b in cuts if section.start <= a < section.text_end]
    return _TARGET.sub(" ", _without(document.text, section.body_start, section.text_end, cuts))


def _without(text: str, start: int, end: int, cuts: list[tuple[int, int]]) -> str:
    """`text` from `start` to `end` without `cuts`."""
    edges = [start]
    for first, last in sorted(cuts):
        if last > edges[-1] and first < end:
            edges += [max(first, edges[-1]), min(last, end)]
    edges.append(end)
    return "".join(text[a:b] for a, b in list(pairwise(edges))[::2])
