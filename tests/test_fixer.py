"""fix: each answer as a case, and the laws that hold for every tree."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlskill.fixer import AT_ONCE, Change, Fixed, fix, writer
from mlskill.fixer.diff import diff
from mlskill.fixer.original import Original, fitting, saved, together
from mlskill.fixer.writer import NotWrittenError, refusal, write
from mlskill.model import Asset, Report, Skill, Sources
from mlskill.reader import decode, read
from mlskill.reader.names import is_markdown
from mlskill.rules import Replace
from mlskill.validator import validate

HEAD = "---\nname: pdf-tools\ndescription: Reads PDF files.\n---\n\n"


def check(skill: Skill) -> Report:
    return validate(skill, advice=True, most=AT_ONCE)


def sources(files: dict[str, bytes], root: str = "pdf-tools") -> Sources:
    paths = sorted(files)
    return Sources(
        root=root,
        location=f"/{root}/SKILL.md",
        sources=tuple(decode(p, files[p]) for p in paths if is_markdown(p)),
        assets=tuple(Asset(p, len(files[p])) for p in paths if not is_markdown(p)),
        folders=frozenset(p[:at] for p in paths for at, c in enumerate(p) if c == "/"),
    )


def fixed(files: dict[str, bytes]) -> tuple[Fixed, dict[str, bytes]]:
    """What became of a skill, and its files afterwards."""
    made = fix(sources(files), check)
    return made, files | {change.path: change.after for change in made.changes}


FRONT = [
    ("description: Use: when asked", 'description: "Use: when asked"'),
    ("description: Use: when\n  asked: often", 'description: "Use: when\n  asked: often"'),
    ('description: Use: "it"', "description: 'Use: \"it\"'"),
    ("description: a: it's \"it\" \\", 'description: "a: it\'s \\"it\\" \\\\"'),
    ("description: a\nversion: 1.0 # why", 'description: a\nmetadata:\n  version: "1.0" # why'),
    ("description: a\nversion: x\nmetadata:\n    b: c",
     "description: a\nmetadata:\n    b: c\n    version: x"),
    ("description: a\none: 1\ntwo: x\nthree: 'y'",
     "description: a\nmetadata:\n  one: \"1\"\n  two: x\n  three: 'y'"),
    ("description: a\nmetadata:\n  version: 1.10", 'description: a\nmetadata:\n  version: "1.10"'),
    ("Description: a", "description: a"),
    ("description: a\nallowed_tools: Read", "description: a\nallowed-tools: Read"),
    ("description: a\nallowed-tools: [Read, 'Bash(git:*)',]",
     "description: a\nallowed-tools: Read Bash(git:*)"),
    ("description: a\nallowed-tools:\n  - Read\n  - Bash",
     "description: a\nallowed-tools: Read Bash"),
    ("description: a\nlicense: MIT\nlicense: MIT", "description: a\nlicense: MIT"),
    ("description: a\ndescription: a\ndescription: a", "description: a"),
    ("description: a\nlicense: 2", 'description: a\nlicense: "2"'),
]  # fmt: skip
KEPT = [
    "description: a\ntags: [a, b]",  # a list has no one form as text
    "description: a\nsummary: |\n  more\n  lines",
    "description: a\nversion: 1\nmetadata: {b: c}",
    "description: a\nversion: 1\nmetadata:\n  version: '2'",
    "description: a\nmodel: opus",  # a client's own
    "description: a\nlicense: MIT\nlicense: GPL",
    "description: a\nlicense: MIT\n  more\nlicense: MIT\n  or more",
    "description: a\nlicense: MIT\n  more\nlicense: MIT",
    "description: a\nlicense: MIT\nlicense: MIT\n  more",
    "description: a\nallowed-tools: [Bash(git add), Read]",  # which space is whose?
    "description: a\nallowed-tools:\n  - Read # why\n  - Bash",
    "metadata:\n  author: a: b\ndescription: a",
]


@pytest.mark.parametrize(("before", "after"), FRONT, ids=[case[0][:40] for case in FRONT])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_frontmatter(before: str, after: str, end: str) -> None:
    def page(front: str) -> bytes:
        return f"---\nname: pdf-tools\n{front}\n---\n\n# T\n".replace("\n", end).encode()

    made, files = fixed({"SKILL.md": page(before)})
    assert files["SKILL.md"].decode() == page(after).decode()
    assert made.mended
    assert not [finding for finding in made.left.findings if finding.severity != "advice"]


@pytest.mark.parametrize("front", KEPT)
def test_frontmatter_of_which_nobody_knows_what_was_meant(front: str) -> None:
    made, _ = fixed({"SKILL.md": f"---\nname: pdf-tools\n{front}\n---\n# T\n".encode()})
    assert not made.changes
    assert made.left.findings


NAMES = [
    ("name: PDF Tools\ndescription: a", "name: pdf-tools\ndescription: a"),
    ("name: 'pdf_tools'\ndescription: a", "name: pdf-tools\ndescription: a"),
    ("description: a", "name: pdf-tools\ndescription: a"),
]


@pytest.mark.parametrize(("before", "after"), NAMES)
def test_a_name_is_the_folders(before: str, after: str) -> None:
    _, files = fixed({"SKILL.md": f"---\n{before}\n---\n# T\n".encode()})
    assert files["SKILL.md"].decode() == f"---\n{after}\n---\n# T\n"


def test_a_name_that_is_not_the_folders_stays() -> None:
    text = b"---\nname: PDF Readers\ndescription: a\n---\n# T\n"
    assert not fixed({"SKILL.md": text})[0].changes


BODY = [
    ("ca\u00c3\u00a9 \u00f0\u0178\u00a7\u00a0", "ca\u00e9 \U0001f9e0"),
    ("a\u200bb", "ab"),
    ("[a](Refs/A.md#usage)", "[a](refs/a.md#usage)"),
    ("[a](./REFS/a.md)", "[a](./refs/a.md)"),
    ("![a](IMG/B%20c.png)", "![a](img/b%20c.png)"),
    ("[a][r]\n\n[a][r]\n\n[r]: Refs/a.md", "[a][r]\n\n[a][r]\n\n[r]: refs/a.md"),
    ("[a](refs\\a.md#usage)", "[a](refs/a.md#usage)"),
    ("[a](/refs/a.md#usage)", "[a](refs/a.md#usage)"),
    ("[a](refs/a.md#Set_Up)", "[a](refs/a.md#set-up)"),
    ("[a](refs/a.md#12-set-up 'title')", "[a](refs/a.md#set-up 'title')"),
    ("[a](#read-forms)", "[a](refs/a.md#read-forms)"),
    ("x\n\n<!-- mlskill: allow text-mojibake: why -->\n\ny", "x\n\n\ny"),
    ("x <!-- mlskill: allow text-mojibake: why --> y", "x  y"),
]
STAYS = [
    "[a](refs/b.md)",  # like a.md, and like nothing
    "[a](refs/a.md#usages)",  # near, but another word
    "[a](refs/a.md#twin)",  # a heading of two pages
    "[a](refs/a.md#81-general)",  # 4.2.1 is another section
    "a\u2028b",  # for a space, or for a line end?
    "````\n\u200b```\n````",  # it keeps the fence from being one
    "\u200b1. a",
    "a \u200b[b](c)",
    "a \u200b@b",
    "\x1b[31mred",
    "\U000e0041\U000e0042",  # a person should read what it says
]
PAGE = b"# A\n\n## Set-up\n\n## Usage\n\n## Read forms\n\n## Twin peaks\n\n## 4.2.1 General\n\nx\n"
TREE = {"refs/a.md": PAGE, "img/b c.png": b"", "refs/t.md": b"# T\n\n## Twin peaks\n\nx\n"}


@pytest.mark.parametrize(("before", "after"), BODY, ids=[case[0][:30] for case in BODY])
def test_body(before: str, after: str) -> None:
    page = f"{HEAD}See `refs/` [t](refs/t.md).\n\n{{}}\n"
    made, files = fixed({"SKILL.md": page.format(before).encode(), **TREE})
    assert files["SKILL.md"].decode() == page.format(after)
    assert [change.path for change in made.changes] == ["SKILL.md"]


@pytest.mark.parametrize("text", STAYS)
def test_body_of_which_nobody_knows_what_was_meant(text: str) -> None:
    assert not fixed({"SKILL.md": f"{HEAD}{text}\n".encode(), **TREE})[0].changes


SAVED = [
    (b"\xef\xbb\xbf" + HEAD.encode(), HEAD.encode()),
    (b"\xef\xbb\xbf\xef\xbb\xbf" + HEAD.encode(), HEAD.encode()),
    (HEAD.encode().replace(b"\n", b"\r\n") + b"a\n", HEAD.encode() + b"a\n"),
    (HEAD.encode() + b"a\rb\n", HEAD.encode() + b"a\nb\n"),
    (b"\xff\xfe" + HEAD.encode("utf-16-le"), HEAD.encode()),
    (b"\n\n" + HEAD.encode(), HEAD.encode()),
]


@pytest.mark.parametrize(("before", "after"), SAVED)
def test_how_a_file_is_saved(before: bytes, after: bytes) -> None:
    assert fixed({"SKILL.md": before})[1]["SKILL.md"] == after


def test_what_is_around_an_edit_keeps_its_bytes() -> None:
    before = HEAD.encode().replace(b"\n", b"\r\n") + b"\xff \xe2\x82 ca\xc3\x83\xc2\xa9 \xe9\r\n"
    after = before.replace(b"\xc3\x83\xc2\xa9", b"\xc3\xa9")
    assert fixed({"SKILL.md": before})[1]["SKILL.md"] == after


def test_what_is_allowed_is_not_fixed() -> None:
    from mlskill.settler import settle

    text = f"{HEAD}<!-- mlskill: allow text-mojibake: shown -->\n\nca\u00c3\u00a9\n".encode()
    made = fix(sources({"SKILL.md": text}), lambda skill: settle(check(skill)))
    assert not made.changes


WORDS = st.sampled_from(
    ["# ", "## ", "[a](", "b.md", "B.md", "#b", "#1-b-c", "B C", ")", "`references/B.md`", "```\n",
     "<!--", "-->", "\n", " ", "---\n", "name: a\n", "x: y: z\n", "version: 1\n", "metadata:\n",
     "  a: b\n", "allowed-tools: [A, B]\n", "- ", "> ", "\u00f0\u0178\u00a7\u00a0", "\u00c3\u00a9",
     "\u00ef\u00bb\u00bf", "\u200b", "\ufeff", "\r", "\r\n", "\x1b", "\u2028", "\u00e9", "[r]: ",
     "[r]", "\\", "](<", ">)", "%20", "../", "/", "<!-- mlskill: allow text-mojibake: x -->",
     "<!-- mlskill: allow text-invisible, fence-unclosed: x -->\n"]
)  # fmt: skip
TEXTS = st.lists(st.one_of(WORDS, st.text(max_size=4)), max_size=25).map(
    lambda words: "".join(words).encode("utf-8", "surrogatepass")
)
FRONTS = st.sampled_from([b"", HEAD.encode(), b"---\ndescription: a: b\nversion: 2\nx: 'y'\n---\n"])
PAGES = st.builds(bytes.__add__, FRONTS, st.one_of(TEXTS, st.binary(max_size=40)))
TREES = st.dictionaries(st.sampled_from(["b.md", "references/b.md", "x/SKILL.md", "run.py"]), PAGES)


@settings(max_examples=150, deadline=None)
@given(PAGES, TREES)
@example(b"---\nname: a\na: 1\nb: 2\nc: 3\n---\n", {})
@example(HEAD.encode() + b"a\r\xe2\x80\x8b\n", {})
@example(HEAD.encode() + b"\xe2\xe2\x80\x8b\x82\xac", {})
def test_twice_is_once_and_nothing_fixable_is_left(page: bytes, tree: dict[str, bytes]) -> None:
    files = {"SKILL.md": page, **tree}
    made, after = fixed(files)
    again, same = fixed(after)
    assert same == after
    assert not again.mended
    assert set(after) == set(files)
    # A lone carriage return or a broken character that an edit would mend or make is left alone.
    left = [finding for finding in made.left.findings if finding.fix]
    assert all(b"\r" in files[p] or b"\xef\xbf\xbd" in files[p] or not _utf8(files[p])
               for p in (f.path.removeprefix("pdf-tools/") for f in left))  # fmt: skip
    assert list(diff(made.changes)) == [] or made.changes


def _utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


EDITS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.sampled_from(["", "x", "\n"])))


@given(st.one_of(st.binary(max_size=30), TEXTS), EDITS)
def test_an_edit_of_the_text_is_one_of_the_bytes(
    raw: bytes, spans: list[tuple[int, int, str]]
) -> None:
    source = decode("a.md", raw)
    size = len(source.text)
    wanted = [(Replace(min(a, size), min(a + n, size), t),) for a, n, t in spans]
    edits = together(fitting(wanted))
    assert Original(raw).edited([]) == raw
    text, at = "", 0
    for edit in edits:
        text += source.text[at : edit.start] + edit.text
        at = edit.end
    text += source.text[at:]
    after = decode("a.md", Original(raw).edited(edits)).text
    joins = b"\r" in raw or not _utf8(raw) or raw.count(b"\xef\xbb\xbf")
    assert after == text or joins


@given(TEXTS)
def test_saving_otherwise_changes_no_word(raw: bytes) -> None:
    text = decode("a.md", raw).text
    assert decode("a.md", saved(raw, "lf")).text == text
    assert decode("a.md", saved(raw, "without-bom")).text == text.lstrip("\ufeff")


def test_a_page_of_ten_thousand_faults_is_mended_in_bounded_rounds() -> None:
    page = "---\nname: pdf-tools\ndescription: a\n" + "".join(f"k{n}: {n}\n" for n in range(300))
    made, files = fixed({"SKILL.md": f"{page}---\n{'a' * 9} ca\u00c3\u00a9\n".encode()})
    assert files["SKILL.md"].count(b"\n  k") == 300
    assert not [finding for finding in made.left.findings if finding.severity != "advice"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pdf-tools"
    (root / "refs").mkdir(parents=True)
    (root / "SKILL.md").write_bytes(HEAD.encode() + b"[a](refs/a.md) ca\xc3\x83\xc2\xa9\n")
    (root / "refs" / "a.md").write_bytes(b"# A\n\nca\xc3\x83\xc2\xa9\n")
    return root


def written(root: Path) -> list[str]:
    """Fix the skill at `root` on disk; what could not be written."""
    refused = []
    for change in fix(read(root), check).changes:
        try:
            write(str(root), change.path, change.before, change.after)
        except NotWrittenError as error:
            refused.append(f"{change.path}: {error}")
    return refused


def entries(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_files_are_replaced_with_their_mode(folder: Path) -> None:
    (folder / "refs" / "a.md").chmod(0o640)
    before = entries(folder)
    assert written(folder) == []
    assert (folder / "refs" / "a.md").read_bytes() == b"# A\n\nca\xc3\xa9\n"
    assert stat.S_IMODE((folder / "refs" / "a.md").stat().st_mode) == 0o640
    assert entries(folder) == before


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_bytes(b"ca\xc3\x83\xc2\xa9")
    (folder / "refs" / "b.md").symlink_to("a.md")
    (folder / "refs" / "out.md").symlink_to(outside)
    assert "link" in refusal(str(folder), "refs/b.md")
    with pytest.raises(NotWrittenError, match="not a regular file"):
        write(str(folder), "refs/b.md", b"", b"x")
    with pytest.raises(NotWrittenError):
        write(str(folder), "refs/out.md", outside.read_bytes(), b"x")
    (folder / "way").symlink_to(tmp_path)
    with pytest.raises(NotWrittenError):
        write(str(folder), "way/outside.md", outside.read_bytes(), b"x")
    assert outside.read_bytes() == b"ca\xc3\x83\xc2\xa9"
    assert (folder / "refs" / "b.md").is_symlink()


@pytest.mark.parametrize("path", ["../outside.md", "/etc/hostname", "refs/../../outside.md"])
def test_no_path_leads_out(folder: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside.md").write_bytes(b"a")
    with pytest.raises(NotWrittenError):
        write(str(folder), path, b"a", b"b")
    assert (tmp_path / "outside.md").read_bytes() == b"a"


def test_a_name_that_is_shown_as_another_is_not_written(folder: Path) -> None:
    (folder / "refs" / "a\nb.md").write_bytes(b"ca\xc3\x83\xc2\xa9")
    (folder / "refs" / r"a\u000ab.md").write_bytes(b"ca\xc3\x83\xc2\xa9")
    refused = written(folder)
    assert len(refused) == 2
    assert all("not portable" in line for line in refused)
    assert (folder / "refs" / r"a\u000ab.md").read_bytes() == b"ca\xc3\x83\xc2\xa9"


def test_the_other_name_of_a_file_keeps_its_contents(folder: Path, tmp_path: Path) -> None:
    os.link(folder / "refs" / "a.md", tmp_path / "other.md")
    assert written(folder) == []
    assert (tmp_path / "other.md").read_bytes() == b"# A\n\nca\xc3\x83\xc2\xa9\n"


def test_what_was_changed_meanwhile_is_left(folder: Path) -> None:
    changes = fix(read(folder), check).changes
    (folder / "SKILL.md").write_bytes(b"mine")
    for change in changes:
        if change.path == "SKILL.md":
            with pytest.raises(NotWrittenError, match="changed meanwhile"):
                write(str(folder), change.path, change.before, change.after)
    assert (folder / "SKILL.md").read_bytes() == b"mine"


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_where_it_breaks_off_the_old_file_is_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = {path: path.read_bytes() for path in folder.rglob("*.md")}
    monkeypatch.setattr(writer.os, call, broken)
    assert len(written(folder)) == 2
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_skill_file_in_another_case_is_written_where_it_is(tmp_path: Path) -> None:
    root = tmp_path / "pdf-tools"
    root.mkdir()
    (root / "skill.md").write_bytes(HEAD.encode() + b"ca\xc3\x83\xc2\xa9\n")
    assert written(root) == []
    assert (root / "skill.md").read_bytes() == HEAD.encode() + b"ca\xc3\xa9\n"


def test_diff_shows_what_changes(golden: Callable[[str, str], None]) -> None:
    page = b"\xef\xbb\xbf---\nname: PDF Tools\ndescription: a: b\nversion: 1\n---\n\n# T\n"
    page += b"".join(b"line %d\n" % n for n in range(20)) + b"\x1b ca\xc3\x83\xc2\xa9"
    made = fix(sources({"SKILL.md": page, "a.md": b"# A\r\n\n[t](SKILL.md)\n"}), check)
    golden("diff.txt", "".join(f"{line}\n" for line in diff(made.changes)))


@pytest.mark.parametrize(
    ("before", "after"),
    [("a\n" * 100_000, "a\n" * 99_999 + "b\n"), ("a\n" * 60_000, "b\n" + "a\n" * 60_000),
     ("a\nb\n" * 5_000, "b\na\n" * 5_001), ("", "a"), ("a\n", ""), ("a", "a\nb")],
)  # fmt: skip
def test_a_diff_of_anything_ends_soon_and_is_whole(before: str, after: str) -> None:
    lines = list(diff([Change("a.md", "a.md", before.encode(), after.encode())]))
    old = [line[1:] for line in lines[2:] if line[:1] in "- "]
    new = [line[1:] for line in lines[2:] if line[:1] in "+ "]
    assert old != new
    for lines, whole in ((old, before), (new, after)):
        assert {line.removesuffix(" (no line end)") for line in lines} <= set(whole.split("\n"))
