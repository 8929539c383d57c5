"""What must a model never do? Checks on its behaviour, for a gate before every release.

Call `found = faults(predict, frame, rising=["income"])`.

Copy the file; it needs numpy and pandas. Pass `predict(frame) -> one number per row` (the whole
path that serves, not the bare estimator), some real rows, and what the domain knows: `ignore`
(column: another value it may take without changing the answer), `rising` and `falling` (the answer
may only go that way when the column grows). An empty list means that nothing was found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Predict = Callable[[pd.DataFrame], npt.ArrayLike]


def faults(
    predict: Predict,
    frame: pd.DataFrame,
    ignore: Mapping[str, object] | None = None,
    rising: Sequence[str] = (),
    falling: Sequence[str] = (),
    bounds: tuple[float, float] = (0.0, 1.0),
    tolerance: float = 1e-6,
    noise_limit: float = 0.1,
) -> list[str]:
    """What the model does and must not, one line each.

    `noise_limit` is how far the answer may move when the numbers move by 1 % of their spread.
    """
    found: list[str] = []
    before = frame.copy(deep=True)
    plain = _answers(predict, frame)
    if len(plain) != len(frame):
        return [f"{len(plain)} answers for {len(frame)} rows"]

    def say(same: bool, text: str) -> None:
        if not same:
            found.append(text)

    say(frame.equals(before), "predict changes its input")
    say(_near(plain, _answers(predict, frame), tolerance), "two calls differ")
    alone = np.concatenate([_answers(predict, frame.iloc[[i]]) for i in range(min(20, len(frame)))])
    say(_near(plain[: len(alone)], alone, tolerance), "a row alone differs from the row in a batch")
    back = _answers(predict, frame.iloc[::-1])[::-1]
    say(_near(plain, back, tolerance), "the order of rows matters")
    turned = _try(predict, frame[frame.columns[::-1]])
    silent = turned is not None and not _near(plain, turned, tolerance)
    say(not silent, "reordered columns are accepted and change the answer")
    for name in frame.columns:
        without = _try(predict, frame.drop(columns=name))
        say(without is None, f"a missing column {name} is accepted")

    numbers = list(frame.select_dtypes("number").columns)
    for name in numbers:
        for value in (np.nan, 1e12, -1e12):
            answer = _try(
                predict, frame.assign(**{name: value})
            )  # refusing is fine; answering nonsense is not
            inside = answer is None or bool(((answer >= bounds[0]) & (answer <= bounds[1])).all())
            say(inside, f"{name}={value:g} leaves {bounds}")
    for name, other in (ignore or {}).items():
        moved = float(np.abs(_answers(predict, frame.assign(**{name: other})) - plain).max())
        say(moved <= tolerance, f"{name} moves the answer by {moved:.3g}")
    for names, sign in ((rising, 1), (falling, -1)):
        for name in names:
            step = frame[name].std() / 2
            more = _answers(predict, frame.assign(**{name: frame[name] + step}))
            wrong = float((sign * (more - plain) < -tolerance).mean())
            say(wrong == 0, f"{name}: {wrong:.0%} of rows move the wrong way")
    rng = np.random.default_rng(0)
    shaken = frame.copy()
    for name in numbers:
        shaken[name] = frame[name] + 0.01 * frame[name].std() * rng.normal(size=len(frame))
    moved = float(np.abs(_answers(predict, shaken) - plain).max())
    say(moved <= noise_limit, f"1 % noise moves an answer by {moved:.3g}")
    return found


def _answers(predict: Predict, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    return np.asarray(predict(frame), float).reshape(-1)


def _try(predict: Predict, frame: pd.DataFrame) -> npt.NDArray[np.float64] | None:
    """The answers, or None where the model refuses."""
    try:
        return _answers(predict, frame)
    except Exception:
        return None


def _near(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], tolerance: float) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=tolerance, equal_nan=True))
