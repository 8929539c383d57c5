"""The service as one would first write it: the baseline of stage serve. Do not copy.

A thread pool around a data frame around the model; no limits, no checks, no reload.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
from delay_model import Scorer
from fastapi import FastAPI
from store import read_json

serving = Path(os.environ.get("SERVING", "playbook-run/serving"))
scorer = Scorer(serving / f"v{read_json(serving / 'champion.json')['version']}")
app = FastAPI()


@app.post("/predict")
def predict(body: dict[str, Any]) -> list[float]:
    """Probabilities of the rows."""
    return scorer.probability(pd.DataFrame(body["rows"])).tolist()  # type: ignore[no-any-return]


@app.get("/ready")
def ready() -> dict[str, str]:
    """It has started."""
    return {}
