"""How often search finds the right module: rank, nothing where nothing fits, tokens, seconds.

    python benchmarks/retrieval.py QUESTIONS.jsonl [SKILL] [--budget 2000] [--misses] [--vectors]

Each line of QUESTIONS is an object: `q`, the text as typed; `modules`, the stems of the acceptable
documents (none: the skill has nothing to say); `kind`; `hard`. Hits become modules by their first
appearance. `@1`, `@3`: any listed module at rank 1, within the first 3; `mrr`: 1 / rank of the
first listed one; all over questions with modules, of which `empty` got no answer. `none`: share of
questions without modules that got no answer. `tokens`: of what `render` gives within the budget.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlskill import Index, Skill, estimate, load, render, search
from mlskill.searcher.meanings import LARGE, SMALL


@dataclass(frozen=True)
class Outcome:
    """One question, and the modules that search gave for it, best first."""

    text: str
    kind: str
    hard: bool
    wanted: tuple[str, ...]
    found: tuple[str, ...]
    tokens: int
    seconds: float

    def within(self, rank: int) -> bool:
        return any(module in self.wanted for module in self.found[:rank])

    @property
    def reciprocal(self) -> float:
        first = self.wanted[0]
        return 1 / (self.found.index(first) + 1) if first in self.found else 0.0


def ask(skill: Skill, index: Index, question: dict[str, object], budget: int) -> Outcome:
    text = str(question["q"])
    start = time.perf_counter()
    hits = search(index, text)
    seconds = time.perf_counter() - start
    hits = hits and search(index, text, limit=1000)
    return Outcome(
        text,
        str(question["kind"]),
        bool(question["hard"]),
        tuple(question["modules"]),  # type: ignore[arg-type]
        tuple(dict.fromkeys(PurePosixPath(hit.path).stem for hit in hits)),
        estimate(render(skill, query=text, budget=budget)) if hits and budget else 0,
        seconds,
    )


def row(name: str, outcomes: Iterable[Outcome]) -> str:
    every = list(outcomes)
    placed, others = [o for o in every if o.wanted], [o for o in every if not o.wanted]
    cells = [f"{name:12}{len(placed):5}"]
    if placed:
        cells += [f"{statistics.mean(o.within(rank) for o in placed):7.3f}" for rank in (1, 3)]
        cells += [f"{statistics.mean(o.reciprocal for o in placed):7.3f}"]
        cells += [f"{sum(not o.found for o in placed):6}"]
        cells += [f"{statistics.mean(o.tokens for o in placed):8.0f}"]
    else:
        cells += [" " * 35]
    if others:
        right = sum(not o.found for o in others)
        cells.append(f"{right:5} of {len(others)}")
    return "".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("skill", nargs="?")
    parser.add_argument("--budget", type=int, default=2000)
    parser.add_argument("--misses", action="store_true", help="print the questions it gets wrong")
    parser.add_argument("--vectors", action="store_true", help="the model of the extra `vectors`")
    options = parser.parse_args()
    skill = load(options.skill)
    start = time.perf_counter()
    index = Index([skill], model=LARGE if options.vectors else SMALL)
    built = time.perf_counter() - start
    lines = options.questions.read_text("utf-8").splitlines()
    outcomes = [
        ask(skill, index, json.loads(line), options.budget) for line in lines if line.strip()
    ]
    print(f"{'':12}{'n':>5}{'@1':>7}{'@3':>7}{'mrr':>7}{'empty':>6}{'tokens':>8}{'none':>6}")
    print(row("all", outcomes))
    for hard in (False, True):
        print(row("hard" if hard else "not hard", (o for o in outcomes if o.hard == hard)))
    for kind in sorted({o.kind for o in outcomes}):
        print(row(kind, (o for o in outcomes if o.kind == kind)))
    median = statistics.median(o.seconds for o in outcomes)
    print(f"index {built:.3f} s, question {median * 1000:.1f} ms at the median")
    for o in outcomes if options.misses else ():
        if not (o.within(1) if o.wanted else not o.found):
            print(f"\n{o.text}\n  wanted {o.wanted or 'nothing'}, found {o.found[:3] or 'nothing'}")


if __name__ == "__main__":
    main()
