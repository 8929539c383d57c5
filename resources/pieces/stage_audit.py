"""Which files does a pipeline stage read that it does not declare? Those changes are skipped.

Call `undeclared(Path(), "train")`.

Copy the file; it needs pyyaml. `undeclared(root, stage)` runs the stage of `dvc.yaml` once, writes
down every file below `root` that Python imported or opened (not those it only writes), and takes
away what `deps`, `params` and `outs` name. An empty list means that `dvc repro` sees each change;
put that into a test. Change `ignore` for folders that cannot matter. Files that compiled
code opens by itself (duckdb, polars, pyarrow datasets) are not seen: declare those folders by hand.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

IGNORE = (".git", ".dvc", ".venv")
SPY = """\
import os, sys
_log = os.open(os.environ["STAGE_AUDIT_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def _reads(mode, flags):
    return not flags & os.O_TRUNC and flags & (os.O_WRONLY | os.O_RDWR) != os.O_WRONLY
def _seen(event, args):
    if event == "open" and isinstance(args[0], (str, bytes)) and args[0] and _reads(*args[1:]):
        os.write(_log, os.path.abspath(os.fsencode(args[0])) + bytes(1))
sys.addaudithook(_seen)
"""


def undeclared(root: Path, stage: str, ignore: Collection[str] = IGNORE) -> list[str]:
    """Files below `root` that the stage reads and does not declare, sorted.

    Raises KeyError for an unknown stage, CalledProcessError if its command fails.
    """
    root = root.resolve()
    told = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"][stage]
    commands = [told["cmd"]] if isinstance(told["cmd"], str) else told["cmd"]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sitecustomize.py").write_text(SPY, encoding="utf-8")
        log = Path(folder, "log")
        log.touch()
        paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join(paths),
            "STAGE_AUDIT_LOG": str(log),
            # With an empty cache every import opens its source.
            "PYTHONPYCACHEPREFIX": str(Path(folder, "cache")),
        }
        where = root / told.get("wdir", ".")
        for command in commands:
            # As DVC does: a command of your own dvc.yaml is a line for the shell.
            subprocess.run(command, shell=True, cwd=where, env=environment, check=True)  # noqa: S602
        opened = {Path(os.fsdecode(line)) for line in log.read_bytes().split(b"\0") if line}
    known = [where / name for name in _named(told)] + [root / name for name in ignore]
    return sorted(
        path.relative_to(root).as_posix()
        for path in opened
        if path.is_relative_to(root)
        and path.is_file()
        and not any(path.is_relative_to(Path(os.path.normpath(place))) for place in known)
    )


def _named(stage: dict[str, Any]) -> list[str]:
    """Paths that the stage declares; bare parameters stand for params.yaml."""
    names = ["dvc.yaml", "dvc.lock"]
    for key in ("deps", "outs", "metrics", "plots"):
        names += [next(iter(one)) if isinstance(one, dict) else one for one in stage.get(key, [])]
    for one in stage.get("params", []):
        names += list(one) if isinstance(one, dict) else ["params.yaml"]
    return names
