"""RULES: every rule, by its id. Each is a function here and a page in ``pages/``.

    files        what the reader saw              rule.py      what a rule is
    frontmatter  keys and values                  profiles.py  which rules are asked
    portability  what some clients do not take    once.py      what several want to know
    links        where they lead                  prose.py     text without its code
    references   how they are written             nearest.py   "did you mean"
    sections     headings, pages, tables          targets.py, mentions.py, mojibake.py,
    tree         pages and skills together        instructions.py
    code         fences, blocks                   pages/       what `explain` prints, and the tests
    prompt       what is said to the model                     run
    text         characters
    leftovers    of templates, merges, machines
    secrets      keys
    size         how long
    allows       comments that silence rules

The table lists them; there is no other way in. `validate(skill, rules=…)` takes any other table,
and `choose` makes one by profile, family and rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mlskill.errors import UnknownNameError
from mlskill.rules import (
    allows,
    code,
    files,
    frontmatter,
    leftovers,
    links,
    portability,
    prompt,
    references,
    secrets,
    sections,
    size,
    text,
    tree,
)
from mlskill.rules.profiles import Profile, choose
from mlskill.rules.rule import Problem, Problems, Replace, Rule, rule

__all__ = [
    "RULES",
    "Problem",
    "Problems",
    "Profile",
    "Replace",
    "Rule",
    "choose",
    "explain",
    "rule",
]

_LISTED: tuple[Rule, ...] = (
    files.file_not_utf8,
    files.file_bom,
    files.file_line_ends,
    files.file_not_regular,
    files.file_unreadable,
    files.symlink_escapes,
    files.path_collision,
    files.path_unprintable,
    files.archive_unsafe,
    files.file_opaque,
    files.skill_file_case,
    frontmatter.frontmatter_missing,
    frontmatter.frontmatter_unclosed,
    frontmatter.frontmatter_invalid,
    frontmatter.frontmatter_duplicate_key,
    frontmatter.frontmatter_colon,
    frontmatter.frontmatter_alias,
    frontmatter.name_missing,
    frontmatter.name_invalid,
    frontmatter.name_not_folder,
    frontmatter.description_missing,
    frontmatter.description_too_long,
    frontmatter.field_invalid,
    frontmatter.field_unknown,
    portability.frontmatter_dashes,
    portability.frontmatter_date,
    portability.frontmatter_comment,
    portability.frontmatter_tab,
    portability.field_unportable,
    portability.tools_separator,
    portability.skill_nested,
    leftovers.description_unfilled,
    links.link_target_missing,
    links.link_anchor_missing,
    links.link_leaves_skill,
    links.link_scheme_unsafe,
    links.mention_target_missing,
    references.link_label_missing,
    references.link_label_twice,
    references.link_spaced,
    references.link_empty,
    references.link_text_deceives,
    sections.heading_empty,
    sections.table_row_long,
    sections.body_empty,
    sections.document_unreachable,
    tree.name_duplicate,
    tree.document_deep,
    tree.link_cycle,
    tree.passage_duplicated,
    tree.module_line_differs,
    code.fence_unclosed,
    code.fence_collision,
    code.comment_unclosed,
    code.python_invalid,
    code.json_invalid,
    code.yaml_invalid,
    code.toml_invalid,
    code.shell_invalid,
    code.sql_invalid,
    code.dockerfile_invalid,
    code.manifest_invalid,
    code.workflow_invalid,
    prompt.description_markup,
    prompt.prompt_boundary,
    prompt.command_on_load,
    prompt.instruction_hidden,
    prompt.instruction_overrides,
    prompt.text_hidden,
    prompt.html_active,
    text.text_mojibake,
    text.text_control_character,
    text.text_bidi_control,
    text.text_invisible,
    text.text_homoglyph,
    text.text_stacked,
    text.text_lost,
    text.text_padding,
    leftovers.text_conflict,
    leftovers.text_unfilled,
    leftovers.path_personal,
    secrets.secret_key,
    size.limit_reached,
    size.skill_too_long,
    size.section_too_long,
    size.skill_too_large,
    allows.allow_without_reason,
    allows.allow_unused,
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for rule in _LISTED})
"""Every rule, by its id."""


def explain(rule_id: str) -> str:
    """The page of a rule: what it finds, why, how to mend it.

    Raises:
        UnknownNameError: there is no such rule; it names those that are near.
    """
    if rule_id not in RULES:
        raise UnknownNameError("rule", rule_id, RULES)
    from importlib.resources import files as resources

    return (resources(__name__) / "pages" / f"{rule_id}.md").read_text(encoding="utf-8")
