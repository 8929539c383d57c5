"""All stages, or one: ``python resources/playbook/run.py [STAGE] [--home FOLDER]``.

A stage is done when its report says so; a killed run goes on where it was. A folder that other code
filled is refused: old rows and models would mix with new ones. Each stage ends
in gates; a failed one stops the run. Change: `STAGES`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

from store import read_json, write_json

STAGES = ("frame", "data", "train", "validate", "serve", "release", "monitor", "retrain")
HERE = Path(__file__).parent


def key(stage: str) -> str:
    """What the stage's result depends on: all code here; the data come with a package."""
    code = b"".join(path.read_bytes() for path in sorted(HERE.glob("*.py")))
    return hashlib.sha256(stage.encode() + code).hexdigest()[:16]


def done(home: Path, stage: str) -> dict[str, Any] | None:
    """The stage's report, if it passed with the code as it is now."""
    path = home / "reports" / f"{stage}.json"
    report: dict[str, Any] | None = read_json(path) if path.exists() else None
    return report if report and report["key"] == key(stage) and report["passed"] else None


def run(home: Path, stage: str, shared: bool = False) -> bool:
    """Run one stage and write its report; whether all its gates held, timed ones apart."""
    began = time.monotonic()
    print(f"{stage}: running", flush=True)
    result = importlib.import_module(stage).run(home)
    report = {
        "stage": stage,
        "key": key(stage),
        "passed": all(gate.held or (shared and gate.timed) for gate in result.gates),
        "seconds": round(time.monotonic() - began, 1),
        "gates": [str(gate) for gate in result.gates],
        "figures": result.figures,
    }
    write_json(home / "reports" / f"{stage}.json", report)
    for line in report["gates"]:
        print(f"  {line}")
    print(
        f"{stage}: {'passed' if report['passed'] else 'FAILED'}, {report['seconds']} s", flush=True
    )
    return bool(report["passed"])


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 when all gates held, 1 when one did not, 2 when a stage lacks what it needs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stage", nargs="?", choices=STAGES, help="one stage; all without it")
    parser.add_argument("--home", type=Path, default=Path("playbook-run"))
    parser.add_argument(
        "--shared", action="store_true", help="times stop nothing: others work here"
    )
    parser.add_argument("--again", action="store_true", help="run what is done already, too")
    options = parser.parse_args(arguments)
    home = options.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    reports = [read_json(path) for path in (home / "reports").glob("*.json")]
    if any(report["key"] != key(report["stage"]) for report in reports):
        print(f"{home} was filled by other code: give another --home", file=sys.stderr)
        return 2
    if options.stage:
        before = STAGES[: STAGES.index(options.stage)]
        missing = [stage for stage in before if not done(home, stage)]
        if missing:
            print(f"{options.stage} needs: {', '.join(missing)}; run those first", file=sys.stderr)
            return 2
        return 0 if run(home, options.stage, options.shared) else 1
    for stage in STAGES:
        if not options.again and done(home, stage):
            print(f"{stage}: done before")
        elif not run(home, stage, options.shared):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
