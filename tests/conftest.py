"""What the tests share: golden files, rewritten by ``pytest --update``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Two threads on a busy core wait for each other: a boosted fit then takes minutes, not seconds.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Tools that were installed beside this Python are found even where it was not "activated".
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"

# No test reads or writes the cache of the user who runs it; this is no folder, so it is none.
os.environ["MLSKILL_CACHE_DIR"] = os.devnull

# A shared machine may pause: no example has a deadline. In CI the examples are the same each time,
# so that a change is judged by what it changes; everywhere else they are new ones.
settings.register_profile("mlskill", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("mlskill")

collect_ignore = ["fuzz/target.py"]  # a program: its doctests would need Atheris

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="rewrite the golden files")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)` wants `text` to be the file `tests/golden/name`, to the byte."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        hint = f"\n{path} differs: if that is meant, run  pytest --update  and review git diff"
        wanted = path.read_bytes().decode() if path.exists() else None
        assert text == wanted, hint

    return compare
