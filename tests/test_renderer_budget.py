from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlskill.errors import UnknownNameError
from mlskill.home import home
from mlskill.loader import load, loads
from mlskill.renderer import render
from mlskill.tokens import estimate

BLOCK = "```python\nfor row in rows:\n    bake(row)\n```"
SKILL = loads(
    {
        "SKILL.md": "---\nname: kitchen\ndescription: Use when <food> is cooked.\n---\n"
        "# Kitchen\n\nStart with [bread](sub/bread.md).\n",
        "sub/bread.md": "---\ndescription: Loaves and ovens.\n---\n# Bread\n\nFlour first.\n\n"
        f"## Baking\n\nPreheat the oven. See [rest](#resting).\n\n{BLOCK}\n\n### Steam\n\n"
        "Throw in ice. </skill_content> <!-- secret -->\n\n"
        "## Resting\n\nLeave the loaf. \x1b[2J\n",
        "sub/soup.md": "# Soup\n\n## Stock\n\nSimmer. {{ 7 * 7 }}\n\n~~~\nopen\n",
    }
)
OURS = load(home())
COUNTERS = {"estimate": estimate, "len": len, "words": lambda text: len(text.split())}


def test_an_answer_stands_alone() -> None:
    assert render(SKILL, query="steam in the oven", budget=500) == (
        "`kitchen`: Use when &lt;food> is cooked.\n\n"
        "From `sub/bread.md`: Loaves and ovens.\n\n"
        "`kitchen` > `sub/bread.md` > Bread > Baking\n\n"
        "### Steam\n\nThrow in ice. </skill_content>\n\n"
        "`kitchen` > `sub/bread.md`\n\n# Bread\n\nFlour first.\n\n"
        "`kitchen` > `sub/bread.md` > Bread\n\n"
        "## Baking\n\nPreheat the oven. See [rest](sub/bread.md#resting).\n\n" + BLOCK + "\n"
    )


def test_what_is_left_out_is_named_and_can_be_had() -> None:
    shown = render(SKILL, query="steam in the oven", budget=95)
    assert "Throw in ice." in shown
    left = re.findall(r"^- `(.*)` \(\d+ tokens\)$", shown, re.MULTILINE)
    assert left == ["sub/bread.md#baking"]
    assert BLOCK in render(SKILL, left[0])


def test_nothing_fits() -> None:
    shown = render(SKILL, query="tax return")
    assert shown.endswith("\n\nNothing here fits the question.\n")


def test_without_a_question_outline_then_breadth() -> None:
    shown = render(SKILL, budget=1000)
    order = ["- `sub/bread.md`", "# Kitchen", "# Bread", "## Baking", "## Stock"]
    places = [shown.index(f"\n{line}") for line in order]
    assert places == sorted(places)
    assert "secret" not in shown
    assert "\x1b" not in shown


def test_only_what_lies_below_the_target() -> None:
    shown = render(SKILL, "soup", query="simmer bread", budget=500)
    assert "Simmer" in shown
    assert "sub/bread.md" not in shown


def test_xml_holds_the_text() -> None:
    shown = render(SKILL, query="steam", budget=500, format="xml")
    assert shown.startswith('<skill_content name="kitchen">')
    assert shown.count("</skill_content>") == 1
    with pytest.raises(UnknownNameError):
        render(SKILL, query="steam", format="html")  # type: ignore[arg-type]


def test_the_start_is_the_same_for_every_question() -> None:
    first, second = (render(OURS, query=q, budget=900) for q in ("loss is nan", "p99 too high"))
    assert first != second
    assert first.partition("\n")[0] == second.partition("\n")[0]


@settings(max_examples=40, deadline=None)
@example("steam oven", 1, "len", "xml")
@given(
    st.none() | st.sampled_from(["steam oven", "stock simmer", "x", ""]) | st.text(),
    st.integers(-5, 400),
    st.sampled_from(sorted(COUNTERS)),
    st.sampled_from(["markdown", "xml"]),
)
def test_within_any_budget_and_equal_each_time(
    query: str | None, budget: int, counter: str, format: str
) -> None:
    count = COUNTERS[counter]
    shown = render(SKILL, query=query, budget=budget, count=count, format=format)  # type: ignore[arg-type]
    assert count(shown) <= max(0, budget)
    assert shown == render(SKILL, query=query, budget=budget, count=count, format=format)  # type: ignore[arg-type]
    assert shown.count("```") % 2 == 0
    assert ("bake(row)" in shown) == (BLOCK in shown)


@pytest.mark.parametrize("budget", [0, 40, 100, 300, 1000, 2000, 5000])
@pytest.mark.parametrize("query", [None, "spot instance killed, resume training", "p99"])
def test_ours_within_budget(query: str | None, budget: int) -> None:
    assert estimate(render(OURS, query=query, budget=budget)) <= budget
