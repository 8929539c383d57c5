"""The faults `behaviour` exists for, put in on purpose: each model has one."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
faults = pytest.importorskip("behaviour").faults

NAMES = ["income", "debt"]
ROWS = pd.DataFrame(
    {
        "income": np.linspace(1, 9, 40),
        "debt": np.tile([1.0, 3.0, 2.0, 5.0], 10),
        "name": ["ann", "bob"] * 20,
    }
)
KNOWN = {"ignore": {"name": "eve"}, "rising": ["income"], "falling": ["debt"]}


def good(frame):
    frame = frame[[*NAMES, "name"]]
    score = (frame["income"] - frame["debt"]).fillna(0) / 10
    return 1 / (1 + np.exp(-score.clip(-20, 20)))


def mutates(frame):
    answer = good(frame)
    frame["income"] = 0.0
    return answer


def by_batch(frame):
    return good(frame) - frame["income"].mean() / 1000


def by_position(frame):
    return good(frame) + 0.01 * np.arange(len(frame)) / len(frame)


def by_column(frame):
    if frame.shape[1] != 3:
        raise ValueError("three columns wanted")
    numbers = frame.select_dtypes("number").to_numpy()
    return good(frame) + 0.001 * np.tanh(numbers[:, 0])


def fills(frame):
    return good(frame.reindex(columns=ROWS.columns, fill_value=0.0))


def unbounded(frame):
    return (frame["income"] - frame["debt"]) / 100 + 0.5 + 0 * frame["name"].str.len()


def reads_names(frame):
    return good(frame) + 0.01 * frame["name"].str.startswith("e")


def cliff(frame):
    return np.clip(good(frame) + 0.3 * (frame["income"] * 1e4 % 2 > 1), 0, 1)


class Moody:
    calls = 0

    def __call__(self, frame):
        self.calls += 1
        return good(frame) + 1e-3 * self.calls


def test_a_sound_model_has_no_faults():
    assert faults(good, ROWS, **KNOWN) == []


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (mutates, "predict changes its input"),
        (Moody(), "two calls differ"),
        (by_batch, "a row alone differs from the row in a batch"),
        (by_position, "the order of rows matters"),
        (by_column, "reordered columns are accepted and change the answer"),
        (fills, "a missing column debt is accepted"),
        (unbounded, "income=1e+12 leaves (0.0, 1.0)"),
        (unbounded, "income=nan leaves (0.0, 1.0)"),
        (reads_names, "name moves the answer by 0.01"),
        (lambda frame: 1 - good(frame), "income: 100% of rows move the wrong way"),
        (cliff, "1 % noise moves an answer by 0.3"),
        (lambda frame: good(frame)[:5], "5 answers for 40 rows"),
    ],
)
def test_each_fault_is_named(model, said):
    found = faults(model, ROWS.copy(), **KNOWN)
    assert any(line.startswith(said) for line in found), found
