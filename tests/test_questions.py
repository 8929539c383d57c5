"""questions.txt: what people ask, read by search beside the skill's pages."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mlskill.home import home
from mlskill.loader import load, loads
from mlskill.model import Limits
from mlskill.reader import read
from mlskill.searcher import search
from mlskill.searcher.registry import open_index, update
from mlskill.searcher.sayings import questions

MAIN = "# Kitchen\n\n[bread](bake/bread.md), [soup](bake/soup.md)\n"
PAGES = {
    "SKILL.md": MAIN,
    "bake/bread.md": "# Bread\n\nYeast.\n",
    "bake/soup.md": "# Soup\n\nPot.\n",
}
ASKED = """For search.

[bake/bread.md]
my loaf collapses
[rank0]: it is raw inside

[]
fix my bike
"""


def places(files: dict[str, str | bytes], query: str) -> list[str]:
    return list(dict.fromkeys(hit.path for hit in search(loads(files), query)))


@pytest.mark.parametrize("path", ["questions.txt", "resources/questions.txt"])
@pytest.mark.parametrize("query", ["loaf collapses", "raw inside"])
def test_a_page_is_found_by_what_people_ask(path: str, query: str) -> None:
    assert places(PAGES, query) == []
    assert places(PAGES | {path: ASKED}, query) == ["bake/bread.md"]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"bread.md": "# Bread"}, ["bread.md"]),  # moved by `pack --layout`
        ({"a/bread.md": "# Bread", "b/bread.md": "# Bread"}, []),  # which of the two?
        ({"cake.md": "# Cake"}, []),  # gone
    ],
)
def test_a_page_that_lies_elsewhere(files: dict[str, str | bytes], found: list[str]) -> None:
    assert places({"SKILL.md": "# Kitchen", "questions.txt": ASKED, **files}, "loaf") == found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"\x00" * 100,
        b"[bake/bread.md]",
        b"[../../etc/passwd.md]\nloaf\n",
        b"loaf\n",
    ],
)
def test_what_says_nothing(data: bytes) -> None:
    assert places(PAGES | {"questions.txt": data}, "loaf collapses") == []


def write(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def test_only_this_file_is_read_and_only_up_to_the_limit(tmp_path: Path) -> None:
    folder = write(tmp_path, PAGES | {"questions.txt": ASKED, "notes.txt": ASKED})
    data = {asset.path: asset.data for asset in read(folder).assets}
    assert data == {"questions.txt": ASKED.encode(), "notes.txt": None}
    short = read(folder, limits=Limits(file_bytes=60))
    assert {asset.data for asset in short.assets} == {None}
    assert short.complete  # the skill is whole without it


def test_an_index_sees_that_it_changed(tmp_path: Path) -> None:
    folder, file = write(tmp_path / "skills/kitchen", PAGES), tmp_path / "index"
    for text, found in (("", 0), (ASKED, 1), (ASKED.replace("loaf", "brick"), 0)):
        (folder / "questions.txt").write_text(text)
        update(file, [str(tmp_path / "skills")])
        opened = open_index(file)
        assert len({hit.path for hit in search(opened, "loaf")}) == found
        opened.database.close()


def test_ours() -> None:
    """Each line is asked once, and each page but the list of versions answers some."""
    asked = questions((home() / "resources/questions.txt").read_text("utf-8"))
    pages = {document.path for document in load().modules} - {"resources/versions.md"}
    assert set(asked) == pages | {""}
    often = Counter(line.casefold() for lines in asked.values() for line in lines)
    assert [line for line, count in often.items() if count > 1] == []


@pytest.mark.parametrize("query", ["zzzz", "zzzz qqqq", "asdfghjkl", "123456", "qwertz uiop"])
def test_noise_is_near_to_anything_and_finds_nothing(query: str) -> None:
    assert search(load(), query) == ()
