"""pages: a skill as the files of a site, one page for each document and each other file."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from mlskill.model import Asset, Document, Finding, Link, Section, Skill
from mlskill.outline import tree
from mlskill.prover.info import read_info
from mlskill.prover.versions import digest
from mlskill.renderer.nodes import Node, assets, lookup, nodes
from mlskill.site import assets as files
from mlskill.site import graph
from mlskill.site.addresses import RESERVED, Addresses, relative
from mlskill.site.code import code
from mlskill.site.markdown import Paper, html
from mlskill.site.places import Places
from mlskill.site.proof import Outcome, Run
from mlskill.site.templates import fill, part
from mlskill.validator import validate

NAV = 150
"""Documents that the navigation lists; of more, those around the page."""
INDEXED = 3000
"""Characters of a section that the search reads."""

_WEB = re.compile(r"(https?://[^\s/?#]|mailto:[^\s])\S*", re.IGNORECASE)
_RULE = re.compile(r"(?m)^[ \t]*\|?[ \t:|-]+\|?[ \t]*$|[|*#>`]+")


@dataclass(frozen=True, slots=True)
class Options:
    """What is said of all skills of a site."""

    title: str = ""
    repository: str = ""
    editor: str = ""
    live: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What the catalogue says of one skill."""

    name: str
    description: str
    address: str
    tokens: int
    documents: int
    errors: int
    warnings: int
    blocks: int
    proven: int | None


@dataclass(frozen=True)
class Leaf:
    """A document's page: where it is, what it costs, what is wrong in it."""

    node: Node
    address: str
    data: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()

    @property
    def title(self) -> str:
        """What it is called."""
        return str(self.data["title"])

    @cached_property
    def sections(self) -> tuple[tuple[Section, int], ...]:
        """Each section as it is addressed, comments in headings and all, with its tokens."""
        own, counted = self.node.raw.sections[1:], self.data["sections"]
        if len(own) == len(counted):
            return tuple((s, d["tokens"]) for s, d in zip(own, counted, strict=True))
        tokens = {d["anchor"]: d["tokens"] for d in counted}
        return tuple((section, tokens.get(section.anchor, 0)) for section in own)


