"""prove: Skill -> Proof; plan: what it would run. Only `prove` executes anything."""

from __future__ import annotations

import re
import signal
import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from mlskill.model import Finding, Place, Report, Skill
from mlskill.prover import checkers
from mlskill.prover.blocks import Program, Task, programs
from mlskill.prover.runner import PRELOAD, Job, Ran, Runner

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
            lines.append(f"  {program.name}: {len(program.runs)} blocks{names}")
        return "\n".join(lines + _wanting(self.missing)) + "\n"


@dataclass(frozen=True)
class Proof:
    """What `prove` found: an outcome for each block, in reading order, and how long it took."""

    plan: Plan
    outcomes: tuple[Outcome, ...]
    seconds: float

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
                where = (place.path, place.line, place.column, place.end_line, place.end_column)
                text = outcome.message or outcome.status
                excerpt = source.line(place.line)
                found.append(Finding(outcome.rule, "error", *where, text, excerpt))
        return tuple(found)

    @property
    def report(self) -> Report:
        """The findings as a report, for the formats."""
        documents = len({program.path for program in self.plan.programs})
        return Report(self.findings, skills=1, documents=documents)


def plan(skill: Skill, *, only: Collection[str] | None = None) -> Plan:
    """What `prove` would run of `skill`; executes nothing. `only` is as there."""
    return Plan(programs(skill, only))


def prove(
    skill: Skill,
    *,
    timeout: float = 60.0,
    workers: int | None = None,
    only: Collection[str] | None = None,
    preload: Iterable[str] = (),
    runner: Runner | None = None,
) -> Proof:
    """EXECUTE the Python blocks of `skill`, check all others, and say what became of each.

    This is arbitrary code from the documents, run with your rights: processes, time, output and
    environment are bounded so that an accident stays small, but it is no sandbox. Load the skill
    with ``contents=True``, so that the files its blocks use are there.

    Each section is a program, ended after `timeout` seconds, `workers` at a time (one for each
    core). `only` names documents and sections (``sub-skills/a.md#b``) to keep to. `preload` are
    modules to import once beside those known to be safe. A `runner` may be shared between calls;
    its own workers and modules then count.

    Raises:
        UnknownNameError: `only` names something that has no blocks.
    """
    started = time.monotonic()
    planned = plan(skill, only=only)
    jobs = [(p, kind) for p in planned.programs for kind in ("run", "names") if _wanted(p, kind)]
    results: dict[tuple[str, str], Ran] = {}
    if jobs:
        own = runner or Runner(preload=(*planned.preload, *preload), workers=workers)
        with nullcontext(own) if runner else own:
            ran = own.run([_job(program, kind) for program, kind in jobs], timeout)
        results = {(p.name, kind): r for (p, kind), r in zip(jobs, ran, strict=True)}
    tasks = [t for p in planned.programs for t in p.tasks if t.action in ("check", "file")]
    with ThreadPoolExecutor(workers or 2) as pool:
        checked = dict(zip(map(id, tasks), pool.map(_check, tasks), strict=True))
    outcomes = [o for p in planned.programs for o in _outcomes(p, results, checked, timeout)]
    return Proof(planned, tuple(outcomes), time.monotonic() - started)


def summary(proof: Proof) -> str:
    """The counts and shares of `proof`, then a line for each block that is not proven, and why."""
    blocks = ", ".join(f"{n} {status}" for status, n in proof.counts.items()) or "no blocks"
    text = (
        f"{len(proof.plan.executed)} programs, {blocks}, in {proof.seconds:.1f} s;"
        f" proven: {proof.share:.1%} of all but prose; ran: {proof.python_share:.1%} of Python"
    )
    lines = [text]
    for outcome in proof.outcomes:
        if outcome.status not in ("ran", "checked", "prose"):
            line = outcome.line or outcome.place.line
            at = f"{outcome.place.path}:{line}"
            lines.append(f"  {at}: {outcome.status}: {outcome.message}")
    return "\n".join(lines + _wanting(proof.plan.missing)) + "\n"


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _wanting(missing: Sequence[str]) -> list[str]:
    return [f"not installed: {', '.join(missing)}"] if missing else []


def _check(task: Task) -> checkers.Checked:
    if task.python:
        return checkers.Checked("compile")
    return checkers.check(task.block.language, task.block.text)


def _named(task: Task) -> bool:
    """Whether the names in `task` are looked up because it is not executed."""
    return task.python and task.action in ("no-run", "skip")


