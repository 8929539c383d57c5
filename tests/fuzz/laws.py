"""LAWS: what must hold of each stage, whatever bytes it is given. Each takes bytes and asserts."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from markdown_it.common.utils import unescapeAll

import mlskill
from hostile import inert
from mlskill.formats import FORMATS
from mlskill.frontmatter import split
from mlskill.model import LIMITS, Document, Fault, Skill, Source
from mlskill.parser import parse
from mlskill.reader import decode
from mlskill.rules import RULES

RULE_IDS = frozenset(RULES)


def decode_law(data: bytes) -> None:
    """Every text has only ``\\n`` for line ends and no mark; what is UTF-8 is read as it is."""
    source = decode("a.md", data)
    assert "\r" not in source.text
    _inside(source, source.faults)
    if not source.faults:
        wanted = data.decode().replace("\r\n", "\n").replace("\r", "\n")
        assert source.text == wanted.removeprefix("\ufeff")
    for offset in (0, len(source.text) // 2, len(source.text)):
        place = source.place(offset)
        assert source.starts[place.line - 1] + place.column - 1 == offset


def split_law(data: bytes) -> None:
    """Keys and values stand where it is said; data is JSON; the body is what comes after."""
    source = decode("a.md", data)
    front = split(source)
    assert 0 == front.start <= front.end <= len(source.text)
    json.dumps(front.data)
    _inside(source, front.faults)
    for path, (start, end) in front.keys.items():
        assert 0 <= start <= end <= front.end, path
    for path, (start, end) in front.values.items():
        assert 0 <= start <= end <= front.end, path
    assert all(isinstance(text, str) for text in front.texts.values())


def parse_law(data: bytes) -> None:
    """All places lie in the text; sections nest and cover the body; it is the same each time."""
    source = decode("a.md", data)
    document = parse(source)
    _parsed(document)
    again = parse(source)
    assert (document.sections, document.links) == (again.sections, again.links)
    assert (document.blocks, document.faults) == (again.blocks, again.faults)


def _parsed(document: Document) -> None:
    text = document.text
    _inside(document.source, document.faults)
    end = document.frontmatter.end
    for section in document.sections[1:]:
        assert end <= section.start <= section.body_start <= section.text_end <= section.end
        assert section.end <= len(text)
        end = section.start
        around = document.sections[section.parent or 0]
        assert around.start <= section.start
        assert section.end <= around.end
        assert around.level < section.level
    for link in (*document.links, *document.mentions):
        assert 0 <= link.start < link.end <= len(text)
        if link.target_start >= 0:
            written = text[link.target_start : link.target_end].replace("\0", "\ufffd")
            if link.kind == "inline" and "\n" not in written and "&" not in written:
                assert unescapeAll(written) == link.target
    for block in document.blocks:
        assert 0 <= block.start <= block.end <= len(text)
        assert 1 <= block.line <= len(document.source.starts) + 1
        assert not block.text or block.text.endswith("\n")
    assert set(document.anchors.values()) <= set(range(len(document.sections)))


def _inside(source: Source, faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        assert fault.rule in RULE_IDS
        assert 0 <= fault.start <= fault.end <= len(source.text) + 1


def _skill(data: bytes) -> Skill:
    """`data` cut into a ``SKILL.md``, a page and another file."""
    main, _, rest = data.partition(b"\n%%%\n")
    page, _, other = rest.partition(b"\n%%%\n")
    return mlskill.loads({"SKILL.md": main, "a.md": page, "b.txt": other})


def validate_law(data: bytes) -> None:
    """Findings are in order, of known rules, in files that exist; every format is inert."""
    skill = _skill(data)
    report = mlskill.validate(skill, advice=True)
    places = [(f.path, f.line, f.column) for f in report.findings]
    assert places == sorted(places)
    for finding in report.findings:
        assert finding.rule in RULE_IDS
        assert finding.path in ("skill/SKILL.md", "skill/a.md", "skill/b.txt")
        assert (finding.line, finding.column) <= (finding.end_line, finding.end_column)
    assert mlskill.validate(skill, advice=True) == report
    inert.plain(FORMATS["text"](report))
    inert.github(FORMATS["github"](report), len(report.findings))
    inert.as_xml(FORMATS["junit"](report))
    inert.as_markdown(FORMATS["markdown"](report))
    for name in ("json", "sarif", "gitlab"):
        inert.as_json(FORMATS[name](report))


def render_law(data: bytes) -> None:
    """Each view is the same each time, and is read again without a fault of ours."""
    skill = _skill(data)
    for view in ("outline", "full"):
        text = mlskill.render(skill, view=view)
        assert text == mlskill.render(skill, view=view)
        parse(decode("out.md", text.encode("utf-8", "replace")))
    listed = mlskill.catalog([skill])
    tags = [element.tag for element in ElementTree.fromstring(listed).iter()]
    assert tags == ["available_skills", "skill", "name", "description", "location"]
    budget = 300
    text = mlskill.render(skill, query="what is it", budget=budget)
    assert mlskill.estimate(text) <= budget
    json.dumps(mlskill.tree(skill))


def search_law(data: bytes) -> None:
    """Any question may be asked of any text."""
    skill = _skill(data)
    for hit in mlskill.search(skill, data[-80:].decode("utf-8", "replace")):
        assert hit.path in ("SKILL.md", "a.md")


def archive_law(data: bytes) -> None:
    """An archive is read or refused, and never more than the limits allow comes out of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.zip")
        path.write_bytes(data)
        try:
            skill = mlskill.load(path, contents=True)
        except mlskill.NotASkillError:
            return
        size = sum(len(d.source.raw) for d in skill.documents)
        size += sum(len(a.data or b"") for a in skill.assets)
        assert size <= LIMITS.total_bytes
        assert not any(".." in name.split("/") for name in skill.by_path)
        mlskill.validate(skill)


LAWS: dict[str, Callable[[bytes], None]] = {
    law.__name__.removesuffix("_law"): law
    for law in (
        decode_law,
        split_law,
        parse_law,
        validate_law,
        render_law,
        search_law,
        archive_law,
    )
}
"""Every law by the name of its stage."""


def seeds() -> list[bytes]:
    """Inputs from which a fuzzer starts: one of everything that the stages know."""
    main = (
        b"---\nname: a\ndescription: |\n  b: c\nmetadata: {x: [1, &y 2, *y]}\n---\n# A\n\n"
        b'[b](a.md#b "t") ![c](<d e.png>) <x:y> `a.md` [r][s]\n\n[s]: a.md\n\n> - ```py\n>   1\n\n'
        b"|a|b|\n|-|-|\n|`c`|\\||\n\n<a href='#a' id=q>\n\n<!-- x -->\n\nT\n=\n"
        b"\n%%%\n# B\n\xe2\x80\xae caf\xc3\x83\xc2\xa9\n\n~~~\nopen\n%%%\nother"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/SKILL.md", main)
        archive.writestr("a/b.md", "# B")
    return [main, buffer.getvalue()]
