"""Words and features on Spark are those of one process, with late and corrected rows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLAYBOOK = Path(__file__).parents[2] / "resources" / "playbook"
pytest.importorskip("pyspark", reason="install tests/stacks/spark.txt")

WRITE = """
import sys
from pathlib import Path
import feed
from ingest import ingest
root, flights = Path(sys.argv[1]), feed.flights(1, 2)
late, words = flights.iloc[::50], flights.drop(flights.index[::50])
right = words.head(500).assign(arr_delay=words["arr_delay"].head(500) + 1)
ingest(root, "weather", feed.weather(1, 2), received=0)
ingest(root, "flights", words, received=0)
ingest(root, "flights", late, received=feed.minute_of("2013-02-20"))
ingest(root, "flights", right, received=30_000)
ingest(root, "flights", words.head(500), received=40_000)
"""


def test_rows_equal_those_of_one_process(tmp_path):
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17")
    environment = {**os.environ, "PYTHONPATH": str(PLAYBOOK)}
    script = tmp_path / "write.py"
    script.write_text(WRITE)
    for command in (
        [script, tmp_path / "log"],
        [PLAYBOOK / "larger.py", "--home", tmp_path],
    ):
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.count("all equal") == 2
    assert "newest word on 51955 rows" in done.stdout
