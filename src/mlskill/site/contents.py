"""contents: what a site shows of one skill, and where each part of it is found."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from mlskill.model import Asset, Finding, Link, Section, Skill
from mlskill.outline import tree
from mlskill.renderer.nodes import Node, assets, lookup
from mlskill.renderer.nodes import nodes as nodes_of
from mlskill.site import assets as files
from mlskill.site import graph
from mlskill.site.addresses import RESERVED, Addresses, relative
from mlskill.site.proof import Outcome, Run
from mlskill.validator import validate

_WEB = re.compile(r"(https?://[^\s/?#]|mailto:[^\s])\S*", re.IGNORECASE)


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
        for node in self.nodes[1:]:
            found[node.path] = names.give(posixpath.splitext(node.path)[0] + ".html")
        for path, _ in assets(self.skill):
            found.setdefault(path, names.give(path + ".html"))
        return found

    @cached_property
    def pictures(self) -> dict[str, str]:
        """The copy of each picture, by its path."""
        names = Addresses((*RESERVED, *self.addresses.values()))
        shown = (path for path, item in self.skill.by_path.items() if isinstance(item, Asset))
        return {p: names.give(p) for p in shown if files.is_picture(self.asset(p))}

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The documents, in reading order."""
        return tuple(
            Leaf(n, self.addresses[n.path], d, tuple(self.findings.get(n.path, ())))
            for n, d in zip(self.nodes, self.data["documents"], strict=True)
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
    def nodes(self) -> tuple[Node, ...]:
        """The documents as the outline has them."""
        return tuple(nodes_of(self.skill))

    def asset(self, path: str) -> Asset:
        """The file at `path`, which is no document."""
        item = self.skill.by_path[path]
        assert isinstance(item, Asset)  # noqa: S101  (`assets` names no other)
        return item

    def mentions(self, leaf: Leaf) -> dict[str, str]:
        """The address of each file that the document names in a code span."""
        found = {}
        for mention in leaf.node.raw.mentions:
            address = self._internal(leaf, mention)
            if address:
                found[mention.text] = address
        return found

    def link(self, leaf: Leaf, target: str) -> str | None:
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

    def image(self, leaf: Leaf, target: str) -> str | None:
        """The source of a picture of the skill's; nothing is fetched from elsewhere."""
        path, item = lookup(self.skill, leaf.node, Link("inline", target, "", 0, 0, True))
        if not isinstance(item, Asset):
            return None
        if path in self.pictures:
            return relative(leaf.address, self.pictures[path])
        return files.drawing(item)

    @cached_property
    def links(self) -> Counter[tuple[str, str]]:
        """How often each file leads to each other."""
        return graph.links(self.skill)
