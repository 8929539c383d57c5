"""Where mlskill, agnix and skillsaw disagree on one tree of skills.

    pip install agnix==0.59.3 skillsaw==0.22.0
    python benchmarks/disagreements.py SKILLS

Prints, for each kind of fault that at least two of the three look for, how many places each names
and how many of these no other names; then what only one of them looks for. With ``--show KIND`` it
lists the places instead, so that they can be judged: `disagreements.md` says who was right.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

COMMANDS = {
    "mlskill": ["mlskill", "validate", "--format", "json", "."],
    "agnix": ["agnix", "--format", "json", "."],
    "skillsaw": ["skillsaw", "lint", "-v", "--format", "json", "--no-progress", "."],
}
# One kind of fault, by the rules that look for it.
KINDS = {
    "links": {
        *("link-target-missing", "link-leaves-skill", "mention-target-missing"),
        *("link-anchor-missing", "REF-002", "content-broken-internal-reference"),
    },
    "names": {"name-not-folder", "AS-017", "agentskill-name"},
    "fences": {"fence-unclosed", "fence-collision", "content-unclosed-fence"},
    "invisible": {
        *("text-invisible", "text-bidi-control", "text-control-character"),
        "security-invisible-unicode",
    },
    "homes": {"path-personal", "CC-SK-021"},
    "secrets": {"secret-key", "XP-SK-003", "content-embedded-secrets"},
    "placeholders": {"text-unfilled", "description-unfilled", "content-placeholder-text"},
    "orphans": {"document-unreachable", "AS-023", "agentskill-unreferenced-files"},
    "depth": {"document-deep", "AS-013", "content-progressive-disclosure"},
    "tools": {"tools-separator", "field-invalid", "CC-SK-008", "AS-016"},
}

Place = tuple[str, int]


def ask(tool: str, tree: Path) -> list[tuple[str, Place, str]]:
    """Rule, place and message of what `tool` finds in `tree`."""
    here = Path(sys.executable).parent / tool
    command = [str(here) if here.exists() else tool, *COMMANDS[tool][1:]]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    data = json.loads(done.stdout)
    found = data.get("findings") or data.get("diagnostics") or data.get("violations") or []
    return [
        (
            one.get("rule") or one["rule_id"],
            (
                one.get("path") or one.get("file") or one.get("file_path") or "",
                one.get("line") or 1,
            ),
            one["message"],
        )
        for one in found
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--show", choices=tuple(KINDS), help="list the places of one kind")
    options = parser.parse_args()
    found = {tool: ask(tool, options.tree) for tool in COMMANDS}
    if options.show:
        for tool, findings in found.items():
            for rule, (path, line), message in sorted(findings):
                if rule in KINDS[options.show]:
                    print(f"{tool:9}{rule:36}{path}:{line}: {message[:120]}")
        return
    print(f"{'kind':14}" + "".join(f"{tool:>10}{'alone':>8}" for tool in found))
    for kind, rules in KINDS.items():
        places = {t: {place for rule, place, _ in f if rule in rules} for t, f in found.items()}
        row = f"{kind:14}"
        for tool, own in places.items():
            others = set().union(*(p for t, p in places.items() if t != tool))
            row += f"{len(own):10}{len(own - others):8}"
        print(row)
    known = set().union(*KINDS.values())
    for tool, findings in found.items():
        rest = Counter(rule for rule, *_ in findings if rule not in known)
        print(f"\nonly {tool}: " + ", ".join(f"{rule} {n}" for rule, n in rest.most_common()))


if __name__ == "__main__":
    main()
