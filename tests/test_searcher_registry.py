from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from mlskill.apps.cli import run
from mlskill.errors import IndexFileError, MissingPathError
from mlskill.searcher import index, lexicon, search
from mlskill.searcher.registry import open_index, update

DISHES = ("bread", "soup", "noodles", "pancakes")


def write(folder: Path, name: str, text: str) -> Path:
    skill = folder / name
    skill.mkdir(parents=True, exist_ok=True)
    page = f"---\nname: {name}\ndescription: Use when {name} is cooked.\n---\n# {name.title()}\n\n"
    (skill / "SKILL.md").write_text(f"{page}{text}\n")
    return skill


@pytest.fixture
def kitchen(tmp_path: Path) -> Path:
    folder = tmp_path / "kitchen"
    for dish in DISHES:
        write(folder, dish, f"## Serving\n\nServe {dish} with parsley.")
    return folder


def paths(index: Path, query: str) -> list[str]:
    opened = open_index(index)
    found = [Path(hit.path).parent.name for hit in search(opened, query)]
    opened.database.close()
    return list(dict.fromkeys(found))


def counts(index: Path, folder: Path) -> tuple[int, int, int, int]:
    done = update(index, [str(folder)])
    return done.added, done.changed, done.same, done.removed


def dump(index: Path) -> list[tuple[object, ...]]:
    """All that is stored, without the numbers of rows."""
    database = sqlite3.connect(index)
    rows = database.execute(
        "SELECT root, digest, path, anchor, tokens, plain, fields FROM sections"
        " JOIN documents ON sections.document = documents.id"
        " JOIN skills ON skills.id = documents.id / (1 << 20) ORDER BY root, path, start"
    ).fetchall()
    words = database.execute("SELECT count(*) FROM words WHERE words MATCH 'parsley'").fetchone()
    database.close()
    return [*rows, words]


def test_only_what_changed_is_read_again(kitchen: Path, tmp_path: Path) -> None:
    index = tmp_path / "a.idx"
    assert counts(index, kitchen) == (4, 0, 0, 0)
    assert counts(index, kitchen) == (0, 0, 4, 0)
    assert paths(index, "serve soup with parsley")[0] == "soup"
    write(kitchen, "soup", "## Stock\n\nSimmer marrowbones.")
    shutil.rmtree(kitchen / "noodles")
    assert counts(index, kitchen) == (0, 1, 2, 1)
    assert paths(index, "simmer marrowbones") == ["soup"]
    assert "noodles" not in paths(index, "serve noodles with parsley")
    fresh = tmp_path / "fresh.idx"
    update(fresh, [str(kitchen)])
    assert dump(index) == dump(fresh)


def test_progress_is_told(kitchen: Path, tmp_path: Path) -> None:
    told: list[int] = []
    done = update(tmp_path / "a.idx", [str(kitchen)], told=told.append)
    assert sum(told) == done.added > 0


def test_other_folders_stay(kitchen: Path, tmp_path: Path) -> None:
    index, garden = tmp_path / "a.idx", tmp_path / "garden"
    write(garden, "compost", "## Turning\n\nTurn the heap.")
    update(index, [str(kitchen), str(garden)])
    assert counts(index, garden) == (0, 0, 1, 0)
    assert paths(index, "turn the compost heap") == ["compost"]
    assert len(paths(index, "parsley")) == 4


def test_two_jobs_store_what_one_does(kitchen: Path, tmp_path: Path) -> None:
    pytest.importorskip("joblib", reason="the extra jobs is not installed")
    one, two = tmp_path / "one.idx", tmp_path / "two.idx"
    update(one, [str(kitchen)])
    update(two, [str(kitchen)], jobs=2)
    assert dump(one) == dump(two)


def test_a_killed_update_loses_nothing(tmp_path: Path) -> None:
    many, index = tmp_path / "many", tmp_path / "a.idx"
    for number in range(400):
        write(many, f"dish{number}", f"## Serving\n\nServe number{number} with parsley.")
    command = [sys.executable, "-m", "mlskill", "index", str(many), "--output", str(index)]
    kept: list[int] = []
    while len(kept) < 3:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        before = kept[-1] if kept else 0
        while process.poll() is None and stored(index) <= before:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:
            break
        kept.append(stored(index))
        assert kept == sorted(kept)
    assert kept, "the update was over before it could be killed"
    assert counts(index, many)[0] == 400 - kept[-1]
    fresh = tmp_path / "fresh.idx"
    update(fresh, [str(many)])
    assert dump(index) == dump(fresh)


