"""Rules about how links are written: their labels, their words, and that they have a target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from mlskill.linker import candidates, role
from mlskill.model import Document, Skill
from mlskill.rules.nearest import Nearest
from mlskill.rules.prose import in_prose, prose
from mlskill.rules.rule import Nearby, Problems, Replace, at, rule

# A label is short, and no bracket is in it; CommonMark allows 999 characters.
_DEFINITION = re.compile(
    r"^ {0,3}\[((?:[^\[\]\n]|\n(?![ \t]*\n)){1,200})\]:[ \t]*\n?[ \t]*(\S+)", re.MULTILINE
)
_REFERENCE = re.compile(r"(?<![\]\\\w!)])!?\[([^\[\]\n]{1,300})\]\[([^\[\]\n]{0,200})\]")
_SITE = re.compile(r"(?:[\w-]+\.)+(?:com|org|net|edu|gov|io|dev|ai|app|co)", re.IGNORECASE)
_URL = re.compile(r"(?:https?://)?(?:[\w-]+\.)+[A-Za-z]{2,}(?:[/?#:]\S*)?", re.IGNORECASE)


@rule("warning", exact=False)
def link_label_missing(skill: Skill) -> Problems:
    """A link names a label that the page does not define, so it is shown as brackets."""
    for document in skill.documents:
        text = document.text
        yield from _footnotes(skill, document)
        brackets = [*_REFERENCE.finditer(text)] if "][" in text else []
        if not brackets:
            continue
        labels = {_folded(label): label for label, *_ in _definitions(skill, document)}
        nearest = Nearest(labels)
        for match in brackets:
            words, label = match[1], match[2] or match[1]
            if _folded(label) in labels or not _is_meant(words, match[2], labels):
                continue
            if prose(skill, document)[match.start() : match.end()] != match[0]:
                continue
            near = nearest.name(_folded(label))
            hint = f"; did you mean [{labels[near]}]?" if near else ""
            yield at(document, match.span(), f"the page defines no [{label}]{hint}")


_FOOTNOTE = re.compile(r"(?<=[\w.,;:!?)\"'*_`])\[\^([\w-]{1,30})\](?![:*+?{])")
_NOTE = re.compile(r"^ {0,3}\[\^([\w-]{1,30})\]:", re.MULTILINE)


def _footnotes(skill: Skill, document: Document) -> Problems:
    """Footnotes that the page does not have; elsewhere such brackets are a part of a pattern."""
    if "[^" not in document.text:
        return
    notes = {match[1].lower() for match in _NOTE.finditer(document.text)}
    for match in in_prose(skill, document, _FOOTNOTE):
        if match[1].lower() not in notes and (notes or match[1].isdigit()):
            yield at(document, match.span(), f"the page has no footnote [^{match[1]}]")


def _is_meant(words: str, label: str, labels: dict[str, str]) -> bool:
    """Whether brackets are a link: two of them may as well be mathematics, or types."""
    if label.startswith("^") or not re.search(r"[A-Za-z]{2}", words) or label.isupper():
        return False
    if not label and " " not in words:  # a type: [string][]
        return bool(labels)
    return bool(labels) or re.fullmatch(r"[A-Za-z0-9][\w -]{2,}", label or words) is not None


@rule("warning")
def link_label_twice(skill: Skill) -> Problems:
    """A label is defined twice with different targets; only the first counts."""
    for document in skill.documents:
        if "]:" not in document.text:
            continue
        first: dict[str, tuple[str, int, int]] = {}
        for label, target, start, end in _definitions(skill, document):
            known = first.setdefault(_folded(label), (target, start, end))
            if known[0] != target and not label.startswith("^") and _folded(label) not in _REMARKS:
                note = Nearby(document.path, known[1], known[2], "it is defined first here")
                message = f"[{label}] is defined already, with another target; only that one counts"
                yield at(document, (start, end), message, related=(note,))


_REMARKS = frozenset(("//", "comment", "_", "#", "//comment"))
"""Labels that people define to hide a remark."""


def _definitions(skill: Skill, document: Document) -> Iterator[tuple[str, str, int, int]]:
    for match in in_prose(skill, document, _DEFINITION):
        yield match[1], match[2], match.start(), match.end()


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()


_SPACED = re.compile(
    r"(?<![\\\w])\[([^\[\]\n]{1,300})\]\(([^()<>\s\"']{1,300}(?: {1,3}[^()<>\s\"']{1,300}){1,20})\)"
)


# How such a target begins, which is looked for sooner than its brackets.
_TARGET = re.compile(r"\]\([^()<>\s\"']{1,300} ")


@rule("warning", exact=False)
def link_spaced(skill: Skill) -> Problems:
    """A link's target holds a space, so that it is no link: its brackets are shown."""
    for document in skill.documents:
        if not _TARGET.search(document.text):
            continue
        for match in in_prose(skill, document, _SPACED):
            target = match[2].partition("#")[0]
            there = bool(target) and any(
                c in skill.by_path for c in candidates(document.path, target)
            )
            if there or (re.search(r"[A-Za-z]", match[1]) and _FILE.fullmatch(target)):
                message = f"is no link for its space; write <{match[2]}>"
                fix = (Replace(*match.span(2), f"<{match[2]}>"),) if there else ()
                yield at(document, match.span(), message, fix=fix)


# Words with a file's name among them, as in "(see a.md)", are a remark.
_FILE = re.compile(
    r"(?:[\w.-]+/)*[\w.-]+(?: [\w.-]+){1,3}\.(?:md|py|sh|txt|png|svg|jpe?g|json|ya?ml|pdf)"
)


_UPWARDS = re.compile(r"\b(?:top|back|up|home|begin\w*|start)\b|[↑⬆▲🔝⏫]|\A\W*\Z", re.IGNORECASE)


@rule("warning")
def link_empty(skill: Skill) -> Problems:
    """A link or an image has no target."""
    for document in skill.documents:
        if role(document.path) == "asset":  # a template: the target is still to come
            continue
        for link in document.links:
            top = link.target == "#" and not _UPWARDS.search(link.text)
            if (top or not link.target.strip()) and link.kind == "inline":
                what = "this image" if link.image else "this link"
                yield at(document, (link.start, link.end), f"{what} leads nowhere; give its target")


@rule("warning")
def link_text_deceives(skill: Skill) -> Problems:
    """A link's words are the address of one site, its target is on another."""
    for document in skill.documents:
        for link in document.links:
            if link.scheme not in ("http", "https") or link.kind not in ("inline", "reference"):
                continue
            user = _username(link.target)
            if _SITE.fullmatch(user):
                message = f"reads like an address on {user}, but leads to {_host(link.target)}"
                yield at(document, (link.start, link.end), message)
                continue
            words = link.text.strip().strip("`*_<>")
            if not _URL.fullmatch(words) or ("/" not in words and "www." not in words):
                continue
            shown, real = _host(words), _host(link.target)
            if shown and real and not (_of(shown, real) or _of(real, shown)):
                message = f"reads {shown}, but leads to {real}"
                yield at(document, (link.start, link.end), message)


def _host(url: str) -> str:
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        return (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _username(url: str) -> str:
    """What stands before ``@`` in the address, where people look for the site."""
    try:
        return urlsplit(url).username or "" if "@" in url else ""
    except ValueError:
        return ""


def _of(host: str, other: str) -> bool:
    """Whether `host` is `other` or below it."""
    return host == other or host.endswith(f".{other}")
