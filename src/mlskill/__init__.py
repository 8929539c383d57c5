r"""Load, validate, render and prove Agent Skill trees.

    folder ─read─▶ Sources ─parse─▶ Documents ─link─▶ Skill ─┬─validate─▶ Report ─▶ text · json · …
                                                             ├─search───▶ Hits (sections)
                                                             ├─render───▶ text, by a view
                                                             ├─tools────▶ Toolset (for a model)
                                                             ├─prove────▶ Proof (code blocks, run)
                                                             └─pack─────▶ files for a runtime

    >>> import mlskill
    >>> skill = mlskill.loads({"SKILL.md": "---\nname: a\ndescription: b\n---\n[c](c.md)"})
    >>> [finding.rule for finding in mlskill.validate(skill).findings if finding.line == 5]
    ['link-target-missing']

A fault in a skill's text is a `Finding`; only a fault of the world (no such path, no such name)
raises, and then an `MlskillError`. Names are imported when they are first used: asking for one
does not pay for the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mlskill.errors import (
        InvalidSkillError,
        MissingPathError,
        MlskillError,
        NotASkillError,
        UnknownNameError,
    )
    from mlskill.loader import load, load_all, loads
    from mlskill.model import (
        Asset,
        CodeBlock,
        Comment,
        Document,
        Edge,
        Fault,
        Finding,
        Frontmatter,
        Hit,
        Limits,
        Link,
        Place,
        Report,
        Section,
        Skill,
        Source,
    )
    from mlskill.outline import tree
    from mlskill.packer import Pack, pack
    from mlskill.prover import plan, prove
    from mlskill.reader import discover
    from mlskill.renderer import catalog, render
    from mlskill.reports import merge
    from mlskill.searcher import Index, search
    from mlskill.settler import settle
    from mlskill.tokens import estimate
    from mlskill.toolset import Toolset, tools
    from mlskill.validator import validate

_PUBLIC = {
    "errors": "InvalidSkillError MissingPathError MlskillError NotASkillError UnknownNameError",
    "loader": "load load_all loads",
    "model": "Asset CodeBlock Comment Document Edge Fault Finding Frontmatter Hit Limits Link "
    "Place Report Section Skill Source",
    "outline": "tree",
    "packer": "Pack pack",
    "prover": "plan prove",
    "reader": "discover",
    "renderer": "catalog render",
    "searcher": "Index search",
    "settler": "settle",
    "tokens": "estimate",
    "reports": "merge",
    "toolset": "Toolset tools",
    "validator": "validate",
}
_MODULES = {name: module for module, names in _PUBLIC.items() for name in names.split()}

__all__ = [  # noqa: RUF022  (by module, as above)
    "InvalidSkillError",
    "MissingPathError",
    "MlskillError",
    "NotASkillError",
    "UnknownNameError",
    "load",
    "load_all",
    "loads",
    "Asset",
    "CodeBlock",
    "Comment",
    "Document",
    "Edge",
    "Fault",
    "Finding",
    "Frontmatter",
    "Hit",
    "Limits",
    "Link",
    "Place",
    "Report",
    "Section",
    "Skill",
    "Source",
    "tree",
    "Pack",
    "pack",
    "plan",
    "prove",
    "discover",
    "catalog",
    "render",
    "Index",
    "search",
    "settle",
    "estimate",
    "Toolset",
    "tools",
    "merge",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'mlskill' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"mlskill.{_MODULES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted((*globals(), *_MODULES))
