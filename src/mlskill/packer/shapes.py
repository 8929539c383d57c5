"""Shapes: one skill as it is, with flat references, or as a skill for each of its modules."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from mlskill.errors import PackError
from mlskill.linker import role
from mlskill.model import Asset, Document, Skill
from mlskill.packer.moving import Mover, Where
from mlskill.packer.places import Places, portable, slug
from mlskill.renderer.text import Edit, line, shorten
from mlskill.specification import DESCRIPTION_LENGTH

MAIN = "SKILL.md"
_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+(\w+)", re.MULTILINE)
_NAME = re.compile(r"[\w@+-][\w@+.-]{0,199}")
_READ = 1 << 18
"""Bytes of a file in which the names of those beside it are looked for."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One skill as files by path, for a folder called `name`; `notes` say what was not easy."""

    name: str
    description: str
    files: Mapping[str, bytes]
    notes: tuple[str, ...] = ()


Wish = Callable[[str], str]
"""Where the file at a path is wished to be: `portable` leaves it where it is."""


def flat(path: str) -> str:
    """Where `path` is wished to be in a tree with flat references.

    All pages and what lies beside them go to ``references/``, without folders. What is a script or
    an asset goes to ``scripts/`` or ``assets/``, in its own folders: scripts import one another.

    >>> flat("sub-skills/a.md"), flat("resources/x/b.py"), flat("bin/c.py"), flat("in/SKILL.md")
    ('references/a.md', 'references/b.py', 'scripts/bin/c.py', 'references/in.md')
    """
    kind = role(path)
    top, _, rest = path.partition("/")
    if not rest and path.upper().startswith(("LICENSE", "NOTICE")):
        return portable(path)
    if kind in ("script", "asset"):
        home = f"{kind}s"
        return portable(path if top == home else f"{home}/{path}")
    name = posixpath.basename(path)
    if name == MAIN:  # a skill in this one becomes a page of it
        name = posixpath.basename(posixpath.dirname(path)) + ".md"
    name = re.sub(r"\A\.+(?=\.\w+\Z)", "_", name)  # a page stays one, if no more than a suffix
    return portable(f"references/{name.lstrip('.') or '_'}")


def _places(main: str, paths: Iterable[str], wish: Wish) -> dict[str, str]:
    """The new place of each of `paths`; `main` becomes the ``SKILL.md``.

    What is where it is wished to be stays. Of two files with one wish the second gets its folders'
    names before its own.
    """
    taken = Places()
    where = {main: taken.take(MAIN)}
    for path in sorted({*paths} - {main}, key=lambda path: (wish(path) != path, path)):
        name = wish(path)
        if not taken.free(name):
            longer = portable(path.replace("/", "-"))
            name = posixpath.join(posixpath.dirname(name), longer)
        where[path] = taken.take(name)
    return where


def whole(skill: Skill, wish: Wish = portable) -> Bundle:
    """`skill` as one, its files where they are wished to be."""
    where = _places(MAIN, skill.by_path, wish)
    return _bundle(Mover(skill), where, slug(skill.name), skill.description)


def _bundle(
    mover: Mover,
    where: Where,
    name: str,
    description: str,
    edits: Mapping[str, list[Edit]] | None = None,
) -> Bundle:
    """The files that `where` gives a path, as the skill `name`."""
    files = mover.move(where, edits)
    return Bundle(name, description, files, tuple(mover.stale(files, where)))


