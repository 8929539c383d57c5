"""The kept index of the packaged skill: equal to one made anew, whatever happened to its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlskill import Index, load, search
from mlskill.caches import trusted
from mlskill.home import home
from mlskill.loader import loads
from mlskill.reader import read
from mlskill.searcher import kept, meanings
from mlskill.searcher.texts import searched

QUERY = "why does p99 explode when I add workers"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MLSKILL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "choose", lambda: meanings.SMALL)
    return tmp_path / "cache" / "search"


def test_the_second_time_nothing_is_made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = search(kept.kept_index(), QUERY)
    assert first == search(Index([load()]), QUERY)
    monkeypatch.setattr(kept, "load", lambda: pytest.fail("made anew"))
    assert search(kept.kept_index(), QUERY) == first
    assert len([*folder.iterdir()]) == 1


def test_a_loaded_skill_shares_the_file(folder: Path) -> None:
    skill = load()
    texts = [*searched(skill)]
    assert sorted(texts) == sorted(searched(read(home())))
    assert "resources/questions.txt" in dict(texts)
    assert search(skill, QUERY) == search(kept.kept_index(), QUERY)
    assert len([*folder.iterdir()]) == 1


def test_what_changes_in_a_nested_skill_is_seen(folder: Path) -> None:
    said = "[SKILL.md]\nlet the dough rest\n"
    for word, found in (("yeast", 1), ("sourdough", 0)):
        files = {"SKILL.md": "# Kitchen", "questions.txt": said}
        skill = loads({**files, "skills/b/SKILL.md": f"# Bread\n\n{word} rises"})
        assert len(search(skill, "yeast rises")) >= found
        assert bool(search(skill, "yeast")) is bool(found)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def spoil(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("harm", [cut, spoil, empty, a_folder])
def test_a_spoilt_file_is_as_if_it_were_not_there(
    harm: Callable[[Path], None], folder: Path
) -> None:
    wanted = search(kept.kept_index(), QUERY)
    [file] = folder.iterdir()
    harm(file)
    assert search(kept.kept_index(), QUERY) == wanted


def test_another_text_or_model_has_another_key() -> None:
    texts = [("a", "b"), ("c", "d")]
    keys = {
        kept._key(texts, "m"),
        kept._key([("a", "bc"), ("", "d")], "m"),
        kept._key(texts, "n"),
    }
    assert len(keys) == 3
    assert kept._key(texts[::-1], "m") in keys


def test_few_files_are_kept(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(kept.MOST + 5):
        (folder / f"{number}.idx").write_bytes(b"old")
    kept.kept_index()
    assert len([*folder.iterdir()]) == kept.MOST


def test_a_folder_that_others_can_write_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    assert not trusted(str(tmp_path / "open"))
    assert trusted(str(tmp_path / "own"))
    assert not trusted(None)
