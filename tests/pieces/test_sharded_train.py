"""The run in two processes, and with a resume that loses a part."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
PIECES = Path(__file__).parents[2] / "resources" / "pieces"
LOADED = 'start = load_sharded("run", model, optimizer)'


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(PIECES / "sharded_run.py", folder)
    (folder / "sharded_train.py").write_text(script, encoding="utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return subprocess.run(
        [*torchrun, "--nproc-per-node=2", "sharded_train.py"],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def script() -> str:
    return (PIECES / "sharded_train.py").read_text(encoding="utf-8")


def test_both_ranks_go_on_alike(tmp_path):
    done = run(tmp_path, script())
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the same after loading") == 2


def test_a_resume_that_loads_nothing_is_red(tmp_path):
    assert LOADED in script()
    assert run(tmp_path, script().replace(LOADED, "start = 3")).returncode != 0
