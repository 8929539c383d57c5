"""Rules about what a skill does to the prompt it is put into, and says to the model alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlskill.linker import role
from mlskill.model import Document, Skill
from mlskill.rules.instructions import instructs, overrides
from mlskill.rules.prose import Spans, in_prose, prose, spans
from mlskill.rules.rule import Problems, at, rule

_TAG = re.compile(r"</?[A-Za-z][\w:-]*(?:\s[^<>\n]*)?/?>|<!--|<!\[CDATA\[|\]\]>|<\|\w{1,20}\|>")
# What agents are handed skills in, and what marks the turns of a conversation.
_WRAPPERS = (
    r"(?m)</?(?:available_skills|skill_content|skill_resources|skills_system|skill|system|system-reminder"
    r"|function_calls|function_results|tool_result|antml:\w+)(?:\s[^<>\n]{0,200})?>"
    r"|<!\[CDATA\[|\]\]>"
)
# Pages about templates for chats name these in their lines; a SKILL.md does not.
_TURNS = r"<\|(?:im_start|start_header_id|system|user|assistant)\|>|\[INST\]|<<SYS>>"
_MARKS = (
    *("<skill", "</skill", "<available_", "</available_", "<system", "</system", "<function_"),
    *("</function_", "tool_result", "antml:", "<![CDATA[", "]]>", "<|", "[INST]", "<<SYS>>"),
)


@rule("warning")
def description_markup(skill: Skill) -> Problems:
    """The name or the description holds markup, which the prompt it is listed in may obey."""
    front = skill.main.frontmatter
    for field in ("name", "description"):
        value = front.texts.get((field,), "")
        match = _TAG.search(value)
        place = front.values.get((field,))
        if match and place:
            written = skill.main.text.find(match[0], *place)
            span = place if written == -1 else (written, written + len(match[0]))
            message = f"{match[0][:80]} in the {field} is markup where skills are listed; remove it"
            yield at(skill.main, span, message)


@rule("warning", exact=False)
def prompt_boundary(skill: Skill) -> Problems:
    """The text holds a tag or a token by which agents tell a skill from what is around it."""
    for document in skill.documents:
        if any(mark in document.text for mark in _MARKS):
            turns = _TURNS if document is skill.main else rf"^(?:{_TURNS})"
            for match in in_prose(skill, document, re.compile(f"{_WRAPPERS}|{turns}")):
                message = f"{match[0]} ends or opens a part of the prompt; write it as code"
                yield at(document, match.span(), message)


@rule("warning")
def command_on_load(skill: Skill) -> Problems:
    """A command stands in the text that Claude Code runs as it loads the skill."""
    for document in skill.documents:
        text = document.text
        message = "runs when the skill is loaded, before anybody reads it; let the agent run it"
        if "!`" in text:
            for start, end in spans(document):
                if text[start - 1] == "!" and text[start - 2 : start - 1].strip() == "":
                    yield at(document, (start - 1, end), message)
        for block in document.blocks:
            if block.info == "!":
                yield at(document, (block.start, block.end), message)


@rule("warning", exact=False)
def instruction_hidden(skill: Skill) -> Problems:
    """A comment, a label or the text of an image tells the model what readers do not see."""
    for document in skill.documents:
        if role(document.path) == "asset":  # a template tells its readers what to fill in
            continue
        for kind, text, start, end in _unshown(document):
            if instructs(text):
                yield at(
                    document, (start, end), f"this {kind} speaks to the model, unseen by readers"
                )


_REMARK = re.compile(
    r"^ {0,3}\[[^\[\]\n]{1,80}\]:[ \t]*<?[#>]?>?[ \t]*[\"'(]([^\n]+)[\"')]", re.MULTILINE
)
_COMMENT = re.compile(r"^[ \t]*(#[^\n]*)", re.MULTILINE)  # of YAML
_TITLE = re.compile(r"\]\([^()\n]*[ \t]\"([^\"\n]+)\"\)")
_ATTRIBUTE = re.compile(
    r"<[A-Za-z][^<>\n]{0,300}?\b(?:alt|title|aria-label|data-[\w-]{1,40})=\"([^\"\n]{1,500})\""
)


def _unshown(document: Document) -> Iterator[tuple[str, str, int, int]]:
    """What stands on a page and is not shown: comments, remarks, titles, texts of images."""
    for comment in document.comments:
        yield "comment", comment.text, comment.start, comment.end
    for link in document.links:
        if link.image and link.text:
            yield "image's text", link.text, link.start, link.end
    text = document.text
    for match in _COMMENT.finditer(text, 0, document.frontmatter.end):
        yield "comment", match[1], *match.span(1)
    if "]:" in text:
        for match in _REMARK.finditer(text, document.frontmatter.end):
            yield "label's title", match[1], match.start(), match.end()
    if '"' in text:
        for pattern, mark in ((_TITLE, "]("), (_ATTRIBUTE, '="')):
            if mark in text:
                for match in pattern.finditer(text, document.frontmatter.end):
                    yield "title", match[1], match.start(1), match.end(1)


_UNSEEN = (
    r"(?i)<template(?=[\s>])[^<>\n]{0,300}>|<[A-Za-z][\w-]{0,40}(?=\s)[^<>\n]{0,300}?(?:\shidden(?=[\s>=/])"
    r"|style\s*=\s*[\"'][^\"'<>\n]{0,300}?(?:display\s*:\s*none|visibility\s*:\s*hidden"
    r"|font-size\s*:\s*0(?![.\d]*[1-9])|opacity\s*:\s*0(?![.\d])"
    r"|(?:left|top|text-indent)\s*:\s*-\d{4}"
    r"|(?<![\w-])color\s*:\s*(?:white|#fff(?:fff)?|transparent)\b))[^<>\n]{0,300}>"
)


@rule("warning")
def text_hidden(skill: Skill) -> Problems:
    """An HTML element is hidden: readers of the page do not see its text, a model does."""
    for document in skill.documents:
        if not any(word in document.text for word in ("hidden", "style", "<template")):
            continue
        for match in in_prose(skill, document, re.compile(_UNSEEN)):
            message = "readers do not see what is in this element, but a model does; remove it"
            yield at(document, match.span(), message)


_ACTIVE = (
    r"(?i)<(?:script|iframe|object|embed|applet|meta|base|form|link|style)(?=[\s/>])[^<>\n]{0,500}>"
    r"|<[A-Za-z][^<>\n]{0,300}?\son[a-z]{3,20}\s*=[^<>\n]{0,500}>"
)


@rule("warning", exact=False)
def html_active(skill: Skill) -> Problems:
    """The page holds HTML that runs or loads something where it is shown."""
    for document in skill.documents:
        for match in in_prose(skill, document, re.compile(_ACTIVE)) if "<" in document.text else ():
            message = "runs or loads where the page is shown; write it as code"
            yield at(document, match.span(), message)


@rule("warning", exact=False)
def instruction_overrides(skill: Skill) -> Problems:
    """The text tells the model to drop its instructions or to keep something from the user."""
    for document in skill.documents:
        text = document.text
        found = [*overrides(text)]
        if not found:
            continue
        # What is not shown is reported already.
        unshown = Spans((start, end) for _, _, start, end in _unshown(document))
        described = Spans((document.frontmatter.values.get(("description",), (0, 0)),))
        for start, end in found:
            words = prose(skill, document)[start:end]
            shown = words.split() == text[start:end].split() and start not in unshown
            if shown or start in described:
                yield at(document, (start, end), "asks the model to act against those it works for")
