"""versions: what a proof was made with, so that it can be read, and doubted, later."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import Any

from mlskill.prover.proof import Proof


def record(proof: Proof) -> dict[str, Any]:
    """The outcomes with the digest of each block, the date, Python and the releases imported.

    `versions` are those of each program (a section with blocks), by the distribution's name.
    """
    programs = proof.plan.programs
    texts = {(t.place.path, t.place.line): t.block.text for p in programs for t in p.tasks}
    owners = packages_distributions()
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {p.name: found for p in programs if (found := releases(p.imports, owners))},
        "blocks": [
            asdict(outcome) | {"digest": digest(texts[outcome.place.path, outcome.place.line])}
            for outcome in proof.outcomes
        ],
    }


def releases(modules: Iterable[str], owners: Mapping[str, list[str]]) -> dict[str, str]:
    """The installed release of each distribution that `modules` come from.

    >>> releases(["absent"], {"absent": ["absent-1"]})
    {}
    """
    found = {}
    for module in sorted({module.partition(".")[0] for module in modules}):
        for name in owners.get(module, [])[:1]:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                continue
    return found


def digest(text: str) -> str:
    """What tells a block from one that was changed after it was proven."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
