"""How long validating takes beside the reference library and beside merely parsing.

    python benchmarks/validate.py [CORPUS]

Cold: one process validates the packaged skill, `mlskill validate` and `skills_ref` in turn, so that
a drift of the machine's speed meets both. Corpus: all skills below CORPUS in one process, and
markdown-it-py parsing the same bytes. Prints medians (seconds of CPU and of wall) and ratios.
Needs the `test` extra.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from mlskill.home import home

MLSKILL = "import sys; from mlskill.apps.cli import run; sys.exit(run(['validate', sys.argv[1]]))"
REFERENCE = (
    "import sys; from pathlib import Path; import skills_ref; "
    "print(skills_ref.validate(Path(sys.argv[1])))"
)
PARSE = """
import sys
from pathlib import Path
from markdown_it import MarkdownIt
parse = MarkdownIt("commonmark").enable("table").parse
for path in sorted(Path(sys.argv[1]).rglob("*.md")):
    if path.is_file():
        parse(path.read_text("utf-8", "replace"))
"""


def measure(code: str, path: str) -> tuple[float, float]:
    """CPU and wall seconds of a process that runs `code` on `path`."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    wall, after = time.perf_counter() - start, os.times()
    cpu = after.children_user + after.children_system
    return cpu - before.children_user - before.children_system, wall


def compare(title: str, codes: dict[str, str], path: str, rounds: int) -> None:
    for code in codes.values():
        measure(code, path)  # bytecode written, files in memory
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in codes}
    for _ in range(rounds):
        for name, code in codes.items():
            times[name].append(measure(code, path))
    print(f"{title}, median of {rounds}")
    for name, pairs in times.items():
        cpu, wall = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"  {name:24} cpu {cpu:7.3f} s   wall {wall:7.3f} s")
    first, second = (times[name] for name in codes)
    for i, unit in enumerate(("cpu", "wall")):
        ratios = [a[i] / b[i] for a, b in zip(first, second, strict=True)]
        print(f"  ratio {unit}: {statistics.median(ratios):.2f}")


def main() -> None:
    skill = Path(home())
    codes = {"mlskill validate": MLSKILL, "skills_ref.validate": REFERENCE}
    compare("cold process, the packaged skill", codes, str(skill), rounds=11)
    for corpus in sys.argv[1:]:
        codes = {"mlskill validate": MLSKILL, "markdown-it-py parse": PARSE}
        compare(f"corpus {Path(corpus).name}", codes, corpus, rounds=3)


if __name__ == "__main__":
    main()
