"""What training kept: parameters, inputs left out, calibration. One way to fit, for all stages.

Stage train writes it beside the version that it made, and later challengers follow it. Change:
`CALIBRATED`; `parts` of a recipe are what a refinement may alter.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import feed
import numpy as np
import numpy.typing as npt
import pandas as pd
from delay_model import Model, fit
from sklearn.linear_model import LogisticRegression
from store import read_json, write_json

from data import between, known

CALIBRATED = pd.Timedelta(days=18)
"""The last days of the past, kept from the trees where a recipe calibrates."""
Array = npt.NDArray[np.float64]


def platt(p: Array, late: npt.ArrayLike) -> tuple[float, float]:
    """Slope and intercept that make these probabilities fit these outcomes."""
    p = np.clip(p, 1e-6, 1 - 1e-6)
    odds = np.log(p / (1 - p))
    line = LogisticRegression(C=np.inf).fit(odds[:, None], np.asarray(late, int))
    return float(line.coef_[0, 0]), float(line.intercept_[0])


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is made of the rows that are known on a day."""

    parameters: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    """Beginnings of the names of inputs that the trees do not get."""
    calibrated: bool = False

    def fit(self, rows: pd.DataFrame, day: str) -> Model:
        """The model of what is known when `day` begins."""
        since = str((pd.Timestamp(day) - CALIBRATED).date()) if self.calibrated else day
        train = known(rows, since)
        # An empty column splits nothing: what a request says there changes no answer.
        gone = [name for name in train.columns if self.without and name.startswith(self.without)]
        model = fit(train.assign(**dict.fromkeys(gone, np.nan)), train["late"], self.parameters)
        if not self.calibrated:
            return model
        last = between(rows, since, day)
        last = last[last["known_at"] <= feed.minute_of(day)]
        slope, intercept = platt(model.probability(last), last["late"])
        return replace(model, slope=slope, intercept=intercept)


def keep(home: Path, recipe: Recipe, version: int) -> None:
    """Write what training kept, and the version that it made."""
    write_json(home / "tables" / "recipe.json", {"version": version, **asdict(recipe)})


def kept(home: Path) -> tuple[Recipe, int]:
    """The recipe of stage train, and the version that it made: the first champion."""
    found = read_json(home / "tables" / "recipe.json")
    version = int(found.pop("version"))
    return Recipe(**found | {"without": tuple(found["without"])}), version
