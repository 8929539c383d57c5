"""profiles: which rules are asked, by a name for all of them or by rule and family.

default   all but advice
strict    all
spec      what the specification demands, and nothing else
portable  what keeps a client from loading the skill: of fourteen, some refuse it (2026-10)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from mlskill.errors import UnknownNameError
from mlskill.model import Skill
from mlskill.rules.rule import Problems, Rule

Profile = Literal["default", "strict", "spec", "portable"]

# No errors, since clients load a skill that breaks them; but the specification says so.
_SAID = frozenset(("field-unknown", "limit-reached"))
_PORTABLE = _SAID | {
    *("body-empty", "description-markup", "field-unportable", "file-bom", "frontmatter-alias"),
    *("frontmatter-dashes", "frontmatter-date", "skill-nested", "tools-separator"),
}


def choose(
    rules: Mapping[str, Rule],
    profile: Profile = "default",
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    advice: bool = False,
) -> dict[str, Rule]:
    """The rules of a profile, with `advice` those too; with `select` these instead.

    `select` and `ignore` name rules and families; what is ignored is never asked. The advice among
    them is given: pass the result to ``validate(..., rules=chosen, advice=True)``.

    Raises:
        UnknownNameError: there is no such rule or family, or no such profile.
    """
    chosen = _named(rules, select)
    if not chosen:
        chosen = {rule.id: rule for rule in rules.values() if advice and rule.severity == "advice"}
        chosen |= _profile(rules, profile)
    ignored = _named(rules, ignore)
    return {id_: chosen[id_] for id_ in rules if id_ in chosen and id_ not in ignored}


def _named(rules: Mapping[str, Rule], names: Iterable[str]) -> dict[str, Rule]:
    families = {rule.family for rule in rules.values()}
    found: dict[str, Rule] = {}
    for name in names:
        if name not in rules and name not in families:
            raise UnknownNameError("rule or family", name, {*rules, *families})
        found |= {rule.id: rule for rule in rules.values() if name in (rule.id, rule.family)}
    return found


def _profile(rules: Mapping[str, Rule], profile: str) -> dict[str, Rule]:
    if profile == "strict":
        return dict(rules)
    if profile == "default":
        return {id_: rule for id_, rule in rules.items() if rule.severity != "advice"}
    if profile not in ("spec", "portable"):
        raise UnknownNameError("profile", profile, ("default", "strict", "spec", "portable"))
    whole = _SAID if profile == "spec" else _PORTABLE
    return {id_: rule if id_ in whole else _errors(rule) for id_, rule in rules.items()}


def _errors(rule: Rule) -> Rule:
    """`rule`, but only where it finds an error: some are milder in pages than in ``SKILL.md``."""

    def check(skill: Skill) -> Problems:
        return (p for p in rule.check(skill) if (p.severity or rule.severity) == "error")

    return rule._replace(check=check)
