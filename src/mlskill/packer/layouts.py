"""Layouts: what stands around packed skills where a kind of runtime looks for them."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Sequence
from typing import Any

from mlskill.errors import PackError
from mlskill.loader import loads
from mlskill.model import Skill
from mlskill.packer.archive import zipped
from mlskill.packer.shapes import MAIN, Bundle
from mlskill.renderer.links import destination
from mlskill.renderer.nodes import nodes
from mlskill.renderer.text import code, inline, shorten
from mlskill.specification import DESCRIPTION_LENGTH

_DISCOVERY = "https://schemas.agentskills.io/discovery/0.2.0/schema.json"
_WELL_KNOWN = ".well-known/agent-skills"
_AGENTS = ".agents/skills"


def bare(skill: Skill, bundles: Sequence[Bundle]) -> dict[str, bytes]:
    """The one skill itself; of several, each in its folder."""
    return dict(bundles[0].files) if len(bundles) == 1 else _below("", bundles)


def agents_md(skill: Skill, bundles: Sequence[Bundle]) -> dict[str, bytes]:
    """``AGENTS.md`` for an agent that reads only that: what there is, and when to open it."""
    lines = [
        f"# {inline(skill.name)}",
        "",
        inline(skill.description),
        "",
        "Before work of this kind, read the one page below that fits; paths in it are from its own"
        " folder.",
        "",
    ]
    for bundle in bundles:
        base = f"{_AGENTS}/{bundle.name}"
        lines.append(_entry(bundle.name, f"{base}/{MAIN}", bundle.description))
        if len(bundles) == 1:
            lines += [_entry(path, f"{base}/{path}", purpose) for path, purpose in _pages(bundle)]
    files = _below(_AGENTS, bundles)
    return {"AGENTS.md": ("\n".join(lines) + "\n").encode("utf-8", "replace"), **files}


def _entry(title: str, path: str, purpose: str) -> str:
    return f"- [{code(title)}]({destination(path)}): {inline(shorten(purpose))}"


def _pages(bundle: Bundle) -> list[tuple[str, str]]:
    found = [*nodes(loads(bundle.files, root=bundle.name))]
    return [(node.path, node.purpose) for node in found if node.depth == 1]


def claude_plugin(skill: Skill, bundles: Sequence[Bundle]) -> dict[str, bytes]:
    """A Claude Code plugin that is its own marketplace."""
    name, description = bundles[0].name, skill.description
    texts = skill.main.frontmatter.texts
    about = {"name": name, "description": description}
    plugin: dict[str, Any] = about | {
        key: texts[path]
        for key, path in (("version", ("metadata", "version")), ("license", ("license",)))
        if texts.get(path)
    }
    plugin["author"] = {"name": texts.get(("metadata", "author"), "").strip() or name}
    market = {
        "name": name,
        "owner": plugin["author"],
        "description": description,
        "plugins": [about | {"source": "./"}],
    }
    return {
        ".claude-plugin/plugin.json": _json(plugin),
        ".claude-plugin/marketplace.json": _json(market),
        **_below("skills", bundles),
    }


def well_known(skill: Skill, bundles: Sequence[Bundle]) -> dict[str, bytes]:
    """Skills for a web server to publish at its ``/.well-known/agent-skills/`` (discovery 0.2.0).

    Raises:
        PackError: there is no description, or it is too long.
    """
    files: dict[str, bytes] = {}
    entries = []
    for bundle in bundles:
        if not 0 < len(bundle.description) <= DESCRIPTION_LENGTH:
            most = f"a description of 1 to {DESCRIPTION_LENGTH:,} characters"
            raise PackError(f"{skill.root}: {bundle.name} needs {most} to be published")
        alone = len(bundle.files) == 1
        name = f"{bundle.name}/{MAIN}" if alone else f"{bundle.name}.zip"
        data = bundle.files[MAIN] if alone else zipped(bundle.files)
        files[f"{_WELL_KNOWN}/{name}"] = data
        entries.append(
            {
                "name": bundle.name,
                "type": "skill-md" if alone else "archive",
                "description": bundle.description,
                "url": f"/{_WELL_KNOWN}/{name}",
                "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
            }
        )
    files[f"{_WELL_KNOWN}/index.json"] = _json({"$schema": _DISCOVERY, "skills": entries})
    return files


def _below(top: str, bundles: Sequence[Bundle]) -> dict[str, bytes]:
    return {
        posixpath.join(top, bundle.name, path): data
        for bundle in bundles
        for path, data in bundle.files.items()
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
