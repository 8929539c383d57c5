"""prove: Skill -> Proof; plan: what it would run. Only `prove` executes anything."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

from mlskill import checkers
from mlskill.model import Place, Skill
from mlskill.prover.blocks import Program, Task, programs
from mlskill.prover.jobs import Job, Ran
from mlskill.prover.proof import Outcome, Plan, Proof, Status
from mlskill.prover.runner import Runner


def plan(skill: Skill, *, only: str | Collection[str] | None = None) -> Plan:
    """What `prove` would run of `skill`; executes nothing. `only` is as there."""
    return Plan(programs(skill, only))


def prove(
    skill: Skill,
    *,
    timeout: float = 60.0,
    workers: int | None = None,
    only: str | Collection[str] | None = None,
    preload: Iterable[str] = (),
    runner: Runner | None = None,
) -> Proof:
    """EXECUTE the Python blocks of `skill`, check all others, and say what became of each.

    This is arbitrary code from the documents, run with your rights: processes, time, output and
    environment are bounded so that an accident stays small, but it is no sandbox. Load the skill
    with ``contents=True``, so that the files its blocks use are there.

    Each section is a program, ended after `timeout` seconds, `workers` at a time (one for each
    core). `only` names documents and sections (``sub-skills/a.md#b``) to keep to; a single text is
    a part of their address. `preload` are modules to import once beside those known to be safe. A
    `runner` may be shared between calls; its own workers and modules then count.

    Raises:
        UnknownNameError: `only` names something that has no blocks.
    """
    started = time.monotonic()
    planned = plan(skill, only=only)
    kinds = ("run", "names")
    jobs = [(i, k) for i, p in enumerate(planned.programs) for k in kinds if _wanted(p, k)]
    results: dict[tuple[int, str], Ran] = {}
    if jobs:
        own = runner or Runner(preload=(*planned.preload, *preload), workers=workers)
        with nullcontext(own) if runner else own:
            told = [_job(planned.programs[i], kind) for i, kind in jobs]
            results = dict(zip(jobs, own.run(told, timeout), strict=True))
    tasks = [t for p in planned.programs for t in p.tasks if t.action in ("check", "file")]
    with ThreadPoolExecutor(workers or 2) as pool:
        checked = dict(zip(map(id, tasks), pool.map(_check, tasks), strict=True))
    outcomes: list[Outcome] = []
    for i, program in enumerate(planned.programs):
        ran, names = results.get((i, "run")), results.get((i, "names"))
        outcomes += _outcomes(program, ran, names, checked, timeout)
    root = "" if skill.root == "." else skill.root
    return Proof(planned, tuple(outcomes), time.monotonic() - started, root)


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
    ran: Ran | None,
    names: Ran | None,
    checked: dict[int, checkers.Checked],
    timeout: float,
) -> Iterable[Outcome]:
    """What became of each block of `program`."""
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
        # Some parsers stumble behind the end: the last line is as far as they can point.
        line = task.block.line + min(result.line, max(1, task.block.text.count("\n"))) - 1
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
