"""The ml-engineer skill, proven: a test for each section that has code blocks. EXECUTES them.

Sections that need a library which is not installed are skipped and say so; the extra ``prove``
brings the libraries. The summary at the end counts what ran and what did not.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mlskill.home import home
from mlskill.loader import load
from mlskill.prover import Outcome, Plan, Program, Proof, Runner, plan, prove, summary

SKILL = load(home(), contents=True)
PLAN = plan(SKILL)
EXTRA = "pip install 'mlskill[prove]'"
TIMEOUT = 300.0
"""Seconds for one section: generous, for a machine that has other work."""


class Tally:
    """The outcomes so far; as a plugin of pytest, it tells them at the end."""

    def __init__(self) -> None:
        self.programs: list[Program] = []
        self.outcomes: list[Outcome] = []
        self.seconds = 0.0

    def add(self, proof: Proof) -> None:
        """Count the outcomes of `proof` in."""
        self.programs += proof.plan.programs
        self.outcomes += proof.outcomes
        self.seconds += proof.seconds

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was proven, and what was not and why."""
        proof = Proof(Plan(tuple(self.programs)), tuple(self.outcomes), self.seconds)
        terminalreporter.section("code blocks of the ml-engineer skill")
        if proof.outcomes:
            terminalreporter.write(summary(proof))
        left = len(PLAN.programs) - len(self.programs)
        if left:
            terminalreporter.write_line(f"not tried: {left} of {len(PLAN.programs)} sections")


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Tally:
    tally = Tally()
    request.config.pluginmanager.register(tally)
    return tally


@pytest.fixture(scope="session")
def runner() -> Iterator[Runner]:
    with Runner(preload=PLAN.preload) as shared:
        yield shared


@pytest.mark.parametrize("program", PLAN.programs, ids=lambda program: program.name)
def test_section(program: Program, runner: Runner, tally: Tally) -> None:
    if program.missing:
        pytest.skip(f"not installed: {', '.join(program.missing)}; {EXTRA}")
    proof = prove(SKILL, only=[program.name], runner=runner, timeout=TIMEOUT)
    tally.add(proof)
    if proof.findings:
        pytest.fail(summary(proof), pytrace=False)
    open_ones = [o for o in proof.outcomes if o.status not in ("ran", "checked", "prose")]
    if open_ones and proof.share == 0:
        pytest.skip("; ".join(f"{o.place}: {o.status}: {o.message}" for o in open_ones))


def test_the_skill_has_code() -> None:
    """Nothing above is a test of nothing."""
    assert sum(len(program.runs) for program in PLAN.programs) > 0


def test_nine_blocks_in_ten_are_to_be_proven() -> None:
    """Whatever is installed here: the documents let at most one block in ten go unproven."""
    tasks = [t for program in PLAN.programs for t in program.tasks if t.action != "prose"]
    exempt = [t for t in tasks if t.info.no_run or t.info.needs]
    share = 1 - len(exempt) / len(tasks)
    assert share >= 0.9, "\n".join(f"{t.place}: {t.block.info}" for t in exempt)
