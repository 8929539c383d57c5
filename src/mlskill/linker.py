"""link: the documents of one folder as a tree, by what leads to what.

Works for any layout: what is linked is a node, whatever its folder is called. A path in a link is
looked up from the document's own folder, as GitHub does, then from the skill's root, as the
specification says ("relative paths from the skill root"). A ``SKILL.md`` further down is a skill
of its own, with its own root.
"""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mlskill.model import Document, Edge, Fault, Link, Role, Skill, Sources

_FOLDERS: Mapping[str, Role] = {
    "scripts": "script",
    "bin": "script",
    "assets": "asset",
    "templates": "asset",
    "references": "resource",
    "reference": "resource",
    "resources": "resource",
}
_SCRIPTS = frozenset((".py", ".sh", ".bash", ".js", ".mjs", ".ts", ".rb", ".pl", ".ps1", ".r"))
_LONGEST = 4096
"""Characters of a path, as Linux has it (PATH_MAX); none longer names a file."""
_FOLDER_EDGES = 100_000
"""Edges by links to folders, after which only a folder to which nothing leads yet has more."""
_MARKDOWN = frozenset((".md", ".markdown", ".mdx"))


def role(path: str) -> Role:
    """What the file at `path` (from the skill's root) is for.

    >>> role("SKILL.md"), role("sub-skills/a.md"), role("references/b.md"), role("x/run.py")
    ('root', 'module', 'resource', 'script')
    """
    if path == "SKILL.md":
        return "root"
    folder, slash, _ = path.partition("/")
    if slash and folder.lower() in _FOLDERS:
        return _FOLDERS[folder.lower()]
    suffix = posixpath.splitext(path)[1].lower()
    if suffix in _MARKDOWN:
        return "module"
    return "script" if suffix in _SCRIPTS else "asset"


def resolve(path: str, target: str) -> str | None:
    """The path that `target`, written in the document at `path`, means; None outside the root.

    >>> resolve("sub-skills/a.md", "../resources/b.md"), resolve("a.md", "../b.md")
    ('resources/b.md', None)
    >>> resolve("sub-skills/a.md", "")
    'sub-skills/a.md'
    """
    if not target:
        return path
    if target.startswith("/") or "\\" in target or "\0" in target or len(target) > _LONGEST:
        return None
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return None if joined == ".." or joined.startswith("../") else joined


def candidates(path: str, target: str) -> Iterator[str]:
    """Where `target`, written in the document at `path`, may lie: by its folder, by the root."""
    for base in (path, ""):
        found = resolve(base, target)
        if found is not None:
            yield found


def nested(sources: Sources) -> tuple[Sources, dict[str, Sources]]:
    """`sources` without the skills further down, and each of those, re-rooted, by its prefix."""
    folders = (posixpath.split(source.path) for source in sources.sources)
    below = [folder + "/" for folder, name in folders if folder and name == "SKILL.md"]
    prefixes: list[str] = []
    for prefix in sorted(below, key=lambda prefix: (prefix.count("/"), prefix)):
        if not prefix.startswith(tuple(prefixes)):  # else it belongs to the one around it
            prefixes.append(prefix)
    if not prefixes:
        return sources, {}

    def part(prefix: str) -> Sources:
        cut = len(prefix)

        def moved(faults: Iterable[Fault]) -> tuple[Fault, ...]:
            return tuple(replace(f, path=f.path[cut:]) for f in faults if f.path.startswith(prefix))

        return Sources(
            root=posixpath.join(sources.root, prefix).rstrip("/"),
            location=posixpath.join(posixpath.dirname(sources.location), prefix, "SKILL.md"),
            sources=tuple(
                replace(s, path=s.path[cut:], faults=moved(s.faults))
                for s in sources.sources
                if s.path.startswith(prefix)
            ),
            assets=tuple(
                replace(a, path=a.path[cut:]) for a in sources.assets if a.path.startswith(prefix)
            ),
            folders=frozenset(f[cut:] for f in sources.folders if f.startswith(prefix)),
            complete=sources.complete,
            faults=moved(sources.faults),
        )

    inner = tuple(prefixes)
    outer = replace(
        sources,
        sources=tuple(s for s in sources.sources if not s.path.startswith(inner)),
        assets=tuple(a for a in sources.assets if not a.path.startswith(inner)),
        faults=tuple(f for f in sources.faults if not f.path.startswith(inner)),
    )
    return outer, {prefix: part(prefix) for prefix in prefixes}