def _wanted(program: Program, kind: str) -> bool:
    return bool(program.runs) if kind == "run" else any(map(_named, program.tasks))


def _job(program: Program, kind: str) -> Job:
    """The program as the runner takes it."""
    if kind == "run":
        tasks = program.runs
    else:  # what earlier blocks import is known to later ones
        tasks = tuple(t for t in program.tasks if t.python and t.action not in ("file", "refuse"))
    blocks: list[dict[str, Any]] = [
        {"text": t.block.text, "line": t.block.line, "raises": t.info.raises, "look": _named(t)}
        for t in tasks
    ]
    modules = [t.info.file for t in program.tasks if t.python and t.action == "file"]
    return Job(program.path, blocks, program.files, modules, kind)


def _outcomes(
    program: Program,
    results: dict[tuple[str, str], Ran],
    checked: dict[int, checkers.Checked],
    timeout: float,
) -> Iterable[Outcome]:
    """What became of each block of `program`."""
    ran = results.get((program.name, "run"))
    names = results.get((program.name, "names"))
    looked = [t for t in program.tasks if t.python and t.action not in ("file", "refuse")]
    for task in program.tasks:
        language = "python" if task.python else task.block.language
        about = (program.name, task.place, language)
        if task.action == "refuse":
            yield Outcome(*about, "failed", "", task.reason, rule=task.rule, line=task.line)
        elif task.action == "prose":
            yield Outcome(*about, "prose")
        elif task.action in ("no-run", "skip"):
            status: Status = "not-run" if task.action == "no-run" else "skipped"
            ending = names.endings.get(looked.index(task)) if names and task.python else None
            if ending and ending["rule"]:
                message = f"{task.reason}; but {ending['message']}"
                rule, line = ending["rule"], ending["line"]
                yield Outcome(*about, "failed", "names", message, rule=rule, line=line)
            else:
                by = "compile, names" if ending else "compile" if task.python else ""
                more = f" ({ending['message']})" if ending and ending["message"] else ""
                if names and task.python and not ending:
                    more = f" (names not looked up: {names.ending})"
                yield Outcome(*about, status, by, task.reason + more)
        elif task.action == "run" and ran:
            yield _outcome(program, task, ran, timeout)
        elif ran and task.info.file in ran.imported:
            yield Outcome(*about, "ran", "import")
        else:
            yield _verdict(about, task, checked[id(task)])


def _verdict(about: tuple[str, Place, str], task: Task, result: checkers.Checked) -> Outcome:
    """The outcome of a block that a parser or a tool looked at."""
    if result.message and result.by:
        line = task.block.line + result.line - 1
        rule = "block-syntax"
        return Outcome(*about, "failed", result.by, result.message, rule=rule, line=line)
    if not result.by:
        return Outcome(*about, "unchecked", "", result.message)
    return Outcome(*about, "checked", result.by)


def _outcome(program: Program, task: Task, ran: Ran, timeout: float) -> Outcome:
    """The outcome of a block that was to be executed."""
    about = (program.name, task.place, "python")
    position = program.runs.index(task)
    ending = ran.endings.get(position)
    if ending:
        status: Status = "failed" if ending["rule"] else "ran"
        told = (ending["message"], ending["detail"], ending["seconds"], ending["rule"])
        return Outcome(*about, status, "python", *told, ending["line"])
    if position != max(ran.at, 0) or (ran.endings and ran.at < 0):
        return Outcome(*about, "skipped", "", "a block before it, in the same section, failed")
    line = _last_line(ran.errors, program.path) or task.place.line
    if ran.ending == "timeout":
        message = f"still runs after {timeout:g} s"
        return Outcome(
            *about, "timeout", "python", message, ran.errors, timeout, "block-timeout", line
        )
    message = _death(ran.ending)
    return Outcome(*about, "failed", "python", message, ran.errors, 0.0, "block-fails", line)


def _death(ending: str) -> str:
    """What became of a process that did not tell, as a sentence."""
    if ending == "output":
        return "prints without end"
    if ending.startswith("exit "):
        code = int(ending[5:])
        if code >= 0:
            return f"ends its process with exit code {code}"
        try:
            return f"its process was killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"its process was killed by signal {-code}"
    return "its process was lost"


def _last_line(errors: str, name: str) -> int:
    """The line of the file `name` that a dump of the interpreter's stacks shows; 0 for none."""
    dump = errors.rpartition("(most recent call first):")[2]
    found = re.search(rf'File "{re.escape(name)}", line (\d+)', dump)
    return int(found[1]) if found else 0
