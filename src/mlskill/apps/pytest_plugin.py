"""A pytest plugin: what the rules find in skills, and what their code blocks do, as tests.

    pytest --mlskill skills/                   each finding is a test that fails
    pytest --mlskill skills/ --mlskill-prove   each section's code blocks are a test: it RUNS them

Without that, or ``mlskill_paths`` in the project's settings of pytest, it does nothing and imports
nothing. The project's settings of mlskill hold, and its comments are obeyed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mlskill.model import Finding, Report, Skill
    from mlskill.prover import Program, Runner

_RUNNER = pytest.StashKey["Runner"]()
_PRELOAD = pytest.StashKey[set[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, and their like in the settings of pytest."""
    group = parser.getgroup("mlskill", "Agent Skills")
    group.addoption(
        "--mlskill",
        metavar="PATH",
        action="append",
        default=[],
        help="check the skills at or below PATH; may be given several times",
    )
    group.addoption(
        "--mlskill-prove",
        action="store_true",
        help="RUN the skills' code blocks, too: arbitrary code, with your rights",
    )
    parser.addini("mlskill_paths", "paths of skills that are checked", type="paths", default=[])
    parser.addini("mlskill_prove", "run their code blocks, too", type="bool", default=False)
    parser.addini("mlskill_timeout", "seconds for the blocks of one section", default="60")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known by which these tests can be chosen."""
    config.addinivalue_line("markers", "mlskill: a check of an Agent Skill (added by mlskill)")


@pytest.hookimpl(tryfirst=True)  # so that -k and -m choose among these tests, too
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for each finding, or for a skill without any, and for each program."""
    for path in _paths(config):
        for file in _files(session, config, path):
            items += session.genitems(file)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what still runs."""
    runner = config.stash.get(_RUNNER, None)
    if runner is not None:
        runner.close()


def _paths(config: pytest.Config) -> Iterable[str]:
    """The paths that were asked for: those of the settings only where no test was named."""
    base = config.invocation_params.dir
    asked = [str(base / path) for path in config.getoption("--mlskill")]
    if not asked and config.args_source != pytest.Config.ArgsSource.ARGS:
        asked = [str(path) for path in config.getini("mlskill_paths")]
    return dict.fromkeys(asked)


def _files(session: pytest.Session, config: pytest.Config, path: str) -> Iterator[SkillFile]:
    from mlskill.errors import MlskillError
    from mlskill.formats.escape import inert
    from mlskill.reader import discover

    try:
        found = [*discover(_named(path))]
    except MlskillError as error:
        raise pytest.UsageError(f"mlskill: {error}") from None
    if not found:
        raise pytest.UsageError(f"mlskill: {path}: no SKILL.md here or below")
    for root in found:
        file = Path(root) if Path(root).is_file() else Path(root) / "SKILL.md"
        shown = inert(_named(str(file.absolute()), config.rootpath).replace(os.sep, "/"))
        yield SkillFile.from_parent(session, path=file.absolute(), nodeid=shown, root=root)


def _named(path: str, folder: Path | str = ".") -> str:
    """`path` as from `folder`, where it lies below it."""
    near = os.path.relpath(path, folder)
    return path if near.startswith("..") else near


class SkillFile(pytest.File):
    """A skill, whose findings and programs are tests."""

    def __init__(self, *, root: str, **options: Any) -> None:
        super().__init__(**options)
        self.root = root
        self.add_marker("mlskill")

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each finding, one that passes where there is none, one for each program."""
        from mlskill.loader import load

        prove = self.config.getoption("--mlskill-prove") or self.config.getini("mlskill_prove")
        skill = load(self.root, contents=bool(prove))
        report = _report(skill, self.config)
        for finding in report.findings:
            yield FindingItem.from_parent(self, name=_name(finding), finding=finding)
        if not report.findings:
            yield FindingItem.from_parent(self, name="rules", finding=None)
        if prove:
            yield from self._programs(skill)

    def _programs(self, skill: Skill) -> Iterator[pytest.Item]:
        from mlskill.formats.escape import inert
        from mlskill.prover import plan

        planned = plan(skill)
        self.config.stash.setdefault(_PRELOAD, set()).update(planned.preload)
        for program in planned.programs:
            name = inert(program.name)
            yield ProgramItem.from_parent(self, name=name, skill=skill, program=program)


