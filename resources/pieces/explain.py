"""SHAP values of the right class in a known unit, and importance of correlated columns together.

Call `values = shap_of_class(model, rows).values`.

Copy the file; it needs numpy, and shap for `shap_of_class`. The shape of SHAP values depends on the
model: (rows, features, classes) for forests and for three classes and more, (rows, features) for
binary boosting; the unit too: forests in probability, boosting in log-odds.
Change nothing; pass another `k` for another class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Explained(NamedTuple):
    """SHAP values (rows, features), base value per row, and what their sum is."""

    values: Array
    base: Array
    unit: Literal["probability", "log-odds"]


def shap_of_class(model: Any, rows: Any, k: int = 1) -> Explained:
    """SHAP values of class `k` of a fitted tree classifier.

    Raises ValueError unless they add up to what the model predicts for these rows.
    """
    import shap

    seen = shap.TreeExplainer(model)(rows)
    values, base = np.asarray(seen.values, float), np.asarray(seen.base_values, float)
    chance = np.asarray(model.predict_proba(rows), float)
    if values.ndim == 3:
        total = values.sum(axis=1) + base
        values, base = values[..., k], np.broadcast_to(base, total.shape)[:, k]
        odds = np.exp(total - total.max(axis=1, keepdims=True))
        plain, linked = total[:, k], odds[:, k] / odds.sum(axis=1)
    else:
        sign = 1.0 if k == 1 else -1.0
        values, base = sign * values, np.broadcast_to(sign * base.ravel(), len(values))
        plain = values.sum(axis=1) + base
        linked = 1 / (1 + np.exp(-plain.clip(-500, 500)))
    if np.allclose(plain, chance[:, k], atol=1e-4):
        return Explained(values, base, "probability")
    if np.allclose(linked, chance[:, k], atol=1e-4):
        return Explained(values, base, "log-odds")
    raise ValueError("the values do not add up to the prediction: other model, class or rows")


def grouped_importance(
    score: Callable[[Array], float],
    rows: npt.ArrayLike,
    groups: Mapping[str, Sequence[int]],
    repeats: int = 10,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Mean loss of `score(rows)` and its spread when the columns of a group are shuffled together.

    Use held-out rows. Put correlated columns into one group: alone, each hides behind the other.
    """
    table = np.asarray(rows, float)
    rng, plain = np.random.default_rng(seed), score(table)
    lost = {}
    for name, columns in groups.items():
        falls = []
        for _ in range(repeats):
            mixed = table.copy()
            mixed[:, list(columns)] = table[rng.permutation(len(table))][:, list(columns)]
            falls.append(plain - score(mixed))
        lost[name] = (float(np.mean(falls)), float(np.std(falls)))
    return lost
