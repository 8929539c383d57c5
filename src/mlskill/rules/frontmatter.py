"""Rules about frontmatter: that it can be read, and that it says what the specification wants.

Of a ``SKILL.md`` everything is wanted; of any other page only that a frontmatter which is there can
be read, and that its name and description are text: its keys are free.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Iterator
from types import NoneType
from typing import TYPE_CHECKING, Any

from mlskill.linker import role
from mlskill.model import Document, Severity, Skill
from mlskill.rules import keys
from mlskill.rules.once import once
from mlskill.rules.rule import Problems, at, reported, rule, unread
from mlskill.specification import FIELDS, NAME, keeps

if TYPE_CHECKING:
    from mlskill.schema import Mistake

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
    return _of_stage(skill, "frontmatter-invalid")


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
    return _missing(skill.main, "name", _stem(skill) or "the folder's name")


@rule("error")
def description_missing(skill: Skill) -> Problems:
    """SKILL.md has no description."""
    return _missing(skill.main, "description", "what the skill does and when to use it")


@rule("error")
def name_invalid(skill: Skill) -> Problems:
    """The name is not 1 to 64 of a-z, 0-9 and single hyphens between them."""
    for mistake in _mistakes(skill, "name", "string_pattern_mismatch", "string_too_long"):
        name, stem = str(mistake.value), _stem(skill)
        wanted = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64].strip("-")
        hint = f"; write {wanted}" if wanted and name.isascii() else ""
        # The folder's name is the other half of the specification's demand.
        fix = keys.valued(skill.main, "name", wanted) if wanted == stem else ()
        yield at(skill.main, _place(skill.main, ("name",)), f"{_against(name)}{hint}", fix=fix)


@rule("error")
def name_not_folder(skill: Skill) -> Problems:
    """The name is not the name of the skill's folder."""
    name, folder = skill.main.frontmatter.data.get("name"), _stem(skill)
    if not isinstance(name, str) or not name or _against(name) or folder in ("", name):
        return
    message = f"the name is {name}, the folder {folder}; rename one of them"
    yield at(skill.main, _place(skill.main, ("name",)), message)


@rule("error")
def description_too_long(skill: Skill) -> Problems:
    """The description has more than 1,024 characters."""
    for mistake in _mistakes(skill, "description", "string_too_long"):
        message = f"has {len(mistake.value.strip()):,} characters; at most 1,024 are allowed"
        yield at(skill.main, _place(skill.main, ("description",)), message)


@rule("error")
def field_invalid(skill: Skill) -> Problems:
    """A value has a type or a length that the specification does not allow."""
    main = skill.main
    for mistake in _mistakes(skill):
        length = mistake.kind in ("string_too_long", "string_too_short")
        field = mistake.path[0]
        known = field in ("name", "description")
        if mistake.kind in ("string_type", "dict_type") or (length and not known):
            if not (known and _empty(main, str(field))) and not _unreadable(main, str(field)):
                fix = _mended(main, mistake)
                yield at(main, _place(main, mistake.path), _wrong(main, mistake), fix=fix)
    for document in skill.modules:
        for field in ("name", "description"):
            value = document.frontmatter.data.get(field)
            if not isinstance(value, (str, NoneType)):
                message = _not_text(document, (field,), value)
                problem = at(document, _place(document, (field,)), message)
                fix = () if isinstance(value, (list, dict)) else keys.as_text(document, (field,))
                yield problem._replace(severity="warning", fix=fix)


@rule("warning")
def field_unknown(skill: Skill) -> Problems:
    """A key is none of the six that the specification has."""
    main = skill.main
    metadata = keys.Metadata(main)
    for mistake in _mistakes(skill, None, "extra_forbidden"):
        key = str(mistake.path[0])
        near, fix = _meant(key), keys.Fix()
        if near and near not in main.frontmatter.data:
            message = f"{key} is no key of the specification; did you mean {near}?"
            fix = keys.renamed(main, key, near) if _plain(key) == near else ()
        elif key in _CLIENT:
            message = f"{key} is a key of Claude Code, not of the specification; others refuse it"
        else:
            message = f"{key} is no key of the specification; move it below metadata"
            fix = metadata.move(key)
        yield at(main, _place(main, (key,)), message, fix=fix)


@once
def _all_mistakes(skill: Skill) -> tuple[Mistake, ...]:
    """What the specification has against the skill's ``SKILL.md``."""
    data = skill.main.frontmatter.data
    if not data or keeps(data):
        return ()
    from mlskill.schema import mistakes

    return tuple(mistakes(data))


def _mistakes(skill: Skill, field: str | None = None, *kinds: str) -> Iterator[Mistake]:
    """Its mistakes of one field, of some kinds, or all."""
    for mistake in _all_mistakes(skill):
        if field in (None, mistake.path[0]) and (not kinds or mistake.kind in kinds):
            yield mistake


