"""Fit the weights of `mlskill.searcher.ranking` on the development half of the questions.

    python benchmarks/calibrate.py [MODEL] [--curve]

The order: a conditional logit over the documents of each question that has an answer. Whether
anything fits: a logistic regression over all questions, both classes weighted alike. Prints the
constants to copy, and what they give on both halves.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from mlskill import Index, load
from mlskill.searcher.meanings import LARGE, SMALL
from mlskill.searcher.ranking import features, tops
from mlskill.searcher.store import SPACE

DATA = Path(__file__).parent / "data"
LEANING = 0.35
"""In doubt an answer: it costs a glance, none costs the whole search. `--curve` shows the rest."""
HALVES = ("development", "held-out")


def read(half: str) -> list[dict[str, Any]]:
    lines = (DATA / f"questions-{half}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def table(index: Index, text: str, documents: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """What speaks for each document, and the features of whether anything fits."""
    found = index.evidence(text)
    owners: dict[int, int] = {}
    index._owners([*found.sections, *found.close], owners)
    rows = np.zeros((len(documents), 5))
    for at, document in enumerate(documents):
        mine = [section for section, owner in owners.items() if owner == document]
        close = sorted(found.close.get(section, 0.0) for section in mine)[-2:]
        rows[at] = (
            max((found.sections.get(section, 0.0) for section in mine), default=0.0),
            found.lines.get(document, 0.0),
            found.near.get(document, 0.0),
            sum(close) / 2,
            found.alike.get(document, 0.0),
        )
    return rows, np.array(features(found, tops(found), documents[0] // SPACE))


def order(rows: list[np.ndarray], right: list[int], steps: int = 4000) -> np.ndarray:
    x, y = np.stack(rows), np.array(right)
    scale = x.std((0, 1)) + 1e-9
    x, weights = x / scale, np.ones(x.shape[-1])
    for _ in range(steps):
        score = x @ weights
        p = np.exp(score - score.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        gradient = (x[np.arange(len(y)), y] - (p[:, :, None] * x).sum(1)).mean(0)
        weights = np.maximum(weights + 0.3 * (gradient - 0.002 * weights), 0)
    return weights / scale


def fitting(rows: np.ndarray, answered: np.ndarray) -> np.ndarray:
    middle, spread = rows.mean(0), rows.std(0) + 1e-9
    middle[0], spread[0] = 0, 1
    model = LogisticRegression(C=1, class_weight="balanced", max_iter=10_000)
    model.fit((rows - middle) / spread, answered)
    weights = model.coef_[0] / spread
    weights[0] += model.intercept_[0] - (weights * middle).sum() + LEANING
    return weights


def show_curve(sure: np.ndarray, answered: np.ndarray, ranks: np.ndarray) -> None:
    """What a higher or lower bar gives, the cut counted as a miss."""
    for bar in np.arange(-1.0, 1.01, 0.25):
        given = sure[answered] > bar
        tops = [float(np.mean(given & (ranks < n))) for n in (1, 3)]
        print(
            f"    bar {bar:+.2f}: @1 {tops[0]:.3f} @3 {tops[1]:.3f} empty {np.sum(~given)} "
            f"none {np.mean(sure[~answered] <= bar):.3f}"
        )


def main() -> None:
    skill = load()
    curve = "--curve" in sys.argv
    for model in [name for name in sys.argv[1:] if name != "--curve"] or (SMALL, LARGE):
        index = Index([skill], model=model)
        rows = index.database.execute("SELECT id, path FROM documents ORDER BY id").fetchall()
        documents = [row for row, _ in rows]
        stems = [PurePosixPath(path).stem for _, path in rows]
        sets = {}
        for half in HALVES:
            asked = read(half)
            made = [table(index, question["q"], documents) for question in asked]
            sets[half] = (asked, [m[0] for m in made], np.stack([m[1] for m in made]))
        asked, documents_of, fits = sets["development"]
        placed = [at for at, question in enumerate(asked) if question["modules"]]
        right = [stems.index(asked[at]["modules"][0]) for at in placed]
        ranked = order([documents_of[at] for at in placed], right)
        answered = np.array([bool(question["modules"]) for question in asked])
        fit = fitting(fits, answered)
        values = ", ".join(f"{value:.2f}" for value in ranked)
        print(f"{model}: Weights({values}, ({', '.join(f'{v:.2f}' for v in fit)}))")
        for half, (asked, documents_of, fits) in sets.items():
            answered = np.array([bool(question["modules"]) for question in asked])
            sure = fits @ fit
            ranks = []
            for question, table_ in zip(asked, documents_of, strict=True):
                if question["modules"]:
                    best = [stems[at] for at in np.argsort(-(table_ @ ranked), kind="stable")]
                    ranks.append(min(best.index(module) for module in question["modules"]))
            tops = [float(np.mean(np.array(ranks) < n)) for n in (1, 3)]
            if curve:
                show_curve(sure, answered, np.array(ranks))
            print(
                f"  {half}: @1 {tops[0]:.3f} @3 {tops[1]:.3f}; answered "
                f"{np.mean(sure[answered] > 0):.3f}, rightly unanswered "
                f"{np.mean(sure[~answered] <= 0):.3f}"
            )


if __name__ == "__main__":
    main()