def stored(index: Path) -> int:
    if not index.exists():
        return 0
    database = sqlite3.connect(f"{index.as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        return int(database.execute("SELECT count(*) FROM skills").fetchone()[0])
    except sqlite3.OperationalError:  # not made yet
        return 0
    finally:
        database.close()


def break_header(data: bytes) -> bytes:
    return b"x" * 100 + data[100:]


def break_middle(data: bytes) -> bytes:
    return data[:5000] + os.urandom(len(data) - 5000)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize("spoil", [break_header, break_middle, cut, lambda data: b"no database"])
def test_a_damaged_index_is_an_error(
    kitchen: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: object,
) -> None:
    index = tmp_path / "a.idx"
    update(index, [str(kitchen)])
    index.write_bytes(spoil(index.read_bytes()))  # type: ignore[operator]
    for command in (
        ["search", "--index", str(index), "serve soup with parsley"],
        ["index", str(kitchen), "--output", str(index)],
    ):
        assert run(command) == 2
        shown = capsys.readouterr().err
        assert shown.count("\n") == 1
        assert "make it anew with mlskill index" in shown


@pytest.mark.parametrize("row", [b"\x7f" * 128, b"\x80" * 128, b"\x01" * 127, b""])
def test_numbers_that_no_text_has_are_an_error_or_nothing(
    kitchen: Path, tmp_path: Path, row: bytes
) -> None:
    file = tmp_path / "a.idx"
    update(file, [str(kitchen)])
    database = sqlite3.connect(file)
    lines = database.execute("SELECT count(*) FROM lines").fetchone()[0]
    with database:
        database.execute("UPDATE meanings SET lines = ?", (row * lines,))
    database.close()
    with suppress(IndexFileError):
        search(open_index(file), "serve soup with parsley")


def test_what_is_no_index(tmp_path: Path, kitchen: Path) -> None:
    with pytest.raises(MissingPathError):
        open_index(tmp_path / "none.idx")
    other = tmp_path / "other.db"
    database = sqlite3.connect(other)
    database.execute("CREATE TABLE skills(id)")
    database.commit()
    database.close()
    before = other.read_bytes()
    for use in (open_index, lambda path: update(path, [str(kitchen)])):
        with pytest.raises(IndexFileError):
            use(other)
    assert other.read_bytes() == before
    with pytest.raises(IndexFileError):
        update(tmp_path / "no" / "such" / "folder.idx", [str(kitchen)])


def test_the_commands(kitchen: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = tmp_path / "a.idx"
    assert run(["index", str(kitchen)]) == 2
    assert run(["index", str(kitchen), "--output", str(index)]) == 0
    assert capsys.readouterr().out.startswith("4 added, 0 changed, 0 as they were, 0 removed: ")
    assert run(["search", "--index", str(index), "serve", "pancakes"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{kitchen}/pancakes/SKILL.md#")
    assert run(["render", shown.split()[0]]) == 0
    assert "Serve pancakes" in capsys.readouterr().out
    assert run(["search", "--index", str(index), "tax return"]) == 1
    assert run(["index", str(tmp_path / "none"), "--output", str(index)]) == 2


def test_the_bulk_form(kitchen: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (kitchen / "soup" / "SKILL.md").write_bytes(
        b"# S\n\n## \xed\xa0\x80\n\nline\xe2\x80\xa8end \x1b\n"
    )
    assert run(["index", str(kitchen), "--format", "ndjson"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines.pop() == ""
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    for action, section in pairs:
        assert json.loads(action)["index"]["_id"].startswith(json.loads(section)["path"])
    assert len({action for action, _ in pairs}) == len(pairs)
    assert any(json.loads(section)["title"] == "Serving" for _, section in pairs)


@pytest.mark.parametrize("form", ["sqlite", "ndjson"])
def test_a_folder_without_skills_is_an_error(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    out = ["--output", str(tmp_path / "index")]
    assert run(["index", str(tmp_path / "empty"), "--format", form, *out]) == 2
    assert "no SKILL.md here or below" in capsys.readouterr().err


def test_a_server_searches_the_index(kitchen: Path, tmp_path: Path) -> None:
    pytest.importorskip("mcp", reason="needs the extra `mcp`")
    from mlskill.apps.mcp.shelf import Shelf

    update(tmp_path / "index", [str(kitchen)])
    opened = open_index(tmp_path / "index")
    elsewhere = tmp_path / "elsewhere"
    for name in ("toast", "salad"):
        write(elsewhere, name, "With parsley.")
    for folder, wanted in ((kitchen, set(DISHES)), (elsewhere, set())):
        shelf = Shelf([str(folder)], opened)
        shelf.scan()
        hits = shelf.search("parsley", 20)
        assert {place for place, _ in hits} == wanted  # what is not served is not found
        assert all(hit.path == "SKILL.md" for _, hit in hits)


def test_a_common_word_is_looked_for_where_the_rare_ones_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        write(tmp_path / "kitchen", f"stew-{number}", "## Salt\n\nSalt, salt and salt.")
    write(tmp_path / "kitchen", "saffron", f"{'Rice with milk. ' * 40}A little salt.")
    update(tmp_path / "index", [str(tmp_path / "kitchen")])
    for module in (index, lexicon):
        monkeypatch.setattr(module, "MOST_ROWS", 5)
    assert paths(tmp_path / "index", "salt saffron rice")[0] == "saffron"
    words = open_index(tmp_path / "index").evidence("salt saffron rice")
    assert max(words.covered.values()) == pytest.approx(1.0)
