"""Rules about what was left over: from a template, from a merge, from its writer's machine."""

from __future__ import annotations

import re

from mlskill.linker import role
from mlskill.model import Document, Skill
from mlskill.rules.prose import in_prose, prose
from mlskill.rules.rule import Problems, at, rule

# These are compiled when they are first needed.
_UNFILLED = (
    r"\A[\"']?(?:(?:TODO|TBD)\s+(?:add|complete|describe|document|fill|provide|update|write)\b"
    r"|[Rr]eplace\s+(?:this\s+)?with\s+(?:an?\s+|the\s+|your\s+)?(?:\w+\s+)?description\b"
    r"|(?:[Aa]n?\s+|[Yy]our\s+)?(?:\w+\s+)?[Dd]escription\s+(?:here\b|goes\s+here\b|of\s+th(?:e|is)\s+skill\b))"
    r"|\[?\b(?:TODO|FIXME|TBD)\b(?=:|\]|\s*$)|\b[Ll]orem ipsum\b"
    r"|\[(?:insert|describe|add|your|enter|fill)\b[^\]\n]{0,80}\](?!\()"
    r"|(?<!\$)\{\{\s?\w[^{}\n]{0,200}\}\}|\{%[^\n]{0,200}?%\}|<%[^\n]{0,200}?%>|\$ARGUMENTS\b|\$\{[A-Za-z_]\w*\}"
)


@rule("warning", exact=False)
def description_unfilled(skill: Skill) -> Problems:
    """The name or the description is still a template's: nothing was filled in."""
    main = skill.main
    for field in ("name", "description"):
        start, end = main.frontmatter.values.get((field,), (0, 0))
        match = re.search(_UNFILLED, main.text[start:end])
        if match:
            span = (start + match.start(), start + match.end())
            yield at(main, span, f"{match[0]} in the {field} is still to be filled in")


_TODO = (
    r"(?m)^[ \t]*(?:[-*+] |#{1,6} )?"
    r"(\[TODO:?[^\]\n]*\](?!\()|\[(?:Insert|Describe|Add your|Fill in)\b[^\]\n]{0,80}\](?!\()"
    r"|(?<!# )(?:TODO|FIXME|TBD)(?::[^\n]*|[ \t]*$))"
    r"|\b([Ll]orem ipsum dolor)\b"
)
_LEFT = ("TODO", "FIXME", "TBD", "[Insert", "[Describe", "[Add", "[Fill", "orem ipsum")


_CONFLICT = re.compile(r"^(?:<{7} [^\n]+|>{7} [^\n]+)$", re.MULTILINE)


@rule("warning")
def text_conflict(skill: Skill) -> Problems:
    """A merge left its conflict markers in the text."""
    for document in skill.documents:
        if "\n=======\n" in document.text and "<<<<<<< " in document.text:
            for match in in_prose(skill, document, _CONFLICT):
                yield at(document, match.span(), "is a marker of a conflict that was not resolved")


@rule("warning", exact=False)
def text_unfilled(skill: Skill) -> Problems:
    """A template's placeholder was left in the text."""
    for document in skill.documents:
        if any(mark in document.text for mark in _LEFT):
            if role(document.path) != "asset" and "template" not in document.path.lower():
                yield from _unfilled(document, prose(skill, document))


_HOMES = re.compile(r"(?:/Users/|/home/|\b[A-Z]:\\\\?Users\\\\?)([\w.-]+)(?=[/\\])")
_ANYBODY = (
    r"(?i)(?:you|your|user|users|me|my|name|username|user_?name|alice|bob|john|jane|doe|jdoe|dev|developer|example"
    r"|shared|public|runner|ubuntu|ec2-user|vscode|node|app|admin|jovyan|vagrant|linuxbrew|git|root|test|xxx|foo"
    r"|default|guest|me|work|project|repo|somebody|someone|person|student|team|ci|build|docker|container|coder"
    r"|agent|claude|pi|deploy|jenkins|actions|builder|sandbox|workspace|oracle|postgres|hadoop|spark|steam|kali"
    r"|[^\w]*|\.+|u|x|ab?c?|.*(?:user|name|your|example|demo|test|sample).*)"
)


@rule("warning", exact=False)
def path_personal(skill: Skill) -> Problems:
    """A path names the home folder of one person's machine."""
    for document in skill.documents:
        if "/Users/" in document.text or "/home/" in document.text or "Users\\" in document.text:
            for match in _HOMES.finditer(document.text):
                if (
                    not re.fullmatch(_ANYBODY, match[1])
                    and match[1].lower() not in skill.location.lower()
                ):
                    yield at(
                        document,
                        match.span(),
                        f"is the home of {match[1]}; write ~ or a relative path",
                    )


def _unfilled(document: Document, text: str) -> Problems:
    """What a template left in the prose of a page."""
    for match in re.finditer(_TODO, text):
        group = 1 if match[1] else 2
        yield at(document, match.span(group), f"{match[group][:60]} is still to be filled in")
