"""All stages, or one: ``python resources/playbook/run.py [STAGE] [--home FOLDER]``.

A stage is done when its report says so and nothing that it depends on has changed since: its code,
the stages before it, the data. A killed run goes on where it was, an edited one at the first stage
that the edit reaches. Each stage ends in gates; a failed one stops the run. Change: `STAGES`.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib
import os
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

import feed
import plan
from store import read_json, sweep, write_json, write_text

STAGES = ("frame", "data", "train", "validate", "serve", "release", "monitor", "retrain")
HERE = Path(__file__).parent
RUN_BY_NAME = {"serve": ("server", "plain")}
"""What a stage starts without importing it."""


@cache
def code(name: str) -> str:
    """A module as it runs: comments, layout and the text at its top change nothing."""
    tree = ast.parse((HERE / f"{name}.py").read_text("utf-8"))
    return ast.dump(ast.Module(tree.body[ast.get_docstring(tree) is not None :], []))


@cache
def imports(name: str) -> frozenset[str]:
    """The modules of this folder that `name` needs, itself included."""
    found, new = set(), {name, *RUN_BY_NAME.get(name, ())}
    while new:
        found |= new
        trees = [ast.walk(ast.parse((HERE / f"{one}.py").read_text("utf-8"))) for one in new]
        nodes = [node for tree in trees for node in tree]
        names = {
            alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
        }
        names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        new = {one for one in names if (HERE / f"{one}.py").exists()} - found
    return frozenset(found)


@cache
def key(stage: str) -> str:
    """What the stage's result depends on: the data, and the code of it and of those before it."""
    before = STAGES[: STAGES.index(stage) + 1]
    names = sorted(frozenset[str]().union(*map(imports, before)))
    told = "".join([feed.source(), stage, *map(code, names)])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def owns(home: Path) -> bool:
    """Whether the event log, which is only ever added to, is of this source and contract."""
    names = sorted((imports("ingest") | imports("feed")) - {"plan"})
    told = "".join([feed.source(), plan.EPOCH, plan.ZONE, *map(code, names)])
    mark, path = hashlib.sha256(told.encode()).hexdigest(), home / "log.made-by"
    if not path.exists() and not (home / "log").exists():
        write_text(path, mark)
    return path.exists() and path.read_text("utf-8") == mark


def done(home: Path, stage: str) -> dict[str, Any] | None:
    """The stage's report, if it passed, or was passed over, with code and data as they are now."""
    path = home / "reports" / f"{stage}.json"
    report: dict[str, Any] | None = read_json(path) if path.exists() else None
    ended = report and (report["passed"] or report["went_on"])
    return report if report and ended and report["key"] == key(stage) else None


def run(home: Path, stage: str, shared: bool = False, go_on: bool = False) -> bool:
    """Run one stage and write its report; whether all its gates held, timed ones apart."""
    began = time.monotonic()
    print(f"{stage}: running", flush=True)
    result = importlib.import_module(stage).run(home)
    passed = all(gate.held or (shared and gate.timed) for gate in result.gates)
    report = {
        "stage": stage,
        "key": key(stage),
        "passed": passed,
        "went_on": go_on and not passed,
        "seconds": round(time.monotonic() - began, 1),
        "gates": [str(gate) for gate in result.gates],
        "figures": result.figures,
    }
    write_json(home / "reports" / f"{stage}.json", report)
    for line in report["gates"]:
        print(f"  {line}")
    print(f"{stage}: {'passed' if passed else 'FAILED'}, {report['seconds']} s", flush=True)
    return passed


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stage", nargs="?", choices=STAGES, help="one stage; all without it")
    parser.add_argument("--home", type=Path, default=Path("playbook-run"))
    parser.add_argument(
        "--shared", action="store_true", help="times stop nothing: others work here"
    )
    parser.add_argument("--again", action="store_true", help="run what is done already, too")
    parser.add_argument(
        "--go-on", action="store_true", help="see later stages although a gate failed; exit code 1"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 when all gates held, 1 when one did not, 2 when a stage cannot start."""
    options = parsed(arguments)
    home = options.home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    sweep(home)
    if not owns(home):
        print(f"{home}: its log was filled by other code or data: another --home", file=sys.stderr)
        return 2
    if options.stage:
        before = STAGES[: STAGES.index(options.stage)]
        missing = [stage for stage in before if not done(home, stage)]
        if missing:
            print(f"{options.stage} needs: {', '.join(missing)}; run those first", file=sys.stderr)
            return 2
        return 0 if run(home, options.stage, options.shared, options.go_on) else 1
    code = 0
    for stage in STAGES:
        report = None if options.again else done(home, stage)
        if report:
            print(f"{stage}: done before")
        held = report["passed"] if report else run(home, stage, options.shared, options.go_on)
        if not held:
            code = 1
            if not options.go_on:
                break
    return code


if __name__ == "__main__":
    sys.exit(main())
