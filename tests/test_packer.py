from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlskill import load, loads, pack, validate
from mlskill.apps.cli import run
from mlskill.errors import PackError, UnknownNameError
from mlskill.home import home
from mlskill.model import Asset, Document, Skill
from mlskill.packer import LAYOUTS, Pack, write
from mlskill.packer.moving import Mover
from mlskill.reader import discover
from mlskill.renderer.nodes import lookup, nodes

CORPUS = os.environ.get("MLSKILL_CORPUS", "")
FRONT = "---\nname: release-notes\ndescription: Use when notes are due.\n---\n"
SMALL = {
    "SKILL.md": FRONT
    + "# Notes\n\nRead [collect](guides/collect.md#steps), [style][s] or `guides/style.md`.\n"
    + "See [all](guides/) and [the licence](LICENSE.txt).\n\n[s]: guides/style.md 'Style'\n",
    "guides/collect.md": "---\ndescription: Use when changes are collected.\n---\n# Collect\n\n"
    "## Steps\n\nRun `scripts/changes.py`, then [style](style.md?plain=1#order).\n\n"
    "```sh\ncat guides/style.md  # [no link](style.md)\n```\n\n![p](../img/a%20b.png)\n",
    "guides/style.md": '# Style\n\n## Order\n\n<a href="collect.md">back</a> <https://a.b/>\n'
    "[up](../SKILL.md), [out](../../x.md), [dead](none.md)\n",
    "references/style.md": "# Another style\n",
    "scripts/changes.py": "#!/usr/bin/env python3\nimport helper\n",
    "scripts/helper.py": "",
    "img/a b.png": b"\x89PNG",
    "LICENSE.txt": "Free.\n",
}


def small() -> Skill:
    return loads(SMALL, root="release-notes")


def text(files: Pack, path: str) -> str:
    return files.files[path].decode()


# Shapes and layouts.


def test_tree_keeps_every_byte() -> None:
    files = {path: t.encode() if isinstance(t, str) else t for path, t in SMALL.items()}
    assert pack(small()).files == files


def test_references_are_flat_and_links_follow() -> None:
    packed = pack(small(), layout="references")
    assert sorted(packed.files) == [
        "LICENSE.txt",
        "SKILL.md",
        "assets/img/a b.png",
        "references/collect.md",
        "references/guides-style.md",
        "references/style.md",
        "scripts/changes.py",
        "scripts/helper.py",
    ]
    main = text(packed, "SKILL.md")
    assert "[collect](references/collect.md#steps)" in main
    assert "`references/guides-style.md`" in main
    assert "[all](references)" in main
    assert "[s]: references/guides-style.md 'Style'" in main
    collect = text(packed, "references/collect.md")
    assert "[style](guides-style.md?plain=1#order)" in collect
    assert "![p](../assets/img/a%20b.png)" in collect
    assert "cat guides/style.md  # [no link](style.md)" in collect
    style = text(packed, "references/guides-style.md")
    assert '<a href="collect.md">' in style
    assert "[out](../../x.md), [dead](none.md)" in style


def test_code_that_names_what_moved_is_told_not_edited() -> None:
    (note,) = pack(small(), layout="references").notes
    assert note == (
        "references/collect.md:11: says guides/style.md, which is now references/guides-style.md"
    )


def test_split_makes_a_skill_of_each_module() -> None:
    packed = pack(small(), split=True)
    assert sorted(packed.files) == [
        "collect/SKILL.md",
        "collect/img/a b.png",
        "collect/scripts/changes.py",
        "collect/scripts/helper.py",
        "release-notes/LICENSE.txt",
        "release-notes/SKILL.md",
        "release-notes/references/style.md",
        "style/SKILL.md",
    ]
    collect = text(packed, "collect/SKILL.md")
    assert collect.startswith("---\nname: collect\ndescription: Use when changes are collected.\n")
    assert "[style](skill://style/SKILL.md?plain=1#order)" in collect
    assert "![p](img/a%20b.png)" in collect
    style = text(packed, "style/SKILL.md")
    assert style.startswith('---\nname: style\ndescription: "Style"\n---\n\n# Style\n')
    assert "[up](skill://release-notes/SKILL.md)" in style
    assert "[collect](skill://collect/SKILL.md#steps)" in text(packed, "release-notes/SKILL.md")


