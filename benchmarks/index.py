"""What an index of many skills costs: seconds per thousand, bytes per skill, memory, questions.

    python benchmarks/index.py CORPUS [--skills 10000] [--engines one,loky,dask,ray]

CORPUS is a folder of skills; they are copied with changes (a name, a sentence and a word of their
own in each copy) until there are enough. Each engine then indexes all of them into a file of its
own. Wall time, and the CPU time of this process and of the children that it waited for.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from mlskill import discover, search
from mlskill.searcher.engines import engine
from mlskill.searcher.registry import open_index, update

QUERIES = ("merge two PDF files", "why is my GPU idle", "write a threat model", "tax return 1987")


def copies(corpus: Path, target: Path, wanted: int) -> None:
    """`wanted` skills below `target`, made of those of `corpus`."""
    roots = list(discover(corpus))
    for number in range(wanted):
        source = Path(roots[number % len(roots)])
        folder = target / f"{number // 1000}" / f"{source.name}-{number}"
        for file in sorted(source.rglob("*.md")):
            if file.is_file() and not file.is_symlink():
                copy = folder / file.relative_to(source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                text = file.read_text("utf-8", "replace")
                copy.write_text(f"{text}\n\nThis copy is number{number}.\n", "utf-8")


def cpu() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--skills", type=int, default=10_000)
    parser.add_argument("--engines", default="one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        target, per = Path(folder) / "skills", options.skills / 1000
        copies(options.corpus, target, options.skills)
        for name in options.engines.split(","):
            file, jobs = Path(folder) / f"{name}.idx", 1 if name == "one" else options.jobs
            held = nullcontext() if name in ("one", "loky") else engine(name, None, jobs)
            with held:
                start, used = time.perf_counter(), cpu()
                done = update(file, [str(target)], jobs=jobs)
                wall, used = time.perf_counter() - start, cpu() - used
            size = file.stat().st_size / options.skills
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{name:5} {jobs} jobs, {done.added:,} skills: {wall / per:.1f} s wall, "
                f"{used / per:.1f} s CPU per thousand; {size:,.0f} bytes per skill; "
                f"{peak:.0f} MB at most",
                flush=True,
            )
        start = time.perf_counter()
        again = update(file, [str(target)])
        print(f"again, nothing changed: {(time.perf_counter() - start) / per:.1f} s per thousand")
        assert again.same == options.skills
        index = open_index(file)
        for query in QUERIES:
            start = time.perf_counter()
            hits = search(index, query)
            print(f"{time.perf_counter() - start:.2f} s, {len(hits)} hits: {query}")


if __name__ == "__main__":
    main()