@dataclass(frozen=True)
class Site:
    """One skill's part of a site, in the folder `folder` of it; `home` is what leads back."""

    skill: Skill
    options: Options = field(default_factory=Options)
    run: Run | None = None
    folder: str = ""
    below: str = ""
    home: bool = False

    @cached_property
    def data(self) -> dict[str, Any]:
        """The outline, with tokens."""
        return tree(self.skill)

    @cached_property
    def findings(self) -> dict[str, list[Finding]]:
        """What is wrong, by the path of the file from the outermost root."""
        found: dict[str, list[Finding]] = {}
        root = "" if self.skill.root in ("", ".") else self.skill.root.rstrip("/") + "/"
        main = posixpath.basename(self.skill.location)
        for finding in validate(self.skill).findings:
            path = finding.path.removeprefix(root)
            found.setdefault("SKILL.md" if path == main else path, []).append(finding)
        return found

    @cached_property
    def addresses(self) -> dict[str, str]:
        """The page of each file, by its path."""
        names = Addresses(RESERVED)
        found = {self.skill.main.path: "index.html"}
        for node in self._nodes[1:]:
            found[node.path] = names.give(posixpath.splitext(node.path)[0] + ".html")
        for path, _ in assets(self.skill):
            found.setdefault(path, names.give(path + ".html"))
        return found

    @cached_property
    def pictures(self) -> dict[str, str]:
        """The copy of each picture, by its path."""
        names = Addresses((*RESERVED, *self.addresses.values()))
        shown = (path for path, item in self.skill.by_path.items() if isinstance(item, Asset))
        return {p: names.give(p) for p in shown if files.is_picture(self._asset(p))}

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The documents, in reading order."""
        return tuple(
            Leaf(n, self.addresses[n.path], d, tuple(self.findings.get(n.path, ())))
            for n, d in zip(self._nodes, self.data["documents"], strict=True)
        )

    @cached_property
    def outcomes(self) -> dict[tuple[str, int], Outcome]:
        """What became of each block, by its path and line."""
        blocks = self.run.blocks if self.run else ()
        return {(outcome.place.path, outcome.place.line): outcome for outcome in blocks}

    @cached_property
    def entry(self) -> Entry:
        """The skill's line in the catalogue."""
        severities = Counter(f.severity for found in self.findings.values() for f in found)
        proven = sum(o.status in ("ran", "checked") for o in self.outcomes.values())
        judged = sum(o.status != "prose" for o in self.outcomes.values())
        blocks = judged if self.run else sum(len(leaf.node.raw.blocks) for leaf in self.leaves)
        return Entry(
            name=self.skill.name,
            description=" ".join(self.skill.description.split())[:1024],
            address=posixpath.join(self.folder, "index.html"),
            tokens=self.data["tokens"],
            documents=len(self.leaves),
            errors=severities["error"],
            warnings=severities["warning"],
            blocks=blocks,
            proven=proven if self.run else None,
        )

    @cached_property
    def _nodes(self) -> tuple[Node, ...]:
        return tuple(nodes(self.skill))

    def _asset(self, path: str) -> Asset:
        item = self.skill.by_path[path]
        assert isinstance(item, Asset)  # noqa: S101  (`assets` names no other)
        return item

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every file by its address in the skill's folder."""
        for leaf in self.leaves:
            yield leaf.address, self._document(leaf).encode("utf-8", "replace")
        for path, size in assets(self.skill):
            if self.addresses[path] and not isinstance(self.skill.by_path[path], Document):
                yield self.addresses[path], self._file(path, size).encode("utf-8", "replace")
        for path, address in self.pictures.items():
            yield address, self._asset(path).data or b""
        yield "map.html", self._map().encode("utf-8", "replace")
        yield "search.js", self._search().encode("ascii")

    def _frame(self, address: str, title: str, current: Leaf | None = None) -> dict[str, Any]:
        """What every page of the skill needs."""
        depth = address.count("/")
        up = "../" * depth
        return {
            "title": title,
            "skill": self.skill.name,
            "site": self.options.title,
            "live": self.options.live,
            "root": up,
            "base": up + "../" * (self.folder.count("/") + 1 if self.folder else 0),
            "home": self.home,
            "nav": self._nav(address, current),
            "many": len(self.leaves) > NAV,
            "on_map": address == "map.html",
        }

    def _nav(self, address: str, current: Leaf | None) -> list[tuple[int, str, str, bool]]:
        """The documents in reading order, or those around the current one."""
        at = self.leaves.index(current) if current else 0
        first = max(0, min(at - NAV // 2, len(self.leaves) - NAV))
        return [
            (min(leaf.node.depth, 4), leaf.title, relative(address, leaf.address), leaf is current)
            for leaf in self.leaves[first : first + NAV]
        ]

    def _document(self, leaf: Leaf) -> str:
        node, document = leaf.node, leaf.node.raw
        at = self.leaves.index(leaf)
        levels = sorted({s.level for s, _ in leaf.sections if s.level > 1})[:2]
        outcomes = [o for (path, _), o in self.outcomes.items() if path == node.path]
        first = document.sections[1] if len(document.sections) > 1 else None
        titled = first is not None and first.level == 1 and not self._lead(document, first)
        front = document.frontmatter
        near = {
            name: (other.title, relative(leaf.address, other.address))
            for name, number in (("previous", at - 1), ("next", at + 1))
            if 0 <= number < len(self.leaves)
            for other in (self.leaves[number],)
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
        by_path = {other.node.path: other for other in self.leaves}
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
        if not self.run or not judged:
            return None
        return {
            "done": sum(outcome.status in ("ran", "checked") for outcome in judged),
            "all": len(judged),
            "failed": sum(outcome.status in ("failed", "timeout") for outcome in judged),
            "date": self.run.date,
            "python": self.run.python,
        }

    @cached_property
    def _places(self) -> Places:
        folder = posixpath.dirname(self.skill.location)
        return Places(folder, self.below, self.options.editor, self.options.repository)

    def _body(self, leaf: Leaf, *, titled: bool) -> str:
        document = leaf.node.raw
        tokens = {section.anchor: count for section, count in leaf.sections}

        def head(section: Section) -> str:
            line = document.source.line_of(section.start)
            places = self._places.of(leaf.node.path, line)
            count = tokens.get(section.anchor, 0)
            return part("head", section.anchor, section.title, count, places)

        paper = Paper(
            link=partial(self._link, leaf),
            image=partial(self._image, leaf),
            head=head,
            block=partial(self._block, leaf),
            mentions=self._mentions(leaf),
            notes=[(f.line, part("finding", f, n)) for n, f in enumerate(leaf.findings, 1)],
        )
        return html(document, paper, titled=titled)

    def _mentions(self, leaf: Leaf) -> dict[str, str]:
        """The address of each file that the document names in a code span."""
        found = {}
        for mention in leaf.node.raw.mentions:
            address = self._internal(leaf, mention)
            if address:
                found[mention.text] = address
        return found

    def _link(self, leaf: Leaf, target: str) -> str | None:
        """Where a link leads: to a page of ours or to the web, else nowhere."""
        link = Link("inline", target, "", 0, 0)
        if link.internal:
            return self._internal(leaf, link)
        return target if _WEB.fullmatch(target) else None

    def _internal(self, leaf: Leaf, link: Link) -> str | None:
        path, item = lookup(self.skill, leaf.node, link)
        if not path:
            return None
        if item is None:
            # A folder has no page of its own: the map lists what is in it.
            return relative(leaf.address, "map.html") if self._folder(path) else None
        if isinstance(item, Asset):
            return relative(leaf.address, self.addresses[path])
        fragment = link.fragment
        if fragment not in item.anchors:
            fragment = fragment.lower() if fragment.lower() in item.anchors else ""
        if not fragment and path == leaf.node.path and link.fragment:
            return None
        return relative(leaf.address, self.addresses[path], fragment)

    def _folder(self, path: str) -> bool:
        return path == "." or path in self.skill.folders

    def _image(self, leaf: Leaf, target: str) -> str | None:
        """The source of a picture of the skill's; nothing is fetched from elsewhere."""
        path, item = lookup(self.skill, leaf.node, Link("inline", target, "", 0, 0, True))
        if not isinstance(item, Asset):
            return None
        if path in self.pictures:
            return relative(leaf.address, self.pictures[path])
        return files.drawing(item)

    def _block(self, leaf: Leaf, line: int, language: str, info: str, text: str) -> str:
        outcome = self.outcomes.get((leaf.node.path, line))
        if outcome and outcome.digest and outcome.digest != digest(_ended(text)):
            outcome = outcome.model_copy(update={"status": "stale", "by": "", "message": ""})
        why = "" if outcome or "no-run" not in info else read_info(info).no_run
        versions = self.run.versions.get(outcome.program, {}) if outcome and self.run else {}
        words = info.partition(" ")[2].strip()
        return part(
            "block", code(text, language), language, words, outcome, why, self.run, versions
        )

    def _file(self, path: str, size: int) -> str:
        item = self._asset(path)
        address = self.addresses[path]
        words = files.text(item)
        picture = self.pictures.get(path)
        source = relative(address, picture) if picture else files.drawing(item)
        sources = sorted({a for a, b in self._links if b == path and a in self.addresses})
        return fill(
            "file",
            **self._frame(address, posixpath.basename(path)),
            path=path,
            size=size,
            lines=words.count("\n") if words else 0,
            code=files.coloured(path, words) if words else None,
            picture=source,
            language=files.language(path),
            findings=self.findings.get(path, ()),
            places=self._places.of(path, 1),
            users=[(a, relative(address, self.addresses[a])) for a in sources],
        )

    @cached_property
    def _links(self) -> Counter[tuple[str, str]]:
        return graph.links(self.skill)

    def _map(self) -> str:
        labels = [(leaf.title, leaf.address, leaf.data["tokens"]) for leaf in self.leaves]
        shown = {leaf.node.path for leaf in self.leaves}
        listed = [
            (path, self.addresses[path], size, sum(b == path for _, b in self._links))
            for path, size in assets(self.skill)
        ]
        blocks = Counter[str]()
        proven = Counter[str]()
        for (path, _), outcome in self.outcomes.items():
            blocks[path] += outcome.status != "prose"
            proven[path] += outcome.status in ("ran", "checked")
        return fill(
            "map",
            **self._frame("map.html", "Map"),
            picture=graph.picture(self.skill, self._nodes, labels),
            leaves=self.leaves,
            blocks=blocks,
            proven=proven,
            run=self.run,
            entry=self.entry,
            files=listed,
            findings=[f for path, found in self.findings.items() if path not in shown
                      for f in found],
        )  # fmt: skip

    def _search(self) -> str:
        """The sections as data: a script, because a page in a folder may read no other file."""
        rows = []
        for leaf in self.leaves:
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