@pytest.mark.parametrize(
    ("page", "head"),
    [
        ("# A b\n\nUse it now.\n", "---\nname: m\ndescription: Use it now.\n---\n\n# A b\n"),
        ("---\nname: 'The M'\ndescription: x y\n---\n", "---\nname: the-m\ndescription: x y\n"),
        ("---\nname:\ndescription: x y\n---\n", "---\nname: m\ndescription: x y\n---\n"),
        (
            "---\r\nlicense: MIT\r\n---\r\n# T: u\r\n",
            '---\r\nname: m\r\ndescription: "T: u"\r\nlic',
        ),
    ],
)
def test_a_module_gets_the_frontmatter_of_a_skill(page: str, head: str) -> None:
    skill = loads({"SKILL.md": FRONT + "[m](m.md)", "m.md": page})
    packed = pack(skill, split=True)
    (name,) = {path.partition("/")[0] for path in packed.files} - {"release-notes"}
    assert text(packed, f"{name}/SKILL.md").startswith(head)
    again = loads({"SKILL.md": packed.files[f"{name}/SKILL.md"]}, root=name)
    rules = {finding.rule for finding in validate(again).findings}
    assert rules <= {"body-empty"}


def test_nothing_to_split_is_said() -> None:
    with pytest.raises(PackError, match="nothing to split"):
        pack(loads({"SKILL.md": FRONT}), split=True)


def test_agents_md_lists_the_pages() -> None:
    packed = pack(small(), layout="agents-md")
    lines = text(packed, "AGENTS.md").splitlines()
    assert lines[2] == "Use when notes are due."
    folder = ".agents/skills/release-notes"
    entry = f"- [`guides/collect.md`]({folder}/guides/collect.md): Use when changes are"
    assert entry in str(lines)
    assert packed.files[f"{folder}/SKILL.md"] == SMALL["SKILL.md"].encode()  # type: ignore[union-attr]


def test_hostile_words_open_nothing_in_agents_md() -> None:
    front = "---\nname: a\ndescription: '<!-- x](http://e) | `\n\n  # y'\n---\n"
    out = text(pack(loads({"SKILL.md": front}), layout="agents-md"), "AGENTS.md")
    assert "<!--" not in out
    assert "](http" not in out
    assert [line for line in out.splitlines() if line.startswith("#")] == ["# a"]


def test_claude_plugin_is_its_own_marketplace() -> None:
    packed = pack(load(contents=True), layout="claude-plugin")
    plugin = json.loads(packed.files[".claude-plugin/plugin.json"])
    market = json.loads(packed.files[".claude-plugin/marketplace.json"])
    assert plugin["name"] == market["plugins"][0]["name"] == "ml-engineer"
    assert "skills/ml-engineer/SKILL.md" in packed.files


def test_well_known_has_digests_that_hold() -> None:
    packed = pack(small(), layout="well-known", split=True)
    index = json.loads(packed.files[".well-known/agent-skills/index.json"])
    assert [(s["name"], s["type"]) for s in index["skills"]] == [
        ("release-notes", "archive"),
        ("collect", "archive"),
        ("style", "skill-md"),
    ]
    for skill in index["skills"]:
        path = skill["url"].removeprefix("/")
        assert skill["digest"] == f"sha256:{packed.digests[path]}"
    collect = ZipFile(BytesIO(packed.files[".well-known/agent-skills/collect.zip"]))
    assert "SKILL.md" in collect.namelist()


def test_nothing_is_published_without_a_description() -> None:
    with pytest.raises(PackError, match="needs a description"):
        pack(loads({"SKILL.md": "---\nname: a\n---\n"}), layout="well-known")


def test_unknown_layout() -> None:
    with pytest.raises(UnknownNameError, match="did you mean references"):
        pack(small(), layout="reference")


def test_what_was_not_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "SKILL.md").write_text(FRONT)
    (tmp_path / "gone.md").symlink_to("/nowhere/at/all.md")
    (tmp_path / "data.csv").write_text("1")
    packed = pack(load(tmp_path))
    assert not packed.complete
    assert [note.partition(":")[0] for note in packed.notes] == ["gone.md", "data.csv"]


# Archives.


def test_an_archive_is_equal_to_the_byte_and_reads_back(tmp_path: Path) -> None:
    packed = pack(small())
    again = pack(loads(dict(reversed(SMALL.items())), root="release-notes"))
    assert packed.archive() == again.archive()
    assert packed.digest == again.digest
    (tmp_path / "x.skill").write_bytes(packed.archive())
    found = load(tmp_path / "x.skill", contents=True)
    assert not found.faults
    assert pack(found).files == packed.files


