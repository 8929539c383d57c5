"""Rules about links, images and mentions: that what they point to is there, and is in the skill."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import quote

from mlskill.linker import resolve
from mlskill.model import Document, Link, Skill
from mlskill.rules import retarget
from mlskill.rules.mentions import commands, speaks_of_own
from mlskill.rules.nearest import Nearest
from mlskill.rules.rule import Problem, Problems, at, rule
from mlskill.rules.targets import State, Targets, leads, scheme

# What other renderers than GitHub's take for the id of a heading: "## Case A {#case-a}".
_GIVEN = re.compile(r"\{#([\w:.-]+)[^{}\n]*\}")
# Anchors that are made of lines and footnotes, not of headings.
_MADE = re.compile(r"L\d+(C\d+)?(-L\d+(C\d+)?)?|fn(ref)?-.*")


@rule("warning", exact=False)
def link_target_missing(skill: Skill) -> Problems:
    """A link or image points to a file or folder that the skill does not have."""
    nearest = Nearest(skill.by_path)
    for document, link, path in _in_state(skill, "missing"):
        yield _dead(skill, document, link, path, nearest)


@rule("warning")
def link_leaves_skill(skill: Skill) -> Problems:
    """A link points out of the skill's folder: where it is installed, nothing is there."""
    for document, link, _ in _in_state(skill, "outside"):
        message, new = _outside(skill, document, link)
        fix = retarget.target(document, link, new) if new else ()
        yield at(document, (link.start, link.end), message, fix=fix)


@rule("warning")
def link_scheme_unsafe(skill: Skill) -> Problems:
    """A link runs code or carries data: javascript, vbscript or data."""
    for document, link, _ in _in_state(skill, "unsafe"):
        message = f"a {scheme(link)} URL runs or hides what it holds; link to a file or a page"
        yield at(document, (link.start, link.end), message)


@rule("warning")
def link_anchor_missing(skill: Skill) -> Problems:
    """A link points to a heading that the page does not have."""
    nearest: dict[str, Nearest] = {}
    alike: dict[str, retarget.Alike] = {}
    given: dict[str, set[str]] = {}
    for document, links, _ in leads(skill):
        for link, (state, path) in links:
            anchor = link.fragment
            page = skill.by_path.get(path)
            if state != "found" or not anchor or not isinstance(page, Document):
                continue
            if _has_anchor(page, anchor) or "plain=1" in link.target:
                continue
            if path not in nearest:
                nearest[path], alike[path] = Nearest(page.anchors), retarget.Alike(page.anchors)
                given[path] = set(_GIVEN.findall(page.text))
            if anchor in given[path]:
                continue
            where = "this page" if page is document else path
            if moved := alike[path](anchor):
                hint, new = f"; write #{moved}", link.target.partition("#")[0] + f"#{quote(moved)}"
            elif other := retarget.new_page(skill, anchor):
                hint = f"; {other} has it"
                new = f"{retarget.relative(other, document)}#{link.target.partition('#')[2]}"
            else:
                near, new = nearest[path].name(anchor.lower()), ""
                hint = f"; did you mean #{near}?" if near else ""
            fix = retarget.target(document, link, new) if new else ()
            message = f"{where} has no heading #{anchor}{hint}"
            yield at(document, (link.start, link.end), message, fix=fix)


@rule("warning", exact=False)
def mention_target_missing(skill: Skill) -> Problems:
    """A path in a code span or a command names a file of the skill that does not exist."""
    nearest = Nearest(skill.by_path)
    for document, links, mentions in leads(skill):
        # One missing file is one fault, however often a page names it.
        known = {path for _, (state, path) in links if state == "missing"}
        for mention, (state, path) in mentions:
            if state == "missing" and path not in known:
                if speaks_of_own(skill, document, mention):
                    known.add(path)
                    yield _dead(skill, document, mention, path, nearest)
        run = [*commands(skill, document)]
        for command, (state, path) in Targets(skill).of(document, run) if run else ():
            if state == "missing" and path not in known:
                known.add(path)
                yield _dead(skill, document, command, path, nearest)


def _in_state(skill: Skill, wanted: State) -> Iterator[tuple[Document, Link, str]]:
    """The links in this state, and where they lead; of those by one definition the first."""
    for document, links, _ in leads(skill):
        definitions: set[int] = set()
        for link, (state, path) in links:
            if state != wanted or link.target_start in definitions:
                continue
            if link.kind == "reference" and link.target_start != -1:
                definitions.add(link.target_start)
            yield document, link, path


def _dead(skill: Skill, document: Document, link: Link, path: str, nearest: Nearest) -> Problem:
    span = (link.start, link.end)
    if new := retarget.recased(skill, document, link):
        message = f"{link.path} does not exist; its case differs: write {new}"
        return at(document, span, message, fix=retarget.target(document, link, new))
    near = nearest.path(path)
    if near and link.kind != "mention":
        near = posixpath.relpath(near, posixpath.dirname(document.path) or ".")
    hint = f"; did you mean {near}?" if near else ""
    return at(document, span, f"{link.path} does not exist{hint}")


def _outside(skill: Skill, document: Document, link: Link) -> tuple[str, str]:
    """What is wrong with a link that leaves the skill, and the right target if there is one."""
    target, mark, fragment = link.target.partition("#")
    if target.startswith("//"):
        return f"{target} is on another machine, or on none; write https: in front of it", ""
    slashed = target.replace("\\", "/")
    if slashed != target and (path := resolve(document.path, slashed)) is not None:
        new = slashed + mark + fragment if path in skill.by_path else ""
        return f"write / for \\: {slashed}", new
    if target.startswith("/") and target.strip("/") in skill.by_path:
        here = posixpath.relpath(target.strip("/"), posixpath.dirname(document.path) or ".")
        return f"is an absolute path; write it relative: {here}", here + mark + fragment
    return f"{target} is not in the skill: it is not there once the skill is installed", ""


def _has_anchor(page: Document, anchor: str) -> bool:
    """Whether a browser finds a place for `anchor`; true where the page was not read to its end."""
    plain = anchor.removeprefix("user-content-")
    return (
        page.section(plain) is not None
        or plain.lower() == "top"
        or plain.startswith(":~:")
        or _MADE.fullmatch(plain) is not None
        or any(fault.rule == "limit-reached" for fault in page.faults)
    )
