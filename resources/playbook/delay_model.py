"""The model as it is trained (LightGBM) and as it is served (ONNX), with one encoder for both.

A bundle is a folder: `model.onnx` and `bundle.json`, which carries the file's SHA-256, the
categories, the threshold, a recalibration, and rows with their answers. `Scorer` refuses a bundle
whose file or answers differ. Change: `PARAMETERS`; another library needs only `export`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pandas as pd
from columns import CATEGORIES, NAMES, NUMBERS
from decision import COSTS
from store import digest, read_json, replaced, write_json

if TYPE_CHECKING:
    from lightgbm import LGBMClassifier

Array = npt.NDArray[np.float64]
PARAMETERS: dict[str, Any] = {
    "n_estimators": 200,
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_child_samples": 50,
}
FIXED: dict[str, Any] = {
    # One thread: two on two busy cores took 138 s instead of 3.4 s, and bits depend on the number.
    "n_jobs": 1,
    "random_state": 0,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
SAMPLES = 20


class BundleError(ValueError):
    """A bundle is damaged or does not answer as it did when it was made."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """Rows as the model reads them; a category never seen in training becomes -1."""

    categories: dict[str, list[str]]

    @classmethod
    def fit(cls, rows: pd.DataFrame) -> Encoder:
        """The encoder of these rows' categories."""
        return cls({name: sorted(rows[name].unique().tolist()) for name in CATEGORIES})

    def __call__(self, rows: pd.DataFrame) -> npt.NDArray[np.float32]:
        """The matrix: columns by name in the order of training, 32 bits as ONNX has them."""
        out = np.empty((len(rows), len(NAMES)), np.float32)
        for i, name in enumerate(CATEGORIES):
            out[:, i] = pd.Index(self.categories[name]).get_indexer(rows[name])
        numbers = [column.name for column in NUMBERS]
        out[:, len(CATEGORIES) :] = rows[numbers].to_numpy(np.float32, na_value=np.nan)
        return out


@dataclass(frozen=True, slots=True)
class Model:
    """What training leaves."""

    encoder: Encoder
    trees: LGBMClassifier
    slope: float = 1.0
    intercept: float = 0.0
    """Of a recalibration; these change nothing."""

    def probability(self, rows: pd.DataFrame) -> Array:
        """The probability that each flight is late."""
        p = np.asarray(self.trees.booster_.predict(self.encoder(rows)), float)
        return recalibrated(p, self.slope, self.intercept)

    @property
    def text(self) -> str:
        """The trees as text: equal texts are equal models."""
        return str(self.trees.booster_.model_to_string())


def fit(rows: pd.DataFrame, late: npt.ArrayLike, parameters: dict[str, Any] | None = None) -> Model:
    """A model of these rows."""
    from lightgbm import LGBMClassifier  # the server never needs it

    encoder = Encoder.fit(rows)
    trees = LGBMClassifier(**{**PARAMETERS, **FIXED, **(parameters or {})})
    return Model(encoder, trees.fit(encoder(rows), np.asarray(late, int)))


def export(model: Model, sample: pd.DataFrame, folder: Path) -> None:
    """Write the bundle: the model file first, the manifest that makes it count last."""
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    kind = [("rows", FloatTensorType([None, len(NAMES)]))]
    onnx = convert_lightgbm(model.trees, initial_types=kind, zipmap=False, target_opset=15)
    with replaced(folder / "model.onnx") as part:
        part.write_bytes(onnx.SerializeToString())
    sample = sample.head(SAMPLES)
    manifest = {
        "sha256": digest(folder / "model.onnx"),
        "names": list(NAMES),
        "categories": model.encoder.categories,
        "threshold": COSTS.threshold,
        "slope": model.slope,
        "intercept": model.intercept,
        "sample": sample.astype(object).where(sample.notna(), None).to_dict("list"),
        "answers": model.probability(sample).tolist(),
    }
    write_json(folder / "bundle.json", manifest)


def recalibrated(p: Array, slope: float, intercept: float) -> Array:
    """Probabilities with their log-odds stretched and shifted (Platt); none is left as it is."""
    if (slope, intercept) == (1.0, 0.0):
        return p
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(1 / (1 + np.exp(-(slope * np.log(p / (1 - p)) + intercept))), float)


class Scorer:
    """A bundle, loaded: what the server, the shadow and the parity test run.

    Raises:
        BundleError: it is not whole, or its answers are not those it was made with.
    """

    def __init__(self, folder: Path) -> None:
        try:
            self.manifest = read_json(folder / "bundle.json")
            if digest(folder / "model.onnx") != self.manifest["sha256"]:
                raise BundleError(f"{folder.name}: model.onnx is not the file that was released")
            options = ort.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self.session = ort.InferenceSession(str(folder / "model.onnx"), options)
            if self.manifest["names"] != list(NAMES):
                raise BundleError(f"{folder.name}: made for other columns")
            self.encoder = Encoder(self.manifest["categories"])
            books = self.encoder.categories.items()
            self.positions = {name: {v: i for i, v in enumerate(book)} for name, book in books}
            self.threshold = float(self.manifest["threshold"])
            gap = np.abs(self.probability(self.sample) - self.manifest["answers"]).max()
        except (OSError, KeyError, TypeError, RuntimeError, ValueError) as error:
            raise BundleError(f"{folder.name}: {error}") from error
        if not gap < 1e-3:
            raise BundleError(f"{folder.name}: answers differ by {gap:.4f} from those of training")

    @property
    def sample(self) -> pd.DataFrame:
        """The rows that came with the bundle."""
        return pd.DataFrame(self.manifest["sample"])

    def probability(self, rows: pd.DataFrame) -> Array:
        """The probability that each flight is late."""
        return self.score(self.encoder(rows))

    def score(self, matrix: npt.NDArray[np.float32]) -> Array:
        """The same, of rows already encoded. Asks for this output alone: `label` warns."""
        (both,) = self.session.run(["probabilities"], {"rows": matrix})
        p = np.asarray(both, float)[:, 1]
        return recalibrated(p, self.manifest["slope"], self.manifest["intercept"])
