"""load: a path as a `Skill`: read, parse, link. After it nothing touches the disk again."""

from __future__ import annotations

import os
from collections.abc import Mapping

from mlskill.linker import link, nested
from mlskill.model import LIMITS, Limits, Skill, Sources
from mlskill.parser import parse
from mlskill.reader import decode, read


def load(path: str | os.PathLike[str], *, limits: Limits = LIMITS, contents: bool = False) -> Skill:
    """The skill at `path`: its folder, its ``SKILL.md``, or a zip archive of it.

    With `contents`, the bytes of files that are not Markdown are kept too (`Asset.data`).

    Raises:
        MissingPathError: there is nothing at `path`.
        NotASkillError: there is no ``SKILL.md``.
    """
    return _assemble(read(path, limits=limits, contents=contents), limits)


def loads(
    files: Mapping[str, str | bytes], *, root: str = "skill", limits: Limits = LIMITS
) -> Skill:
    r"""A skill from texts in memory, by path; what is not Markdown becomes an asset.

    >>> skill = loads({"SKILL.md": "---\nname: a\n---\n[b](b.md)", "b.md": "# B"})
    >>> skill.name, [document.path for document in skill.documents]
    ('a', ['SKILL.md', 'b.md'])
    """
    raw = {
        p: t.encode("utf-8", "surrogatepass") if isinstance(t, str) else t for p, t in files.items()
    }
    return _assemble(_sources(raw, root), limits)


def _sources(files: Mapping[str, bytes], root: str) -> Sources:
    from mlskill.model import Asset

    pages = {p for p in files if p.lower().endswith((".md", ".markdown", ".mdx"))}
    folders = {p[:i] for p in files for i, c in enumerate(p) if c == "/"}
    return Sources(
        root=root,
        location=f"/{root}/SKILL.md",
        sources=tuple(decode(p, files[p]) for p in sorted(pages)),
        assets=tuple(Asset(p, len(files[p]), files[p]) for p in sorted(set(files) - pages)),
        folders=frozenset(folders),
    )


def _assemble(sources: Sources, limits: Limits) -> Skill:
    outer, inner = nested(sources)
    skills = {prefix: _assemble(part, limits) for prefix, part in inner.items()}
    return link(outer, [parse(source, limits=limits) for source in outer.sources], skills)
