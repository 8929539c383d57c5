"""catalogue: many skills as one page that opens at once, however many they are.

The page holds the first of them; all others come as data, of which only what is seen is drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from mlskill.site.contents import Entry, Options
from mlskill.site.templates import fill

FIRST = 60
"""Skills that the page shows before the data is read."""
_DESCRIBED = 400


def catalogue(entries: Sequence[Entry], options: Options) -> Iterator[tuple[str, bytes]]:
    """The files of the catalogue by their addresses."""
    entries = sorted(entries, key=lambda entry: (entry.name.casefold(), entry.address))
    page = fill(
        "catalogue",
        title=options.title or "Skills",
        live=options.live,
        base="",
        root="",
        entries=entries[:FIRST],
        count=len(entries),
        tokens=sum(entry.tokens for entry in entries),
        faulty=sum(bool(entry.errors or entry.warnings) for entry in entries),
        proven=any(entry.proven is not None for entry in entries),
    )
    yield "index.html", page.encode("utf-8", "replace")
    rows = [
        [
            entry.name,
            entry.description[:_DESCRIBED],
            entry.address,
            entry.tokens,
            entry.documents,
            entry.errors,
            entry.warnings,
            entry.blocks,
            entry.proven,
        ]
        for entry in entries
    ]
    yield "catalogue.js", f"mlskillCatalogue({json.dumps(rows, separators=(',', ':'))});\n".encode()
