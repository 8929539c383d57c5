"""load: a path as a `Skill`: read, parse, link. After it nothing touches the disk again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from mlskill.home import home
from mlskill.linker import link, nested
from mlskill.model import LIMITS, Asset, Limits, Skill, Sources
from mlskill.parser import Allowance, parse
from mlskill.reader import decode, discover, read
from mlskill.reader.names import MAIN, is_markdown


def load(
    path: str | os.PathLike[str] | None = None, *, limits: Limits = LIMITS, contents: bool = False
) -> Skill:
    """The skill at `path`: its folder, its ``SKILL.md``, or a zip archive of it.

    Without a path it is the ml-engineer skill that comes with mlskill. Of files that are not
    Markdown the bytes of scripts and settings are kept (`Asset.data`), with `contents` of all.

    Raises:
        MissingPathError: there is nothing at `path`.
        NotASkillError: there is no ``SKILL.md``, or the archive cannot be read.
    """
    sources = read(
        home() if path is None else path, limits=limits, contents=contents, texts=not contents
    )
    return assemble(sources, limits)


def load_all(path: str | os.PathLike[str], *, limits: Limits = LIMITS) -> Iterator[Skill]:
    """Each skill at or below `path`, by path, loaded when it is asked for.

    What could not be looked at is in the `faults` of `mlskill.reader.discover`.

    Raises:
        MissingPathError: there is nothing at `path`.
        NotASkillError: it is a file, but neither a ``SKILL.md`` nor an archive.
    """
    return (load(root, limits=limits) for root in discover(path, limits=limits))


def loads(
    files: Mapping[str, str | bytes], *, root: str = "skill", limits: Limits = LIMITS
) -> Skill:
    r"""A skill from texts in memory, by path from its root; what is not Markdown is an asset.

    >>> skill = loads({"SKILL.md": "---\nname: a\n---\n[b](b.md)", "b.md": "# B"})
    >>> skill.name, [document.path for document in skill.documents]
    ('a', ['SKILL.md', 'b.md'])

    Raises:
        KeyError: there is no ``SKILL.md``.
    """
    raw = {
        path: text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        for path, text in sorted(files.items())
    }
    _ = raw["SKILL.md"]
    sources = Sources(
        root=root,
        location=f"/{root.strip('/')}/SKILL.md",
        sources=tuple(decode(path, raw[path]) for path in raw if is_markdown(path)),
        assets=tuple(Asset(p, len(raw[p]), raw[p]) for p in raw if not is_markdown(p)),
        folders=frozenset(path[:at] for path in raw for at, c in enumerate(path) if c == "/"),
    )
    return assemble(sources, limits)


def assemble(sources: Sources, limits: Limits = LIMITS) -> Skill:
    """The skill that `sources` hold, with the skills nested in it."""
    return _assemble(sources, limits, Allowance.of(limits))


def _assemble(sources: Sources, limits: Limits, allowance: Allowance) -> Skill:
    outer, inner = nested(sources)
    # What limits leave out should be anything but SKILL.md.
    first = sorted(outer.sources, key=lambda source: source.path != MAIN)
    documents = [parse(source, limits=limits, allowance=allowance) for source in first]
    skills = {prefix: _assemble(part, limits, allowance) for prefix, part in inner.items()}
    return link(outer, documents, skills)