def test_what_names_its_interpreter_can_be_run() -> None:
    archive = ZipFile(BytesIO(pack(small()).archive()))
    modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
    assert modes["release-notes/scripts/changes.py"] == 0o755
    assert modes["release-notes/SKILL.md"] == 0o644


# Laws.


def files_of(packed: Pack, *, split: bool) -> dict[str, dict[str, bytes]]:
    """The packed files by skill."""
    if not split or packed.folder:
        return {packed.name: dict(packed.files)}
    skills: dict[str, dict[str, bytes]] = {}
    for path, data in packed.files.items():
        name, _, inner = path.partition("/")
        skills.setdefault(name, {})[inner] = data
    return skills


def leads(skills: dict[str, Skill], *, mentions: bool) -> set[tuple[object, object]]:
    """Which file leads to which, over all of `skills`. (A mention cannot lead to another skill.)"""
    found = set()
    for skill in skills.values():
        for node in nodes(skill):
            for link in (*node.raw.links, *(node.raw.mentions if mentions else ())):
                there = lookup(skill, node, link)[1] if link.path else None
                if link.scheme == "skill":
                    name, _, path = link.path.removeprefix("skill://").partition("/")
                    there = skills[name].by_path[path]
                if there is not None:
                    found.add((mark(node.raw), mark(there)))
    return found


def mark(file: Document | Asset) -> object:
    """What a file is, whatever its links and frontmatter."""
    if isinstance(file, Asset):
        return file.data
    return tuple(h.title for h in file.sections), tuple(b.text for b in file.blocks)


def code(skills: Iterable[Skill]) -> set[tuple[str, str]]:
    return {(b.info, b.text) for s in skills for n in nodes(s) for b in n.raw.blocks}


def headings(skills: Iterable[Skill]) -> set[tuple[int, str, str]]:
    return {(h.level, h.title, h.anchor) for s in skills for n in nodes(s) for h in n.raw.sections}


def problems(skills: Iterable[Skill]) -> int:
    """Dead links and mentions. (One that led nowhere from its own skill may lead to a page now.)"""
    rules = (finding.rule for skill in skills for finding in validate(skill).findings)
    # A label's second definition counts for nothing, and is left as it stands.
    rules = (rule for rule in rules if rule != "link-label-twice")
    return sum(rule.startswith(("link-", "mention-", "path-")) for rule in rules)


def holds(skill: Skill, layout: str, *, split: bool) -> None:
    """Every link leads where it led, every section and block is there, nothing new is wrong."""
    try:
        packed = pack(skill, layout=layout, split=split)
    except PackError:
        assert split
        return
    skills = {n: loads(f, root=n) for n, f in files_of(packed, split=split).items()}
    # A name that meant nothing may mean a page that came nearer; what led somewhere still does.
    assert leads(skills, mentions=not split) >= leads({"": skill}, mentions=not split)
    assert code(skills.values()) == code([skill])
    assert headings(skills.values()) >= {h for h in headings([skill]) if h[0]}
    # A page that goes along with several modules takes its dead links to each.
    dead = problems([skill])
    assert problems(skills.values()) <= dead or (split and dead)
    assert pack(skill, layout=layout, split=split).files == packed.files


SHAPES = [(layout, split) for layout in ("tree", "references") for split in (False, True)]


@pytest.mark.parametrize(("layout", "split"), SHAPES)
def test_our_tree_holds(layout: str, split: bool) -> None:
    holds(load(contents=True), layout, split=split)


