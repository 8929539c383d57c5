"""What there is to prove, and what became of it."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from mlskill.model import Finding, Place, Report
from mlskill.prover.blocks import Program
from mlskill.prover.runner import PRELOAD

Status = Literal["ran", "checked", "unchecked", "skipped", "not-run", "prose", "failed", "timeout"]
"""`unchecked`: nothing here can check its language. `skipped`: something that it needs is missing,
or a block before it failed. `not-run`: its info string says that it is not to be."""

STATUSES: tuple[Status, ...] = (
    "ran", "checked", "unchecked", "skipped", "not-run", "prose", "failed", "timeout"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one block.

    `program` is the address of its section, `by` what ran or checked it, `message` the reason or
    the fault in one line, `detail` the traceback or the output, `seconds` wall time. A fault has
    the `rule` that reports it and the `line` of the file at which it shows.
    """

    program: str
    place: Place
    language: str
    status: Status
    by: str = ""
    message: str = ""
    detail: str = ""
    seconds: float = 0.0
    rule: str = ""
    line: int = 0


@dataclass(frozen=True)
class Plan:
    """What `prove` would do."""

    programs: tuple[Program, ...]

    @property
    def executed(self) -> tuple[Program, ...]:
        """The programs of which something is executed."""
        return tuple(p for p in self.programs if p.runs)

    @property
    def preload(self) -> tuple[str, ...]:
        """The modules that more than one program imports and that are safe to load before a fork.

        Each is imported once instead of once a program; see `runner.PRELOAD`.
        """
        count = Counter(m for p in self.executed for m in p.imports)
        shared = (m for m, n in count.items() if n > 1 and m.partition(".")[0] in PRELOAD)
        return tuple(sorted(shared))

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages that programs import and that are not installed."""
        return tuple(sorted({m for p in self.executed for m in p.missing}))

    def __str__(self) -> str:
        blocks = sum(len(p.runs) for p in self.executed)
        files = sum(len(p.files) for p in self.executed)
        lines = [
            f"would execute {blocks} blocks in {len(self.executed)} programs,"
            f" with {files} files copied beside them"
        ]
        for program in self.executed:
            names = f" with {', '.join(sorted(program.files))}" if program.files else ""
            lines.append(_inert(f"  {program.name}: {len(program.runs)} blocks{names}"))
        return "\n".join(lines + _wanting(self.missing)) + "\n"


@dataclass(frozen=True)
class Proof:
    """What `prove` found: an outcome for each block, in reading order, and how long it took.

    `root` is the skill's, as the caller named it; the findings' paths start with it.
    """

    plan: Plan
    outcomes: tuple[Outcome, ...]
    seconds: float
    root: str = ""

    @cached_property
    def counts(self) -> dict[Status, int]:
        """How many blocks there are of each status."""
        count = Counter(outcome.status for outcome in self.outcomes)
        return {status: count[status] for status in STATUSES if count[status]}

    @property
    def share(self) -> float:
        """The share of blocks, prose aside, that ran or were checked; 1.0 when there are none."""
        done = self.counts.get("ran", 0) + self.counts.get("checked", 0)
        return _share(done, len(self.outcomes) - self.counts.get("prose", 0))

    @property
    def python_share(self) -> float:
        """The share of Python blocks that ran; 1.0 when there are none."""
        python = [o for o in self.outcomes if o.language == "python"]
        return _share(sum(o.status == "ran" for o in python), len(python))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """The faults, as every other check reports them."""
        texts = {program.path: program.document.source for program in self.plan.programs}
        found = []
        for outcome in self.outcomes:
            if outcome.rule:
                source, place = texts[outcome.place.path], outcome.place
                if outcome.line != place.line:
                    line = min(max(outcome.line, 1), len(source.starts))
                    width = len(source.line(line))
                    place = Place(place.path, line, 1, line, width + 1)
                path = posixpath.join(self.root, place.path)
                where = (path, place.line, place.column, place.end_line, place.end_column)
                text = outcome.message or outcome.status
                excerpt = source.line(place.line)
                found.append(Finding(outcome.rule, "error", *where, text, excerpt))
        return tuple(found)

    @property
    def report(self) -> Report:
        """The findings as a report, for the formats."""
        documents = len({program.path for program in self.plan.programs})
        return Report(self.findings, skills=1, documents=documents)


def summary(proof: Proof) -> str:
    """The counts and shares of `proof`, then each block that is not proven, and why.

    What programs said is indented behind a bar, its control characters made visible: whatever it
    is, it reaches no terminal and passes for no command.
    """
    counts = ", ".join(f"{n} {status}" for status, n in proof.counts.items())
    lines = [
        f"{len(proof.plan.executed)} programs, {counts}, in {proof.seconds:.1f} s;"
        f" proven: {proof.share:.1%} of all but prose; ran: {proof.python_share:.1%} of Python"
        if counts
        else "no code blocks"
    ]
    for outcome in proof.outcomes:
        if outcome.status not in ("ran", "checked", "prose"):
            at = f"{outcome.place.path}:{outcome.line or outcome.place.line}"
            lines.append(_inert(f"  {at}: {outcome.status}: {outcome.message}"))
            lines += [f"    | {_inert(line)}" for line in outcome.detail.splitlines()]
    return "\n".join(lines + _wanting(proof.plan.missing)) + "\n"


def _inert(text: str) -> str:
    """`text` as one line without control characters."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _wanting(missing: Sequence[str]) -> list[str]:
    return [f"not installed: {', '.join(missing)}"] if missing else []