def split(skill: Skill, wish: Wish = portable) -> list[Bundle]:
    """A skill for each module, with the files that it leads to; the rest stays with the main one.

    A module is a page that ``SKILL.md`` leads to, outside ``references/`` or with a description of
    its own. Its name and description become the new skill's; where it has none, its file's name and
    its first words do. A link to what went into another skill becomes ``skill://NAME/PATH``, as in
    the MCP extension for skills.

    Raises:
        PackError: there is no module.
    """
    modules = [
        page
        for page in skill.modules
        if skill.parents.get(page.path) == MAIN
        and (role(page.path) == "module" or ("description",) in page.frontmatter.texts)
    ]
    if not modules:
        what = "leads to no page outside references/ or with a description; nothing to split"
        raise PackError(f"{skill.root}: {MAIN} {what}")
    names = Places()
    main = names.take(slug(skill.name))
    owners = {page.path: names.take(slug(page.name)) for page in modules}
    kept = {path for path, parent in skill.parents.items() if parent == MAIN} | {MAIN}
    leads = _leads(skill)
    along = {page.path: _reached(page.path, leads, kept) for page in modules}
    taken = {path for paths in along.values() for path in paths}
    needed = _reached(MAIN, leads, set(owners))
    own = {path for path in skill.by_path if path in needed or path not in taken}

    inside = {MAIN: _places(MAIN, own, wish)}
    inside |= {path: _places(path, along[path], wish) for path in owners}
    owners[MAIN] = main
    away: dict[str, str] = {}
    for owner in reversed(inside):  # of those that have a file, the main skill counts
        for path, new in inside[owner].items():
            away[path] = f"skill://{owners[owner]}/{new}"
    away |= {path: f"skill://{name}/{MAIN}" for path, name in owners.items()}
    mover = Mover(skill, away)
    bundles = [_bundle(mover, inside[MAIN], main, skill.description)]
    for page in modules:
        name = owners[page.path]
        description, edits = _introduced(page, name)
        bundles.append(_bundle(mover, inside[page.path], name, description, {page.path: edits}))
    return bundles


def _leads(skill: Skill) -> dict[str, set[str]]:
    """By path: the files that a page links to, and those beside it that a file needs."""
    leads: dict[str, set[str]] = {}
    for edge in skill.edges:
        leads.setdefault(edge.source, set()).add(edge.target)
    for asset in skill.assets:
        leads[asset.path] = {path for path in _beside(asset) if path in skill.by_path}
    return leads


def _beside(asset: Asset) -> Iterator[str]:
    """What may lie beside `asset` and be needed by it: what it imports or names."""
    text = (asset.data or b"")[:_READ].decode("utf-8", "replace")
    names = (
        {f"{name}.py" for name in _IMPORT.findall(text)} if asset.path.endswith(".py") else set()
    )
    for name in {*names, *_NAME.findall(text)} - {posixpath.basename(asset.path)}:
        yield posixpath.join(posixpath.dirname(asset.path), name)


def _reached(start: str, leads: Mapping[str, set[str]], stop: Collection[str]) -> set[str]:
    """What one comes to from `start`, without what lies behind the pages in `stop`."""
    found, queue = {start}, [start]
    while queue:
        for path in leads.get(queue.pop(), ()):
            if path not in found and path not in stop:
                found.add(path)
                queue.append(path)
    return found


def _introduced(page: Document, name: str) -> tuple[str, list[Edit]]:
    """The description of `page` as the skill `name`, and the edits that give it the frontmatter."""
    said = page.frontmatter.texts.get(("description",), "").strip()
    lead = line(page.lead.partition("\n\n")[0])
    description = said or shorten(lead or page.title, DESCRIPTION_LENGTH - 10)
    edits = [] if said else [_set(page, "description", _scalar(description))]
    if page.frontmatter.texts.get(("name",)) != name:
        edits.insert(0, _set(page, "name", name))
    if edits and edits[0][0] == edits[-1][0]:  # both are new
        start, end, _ = edits[0]
        edits = [(start, end, "".join(new for *_, new in edits))]
    if not page.frontmatter.present:
        edits = [(0, 0, f"---\n{edits[0][2]}---\n\n")]
    return description, edits


def _set(page: Document, key: str, value: str) -> Edit:
    """The edit that gives `key` in the frontmatter of `page` this value."""
    front, text = page.frontmatter, page.text
    if (key,) not in front.values:
        start = text.find("\n") + 1 if front.present else 0
        return start, start, f"{key}: {value}\n"
    start, end = front.values[(key,)]
    before, after = text[start - 1 : start], text[end - 1 : end]
    return start, end, " " * (not before.isspace()) + value + "\n" * (start < end and after == "\n")


def _scalar(text: str) -> str:
    """`text` as a value in YAML, without quotes where it needs none."""
    plain = text[:1].isalpha() and " " in text and ": " not in text and " #" not in text
    return text if plain and not text.endswith(":") else json.dumps(text, ensure_ascii=False)