NAMES = st.sampled_from(
    [
        *("a.md", "A.md", "b.md", "SKILL.md", "a\nb.md", "c d.md", "(1).md", "x`y.md", "é.md"),
        *("e\u0301.md", "con.md", "..md", "a\\u000ab.md", "a-b.md", "x.py", "y.csv", ".hid.md"),
        *("a:b?.md", "%41.md", "q#r.md", "[z].md", "w.MD", f"{'l' * 250}.md"),
    ]
)
FOLDERS = st.sampled_from(
    ["", "", "sub/", "Sub/", "references/", "references/deep/", "scripts/", "assets/", "in/side/"]
)
FORMS = st.sampled_from(
    ["[t]({})", "![t]({})", "[t][r]\n\n[r]: {}\n", "[t](<{}> 'x')", '<a href="{}">t</a>', "`{}`"]
)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str]:
    paths = draw(st.lists(st.builds(str.__add__, FOLDERS, NAMES), max_size=7, unique=True))
    paths = ["SKILL.md", *(path for path in paths if path != "SKILL.md")]
    files = {}
    for number, path in enumerate(paths):
        links = []
        for target in draw(st.lists(st.sampled_from(paths), max_size=4)):
            base = draw(st.sampled_from([os.path.dirname(path), ""])) or "."  # noqa: PTH120
            form = draw(FORMS)
            written = os.path.relpath(target, base)
            if form != "`{}`":
                written = re.sub(
                    r"[^\w./-]", lambda m: "".join(f"%{b:02X}" for b in m[0].encode()), written
                )
            links.append(form.format(written + draw(st.sampled_from(["", "#h", "?q=1#h"]))))
        end = draw(st.sampled_from(["\n", "\r\n"]))
        front = FRONT if path == "SKILL.md" else ""
        body = f"# H mark-{number}\n\n" + "\n\n".join(links) + f"\n\n```\n[c]({path!r})\n```\n"
        files[path] = (front + body).replace("\n", end)
    return files


@given(trees(), st.sampled_from(SHAPES))
@example({"SKILL.md": FRONT + "# H mark-0\n\n[a](a%0Ab.md)", "a\nb.md": "mark-1"}, ("tree", False))
@example({"SKILL.md": FRONT + "# H mark-0", "references/..md": "# H"}, ("references", False))
def test_hostile_trees_hold(files: dict[str, str], shape: tuple[str, bool]) -> None:
    holds(loads(files, root="release-notes"), shape[0], split=shape[1])


@given(trees(), st.sampled_from([*LAYOUTS]), st.booleans())
def test_no_packed_path_leads_out(files: dict[str, str], layout: str, split: bool) -> None:
    try:
        packed = pack(loads(files), layout=layout, split=split)
    except PackError:
        return
    folded = [path.casefold() for path in packed.files]
    assert len(set(folded)) == len(folded)
    for path in packed.files:
        assert re.fullmatch(r"[^\\:*?\"<>|\x00-\x1f]+", path), path
        assert not {"", ".", ".."} & set(path.split("/"))
        assert all(len(name.encode()) <= 255 for name in path.split("/"))


@pytest.mark.skipif(not CORPUS, reason="MLSKILL_CORPUS names no folder of skills")
@pytest.mark.parametrize(("layout", "split"), SHAPES)
def test_public_skills_hold(layout: str, split: bool) -> None:
    found = [*discover(CORPUS)]
    assert len(found) > 100
    for root in found[::5]:
        holds(load(root, contents=True), layout, split=split)


def test_moving_keeps_marks_and_line_ends() -> None:
    page = b"\xef\xbb\xbf[a](a.md)\r\n\r\n```\r\nx\r\n```\r\n[a](a.md)\n"
    skill = loads({"SKILL.md": FRONT, "p/q.md": page, "p/a.md": ""})
    files = Mover(skill).move({"p/q.md": "q.md", "p/a.md": "r/a.md"})
    assert files["q.md"] == page.replace(b"(a.md)", b"(r/a.md)")


# To disk.


def test_what_is_written_is_what_was_packed(tmp_path: Path) -> None:
    out = tmp_path / "new" / "release-notes"
    write(pack(small()), out)
    assert pack(load(out, contents=True)).files == pack(small()).files
    assert (out / "scripts" / "changes.py").stat().st_mode & 0o777 == 0o755 & ~umask()
    assert sorted(path.name for path in out.parent.iterdir()) == [out.name, f"{out.name}.sha256"]


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum")
@pytest.mark.parametrize("name", ["release-notes", "notes.zip", "NOTES.SKILL"])
def test_the_digests_are_those_of_sha256sum(name: str, tmp_path: Path) -> None:
    write(pack(small()), tmp_path / name)
    record = f"{name}.sha256"
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", record], cwd=tmp_path, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["release-notes", "notes.zip"])
def test_its_own_is_replaced(name: str, tmp_path: Path) -> None:
    out = tmp_path / name
    write(pack(small()), out)
    write(pack(loads({"SKILL.md": FRONT}, root="release-notes")), out)
    assert [*load(out).by_path] == ["SKILL.md"]


def changed(path: Path) -> None:
    (path / "SKILL.md").write_text("mine")


def grown(path: Path) -> None:
    (path / "mine.md").write_text("mine")


def linked(path: Path) -> None:
    (path / "mine.md").symlink_to("/etc/hostname")


def unrecorded(path: Path) -> None:
    path.with_name(path.name + ".sha256").unlink()