def _missing(main: Document, field: str, wanted: str) -> Problems:
    front = main.frontmatter
    if not front.present:
        return
    if field in front.data:
        if _empty(main, field):
            yield at(main, _place(main, (field,)), f"the {field} is empty; write {wanted}")
    elif not any(f.rule in _UNREADABLE for f in front.faults):
        # A misspelt key is one fault, not two: field-unknown says what was meant.
        if not any(_meant(key) == field for key in front.data):
            message = f"there is no {field}; add {wanted}"
            fix = keys.added(main, field, wanted) if re.fullmatch(NAME, wanted) else ()
            yield at(main, (front.start, front.start + 3), message, fix=fix)


def _empty(main: Document, field: str) -> bool:
    value = main.frontmatter.data[field]
    if isinstance(value, str):
        return not value.strip()
    return value is None and not main.frontmatter.texts.get((field,))


def _unreadable(main: Document, field: str) -> bool:
    """Whether YAML could not read the value, so that its type is what was made of it."""
    start, end = main.frontmatter.values.get((field,), (0, 0))
    return any(
        start - 1 <= fault.start <= end
        for fault in main.frontmatter.faults
        if fault.rule in _MADE_OF
    )


_MADE_OF = frozenset(("frontmatter-invalid", "frontmatter-colon"))


def _meant(key: str) -> str:
    """The field that `key` is a misspelling of; empty when it is none."""
    if key in FIELDS or len(key) > 20:
        return ""
    from difflib import get_close_matches

    return next(iter(get_close_matches(_plain(key), FIELDS, n=1, cutoff=0.8)), "")


def _plain(key: str) -> str:
    return key.lower().replace("_", "-").strip()


def _place(document: Document, path: tuple[str | int, ...]) -> tuple[int, int]:
    """Where the key at `path` stands, or the nearest around it; else the frontmatter's fence."""
    keys = document.frontmatter.keys
    while path and path not in keys:
        path = path[:-1]
    return keys.get(path, (document.frontmatter.start, document.frontmatter.start + 3))


def _stem(skill: Skill) -> str:
    """The name of the skill's folder; empty where that is an accident or not known."""
    location = skill.location
    folder = posixpath.basename(posixpath.dirname(location))
    # A clone may be called anything, and so may an archive.
    return "" if skill.project or folder.lower().endswith((".zip", ".skill")) else folder


def _against(name: str) -> str:
    """What the specification has against `name`; empty when nothing."""
    if len(name) > 64:
        return f"the name has {len(name)} characters; at most 64 are allowed"
    wrong = sorted({char for char in name if not re.match(r"[a-z0-9-]", char)})
    if wrong:
        shown = " ".join(map(repr, wrong[:5]))
        return f"the name has {shown}; only a-z, 0-9 and hyphens are allowed"
    if name.startswith("-") or name.endswith("-"):
        return "the name starts or ends with a hyphen"
    return "the name has two hyphens in a row" if "--" in name else ""


def _wrong(document: Document, mistake: Mistake) -> str:
    """What is wrong with a value, and what to do."""
    field = ".".join(map(str, mistake.path))
    if mistake.kind == "string_too_long":
        most = mistake.limits["max_length"]
        return f"{field} has {len(mistake.value):,} characters; at most {most:,} are allowed"
    if mistake.kind == "string_too_short" or mistake.value is None:
        return f"{field} has no value; write one or remove the key"
    if mistake.kind == "dict_type":
        return f"{field} must be a map of texts, not {_kind(mistake.value)}"
    return _not_text(document, mistake.path, mistake.value)


def _not_text(document: Document, path: tuple[str | int, ...], value: Any) -> str:
    field = ".".join(map(str, path))
    if not isinstance(value, (list, dict)):
        written = document.frontmatter.texts.get(path, str(value))[:40]
        return f"{field} must be text, but YAML reads {written} as {_kind(value)}; put it in quotes"
    hint = "separate its words with spaces" if field == "allowed-tools" else "write it as text"
    return f"{field} must be text, not {_kind(value)}; {hint}"


def _mended(document: Document, mistake: Mistake) -> keys.Fix:
    """The value that a mistake is about as text, where that is plain to see."""
    if mistake.kind != "string_type":
        return ()
    if mistake.path == ("allowed-tools",) and isinstance(mistake.value, list):
        return keys.joined(document, mistake.path)
    if isinstance(mistake.value, (list, dict)):
        return ()
    return keys.as_text(document, mistake.path)


def _kind(value: Any) -> str:
    """What `value` is to YAML, in words."""
    kinds = {bool: "true or false", int: "a number", float: "a number", list: "a list"}
    kinds |= {dict: "a map", str: "text", NoneType: "nothing"}
    return kinds[type(value)]
