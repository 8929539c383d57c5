"""How long validating takes beside other tools, and beside merely parsing the same bytes.

    python benchmarks/validate.py [--rounds N] [CORPUS ...]

One small skill, each time in a new process; then every CORPUS, a folder of many skills: cold, as
nothing is kept, and warm, as all is. In each round all contestants run in turn, so that a drift of
the machine's speed meets all of them. Printed are medians of CPU and wall seconds and the peak of
memory, and for each contestant the median of its ratios to the first; above 1 it is slower.

Measured on 2026-11-26 with 88 rules, Python 3.11, two cores that did other work, too; CPU seconds,
as ratios to the first of each list:

    one small skill: skills_ref.validate 1, its command 1.24, kept 0.97, anew 1.77
    926 skills, 3,125 pages: markdown-it-py parsing alone 1, cold 1.17, warm 0.06,
    skills_ref.validate on each SKILL.md 0.10, agnix 0.59.3 cold 0.15, rumdl 0.3.0 cold 0.26

The peak of memory is that of the largest skill, and of what was found: 15 MB for 181 skills, 25 for
926, 27 for 4,630, warm and with nothing found; about 4 KB for each finding.

Needs the `test` extra; `agnix` and `rumdl` are run where they are installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
HERE = Path(sys.executable).parent

MLSKILL = [str(HERE / "mlskill"), "validate"]
LIBRARY = """
import sys
from pathlib import Path
import skills_ref
for main in sorted(Path(sys.argv[1]).rglob("SKILL.md")):
    try:
        print(skills_ref.validate(main.parent))
    except Exception as error:
        print(error)
"""
PARSE = """
import sys
from multiprocessing import Pool
from pathlib import Path
from markdown_it import MarkdownIt
parse = MarkdownIt("commonmark").enable("table").parse
def one(path):
    parse(path.read_text("utf-8", "replace"))
paths = [path for path in sorted(Path(sys.argv[1]).rglob("*.md")) if path.is_file()]
with Pool(int(sys.argv[2])) as pool:
    for _ in pool.imap(one, paths, 16):
        pass
"""
SMALL = """---
name: small
description: Reads tables from PDF files. Use when somebody has a PDF and wants its numbers.
---

# Small

1. Look at [the guide](guide.md#steps).
2. Run `scripts/read.py`.

```python
import csv
```
"""


class Taken(NamedTuple):
    cpu: float
    wall: float
    megabytes: float


def measure(command: list[str], cache: str) -> Taken:
    """What one process, and all that it waited for, takes."""
    environment = {**os.environ, "MLSKILL_CACHE_DIR": cache, "NO_COLOR": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else what is not installed is never compiled
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 3):
        sys.exit(f"{' '.join(command[:4])}: exit code {process.returncode}")
    return Taken(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def compare(title: str, contestants: dict[str, list[str]], cache: str, rounds: int) -> None:
    """Print what each of `contestants` takes; the first is what the others are compared with."""
    taken: dict[str, list[Taken]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, command in contestants.items():
            one = measure(command, cache)
            if number:  # the first round only writes bytecode and brings files into memory
                taken[name].append(one)
    print(f"\n{title}, median of {rounds}, {CORES} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{'':42}{'cpu s':>9}{'wall s':>9}{'MB':>7}{'cpu x':>8}{'wall x':>8}")
    first = next(iter(taken.values()))
    for name, runs in taken.items():
        cpu, wall, size = (statistics.median(column) for column in zip(*runs, strict=True))
        ratios = [
            statistics.median(a[i] / b[i] for a, b in zip(runs, first, strict=True)) for i in (0, 1)
        ]
        print(f"{name:42}{cpu:9.3f}{wall:9.3f}{size:7.0f}{ratios[0]:8.2f}{ratios[1]:8.2f}")


def native(path: str) -> dict[str, list[str]]:
    """The fastest linters that are native programs, where they are installed."""
    commands = {"agnix": ["agnix", path], "rumdl": ["rumdl", "check", "--no-cache", path]}
    found = {}
    for name, (tool, *rest) in commands.items():
        if program := shutil.which(tool, path=f"{HERE}{os.pathsep}{os.environ.get('PATH', '')}"):
            found[f"{name} (native), cold"] = [program, *rest]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache, small = f"{folder}/cache", Path(folder, "small")
        (small / "scripts").mkdir(parents=True)
        (small / "SKILL.md").write_text(SMALL)
        (small / "guide.md").write_text("# Guide\n\n## Steps\n\nRead it.\n")
        (small / "scripts/read.py").write_text("print(1)\n")
        path = str(small)
        contestants = {
            "skills_ref.validate, the library": [sys.executable, "-c", LIBRARY, path],
            "agentskills validate, its command": [str(HERE / "agentskills"), "validate", path],
            "mlskill validate, kept": [*MLSKILL, path],
            "mlskill validate, anew": [*MLSKILL, "--no-cache", path],
            "python -c pass": [sys.executable, "-c", "pass"],
            **native(path),
        }
        compare("one small skill in a new process", contestants, cache, options.rounds * 3)
        for path in options.corpus:
            contestants = {
                "markdown-it-py, parsing alone": [sys.executable, "-c", PARSE, path, str(CORES)],
                "mlskill validate, cold": [*MLSKILL, "--no-cache", path],
                "mlskill validate, cold, one process": [*MLSKILL, "--no-cache", "--jobs=1", path],
                "mlskill validate, warm": [*MLSKILL, path],
                "skills_ref.validate, SKILL.md alone": [sys.executable, "-c", LIBRARY, path],
                **native(path),
            }
            compare(f"corpus {Path(path).name}", contestants, cache, options.rounds)


if __name__ == "__main__":
    main()
