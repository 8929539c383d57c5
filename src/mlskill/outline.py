"""tree: what a skill is made of, with the tokens each part costs, as data and for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlskill.model import Skill
from mlskill.renderer.nodes import assets, nodes
from mlskill.renderer.text import body, line
from mlskill.tokens import Counter, estimate

_WIDTH = 72


def tree(skill: Skill, *, count: Counter = estimate) -> dict[str, Any]:
    r"""`skill` as data fit for JSON: documents in reading order, their sections, other files.

    Tokens are those of a document's or section's text without frontmatter and HTML comments, its
    subsections included. Paths are from the skill's root; `parent` is the document that introduces
    this one, `depth` its distance from ``SKILL.md``.

    >>> from mlskill.loader import loads
    >>> data = tree(loads({"SKILL.md": "# A\n\n[b](b.md)", "b.md": "# B\n\n## C"}))
    >>> [(d["path"], d["parent"], len(d["sections"])) for d in data["documents"]]
    [('SKILL.md', None, 1), ('b.md', 'SKILL.md', 2)]
    """
    documents: list[dict[str, Any]] = []
    for node in nodes(skill):
        page = node.document
        sections = [
            {
                "anchor": section.anchor,
                "title": section.title,
                "level": section.level,
                "tokens": count(body(page, (), section.start, section.end)),
            }
            for section in page.sections[1:]
        ]
        documents.append(
            {
                "path": node.path,
                "name": page.name,
                "title": page.title,
                "purpose": node.purpose,
                "parent": node.parent,
                "depth": node.depth,
                "tokens": count(node.body),
                "sections": sections,
            }
        )
    return {
        "name": skill.name,
        "description": skill.description,
        "location": skill.location,
        "tokens": sum(document["tokens"] for document in documents),
        "documents": documents,
        "files": [{"path": path, "bytes": size} for path, size in assets(skill)],
        "complete": skill.complete,
    }


def text(data: dict[str, Any], *, depth: int = 2) -> str:
    r"""What `tree` returned, drawn for a terminal: headings down to level `depth`.

    >>> from mlskill.loader import loads
    >>> skill = loads({"SKILL.md": "# A\n\n[b](b.md)", "b.md": "# B\n\n## C\n\n### D"}, root="a")
    >>> print(text(tree(skill, count=len)).replace(" " * 48, " "), end="")
    a                             30 tokens
    SKILL.md                             14
    ├── # A                              14
    └── b.md                             16
        └── # B                          16
            └── ## C                     11
    """
    documents = data["documents"]
    rows = [(line(data["name"]), f"{data['tokens']:,} tokens")]
    items = [item for document in documents for item in _items(document, depth)]
    branches = _branches([level for level, *_ in items])
    for branch, (_, label, tokens) in zip(branches, items, strict=True):
        rows.append((branch + line(label), f"{tokens:,}"))
    if data["files"]:
        size = sum(file["bytes"] for file in data["files"])
        rows.append((f"{len(data['files']):,} other files", f"{size:,} bytes"))
    if not data["complete"]:
        rows.append(("a limit was reached: this is not all", ""))
    return "".join(f"{_fit(left)}{right:>14}".rstrip() + "\n" for left, right in rows)


def _items(document: dict[str, Any], depth: int) -> Iterator[tuple[int, str, int]]:
    """A document and its headings, each with its place in the tree."""
    own = document["depth"]
    yield own, document["path"], document["tokens"]
    open_: list[int] = []
    for section in document["sections"]:
        while open_ and open_[-1] >= section["level"]:
            open_.pop()
        open_.append(section["level"])
        if section["level"] <= depth:
            label = f"{'#' * section['level']} {section['title']}"
            yield own + len(open_), label, section["tokens"]


def _branches(levels: list[int]) -> list[str]:
    """The lines that lead to each item of a tree, from the items' levels, in order."""
    branches: list[str] = []
    more: list[bool] = []  # by level: whether an item of it follows under the same parent
    for level in reversed(levels):
        more = [*more[: level + 1], *[False] * (level + 1 - len(more))]
        stems = ["│   " if follows else "    " for follows in more[1:level]]
        branches.append("".join(stems) + (("├── " if more[level] else "└── ") if level else ""))
        more[level] = True
    return branches[::-1]


def _fit(label: str) -> str:
    return f"{label[: _WIDTH - 1]}…" if len(label) > _WIDTH else f"{label:{_WIDTH}}"
