import base64
import hashlib
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlskill.tokens import Counter, estimate

PROSE = "Hold out the newest weeks, not a random tenth: what you know then is what counts.\n"

# What o200k_base says, and how far the estimate may be from it.
KNOWN = [
    ("prose", PROSE, 19, 0.1),
    (
        "code",
        "def split(frame, at):\n    return frame[frame.day < at], frame[frame.day >= at]\n",
        22,
        0.2,
    ),
    (
        "table",
        "| If | Then | Because |\n|---|---|---|\n| rows are few | folds | variance |\n",
        23,
        0.2,
    ),
    ("hex", hashlib.sha256(b"0").hexdigest(), 36, 0.1),
    ("base64", base64.b64encode(random.Random(5).randbytes(2000)).decode(), 1808, 0.25),
    ("digits", "1234567890" * 30, 100, 0.05),
    ("emoji", "\U0001f600 \U0001f680 \u2705 \u274c " * 50, 301, 0.35),
    ("chinese", "机器学习工程师需要在训练模型之前检查数据是否泄漏。" * 4, 60, 0.1),
    ("russian", "Модель проверяют на данных, которых она не видела. " * 4, 53, 0.6),
    ("korean", "모델을 학습하기 전에 데이터 누수를 확인해야 합니다. " * 4, 54, 0.6),
    ("indentation", ("    " * 4 + "pass\n") * 50, 150, 0.1),
    ("rule", "-" * 64, 1, 1.0),
]


@pytest.mark.parametrize(("kind", "text", "true", "error"), KNOWN)
def test_estimate_is_near_a_real_tokenizer(kind: str, text: str, true: int, error: float) -> None:
    assert estimate(text) == pytest.approx(true, rel=error), kind


def test_the_empty_text_costs_nothing() -> None:
    assert estimate("") == 0


@given(st.text())
def test_estimate_lies_between_one_and_the_length(text: str) -> None:
    assert min(1, len(text)) <= estimate(text) <= len(text)


@given(st.text(), st.text())
def test_more_text_costs_more_and_parts_cost_about_the_whole(one: str, two: str) -> None:
    whole, parts = estimate(one + "\n\n" + two), estimate(one) + estimate(two)
    assert max(estimate(one), estimate(two)) <= whole + 2
    assert abs(whole - parts) <= 4


@pytest.mark.parametrize("unit", [" ", "\n", "\t ", "a", "A", "-", "a ", "{{", "機", "́", " \r"])
def test_a_megabyte_of_one_thing_does_not_hang(unit: str) -> None:
    began = time.perf_counter()
    assert estimate(unit * (1_000_000 // len(unit))) > 0
    assert time.perf_counter() - began < 10


def test_a_counter_is_any_callable() -> None:
    words: Counter = lambda text: len(text.split())  # noqa: E731
    assert words(PROSE) == 16
    counter: Counter = estimate
    assert counter(PROSE) == estimate(PROSE)