@pytest.mark.parametrize("done", [changed, grown, linked, unrecorded])
def test_what_is_not_its_own_stays(done: Callable[[Path], None], tmp_path: Path) -> None:
    out = tmp_path / "release-notes"
    write(pack(small()), out)
    done(out)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(PackError, match="not what mlskill wrote"):
        write(pack(small()), out)
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    write(pack(small()), out, force=True)
    assert pack(load(out, contents=True)).files == pack(small()).files


def test_an_empty_folder_is_filled_and_a_link_is_not_followed(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    link = tmp_path / "release-notes"
    link.symlink_to(there)
    with pytest.raises(PackError, match="not what mlskill wrote"):
        write(pack(small()), link)
    write(pack(small()), link, force=True)
    assert not [*there.iterdir()]
    assert not link.is_symlink()
    write(pack(small()), there)
    assert (there / "SKILL.md").is_file()


@pytest.mark.parametrize("at", range(1, 4))
@pytest.mark.parametrize("name", ["release-notes", "notes.zip"])
def test_stopped_at_any_rename_it_leaves_a_whole_pack(
    name: str, at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / name
    write(pack(small()), out)
    new = pack(loads({"SKILL.md": FRONT}, root="release-notes"))
    calls = 0

    def stopped(real: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def call(self: Path, target: Path) -> Path:
            nonlocal calls
            calls += 1
            if calls == at:
                raise KeyboardInterrupt
            return real(self, target)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", stopped(Path.rename))
        patch.setattr(Path, "replace", stopped(Path.replace))
        try:
            write(new, out)
        except KeyboardInterrupt:
            pass
        else:
            assert calls < at
    assert pack(load(out, contents=True)).files in (pack(small()).files, new.files)
    assert not [*tmp_path.glob(".mlskill-*")]


@pytest.mark.parametrize("output", ["/", "a\0b", "", "/dev/null/x", "/proc/x/y"])
def test_an_output_that_cannot_be_is_said(
    output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(PackError):
        write(pack(small()), output)
    assert [*tmp_path.iterdir()] == [tmp_path / "mine"]


# The command.


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    write(pack(small()), tmp_path / "release-notes")
    monkeypatch.chdir(tmp_path)
    assert run(["pack", "release-notes", "--layout", "references"]) == 0
    out, err = capsys.readouterr()
    assert out == Path("dist/references/release-notes.sha256").read_text()
    assert "says guides/style.md, which is now references/guides-style.md" in err
    assert run(["pack", "release-notes", "--output", "x", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["sha256"] == pack(small()).digest
    assert "want the folder of this skill to be called release-notes" in err
    Path("x/SKILL.md").write_text("mine")
    assert run(["pack", "release-notes", "--output", "x"]) == 2
    assert capsys.readouterr().err.startswith("mlskill: x: is not what mlskill wrote there")
    assert run(["pack", "release-notes", "--output", "x", "--force"]) == 0
    Path("release-notes/gone.md").symlink_to("/nowhere/at/all.md")
    assert run(["pack", "release-notes", "--output", "y.zip"]) == 3
    assert "gone.md" in capsys.readouterr().err


# The repository.


def test_the_repository_installs_without_the_library() -> None:
    root = Path(home())
    if not (root / ".agents").is_dir():
        pytest.skip("not in a checkout of the repository")
    folder = root / ".agents" / "skills" / "ml-engineer"
    whole = pack(load(root, contents=True)).files
    found = {p.name: p.resolve() for p in folder.iterdir()}
    tops = {path.partition("/")[0] for path in whole}
    assert found == {top: (root / top).resolve() for top in tops}


def test_the_repository_is_a_marketplace(request: pytest.FixtureRequest) -> None:
    root = Path(home())
    if not (root / ".agents").is_dir():
        pytest.skip("not in a checkout of the repository")
    made = pack(load(root, contents=True), layout="claude-plugin").files
    market = json.loads(made[".claude-plugin/marketplace.json"])
    market["plugins"][0]["source"] = "./.agents"
    wanted = {
        root / ".claude-plugin" / "marketplace.json": json.dumps(market, indent=2) + "\n",
        root / ".agents/.claude-plugin/plugin.json": made[".claude-plugin/plugin.json"].decode(),
    }
    for path, text in wanted.items():
        if request.config.getoption("--update"):
            path.write_text(text, "utf-8")
        assert path.read_text("utf-8") == text, "run  pytest tests/test_packer.py --update"
