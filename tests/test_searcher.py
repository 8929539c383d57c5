from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlskill.apps.cli import run
from mlskill.home import home
from mlskill.loader import load, loads
from mlskill.model import Skill
from mlskill.searcher import Index, search
from mlskill.searcher.words import STOP, asked, meant, words

FILES = {
    "SKILL.md": "---\nname: kitchen\ndescription: Use when food is cooked.\n---\n# Kitchen\n\n"
    "## [Bread](bread.md)\n\nOpen for sourdough and rolls.\n\n"
    "## [Soup](soup.md)\n\nOpen for stock and broth.\n",
    "bread.md": "---\ndescription: Loaves, ovens, starters.\n---\n# Bread\n\n"
    '## Use when\n\n- "crumb is gummy"\n\nNot for dumplings → [soup](soup.md).\n\n'
    "## Pitfalls\n\n| Symptom | Cause | Fix |\n| --- | --- | --- |\n"
    "| flat loaf | cold dough | wait |\n\n"
    "## Proofing\n\nLet it stand warm. Kubernetes would not help.\n\n"
    "```python\noven.set_heat(240)  # BakeStone\n```\n<!-- secret ingredient -->\n",
    "soup.md": "# Soup\n\n## Stock\n\nSimmer bones. Skim it. Behaviour of salt.\n\n"
    "## Thickening\n\nFlour, or reduce. Quantise nothing.\n",
}
KITCHEN = loads(FILES)
OURS = load(home())


def top(skill: Skill, query: str) -> str:
    hits = search(skill, query)
    return f"{hits[0].path}#{hits[0].anchor}" if hits else ""


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("gummy crumb", "bread.md#use-when"),
        ("loaf flat", "bread.md#pitfalls"),
        ("simmering bones", "soup.md#stock"),
        ("simmer bnes", "soup.md#stock"),
        ("ismmer bones", "soup.md#stock"),
        ("k8s", "bread.md#proofing"),
        ("oven.set_heat", "bread.md#proofing"),
        ("set_heat", "bread.md#proofing"),
        ("stone", "bread.md#proofing"),
        ("BakeStone", "bread.md#proofing"),
        ("behavior of salt", "soup.md#stock"),
        ("quantization", "soup.md#thickening"),
        ("THICKENING?!", "soup.md#thickening"),
        ("secret ingredient", ""),
        ("what is the", ""),
        ("tax return", ""),
        ("", ""),
    ],
)
def test_what_is_found(query: str, found: str) -> None:
    assert top(KITCHEN, query) == found


def test_a_link_speaks_for_what_it_leads_to() -> None:
    assert {hit.path for hit in search(KITCHEN, "broth")} == {"soup.md"}
    assert {hit.path for hit in search(KITCHEN, "dumplings")} == {"soup.md"}


def test_a_hit_says_where_and_what() -> None:
    hit = search(KITCHEN, "simmer bones", limit=1, count=len)[0]
    assert (hit.path, hit.anchor, hit.title) == ("soup.md", "stock", "Stock")
    assert hit.snippet == "Simmer bones. Skim it. Behaviour of salt."
    assert hit.tokens == len("## Stock\n\nSimmer bones. Skim it. Behaviour of salt.\n\n")


def test_many_skills_name_their_roots() -> None:
    other = loads({"SKILL.md": "# Garden\n\n## Compost\n\nTurn it."}, root="garden")
    index = Index([KITCHEN, other])
    assert search(index, "compost")[0].path == "garden/SKILL.md"
    assert search([KITCHEN, other], "simmer bones")[0].path == "skill/soup.md"


def test_limit() -> None:
    query = "loaf dough loaves"
    assert [len(search(KITCHEN, query, limit=n)) for n in (-1, 0, 1, 2)] == [0, 0, 1, 2]


HOSTILE = [
    '"',
    "' OR 1=1; DROP TABLE sections; --",
    "title:bones AND (NEAR(simmer bones) OR NOT *",
    "simmer* ^bones + {body}: -title",
    "\x00bones\x00\x1b[2J\ud800",
    "²³ ①② ｓｉｍｍｅｒ ﬀ İ ß \u0301\u0301",
    "bones " * 200_000,
    "x" * 1_000_000,
    " ".join(f"word{n}" for n in range(100_000)),
]


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: ascii(query[:20]))
def test_a_query_is_only_text(query: str) -> None:
    started = time.perf_counter()
    search(KITCHEN, query)
    assert time.perf_counter() - started < 5  # a guard against hanging, not a measurement


@given(st.text())
def test_any_text_is_a_query(query: str) -> None:
    assert search(KITCHEN, query) == search(KITCHEN, query)


@settings(max_examples=60)
@given(
    st.lists(
        st.text("abcdefgh kst_.", min_size=3).filter(lambda t: asked(t)), min_size=1, max_size=6
    )
)
def test_a_section_is_found_by_its_own_title(titles: list[str]) -> None:
    text = "".join(f"## {title}\n\nText.\n\n" for title in titles)
    skill = loads({"SKILL.md": text})
    for section in skill.main.sections[1:]:
        if asked(section.title):
            found = search(skill, section.title, limit=100)
            assert section.anchor in {hit.anchor for hit in found}


def test_every_section_of_ours_is_found_by_its_own_title() -> None:
    for document in OURS.documents:
        leading = [link.start for link in document.links if link.internal]
        for section in document.sections[1:]:
            if any(section.start <= at < section.body_start for at in leading):
                continue  # it is found where its heading leads
            query = f"{document.title} {section.title}"
            hits = search(OURS, query, limit=1000)
            assert (document.path, section.anchor) in {(hit.path, hit.anchor) for hit in hits}


def test_stop_words_are_written_as_words_are_read() -> None:
    assert [word for word in STOP if list(words(word)) != [word]] == []


@pytest.mark.parametrize(
    ("word", "long"),
    [("k8s", ["kubernetes"]), ("recieve", ["receive"]), ("abc", []), ("q" * 50, [])],
)
def test_what_an_unknown_word_may_mean(word: str, long: list[str]) -> None:
    assert meant(word, {"kubernetes", "receive", "relieve", "abcd"}) == long


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, text in FILES.items():
        (tmp_path / "kitchen").mkdir(exist_ok=True)
        (tmp_path / "kitchen" / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    assert run(["search", "--in", "kitchen", "simmer", "bones"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("soup.md#stock  ")
    assert lines[1] == "    Simmer bones. Skim it. Behaviour of salt."
    assert run(["search", "--in", ".", "--format", "json", "simmer bones"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["anchor"] == "stock"
    assert run(["search", "--in", "kitchen", "tax return"]) == 1
    (tmp_path / "empty").mkdir()
    assert run(["search", "--in", "empty", "bones"]) == 2
    capsys.readouterr()
    assert run(["render", "kitchen", "--query", "simmer bones", "--budget", "300"]) == 0
    assert "Simmer bones." in capsys.readouterr().out
