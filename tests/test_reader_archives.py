"""The reader on archives: nothing in them is believed."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlskill.errors import NotASkillError
from mlskill.model import LIMITS, Limits, Sources
from mlskill.reader import read
from mlskill.reader.archive import Archive
from mlskill.reader.intake import Intake
from mlskill.reader.tree import RefusedError

MAIN = "---\nname: a\ndescription: b\n---\n"
Members = list[tuple[str | ZipInfo, str | bytes]]


def pack(members: Members, method: int = ZIP_DEFLATED) -> bytes:
    """An archive of these members, and a SKILL.md unless there is one among them."""
    file = BytesIO()
    with ZipFile(file, "w", method) as archive:
        if not any(str(getattr(n, "filename", n)).endswith("SKILL.md") for n, _ in members):
            archive.writestr("SKILL.md", MAIN)
        for name, content in members:
            if isinstance(name, ZipInfo):
                archive.writestr(name, content)
            else:
                # As it stands: ZipInfo replaces what the platform calls a separator.
                info = ZipInfo("x")
                info.filename, info.compress_type = name, method
                archive.writestr(info, content)
    return file.getvalue()


def taken(path: Path, raw: bytes, **options: object) -> Sources:
    path.write_bytes(raw)
    sources = read(path, **options)  # type: ignore[arg-type]
    assert all(f.message.isprintable() and f.path.isprintable() for f in sources.faults)
    return sources


def faults(sources: Sources) -> list[tuple[str, str]]:
    return [(fault.rule, fault.path) for fault in sources.faults]


def files(sources: Sources) -> list[str]:
    return [*(s.path for s in sources.sources), *(a.path for a in sources.assets)]


@pytest.mark.parametrize("method", [ZIP_STORED, ZIP_DEFLATED])
@pytest.mark.parametrize("prefix", ["", "my-skill/", "./"])
@pytest.mark.parametrize("suffix", [".zip", ".skill", ".ZIP"])
def test_archive(tmp_path: Path, method: int, prefix: str, suffix: str) -> None:
    path = tmp_path / f"s{suffix}"
    members: Members = [
        (f"{prefix}SKILL.md", MAIN),
        (f"{prefix}a/b.md", "b\r\n"),
        (f"{prefix}a/c.bin", b"12"),
        (f"{prefix}empty/", b""),
        (f"{prefix}a/.git/config", b""),
        ("__MACOSX/._SKILL.md", b""),
    ]
    sources = taken(path, pack(members, method), contents=True)
    assert (sources.root, sources.location) == (path.as_posix(), f"{path.resolve()}/SKILL.md")
    assert [(s.path, s.text) for s in sources.sources] == [("SKILL.md", MAIN), ("a/b.md", "b\n")]
    assert [(a.path, a.size, a.data) for a in sources.assets] == [("a/c.bin", 2, b"12")]
    assert sources.folders == {"a", "empty"}
    assert (sources.complete, sources.faults) == (True, ())


def test_an_archive_is_as_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    for name in ("SKILL.md", "pyproject.toml", "README.md", "references/A.md", "references/a.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    raw = pack([(str(p.relative_to(folder)), p.name) for p in folder.rglob("*") if p.is_file()])
    one, other = read(folder), taken(tmp_path / "s.zip", raw)
    assert (files(one), one.folders, faults(one), one.project) == (
        files(other),
        other.folders,
        faults(other),
        other.project,
    )


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "not a zip"),
        (b"text", "not a zip"),
        (pack([])[:-30], "not a zip"),
        (pack([("a/SKILL.md", ""), ("b/c.md", "")]), "holds no SKILL.md"),
        (pack([("a/b/SKILL.md", "")]), "holds no SKILL.md"),
        (pack([("../SKILL.md", "")]), "holds no SKILL.md"),
        (pack([("SKILL.md/a", ""), ("b/SKILL.md", "")]), "holds no SKILL.md"),
    ],
)
def test_what_is_no_skill(tmp_path: Path, raw: bytes, why: str) -> None:
    with pytest.raises(NotASkillError, match=why) as caught:
        taken(tmp_path / "s.zip", raw)
    assert str(caught.value).isprintable()


def special(name: str, kind: int) -> ZipInfo:
    info = ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o644) << 16
    return info


@pytest.mark.parametrize(
    ("member", "content", "where", "why"),
    [
        ("../evil.md", "x", "../evil.md", "leads out"),
        ("a/../../evil.md", "x", "a/../../evil.md", "leads out"),
        ("/etc/evil.md", "x", "/etc/evil.md", "absolute"),
        ("C:evil.md", "x", "C:evil.md", "absolute"),
        ("a\\evil.md", "x", "a\\u005cevil.md", "leads out"),
        ("..\\evil.md", "x", "..\\u005cevil.md", "leads out"),
        ("evil.md\0.txt", "x", "evil.md\\u0000.txt", "leads out"),
        ("\0", "x", "\\u0000", "no name"),
        (".", "x", ".", "no name"),
        ("a/..", "x", "a/..", "leads out"),
        ("e" * 256, "x", "e" * 256, "longer"),
        ("e" * 60_000, "x", "e" * 256, "longer"),
        (special("evil.md", stat.S_IFLNK), "/etc/passwd", "evil.md", "link"),
        (special("evil.md", stat.S_IFIFO), "", "evil.md", "device"),
        ("evil.md", "0" * 100_000, "evil.md", "100 times"),
    ],
    ids=range(15),
)
def test_members_that_are_not_read(
    tmp_path: Path, member: str | ZipInfo, content: str, where: str, why: str
) -> None:
    sources = taken(tmp_path / "s.zip", pack([(member, content), ("good.md", "good")]))
    assert faults(sources) == [("archive-unsafe", where)]
    assert why in sources.faults[0].message
    assert files(sources) == ["SKILL.md", "good.md"]
    assert [path.name for path in tmp_path.iterdir()] == ["s.zip"]
    assert not (tmp_path.parent / "evil.md").exists()


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA])
def test_uncommon_methods(tmp_path: Path, method: int) -> None:
    info = ZipInfo("a.md")
    info.compress_type = method
    sources = taken(tmp_path / "s.zip", pack([(info, "a")]))
    assert faults(sources) == [("archive-unsafe", "a.md")]
    assert "uncommon" in sources.faults[0].message


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_clash(tmp_path: Path) -> None:
    members: Members = [(n, n) for n in ("a.md", "b", "b/c.md", "d/e.md", "./a.md", "d//e.md")]
    sources = taken(tmp_path / "s.zip", pack([*members, ("a.md", "other"), ("d/", "")]))
    assert faults(sources) == [
        ("archive-unsafe", "a.md"),
        ("archive-unsafe", "b/c.md"),
        ("archive-unsafe", "d/e.md"),
    ]
    assert files(sources) == ["SKILL.md", "b"]


def test_archives_in_the_archive(tmp_path: Path) -> None:
    names = ["a/in.zip", "b.tar.gz", "data.csv.gz", "c.SKILL"]
    sources = taken(
        tmp_path / "s.zip", pack([("s/SKILL.md", "")] + [("s/" + n, "x") for n in names])
    )
    assert faults(sources) == [("archive-unsafe", n) for n in ("a/in.zip", "b.tar.gz", "c.SKILL")]
    assert files(sources) == ["SKILL.md", *sorted(names)]


def test_names_that_cannot_be_printed(tmp_path: Path) -> None:
    sources = taken(tmp_path / "s.zip", pack([("a\n.md", "a"), ("b\u202e.md", "b")]))
    assert faults(sources) == [
        ("path-unprintable", "a\\u000a.md"),
        ("path-unprintable", "b\\u202e.md"),
    ]
    assert files(sources) == ["SKILL.md", "a\\u000a.md", "b\\u202e.md"]


# lies: LOCAL and CENTRAL are where the headers keep a field

LOCAL = {"flags": (6, "<H"), "method": (8, "<H"), "crc": (14, "<I"), "packed": (18, "<I")}
CENTRAL = {"flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<I"), "packed": (20, "<I")}
LOCAL |= {"size": (22, "<I"), "name": (30, "<B")}
CENTRAL |= {"size": (24, "<I"), "name": (46, "<B"), "offset": (42, "<I")}


def forge(raw: bytes, local: dict[str, int], central: dict[str, int]) -> bytes:
    """`raw` with fields of its last member changed in its own header and in the table."""
    forged = bytearray(raw)
    for sign, fields, places in (
        (b"PK\x03\x04", local, LOCAL),
        (b"PK\x01\x02", central, CENTRAL),
    ):
        start = raw.rindex(sign)
        for field, value in fields.items():
            at, form = places[field]
            struct.pack_into(form, forged, start + at, value)
    return bytes(forged)


TEXT = "some text, some text\n" * 9
PREFIX = {"size": 10, "crc": zlib.crc32(TEXT[:10].encode())}
GONE, KEPT = [], ["a.md"]


@pytest.mark.parametrize(
    ("local", "central", "kept"),
    [
        ({"flags": 1}, {"flags": 1}, GONE),  # encrypted
        ({"flags": 1}, {}, GONE),
        ({"name": ord("b")}, {}, GONE),
        ({}, {"name": ord("b")}, GONE),
        ({"method": 0}, {}, GONE),
        ({"size": 10}, {}, GONE),
        ({}, {"size": 10}, GONE),
        ({}, {"offset": 0}, GONE),
        ({}, {"offset": 1}, GONE),
        ({}, {"offset": 0x7FFFFFFF}, GONE),
        ({"size": 10}, {"size": 10}, GONE),
        ({"size": 4000}, {"size": 4000}, GONE),
        (PREFIX, PREFIX, GONE),
        ({"crc": 1}, {"crc": 1}, GONE),
        ({"packed": 5}, {"packed": 5}, GONE),
        ({"method": 0}, {"method": 0}, GONE),
        ({"flags": 8, "size": 0, "crc": 0, "packed": 0}, {}, KEPT),  # as a stream is packed
    ],
)  # fmt: skip
def test_lies(
    tmp_path: Path, local: dict[str, int], central: dict[str, int], kept: list[str]
) -> None:
    sources = taken(tmp_path / "s.zip", forge(pack([("a.md", TEXT)]), local, central))
    assert [path for path in files(sources) if path != "SKILL.md"] == kept
    assert {rule for rule, _ in faults(sources)} == (set() if kept else {"archive-unsafe"})
    assert all(source.text in (MAIN, TEXT, "") for source in sources.sources)


def test_assets_that_lie_are_not_believed(tmp_path: Path) -> None:
    raw = pack([("a.bin", os.urandom(5000))])
    sources = taken(tmp_path / "s.zip", forge(raw, {"size": 100}, {"size": 100}))
    assert faults(sources) == [("archive-unsafe", "a.bin")]


def test_damaged_data(tmp_path: Path) -> None:
    raw = pack([("a.md", TEXT)])
    start = raw.rindex(b"a.md", 0, raw.index(b"PK\x01\x02")) + 4
    sources = taken(tmp_path / "s.zip", raw[:start] + b"\xff" + raw[start + 1 :])
    assert faults(sources) == [("archive-unsafe", "a.md")]


@pytest.mark.skipif(os.name != "posix", reason="there are pipes on POSIX only")
def test_an_archive_that_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "s.zip")
    with pytest.raises(NotASkillError, match="not a regular file"):
        read(tmp_path / "s.zip")


# limits


def test_a_bomb_costs_nothing(tmp_path: Path) -> None:
    bomb = pack([("a.md", bytes(50 << 20)), ("b.bin", bytes(50 << 20))])
    sources = taken(tmp_path / "s.zip", bomb, contents=True)
    assert files(sources) == ["SKILL.md"]
    assert faults(sources) == [("archive-unsafe", "a.md"), ("archive-unsafe", "b.bin")]


def test_limits(tmp_path: Path) -> None:
    path, name = tmp_path / "s.zip", "/".join("abcdef") + ".md"
    raw = pack([("large.md", os.urandom(2000)), (name, "x"), ("small.md", "x")])
    sources = taken(path, raw, limits=Limits(file_bytes=1000))
    assert faults(sources) == [("limit-reached", "large.md")]
    assert [(a.path, a.size) for a in sources.assets] == [("large.md", 2000)]
    for depth in (4, 2, 0):
        sources = taken(path, raw, limits=Limits(depth=depth))
        assert [rule for rule, _ in faults(sources)] == ["limit-reached"]
        assert "limit depth" in sources.faults[0].message
        assert files(sources) == ["SKILL.md", "large.md", "small.md"]
        assert not sources.complete
    for limits, limit in ((Limits(files=3), "files"), (Limits(total_bytes=1000), "total_bytes")):
        sources = taken(path, raw, limits=limits)
        assert faults(sources) == [("limit-reached", "SKILL.md")]
        assert f"(limit {limit})" in sources.faults[0].message
        assert [s.text for s in sources.sources] == [""]
        assert not sources.complete


def test_many_deep_names(tmp_path: Path) -> None:
    raw = pack([(f"{i}" + "/a" * 30_000, "") for i in range(50)])
    sources = taken(tmp_path / "s.zip", raw)
    assert {rule for rule, _ in faults(sources)} == {"limit-reached"}
    assert files(sources) == ["SKILL.md"]


# a law


VALID = pack([("s/SKILL.md", MAIN), ("s/a.md", TEXT), ("s/b.bin", b"1" * 50)])


@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), max_size=8))
def test_damage_is_noticed_or_harmless(changes: list[tuple[int, int]]) -> None:
    raw = bytearray(VALID)
    for at, value in changes:
        raw[at] = value
    try:
        intake = Intake(Archive(bytes(raw), LIMITS), LIMITS, contents=True)
    except RefusedError:
        return
    if intake.run():
        texts = {source.text for source in intake.sources} | {a.data for a in intake.assets}
        assert texts <= {MAIN, TEXT, b"1" * 50, TEXT.encode(), MAIN.encode(), ""} or intake.faults
