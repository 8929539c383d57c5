"""Can these probabilities be used as probabilities? And how to mend them, and where to cut.

Call `cut, cost = cheapest_cut(y, p, missed=50, false_alarm=1)` and `reliability(y, p).calibrated`.

Copy the file; it needs numpy only. `reliability` says whether `p` matches the outcomes `y` and what
a perfect model would show by chance; `undo_sampling` corrects for a training base rate changed by
dropping or repeating rows (not for SMOTE, which changes more than the base rate); `cheapest_cut`
finds the threshold with the lowest cost. Use rows that neither trained nor calibrated the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far probabilities are from outcomes; compare base rate and mean prediction first."""

    base_rate: float
    mean_prediction: float
    brier: float
    skill: float
    """1 - Brier / Brier of always saying the base rate; below 0 the model is worse than that."""
    error: float
    """Expected calibration error over bins of equal counts."""
    error_by_chance: float
    """The 95th percentile of `error` for a perfectly calibrated model on as many rows."""
    slope: float
    """Of the outcomes on the log-odds; below 1: over-confident, above: too timid."""

    @property
    def calibrated(self) -> bool:
        """Whether the error is one a perfect model would show by chance.

        From some 100,000 rows on no model passes: compare `error` with what the use can bear.
        """
        return self.error <= self.error_by_chance


def reliability(
    y: npt.ArrayLike, p: npt.ArrayLike, bins: int = 10, draws: int = 200, seed: int = 0
) -> Reliability:
    """Whether `p` matches `y` (0 or 1); raises ValueError for scores outside 0 to 1."""
    truth, guess = np.asarray(y, float), np.asarray(p, float)
    if truth.shape != guess.shape or truth.ndim != 1:
        raise ValueError(f"one probability per outcome, not {guess.shape} for {truth.shape}")
    if not ((guess >= 0) & (guess <= 1)).all() or not np.isin(truth, (0, 1)).all():
        raise ValueError("p must lie in 0 to 1 and y must be 0 or 1: these are scores, not chances")
    edges = np.quantile(guess, np.linspace(0, 1, bins + 1)[1:-1])
    code = np.searchsorted(np.unique(edges), guess, side="right")  # equal scores share a bin
    rng, base = np.random.default_rng(seed), float(truth.mean())
    drawn = ((rng.random(len(guess)) < guess).astype(float) for _ in range(draws))
    chance = [_error(code, outcomes, guess) for outcomes in drawn]
    brier, plain = float(((guess - truth) ** 2).mean()), base * (1 - base)
    return Reliability(
        base_rate=base,
        mean_prediction=float(guess.mean()),
        brier=brier,
        skill=1 - brier / plain if plain else float("nan"),
        error=_error(code, truth, guess),
        error_by_chance=float(np.quantile(chance, 0.95)),
        slope=_slope(truth, guess),
    )


def _error(code: npt.NDArray[np.int_], truth: Array, guess: Array) -> float:
    """The mean gap between outcomes and predictions, over bins, weighted by their rows."""
    return float(np.abs(np.bincount(code, truth - guess)).sum() / len(guess))


def _slope(truth: Array, guess: Array) -> float:
    """The slope of a logistic fit of the outcomes on the log-odds."""
    clipped = guess.clip(1e-6, 1 - 1e-6)
    columns = np.column_stack([np.log(clipped / (1 - clipped)), np.ones(len(guess))])
    weights = np.array([1.0, 0.0])
    for _ in range(100):
        now = 1 / (1 + np.exp(-(columns @ weights).clip(-30, 30)))
        curve = columns.T @ (columns * (now * (1 - now))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curve, columns.T @ (truth - now)).clip(-1, 1)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    return float(weights[0])


def undo_sampling(p: npt.ArrayLike, trained_rate: float, true_rate: float) -> Array:
    """Probabilities for the true base rate from a model trained at another one."""
    guess = np.asarray(p, float)
    yes = guess * true_rate / trained_rate
    return np.asarray(yes / (yes + (1 - guess) * (1 - true_rate) / (1 - trained_rate)))


def cheapest_cut(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    missed: npt.ArrayLike,
    false_alarm: npt.ArrayLike,
    weights: npt.ArrayLike = 1.0,
) -> tuple[float, float]:
    """The threshold (flag where ``p >= cut``) of least cost on these rows, and cost per row.

    A cost may be one for all rows or one for each (an amount). `weights` says how many rows each
    stands for: 10 where one in ten was kept. `inf` as threshold means that flagging nothing is
    cheapest. Equal scores stay together.
    """
    truth, score = np.asarray(y, float), np.asarray(p, float)
    weight = np.broadcast_to(np.asarray(weights, float), truth.shape)
    loss = truth * weight * np.asarray(missed, float)
    alarm = (1 - truth) * weight * np.asarray(false_alarm, float)
    order = np.argsort(-score, kind="stable")
    score = score[order]
    cost = loss.sum() + np.cumsum((alarm - loss)[order])
    last = np.append(score[1:] != score[:-1], True)  # a cut cannot part equal scores
    cuts = np.append(np.inf, score[last])
    costs = np.append(loss.sum(), cost[last])
    best = int(costs.argmin())
    return float(cuts[best]), float(costs[best] / weight.sum())
