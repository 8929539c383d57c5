"""pages: a skill as the files of a site, one page for each document and each other file."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from mlskill.model import Document, Section
from mlskill.prover.info import read_info
from mlskill.prover.versions import digest
from mlskill.renderer.nodes import assets
from mlskill.site import assets as files
from mlskill.site import graph
from mlskill.site.addresses import relative
from mlskill.site.code import code
from mlskill.site.contents import Leaf, Site
from mlskill.site.markdown import Paper, html
from mlskill.site.places import Places
from mlskill.site.proof import Outcome
from mlskill.site.templates import fill, part

NAV = 150
"""Documents that the navigation lists; of more, those around the page."""
INDEXED = 3000
"""Characters of a section that the search reads."""

_RULE = re.compile(r"(?m)^[ \t]*\|?[ \t:|-]+\|?[ \t]*$|[|*#>`]+")


def pages(site: Site) -> Iterator[tuple[str, bytes]]:
    """Every file of a skill's site by its address in the skill's folder."""
    return _Pages(site).all()


@dataclass(frozen=True)
class _Pages:
    site: Site

    def all(self) -> Iterator[tuple[str, bytes]]:
        for leaf in self.site.leaves:
            yield leaf.address, self._document(leaf).encode("utf-8", "replace")
        for path, size in assets(self.site.skill):
            if self.site.addresses[path] and not isinstance(
                self.site.skill.by_path[path], Document
            ):
                yield self.site.addresses[path], self._file(path, size).encode("utf-8", "replace")
        for path, address in self.site.pictures.items():
            yield address, self.site.asset(path).data or b""
        yield "map.html", self._map().encode("utf-8", "replace")
        yield "search.js", self._search().encode("ascii")

    def _frame(self, address: str, title: str, current: Leaf | None = None) -> dict[str, Any]:
        """What every page of the skill needs."""
        depth = address.count("/")
        up = "../" * depth
        return {
            "title": title,
            "skill": self.site.skill.name,
            "site": self.site.options.title,
            "live": self.site.options.live,
            "root": up,
            "base": up + "../" * (self.site.folder.count("/") + 1 if self.site.folder else 0),
            "home": self.site.home,
            "nav": self._nav(address, current),
            "many": len(self.site.leaves) > NAV,
            "on_map": address == "map.html",
        }

    def _nav(self, address: str, current: Leaf | None) -> list[tuple[int, str, str, bool]]:
        """The documents in reading order, or those around the current one."""
        at = self.site.leaves.index(current) if current else 0
        first = max(0, min(at - NAV // 2, len(self.site.leaves) - NAV))
        return [
            (min(leaf.node.depth, 4), leaf.title, relative(address, leaf.address), leaf is current)
            for leaf in self.site.leaves[first : first + NAV]
        ]

    def _document(self, leaf: Leaf) -> str:
        node, document = leaf.node, leaf.node.raw
        at = self.site.leaves.index(leaf)
        levels = sorted({s.level for s, _ in leaf.sections if s.level > 1})[:2]
        outcomes = [o for (path, _), o in self.site.outcomes.items() if path == node.path]
        first = document.sections[1] if len(document.sections) > 1 else None
        titled = first is not None and first.level == 1 and not self._lead(document, first)
        front = document.frontmatter
        near = {
            name: (other.title, relative(leaf.address, other.address))
            for name, number in (("previous", at - 1), ("next", at + 1))
            if 0 <= number < len(self.site.leaves)
            for other in (self.site.leaves[number],)
        }
        return fill(
            "document",
            **self._frame(leaf.address, leaf.title, leaf),
            path=node.path,
            tokens=leaf.data["tokens"],
            description=front.texts.get(("description",), "").strip(),
            front=[
                (".".join(map(str, key)), value)
                for key, value in front.texts.items()
                if key not in (("name",), ("description",))
            ][:60],
            name=front.texts.get(("name",), ""),
            titled=titled,
            toc=[(s, tokens) for s, tokens in leaf.sections if s.level in levels],
            toc_top=levels[0] if levels else 0,
            findings=leaf.findings,
            proof=self._proof(outcomes),
            places=self._places.of(node.path, 1),
            near=near,
            trail=self._trail(leaf),
            anchor=first.anchor if titled and first else "",
            body=self._body(leaf, titled=titled),
        )

    @staticmethod
    def _lead(document: Document, first: Section) -> str:
        """What stands before the first heading."""
        return document.text[document.sections[0].body_start : first.start].strip()

    def _trail(self, leaf: Leaf) -> list[tuple[str, str]]:
        """The documents that introduce this one, from the root."""
        by_path = {other.node.path: other for other in self.site.leaves}
        trail: list[tuple[str, str]] = []
        parent = leaf.node.parent
        while parent is not None and len(trail) < 8:
            above = by_path[parent]
            trail.append((above.title, relative(leaf.address, above.address)))
            parent = above.node.parent
        return trail[::-1]

    def _proof(self, outcomes: list[Outcome]) -> dict[str, Any] | None:
        """The proof of a page in one line."""
        judged = [outcome for outcome in outcomes if outcome.status != "prose"]
        if not self.site.run or not judged:
            return None
        return {
            "done": sum(outcome.status in ("ran", "checked") for outcome in judged),
            "all": len(judged),
            "failed": sum(outcome.status in ("failed", "timeout") for outcome in judged),
            "date": self.site.run.date,
            "python": self.site.run.python,
        }

    @cached_property
    def _places(self) -> Places:
        folder = posixpath.dirname(self.site.skill.location)
        return Places(
            folder, self.site.below, self.site.options.editor, self.site.options.repository
        )

    def _body(self, leaf: Leaf, *, titled: bool) -> str:
        document = leaf.node.raw
        tokens = {section.anchor: count for section, count in leaf.sections}

        def head(section: Section) -> str:
            line = document.source.line_of(section.start)
            places = self._places.of(leaf.node.path, line)
            count = tokens.get(section.anchor, 0)
            return part("head", section.anchor, section.title, count, places)

        paper = Paper(
            link=partial(self.site.link, leaf),
            image=partial(self.site.image, leaf),
            head=head,
            block=partial(self._block, leaf),
            mentions=self.site.mentions(leaf),
            notes=[(f.line, part("finding", f, n)) for n, f in enumerate(leaf.findings, 1)],
        )
        return html(document, paper, titled=titled)

    def _block(self, leaf: Leaf, line: int, language: str, info: str, text: str) -> str:
        run = self.site.run
        outcome = self.site.outcomes.get((leaf.node.path, line))
        if outcome and outcome.digest and outcome.digest != digest(_ended(text)):
            outcome = outcome.model_copy(update={"status": "stale", "by": "", "message": ""})
        why = "" if outcome or "no-run" not in info else read_info(info).no_run
        versions = run.versions.get(outcome.program, {}) if outcome and run else {}
        words = info.partition(" ")[2].strip()
        return part("block", code(text, language), language, words, outcome, why, run, versions)

    def _file(self, path: str, size: int) -> str:
        item = self.site.asset(path)
        address = self.site.addresses[path]
        words = files.text(item)
        picture = self.site.pictures.get(path)
        source = relative(address, picture) if picture else files.drawing(item)
        sources = sorted({a for a, b in self.site.links if b == path and a in self.site.addresses})
        return fill(
            "file",
            **self._frame(address, posixpath.basename(path)),
            path=path,
            size=size,
            lines=words.count("\n") if words else 0,
            code=files.coloured(path, words) if words else None,
            picture=source,
            language=files.language(path),
            findings=self.site.findings.get(path, ()),
            places=self._places.of(path, 1),
            users=[(a, relative(address, self.site.addresses[a])) for a in sources],
        )

    def _map(self) -> str:
        labels = [(leaf.title, leaf.address, leaf.data["tokens"]) for leaf in self.site.leaves]
        shown = {leaf.node.path for leaf in self.site.leaves}
        listed = [
            (path, self.site.addresses[path], size, sum(b == path for _, b in self.site.links))
            for path, size in assets(self.site.skill)
        ]
        blocks = Counter[str]()
        proven = Counter[str]()
        for (path, _), outcome in self.site.outcomes.items():
            blocks[path] += outcome.status != "prose"
            proven[path] += outcome.status in ("ran", "checked")
        return fill(
            "map",
            **self._frame("map.html", "Map"),
            picture=graph.picture(self.site.skill, self.site.nodes, labels),
            leaves=self.site.leaves,
            blocks=blocks,
            proven=proven,
            run=self.site.run,
            entry=self.site.entry,
            files=listed,
            findings=[f for path, found in self.site.findings.items() if path not in shown
                      for f in found],
        )  # fmt: skip

    def _search(self) -> str:
        """The sections as data: a script, because a page in a folder may read no other file."""
        rows = []
        for leaf in self.site.leaves:
            document, node = leaf.node.document, leaf.node
            if len(document.sections) != len(node.raw.sections):  # comments that hid headings
                document = node.raw
            for own, section in zip(node.raw.sections, document.sections, strict=True):
                words = document.text[section.body_start : section.text_end]
                words = " ".join(_RULE.sub(" ", words).split())[:INDEXED]
                if section.level or words:
                    title = own.title if own.level else leaf.title
                    rows.append([leaf.address, own.anchor, title, leaf.title, words])
        return f"mlskillSearch({json.dumps(rows, separators=(',', ':'))});\n"


def _ended(text: str) -> str:
    """A block's text as the parser has it: it ends with a newline."""
    return text if not text or text.endswith("\n") else text + "\n"
