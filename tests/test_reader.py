"""The reader on folders: what it takes, what it refuses, and that it says so."""

from __future__ import annotations

import ast
import os
import random
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import mlskill.reader
from mlskill.errors import MissingPathError, NotASkillError
from mlskill.model import Limits, Sources
from mlskill.reader import decode, disk, read
from mlskill.reader.decoder import wide
from mlskill.reader.names import collisions, printable
from mlskill.reader.tree import RefusedError, TooLargeError

MAIN = "---\nname: a\ndescription: b\n---\n"

posix = pytest.mark.skipif(os.name != "posix", reason="such names and files exist on POSIX only")


def plant(root: Path, files: dict[str, str | bytes]) -> Path:
    """These files in `root`, by path, and a SKILL.md unless there is one among them."""
    for name, content in {"SKILL.md": MAIN, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def faults(sources: Sources) -> list[tuple[str, str]]:
    """Rule and path of each fault; no fault of the reader has a message of two lines."""
    found = [*sources.faults, *(f for s in sources.sources for f in s.faults)]
    assert all(f.message and f.message.isprintable() for f in found)
    for fault in found:
        fault.path.encode()
    return [(fault.rule, fault.path) for fault in found]


def pages(sources: Sources) -> list[str]:
    return [source.path for source in sources.sources]


def files(sources: Sources) -> list[str]:
    return [asset.path for asset in sources.assets]


# decode


@pytest.mark.parametrize(
    ("raw", "text", "fault"),
    [
        (b"", "", None),
        (b"\xef\xbb\xbf# A\n", "# A\n", None),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", "\ufeffa", None),  # only the first is a mark
        (b"a\r\nb\rc\nd\r\r\n", "a\nb\nc\nd\n\n", None),
        (b"a\0b", "a\0b", None),
        ("é😀".encode(), "é😀", None),
        (b"ab\r\ncaf\xe9!", "ab\ncaf\ufffd!", (6, 7, "byte 0xE9 at 2:4 is not UTF-8")),
        (b"\xef\xbb\xbfa\xff", "a\ufffd", (1, 2, "byte 0xFF at 1:2 is not UTF-8")),
        (b"a\r\xff", "a\n\ufffd", (2, 3, "byte 0xFF at 2:1 is not UTF-8")),
        (b"\xc3", "\ufffd", (0, 1, "byte 0xC3 at 1:1 is not UTF-8")),
        (b"\xed\xa0\x80", "\ufffd" * 3, (0, 1, "byte 0xED at 1:1 is not UTF-8")),
        (b"\xff\xfea\0", "", (0, 0, "is not UTF-8 at 1:1 (it looks like UTF-16)")),
        ("# A page".encode("utf-16-be"), "", (0, 0, "is not UTF-8 at 1:1 (it looks like UTF-16)")),
    ],
)
def test_decode(raw: bytes, text: str, fault: tuple[int, int, str] | None) -> None:
    source = decode("a.md", raw)
    assert (source.path, source.raw, source.text) == ("a.md", raw, text)
    if fault is None:
        assert source.faults == ()
    else:
        (found,) = source.faults
        assert (found.rule, found.path) == ("file-not-utf8", "a.md")
        assert (found.start, found.end) == fault[:2]
        assert found.message.startswith(fault[2])
        assert f" {str(source.place(found.start)).removeprefix('a.md:')} " in found.message


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\xe9", b"\xc3\xa9", b"\0"])))
@example([b"\r", b"\n"])
def test_lines_are_line_ends_and_one(parts: list[bytes]) -> None:
    raw = b"".join(parts)
    source = decode("a.md", raw)
    ends = raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")
    assert len(source.starts) == (1 if wide(raw) else ends + 1)
    assert "\r" not in source.text


@given(st.binary())
def test_decode_takes_any_bytes(raw: bytes) -> None:
    source = decode("a.md", raw)
    assert source.raw is raw
    assert len(source.faults) <= 1
    for fault in source.faults:
        assert source.text[fault.start : fault.end] == "\ufffd"


# what is taken


def test_files_by_what_they_are(tmp_path: Path) -> None:
    root = plant(
        tmp_path / "s",
        {
            "b/z.MD": "z",
            "b.markdown": "b",
            "a.mdx": "x",
            "run.py": "1\n",
            ".env": "k",
            ".hidden/a.md": "h",
            "e/f/data.bin": b"\0\0",
        },
    )
    (root / "empty").mkdir()
    sources = read(root)
    assert pages(sources) == [".hidden/a.md", "SKILL.md", "a.mdx", "b.markdown", "b/z.MD"]
    found = [(asset.path, asset.size, asset.data) for asset in sources.assets]
    assert found == [(".env", 1, None), ("e/f/data.bin", 2, None), ("run.py", 2, None)]
    assert sources.folders == {".hidden", "b", "e", "e/f", "empty"}
    assert (sources.complete, sources.project, sources.faults) == (True, False, ())


def test_contents(tmp_path: Path) -> None:
    root = plant(tmp_path, {"a.bin": b"12345", "b.bin": b"1234"})
    sources = read(root, contents=True, limits=Limits(asset_bytes=4))
    assert [(a.path, a.size, a.data) for a in sources.assets] == [
        ("a.bin", 5, None),
        ("b.bin", 4, b"1234"),
    ]
    assert faults(sources) == [("limit-reached", "a.bin")]


def test_root_and_location(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = plant(tmp_path / "s", {"a.md": ""})
    (tmp_path / "link").symlink_to("s", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    wanted = (root.resolve() / "SKILL.md").as_posix()
    for named, as_root in [
        ("s", "s"),
        ("s/", "s"),
        ("./s", "s"),
        ("s/SKILL.md", "s"),
        (Path("s"), "s"),
        ("link", "link"),
        ("link/SKILL.md", "link"),
        (str(root), root.as_posix()),
    ]:
        sources = read(named)
        assert (sources.root, sources.location) == (as_root, wanted)
        assert pages(sources) == ["SKILL.md", "a.md"]
    monkeypatch.chdir(root)
    assert read(".").root == read("SKILL.md").root == "."


def test_what_is_no_skill(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd" / "SKILL.md").mkdir(parents=True)
    (tmp_path / "a.md").write_text("a")
    for path in ("none", "a.md/SKILL.md", "empty/SKILL.md", "a\0b", "x" * 5000):
        with pytest.raises(MissingPathError, match="no such file or folder") as caught:
            read(tmp_path / path)
        assert str(caught.value).isprintable()
    for path, why in [
        ("empty", "holds no SKILL.md"),
        ("odd", "holds no SKILL.md"),
        ("a.md", "is neither a folder"),
    ]:
        with pytest.raises(NotASkillError, match=f"{path}: {why}"):
            read(tmp_path / path)


@posix
def test_skill_file_in_another_case(tmp_path: Path) -> None:
    root = plant(tmp_path, {"a.md": ""})
    (root / "SKILL.md").rename(root / "Skill.MD")
    sources = read(root)
    assert pages(sources) == ["SKILL.md", "a.md"]
    assert sources.location.endswith("/Skill.MD")
    assert faults(sources) == [("skill-file-case", "SKILL.md")]
    plant(root, {})
    assert faults(read(root)) == [("path-collision", "Skill.MD")]


def test_skipped(tmp_path: Path) -> None:
    skipped = (".git/config", "a/node_modules/b/c.md", "a/__pycache__/d.md", ".venv/x.md")
    venv = {"env/pyvenv.cfg": "", "env/lib/site.md": ""}
    sources = read(plant(tmp_path / "s", dict.fromkeys(skipped[1:], "") | venv | {"a/e.md": ""}))
    assert pages(sources) == ["SKILL.md", "a/e.md"]
    assert (files(sources), sources.folders, sources.faults) == ([], {"a"}, ())


PROJECT = {
    "README.md": "r",
    "LICENSE": "l",
    "notes 1.md": "n",
    "tests/t.md": "t",
    "src/mine/a.py": "",
    "references/r.md": "r",
    "guides/g.md": "g",
    "uides/g.md": "u",
    "lib.py": "",
}


@pytest.mark.parametrize(
    "marker", [".git", "pyproject.toml", "package.json", "Cargo.toml", "go.mod"]
)
def test_project(tmp_path: Path, marker: str) -> None:
    text = MAIN + "[n](notes%201.md), `guides/g.md`, run lib.py"
    root = plant(tmp_path, PROJECT | {"SKILL.md": text})
    assert len(pages(read(root))) == 7
    (root / marker).write_text("")
    sources = read(root)
    assert sources.project
    assert pages(sources) == ["SKILL.md", "guides/g.md", "notes 1.md", "references/r.md"]
    assert files(sources) == ["lib.py"]
    assert sources.folders == {"guides", "references"}
    assert sources.faults == ()


@posix
def test_a_project_with_names_that_are_not_text(tmp_path: Path) -> None:
    root = plant(tmp_path, {"go.mod": "", "caf\udce9.md": "", "SKILL.md": MAIN + "caf%E9.md"})
    assert pages(read(root)) == ["SKILL.md", "caf\\xe9.md"]


def test_a_marker_further_down_is_no_project(tmp_path: Path) -> None:
    sources = read(plant(tmp_path, {"app/package.json": "{}", "README.md": ""}))
    assert not sources.project
    assert pages(sources) == ["README.md", "SKILL.md"]


# what is refused


@pytest.fixture(params=["descriptors", "paths"])
def platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every guard holds, too, where the platform cannot open a name in an open folder."""
    if request.param == "paths":
        monkeypatch.setattr(disk, "_BY_DESCRIPTOR", False)
        monkeypatch.setattr(disk, "_FILE", os.O_RDONLY)


@posix
@pytest.mark.usefixtures("platform")
def test_special_files_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = plant(tmp_path / "s", {"a.md": "a"})
    os.mkfifo(root / "pipe.md")
    os.mkfifo(root / "pipe.bin")
    monkeypatch.chdir(root)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("sock.md")
        sources = read(root, contents=True)
    assert pages(sources) == ["SKILL.md", "a.md"]
    assert files(sources) == []
    assert faults(sources) == [
        ("file-not-regular", "pipe.bin"),
        ("file-not-regular", "pipe.md"),
        ("file-not-regular", "sock.md"),
    ]


@posix
@pytest.mark.usefixtures("platform")
def test_links(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    root = plant(tmp_path / "s", {"a/b.md": "b", ".git/config": "password"})
    (tmp_path / "s-twin").mkdir()
    (tmp_path / "s-twin" / "t.md").write_text("a prefix of the path is no folder of it")
    for name, target in {
        "inside.md": "a/b.md",
        "a/up.md": "../SKILL.md",
        "twice.md": "inside.md",
        "absolute.md": str(root / "a" / "b.md"),
        "folder": "a",
        "self": ".",
        "a/cycle": "..",
        "out.md": "../secret.md",
        "twin.md": "../s-twin/t.md",
        "zero.md": "/dev/zero",
        "etc": "/etc",
        "parent": "..",
        "dangling.md": "nothing.md",
        "circle.md": "circle.md",
        "through.md": "parent/secret.md",
        "token.md": ".git/config",
    }.items():
        (root / name).symlink_to(target)
    (root / ".git" / "config").unlink()
    (root / ".git").rmdir()
    plant(root, {"node_modules/config": "password"})
    (root / "token.md").unlink()
    (root / "token.md").symlink_to("node_modules/config")
    sources = read(root)
    text = {source.path: source.text for source in sources.sources}
    assert text == {
        "SKILL.md": MAIN,
        "a/b.md": "b",
        "a/up.md": MAIN,
        "absolute.md": "b",
        "inside.md": "b",
        "twice.md": "b",
    }
    assert sources.folders == {"a", "a/cycle", "folder", "self"}
    escaped = (
        "a/cycle circle.md dangling.md etc out.md parent self through.md token.md twin.md zero.md"
    )
    assert faults(sources) == [("symlink-escapes", path) for path in escaped.split()]
    assert sources.complete


@posix
@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("pipe", "file-not-regular"),
        ("link out", "symlink-escapes"),
        ("link to a folder", "file-not-regular"),
        ("large", "limit-reached"),
        ("sparse", "limit-reached"),
    ],
)
def test_a_skill_file_that_cannot_be_read(tmp_path: Path, kind: str, rule: str) -> None:
    root = plant(tmp_path / "s", {"a.md": "a", "b/c.md": "c"})
    main = root / "SKILL.md"
    main.unlink()
    match kind:
        case "pipe":
            os.mkfifo(main)
        case "link out":
            main.symlink_to("/etc/passwd")
        case "link to a folder":
            main.symlink_to("b")
        case "large":
            main.write_bytes(b"x" * (Limits().file_bytes + 1))
        case _:
            main.touch()
            os.truncate(main, 10 << 30)
    sources = read(root)
    assert [(s.path, s.text) for s in sources.sources] == [
        ("SKILL.md", ""),
        ("a.md", "a"),
        ("b/c.md", "c"),
    ]
    assert files(sources) == []
    assert faults(sources) == [(rule, "SKILL.md")]
    assert sources.complete == (rule != "limit-reached")


def test_what_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = plant(tmp_path, {"a.md": "a", "b.md": "b", "c/d.md": "d"})
    real = os.open

    def refusing(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if Path(path).name in ("b.md", "c"):
            raise PermissionError(13, "Permission denied")
        return real(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing)
    sources = read(root)
    assert pages(sources) == ["SKILL.md", "a.md"]
    assert faults(sources) == [("file-unreadable", "b.md"), ("file-unreadable", "c")]


@posix
@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize("swap", ["pipe", "link", "other"])
def test_a_file_that_is_swapped_between_look_and_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swap: str
) -> None:
    plant(tmp_path / "s", {"a.md": "a"})
    secret, victim = tmp_path / "secret", tmp_path / "s" / "a.md"
    secret.write_text("secret")
    real = os.open

    def swapping(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        if Path(path).name == "a.md":
            victim.unlink()
            if swap == "pipe":
                os.mkfifo(victim)
                flags |= os.O_NONBLOCK
            elif swap == "link":
                victim.symlink_to(secret)
            else:
                os.link(secret, victim)
        return real(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", swapping)
    sources = read(tmp_path / "s")
    assert pages(sources) == ["SKILL.md"]
    assert faults(sources) == [("file-unreadable", "a.md")]


def test_a_file_that_grows_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"123")
    real = os.open

    def growing(path: str, flags: int, *, dir_fd: int | None = None) -> int:
        with Path(path).open("ab") as file:
            file.write(b"4" * 100_000)
        return real(path, flags, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", growing)
    assert len(disk.take(None, str(tmp_path / "a"), 200_000)) == 100_003
    with pytest.raises(TooLargeError):
        disk.take(None, str(tmp_path / "a"), 200_002)
    with pytest.raises(TooLargeError):
        disk.take(None, str(tmp_path / "a"), 100)


@posix
def test_names(tmp_path: Path) -> None:
    root = plant(tmp_path, {"ok é.md": ""})
    raw = [b"a\n::error::pwn.md", b"\x1b[31m.md", b"caf\xe9.md", b"b\\u000a.md", b"d\\x", b"b\n.md"]
    names = [*raw, "x\u202egnp.md".encode(), "tag\U000e0041\u00a0.md".encode(), b"dir\n"]
    for name in names[:-1]:
        os.close(os.open(os.fsencode(root) + b"/" + name, os.O_CREAT))
    (root / "dir\n").mkdir()
    (root / "dir\n" / "in.md").write_text("found")
    sources = read(root)
    taken = [*pages(sources), *files(sources)]
    assert len(set(taken)) == len(names) + 2
    assert all(path.isprintable() for path in taken)
    assert {"caf\\xe9.md", "b\\u000a.md", "b\\u005cu000a.md", "dir\\u000a/in.md"} <= set(taken)
    assert {rule for rule, _ in faults(sources)} == {"path-unprintable"}
    assert len(sources.faults) == len(names)


@given(st.lists(st.text(st.characters(codec=None)), min_size=2, max_size=2, unique=True))
def test_printable_names_stay_apart(names: list[str]) -> None:
    first, second = map(printable, names)
    assert first != second
    first.encode()


@posix
def test_collisions(tmp_path: Path) -> None:
    names = [
        "Readme.md",
        "README.md",
        "caf\u00e9.md",
        "cafe\u0301.md",
        "D/a.md",
        "d/a.md",
        "d/b.md",
    ]
    sources = read(plant(tmp_path, dict.fromkeys(names, "")))
    assert faults(sources) == [
        ("path-collision", "Readme.md"),
        ("path-collision", "caf\u00e9.md"),
        ("path-collision", "d"),
    ]
    assert "README.md" in sources.faults[0].message
    assert "cafe\u0301.md" in sources.faults[1].message


def test_collisions_below_folders_that_collide() -> None:
    assert list(collisions(["D/a", "d/A", "d/a"])) == [("d/A", "d/a")]


# limits


def test_a_file_over_the_limit_is_still_there(tmp_path: Path) -> None:
    root = plant(tmp_path, {"a.md": "x" * 100, "b.md": "x" * 101})
    sources = read(root, limits=Limits(file_bytes=100))
    assert pages(sources) == ["SKILL.md", "a.md"]
    assert [(a.path, a.size) for a in sources.assets] == [("b.md", 101)]
    assert faults(sources) == [("limit-reached", "b.md")]
    assert "100 bytes" in sources.faults[0].message
    assert "limit file_bytes" in sources.faults[0].message
    assert not sources.complete


def test_all_bytes(tmp_path: Path) -> None:
    root = plant(tmp_path, {f"{c}.md": "x" * 10 for c in "abcd"})
    sources = read(root, limits=Limits(total_bytes=len(MAIN) + 25))
    assert pages(sources) == ["SKILL.md", "a.md", "b.md"]
    assert files(sources) == ["c.md", "d.md"]
    assert faults(sources) == [("limit-reached", "c.md")]


def test_many_files(tmp_path: Path) -> None:
    root = plant(tmp_path / "s", {"a/0.md": "", "c.md": ""})
    (root / "b").mkdir()
    for i in range(1_000):
        os.close(os.open(root / "b" / f"{i}.md", os.O_CREAT))
    sources = read(root, limits=Limits(files=100))
    assert pages(sources) == ["SKILL.md", "a/0.md", "c.md"]
    assert faults(sources) == [("limit-reached", "b")]
    assert not sources.complete
    plant(root / "b", {})
    sources = read(root / "b", limits=Limits(files=100))  # even beside the file itself
    assert pages(sources) == ["SKILL.md"]
    assert faults(sources) == [("limit-reached", "SKILL.md")]
    (root / "b" / "SKILL.md").unlink()
    with pytest.raises(NotASkillError, match="holds no SKILL"):
        read(root / "b", limits=Limits(files=100))


@posix
@pytest.mark.usefixtures("platform")
def test_deep_folders(tmp_path: Path) -> None:
    root = plant(tmp_path / "s", {"b/b/c.md": "", "b/b/b/d.md": ""})
    outer, inner = root / "a", tmp_path / "a"
    outer.mkdir()
    for _ in range(999):  # from the inside out, and back below: no call sees a long path
        outer.rename(inner)
        outer.mkdir()
        inner.rename(outer / "a")
    sources = read(root, limits=Limits(depth=2))
    assert pages(sources) == ["SKILL.md", "b/b/c.md"]
    assert faults(sources) == [("limit-reached", "a/a/a"), ("limit-reached", "b/b/b")]
    assert len(read(root, limits=Limits(depth=200)).folders) == 201 + 3
    for _ in range(999):
        (outer / "a").rename(inner)
        outer.rmdir()
        inner.rename(outer)


@posix
def test_paths_longer_than_the_system_opens_at_once(tmp_path: Path) -> None:
    plant(tmp_path / "s", {})
    name = "n" * 250
    folder = os.open(tmp_path / "s", os.O_RDONLY)
    for _ in range(20):
        os.mkdir(name, dir_fd=folder)
        below = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(os.open("end.md", os.O_CREAT, dir_fd=folder))
    os.close(folder)
    assert pages(read(tmp_path / "s")) == ["SKILL.md", "/".join([name] * 20 + ["end.md"])]
    shutil.rmtree(tmp_path / "s")


# order and architecture


def test_the_order_of_the_file_system_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = plant(tmp_path, {f"{d}/{f}.md": f for d in "bca" for f in "zyx"} | {"b.md": "", "1": ""})
    cases = [Limits(), Limits(files=7), Limits(files=3), Limits(total_bytes=40)]
    wanted = [read(root, limits=limits) for limits in cases]
    real = os.scandir

    class Shuffled:
        def __init__(self, folder: int | str) -> None:
            with real(folder) as entries:
                self.entries = list(entries)
            random.shuffle(self.entries)

        def __enter__(self) -> Iterator[os.DirEntry[str]]:
            return iter(self.entries)

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Shuffled)
    for _ in range(10):
        assert [read(root, limits=limits) for limits in cases] == wanted


def test_only_the_disk_opens() -> None:
    opening = {"open", "read_bytes", "read_text", "scandir", "walk", "iterdir", "fdopen", "FileIO"}
    for path in Path(mlskill.reader.__file__).parent.glob("*.py"):
        calls = {
            getattr(node.func, "attr", getattr(node.func, "id", ""))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        }
        assert path.name == "disk.py" or not calls & opening, path


@posix
def test_take_refuses_what_is_not_regular(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link", "."):
        with pytest.raises(RefusedError, match="not a regular file"):
            disk.take(None, str(tmp_path / name), 10)