def link(
    sources: Sources, documents: Iterable[Document], skills: Mapping[str, Skill] | None = None
) -> Skill:
    """The skill that `documents`, parsed from `sources`, form; `skills` lie below it, by prefix.

    No document is lost and none invented: those that nothing leads to come last, by path.
    """
    found = {document.path: document for document in documents}
    inner = tuple(replace(s, prefix=prefix) for prefix, s in sorted((skills or {}).items()))
    skill = Skill(
        root=sources.root,
        location=sources.location,
        documents=tuple(sorted(found.values(), key=lambda d: (d.path != "SKILL.md", d.path))),
        assets=sources.assets,
        skills=inner,
        folders=sources.folders,
        project=sources.project,
        complete=sources.complete and not any(_limited(d) for d in found.values()),
        faults=sources.faults,
    )
    files = skill.by_path
    edges = [*_edges(skill, files)]
    order, parents = _reading_order(skill, edges)
    return replace(
        skill,
        documents=tuple(found[path] for path in order),
        edges=tuple(edges),
        parents=parents,
    )


def _limited(document: Document) -> bool:
    """Whether a limit kept a part of `document` from being read."""
    faults = (*document.source.faults, *document.frontmatter.faults, *document.faults)
    return any(fault.rule == "limit-reached" for fault in faults)


def _edges(skill: Skill, files: Mapping[str, object]) -> Iterator[Edge]:
    """What the documents lead to, each in the order of its text."""
    pages: dict[str, list[str]] = {}  # by their folder
    for path in files:
        if role(path) != "script":
            pages.setdefault(posixpath.dirname(path), []).append(path)
    led: set[str] = set()
    left = _FOLDER_EDGES
    for document in skill.documents:
        own: set[str] = set()
        for item in sorted((*document.links, *document.mentions), key=lambda item: item.start):
            if not item.internal:
                continue
            target = _lookup(document.path, item, files, skill.folders)
            if target in files:
                yield Edge(document.path, target, item.fragment, item)
            elif (
                target and target in pages and target not in own and (left > 0 or target not in led)
            ):
                # A link to a folder leads to the pages in it.
                own.add(target)
                led.add(target)
                left -= len(pages[target])
                yield from (Edge(document.path, path, "", item) for path in pages[target])


def _lookup(path: str, link: Link, files: Mapping[str, object], folders: frozenset[str]) -> str:
    """The file or folder that `link`, in the document at `path`, means; empty when absent."""
    for candidate in candidates(path, link.path):
        if candidate in files or candidate in folders:
            return candidate
    return ""


def _reading_order(skill: Skill, edges: Iterable[Edge]) -> tuple[list[str], dict[str, str]]:
    """Paths in reading order, and each one's parent: the first to lead to it, nearest the root."""
    own = {document.path for document in skill.documents}
    leads: dict[str, list[str]] = {}
    for edge in edges:
        if edge.target in own:
            leads.setdefault(edge.source, []).append(edge.target)
    root = skill.documents[0].path
    parents: dict[str, str] = {}
    children: dict[str, list[str]] = {}
    seen, queue = {root}, deque([root])
    while queue:  # breadth first: a page that the root names itself is the root's
        path = queue.popleft()
        for target in leads.get(path, ()):
            if target not in seen:
                seen.add(target)
                queue.append(target)
                parents[target] = path
                children.setdefault(path, []).append(target)
    order: list[str] = []
    stack = [root]
    while stack:
        path = stack.pop()
        order.append(path)
        stack.extend(reversed(children.get(path, ())))
    order += sorted(own - seen)
    return order, parents
