"""Every rule against its own page: what the page calls bad is found, there and nowhere else."""

from __future__ import annotations

import os
import pkgutil
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import pytest

import mlskill.rules
from mlskill.errors import UnknownNameError
from mlskill.formats.text import write
from mlskill.loader import load
from mlskill.model import Report, Skill
from mlskill.rules import RULES, Rule, explain
from mlskill.validator import validate

PAGES = Path(mlskill.rules.__file__).parent / "pages"
HEADINGS = (
    ["What", "Why", "Bad", "Good", "Source"],
    ["What", "Why", "Bad", "Good", "Precision", "Source"],
)
HEAD = """\
---
name: pdf-tools
description: Reads PDF files. Use when the user asks for text from a PDF.
---

# PDF tools

"""
BLOCK = re.compile(r"^(`{3,})\S+ (.*)\n((?:.*\n)*?)\1$", re.MULTILINE)
ESCAPE = re.compile(r"(\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})")


def unescaped(text: str) -> bytes:
    r"""`text` with ``\x1b`` for a byte and ``\u202e`` for a character."""
    return b"".join(
        bytes([int(piece[2:], 16)]) if piece.startswith(r"\x") else chr(int(piece[2:], 16)).encode()
        if ESCAPE.fullmatch(piece) else piece.encode()
        for piece in ESCAPE.split(text)
    )  # fmt: skip


@dataclass(frozen=True)
class Block:
    """A block of a page: of ``markdown file=SKILL.md escaped repeated=9`` all but the first word.

    `kind` is what is put at `path`: a file, an unreadable file, a link (the text is its target), a
    pipe, or a member of an archive. A repeated block's last line is written so many times.
    """

    kind: str
    path: str
    data: bytes

    @classmethod
    def of(cls, info: str, text: str) -> Block:
        (kind, path), *words = (word.partition("=")[::2] for word in info.split())
        options = dict(words)
        text += (
            text.splitlines(keepends=True)[-1] * (int(options["repeated"]) - 1)
            if "repeated" in options
            else ""
        )
        if "escaped" in options:
            return cls(kind, unescaped(path).decode(), unescaped(text))
        return cls(kind, path, text.encode())


def part(page: str, heading: str) -> str:
    """The text under a heading of a page; headings in its blocks are no headings."""
    outline = BLOCK.sub(lambda match: "`" * len(match[0]), page)
    start = outline.index(f"\n## {heading}\n") + len(heading) + 5
    end = outline.find("\n## ", start)
    return page[start : end if end != -1 else None]


def blocks(text: str) -> list[Block]:
    return [Block.of(match[2], match[3]) for match in BLOCK.finditer(text) if match[2] != "found"]


def build(given: list[Block], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Skill:
    """The skill that the blocks of a page describe, in a folder pdf-tools.

    A page that has no SKILL.md to show gets one that names the folder of its files.
    """
    root = folder / "pdf-tools"
    if any(block.kind == "member" for block in given):
        with zipfile.ZipFile(folder / "pdf-tools.zip", "w") as archive:
            for block in given:
                archive.writestr(block.path, block.data)
        return here(load(folder / "pdf-tools.zip"))
    for block in given:
        path = root / block.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            pytest.skip("this file system does not tell upper from lower case")
        if block.kind == "link":
            path.symlink_to(block.data.decode().strip())
        elif block.kind == "pipe":
            os.mkfifo(path)
        else:
            path.write_bytes(block.data)
        if block.kind == "unreadable":  # for root, too, whom permissions do not stop
            monkeypatch.setattr(os, "open", refusing(path.name, os.open))
    if not any(block.path.lower() == "skill.md" for block in given):
        (root / "SKILL.md").write_text(f"{HEAD}Pages are in `references/`.\n", encoding="utf-8")
    return here(load(root))


def here(skill: Skill) -> Skill:
    """`skill` as if its folder were the one we are in."""
    inner = tuple(replace(one, root=one.prefix.rstrip("/")) for one in skill.skills)
    return replace(skill, root="", skills=inner)


def refusing(name: str, opener: Callable[..., int]) -> Callable[..., int]:
    """`opener`, but not for files called `name`."""

    def opened(path: object, *args: object, **options: object) -> int:
        if str(path).endswith(name):
            raise PermissionError(13, "Permission denied")
        return opener(path, *args, **options)

    return opened


def findings(report: Report) -> str:
    """The report as its page shows it: without the summary."""
    return "".join(write(report).splitlines(keepends=True)[:-1])


def test_rules_written_are_rules_listed_are_pages() -> None:
    modules = [
        import_module(f"mlskill.rules.{m.name}")
        for m in pkgutil.iter_modules(mlskill.rules.__path__)
    ]
    written = {v.id for module in modules for v in vars(module).values() if isinstance(v, Rule)}
    assert written == set(RULES) == {page.stem for page in PAGES.iterdir()}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_page_says_what_the_rule_is(rule: Rule) -> None:
    page = explain(rule.id)
    kind = f"{rule.severity} · {rule.family} · {'exact' if rule.exact else 'heuristic'}"
    assert page.startswith(f"# {rule.id}\n\n{rule.summary}\n\n{kind}\n\n## What\n")
    assert re.findall(r"^## (.*)$", BLOCK.sub("", page), re.MULTILINE) in HEADINGS
    assert re.fullmatch(
        r"(\n- [^\n]+: <https://\S+> \((\d{4}-\d\d-)?[\d-]+\))+\n", part(page, "Source")
    )


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_bad_is_found_and_nothing_else(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    page = explain(rule.id)
    bad = part(page, "Bad")
    skill = build(blocks(bad), tmp_path, monkeypatch)
    shown = findings(validate(skill, rules={rule.id: rule}, advice=True))
    wanted = next((match[3] for match in BLOCK.finditer(bad) if match[2] == "found"), "")
    if request.config.getoption("--update") and shown != wanted:
        block = f"```text found\n{wanted}```"
        assert block in page
        (PAGES / f"{rule.id}.md").write_text(page.replace(block, f"```text found\n{shown}```"))
        wanted = shown
    assert shown == wanted, "if that is meant, run  pytest --update  and review git diff"
    assert shown
    # One fault is reported once, by one rule.
    assert findings(validate(skill, advice=rule.severity == "advice")) == shown


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_good_is_good_to_every_rule(
    rule: Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skill = build(blocks(part(explain(rule.id), "Good")), tmp_path, monkeypatch)
    assert findings(validate(skill, advice=True)) == ""


def test_explain_knows_only_rules() -> None:
    with pytest.raises(UnknownNameError, match="did you mean link-target-missing"):
        explain("link-target-mising")
    with pytest.raises(UnknownNameError):
        explain("../../../../LICENSE")
