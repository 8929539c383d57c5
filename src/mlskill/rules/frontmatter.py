"""Rules about frontmatter: that it can be read, and that it says what the specification wants.

Of a ``SKILL.md`` everything is wanted; of any other page only that a frontmatter which is there can
be read, and that its name and description are text: its keys are free.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from types import NoneType

from mlskill.linker import role
from mlskill.model import Document, Severity, Skill
from mlskill.rules import fields, keys, naming
from mlskill.rules.rule import Problems, at, reported, rule, unread
from mlskill.specification import NAME

_UNREADABLE = frozenset(("frontmatter-unclosed", "frontmatter-invalid", "limit-reached"))
# Keys that Claude Code reads; moved below metadata, they would do nothing.
_CLIENT = frozenset(
    (
        *("agent", "argument-hint", "arguments", "context", "disable-model-invocation"),
        *("disallowed-tools", "effort", "hooks", "model", "paths", "shell", "user-invocable"),
        "when_to_use",
    )
)


def _of_stage(skill: Skill, rule_id: str) -> Problems:
    """What `frontmatter.split` saw; the specification speaks of ``SKILL.md`` alone."""
    for problem in reported(skill, rule_id):
        if role(problem.path) != "asset":  # a template's values are still to be filled in
            severity: Severity | None = None if problem.path == skill.main.path else "warning"
            yield problem._replace(severity=severity)


@rule("error")
def frontmatter_missing(skill: Skill) -> Problems:
    """SKILL.md does not start with a frontmatter."""
    main = skill.main
    if main.frontmatter.present or main.frontmatter.faults or unread(skill):
        return
    fence = re.search(r"\S", main.text)
    if fence and main.text.startswith("---", fence.start()):
        message = "the frontmatter must start on the first line, at its first character"
        fix = keys.unindented(main)
        yield at(main, (fence.start(), fence.start() + 3), message, fix=fix)
    else:
        yield at(main, (0, 0), "starts without a frontmatter; add name and description between ---")


@rule("error")
def frontmatter_unclosed(skill: Skill) -> Problems:
    """A frontmatter is opened but no line --- closes it."""
    return _of_stage(skill, "frontmatter-unclosed")


@rule("error")
def frontmatter_invalid(skill: Skill) -> Problems:
    """A frontmatter is not YAML, or not keys with values."""
    texts = {document.path: document.text for document in skill.documents}
    for problem in _of_stage(skill, "frontmatter-invalid"):
        # A key that ends where its value starts lacks no more than a space.
        end, text = problem.end, texts[problem.path]
        glued = text[problem.start : end].endswith(":") and not text[end : end + 1].isspace()
        yield problem._replace(fix=keys.spaced(end) if glued else ())


@rule("error")
def frontmatter_duplicate_key(skill: Skill) -> Problems:
    """A key stands twice; clients differ in which of the two they take."""
    documents = {document.path: document for document in skill.documents}
    for problem in _of_stage(skill, "frontmatter-duplicate-key"):
        fix = keys.repeated(documents[problem.path], problem.start)
        yield problem._replace(fix=fix)


@rule("error")
def frontmatter_colon(skill: Skill) -> Problems:
    """A value holds a colon and a space, and is not in quotes."""
    values = {d.path: [*keys.values(d.frontmatter)] for d in skill.documents}
    documents = {document.path: document for document in skill.documents}
    for problem in _of_stage(skill, "frontmatter-colon"):
        spans = values[problem.path]
        before = bisect_right(spans, (problem.start, len(documents[problem.path].text))) - 1
        span = spans[before]
        inside = before >= 0 and span[0] <= problem.start < span[1]
        yield problem._replace(fix=keys.quoted(documents[problem.path], span) if inside else ())


@rule("warning")
def frontmatter_alias(skill: Skill) -> Problems:
    """A frontmatter uses anchors, aliases, tags, merge keys or a second document."""
    return _of_stage(skill, "frontmatter-alias")


@rule("error")
def name_missing(skill: Skill) -> Problems:
    """SKILL.md has no name."""
    return _missing(skill.main, "name", naming.folder(skill) or "the folder's name")


@rule("error")
def description_missing(skill: Skill) -> Problems:
    """SKILL.md has no description."""
    return _missing(skill.main, "description", "what the skill does and when to use it")


@rule("error")
def name_invalid(skill: Skill) -> Problems:
    """The name is not 1 to 64 of a-z, 0-9 and single hyphens between them."""
    for mistake in fields.mistakes(skill, "name", "string_pattern_mismatch", "string_too_long"):
        name, stem = str(mistake.value), naming.folder(skill)
        wanted = naming.nearest(name)
        hint = f"; write {wanted}" if wanted and name.isascii() else ""
        # The folder's name is the other half of the specification's demand.
        fix = keys.valued(skill.main, "name", wanted) if wanted == stem else ()
        message = f"{naming.against(name)}{hint}"
        yield at(skill.main, fields.place(skill.main, ("name",)), message, fix=fix)


@rule("error")
def name_not_folder(skill: Skill) -> Problems:
    """The name is not the name of the skill's folder."""
    name, folder = skill.main.frontmatter.data.get("name"), naming.folder(skill)
    if not isinstance(name, str) or not name or naming.against(name) or folder in ("", name):
        return
    message = f"the name is {name}, the folder {folder}; rename one of them"
    yield at(skill.main, fields.place(skill.main, ("name",)), message)


