"""Bulk: skills as the NDJSON that OpenSearch and Elasticsearch read at ``/_bulk``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from mlskill.searcher.store import Prepared
from mlskill.searcher.texts import FIELDS


def bulk(skills: Iterable[Prepared], name: str = "skills") -> Iterator[str]:
    """Two lines for each section: where it goes, and what it is. Surrogates become ``?``."""
    for skill in skills:
        for row in skill.sections:
            path, title, *_ = skill.documents[row.document]
            address = f"{skill.root.rstrip('/')}/{path}"
            sayings = [text for number, text in skill.lines if number == row.document]
            place = f"{address}#{row.anchor}" if row.anchor else address
            section = {
                "skill": skill.root,
                "path": address,
                "anchor": row.anchor,
                "title": row.title,
                "document": title,
                "tokens": row.tokens,
                "text": row.plain,
                **{f"words_{name}": text for name, text in zip(FIELDS, row.fields, strict=True)},
            }
            if not row.anchor or row is skill.sections[0]:
                section["sayings"] = sayings
            yield _line({"index": {"_index": name, "_id": place}})
            yield _line(section)


def _line(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode() + "\n"