def _report(skill: Skill, config: pytest.Config) -> Report:
    """What is to be reported of `skill` in this project."""
    from mlskill.rules import RULES, choose
    from mlskill.settings import Settings, load, project
    from mlskill.settler import settle
    from mlskill.settler.baseline import Baseline
    from mlskill.validator import validate

    file = project(config.rootpath).file
    settings = load(file) if file else Settings()
    rules = choose(RULES, settings.profile, select=settings.select, advice=settings.advice)
    baseline = Baseline.load(settings.baseline) if settings.baseline else None
    return settle(validate(skill, rules=rules, advice=True), settings, baseline=baseline)


def _name(finding: Finding) -> str:
    from mlskill.formats.escape import inert

    return inert(f"{finding.path}:{finding.line}:{finding.column} {finding.rule}")


class FaultError(Exception):
    """What a skill's test failed of; its text is for a person."""


class SkillItem(pytest.Item):
    """A test of a skill; a failure is shown as the report would."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The finding, without a traceback of what found it."""
        if isinstance(excinfo.value, FaultError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int | None, str]:
        """Where it stands, and how it is called, so that a terminal can show it."""
        from mlskill.formats.escape import inert

        return inert(str(self.path)), None, f"skill {self.name}"


class FindingItem(SkillItem):
    """A finding, which fails; or that there is none."""

    def __init__(self, *, finding: Finding | None, **options: Any) -> None:
        super().__init__(**options)
        self.finding = finding

    def runtest(self) -> None:
        """Fail, if something was found."""
        from mlskill.formats.text import entry

        if self.finding:
            raise FaultError(f"{entry(self.finding)}mlskill explain {self.finding.rule}")


class ProgramItem(SkillItem):
    """The code blocks of a section, run as one program."""

    def __init__(self, *, skill: Skill, program: Program, **options: Any) -> None:
        super().__init__(**options)
        self.skill, self.program = skill, program

    def runtest(self) -> None:
        """Run them; skip where something that they need is missing, fail as they fail."""
        from mlskill.formats.text import entry
        from mlskill.prover import prove

        seconds = float(self.config.getini("mlskill_timeout"))
        name = self.program.name
        proof = prove(self.skill, only={name}, timeout=seconds, runner=_runner(self.config))
        outcomes = [outcome for outcome in proof.outcomes if outcome.program == name]
        failed = [outcome for outcome in outcomes if outcome.rule]
        if failed:
            own = replace(proof, outcomes=tuple(failed))
            details = [outcome.detail for outcome in failed if outcome.detail]
            raise FaultError("".join([*map(entry, own.findings), *_barred(details)]))
        missing = [o for o in outcomes if o.status in ("skipped", "unchecked", "not-run")]
        if missing and len(missing) == len([o for o in outcomes if o.status != "prose"]):
            pytest.skip(missing[0].message)


def _barred(details: list[str]) -> Iterator[str]:
    """What programs said, line by line behind a bar, so that it is told from what we say."""
    from mlskill.formats.escape import inert

    for detail in details:
        yield from (f"  | {inert(line)}\n" for line in detail.splitlines())


def _runner(config: pytest.Config) -> Runner:
    """The one that runs all programs of this session."""
    from mlskill.prover import Runner

    if _RUNNER not in config.stash:
        preload = config.stash.setdefault(_PRELOAD, set())
        config.stash[_RUNNER] = Runner(preload=sorted(preload), workers=1)
    return config.stash[_RUNNER]