@rule("error")
def description_too_long(skill: Skill) -> Problems:
    """The description has more than 1,024 characters."""
    for mistake in fields.mistakes(skill, "description", "string_too_long"):
        message = f"has {len(mistake.value.strip()):,} characters; at most 1,024 are allowed"
        yield at(skill.main, fields.place(skill.main, ("description",)), message)


@rule("error")
def field_invalid(skill: Skill) -> Problems:
    """A value has a type or a length that the specification does not allow."""
    main = skill.main
    for mistake in fields.mistakes(skill):
        length = mistake.kind in ("string_too_long", "string_too_short")
        field = str(mistake.path[0])
        known = field in ("name", "description")
        if not (mistake.kind in ("string_type", "dict_type") or (length and not known)):
            continue
        if not (known and fields.is_empty(main, field)) and not fields.is_unreadable(main, field):
            place, fix = fields.place(main, mistake.path), fields.mended(main, mistake)
            yield at(main, place, fields.wrong(main, mistake), fix=fix)
    for document in skill.modules:
        for field in ("name", "description"):
            value = document.frontmatter.data.get(field)
            if not isinstance(value, (str, NoneType)):
                message = fields.not_text(document, (field,), value)
                problem = at(document, fields.place(document, (field,)), message)
                fix = () if isinstance(value, (list, dict)) else keys.as_text(document, (field,))
                yield problem._replace(severity="warning", fix=fix)


@rule("warning")
def field_unknown(skill: Skill) -> Problems:
    """A key is none of the six that the specification has."""
    main = skill.main
    metadata = keys.Metadata(main)
    for mistake in fields.mistakes(skill, None, "extra_forbidden"):
        key = str(mistake.path[0])
        near, fix = fields.meant(key), keys.Fix()
        if near and near not in main.frontmatter.data:
            message = f"{key} is no key of the specification; did you mean {near}?"
            fix = keys.renamed(main, key, near) if fields.plain(key) == near else ()
        elif key in _CLIENT:
            message = f"{key} is a key of Claude Code, not of the specification; others refuse it"
        else:
            message = f"{key} is no key of the specification; move it below metadata"
            fix = metadata.move(key)
        yield at(main, fields.place(main, (key,)), message, fix=fix)


def _missing(main: Document, field: str, wanted: str) -> Problems:
    front = main.frontmatter
    if not front.present:
        return
    if field in front.data:
        if fields.is_empty(main, field):
            yield at(main, fields.place(main, (field,)), f"the {field} is empty; write {wanted}")
    elif not any(f.rule in _UNREADABLE for f in front.faults):
        # A misspelt key is one fault, not two: field-unknown says what was meant.
        if not any(fields.meant(key) == field for key in front.data):
            message = f"there is no {field}; add {wanted}"
            fix = keys.added(main, field, wanted) if re.fullmatch(NAME, wanted) else ()
            yield at(main, (front.start, front.start + 3), message, fix=fix)
