"""The command line. Each command is one function, imports what it needs, and returns its exit code.

0: clean. 1: something was found. 2: could not run (one line on stderr). 3: a limit was reached.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlskill.errors import MissingPathError, MlskillError, NotASkillError
from mlskill.hidden import visible

if TYPE_CHECKING:
    from mlskill.model import Skill
    from mlskill.prover import Proof
    from mlskill.reader import Found

_Command = Callable[[argparse.Namespace], int]


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns its exit code, and never a traceback for bad input."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # "mlskill validate >&-": only the exit code is wanted
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
        elif hasattr(stream, "reconfigure"):  # a skill may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    command: _Command = options.command
    try:
        return command(options)
    except MlskillError as error:
        print(f"mlskill: {visible(str(error))}", file=sys.stderr)
        return 2
    except OSError as error:  # the folder one is in was removed
        print(f"mlskill: {visible(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    from mlskill import __version__
    from mlskill.formats import FORMATS

    parser = argparse.ArgumentParser(
        prog="mlskill",
        description="Load, validate, render and prove Agent Skill trees.",
        epilog="Without a path, render and tree speak of the ml-engineer skill that comes with "
        "mlskill, and validate checks the folder you are in.",
    )
    parser.add_argument("--version", action="version", version=f"mlskill {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: _Command, summary: str, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog="examples:\n  " + example.replace("\n", "\n  "),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=command)
        return sub

    sub = add(
        "render",
        _render,
        "print a skill, a module or a section as context for an agent",
        "mlskill render\n"
        "mlskill render model-serving-deployment\n"
        "mlskill render model-evaluation-testing#pitfalls\n"
        "mlskill render --view full path/to/skill > skill.md\n"
        "mlskill render --query 'loss jumps after resume' --budget 2000\n"
        "mlskill render --view catalog ~/.agents/skills",
    )
    sub.add_argument(
        "target",
        nargs="*",
        help="a module's name, its path, either with #section; a skill's folder, SKILL.md or zip",
    )
    sub.add_argument("--skill", metavar="PATH", help="the skill in which targets are named")
    sub.add_argument(
        "--view",
        choices=("catalog", "outline", "module", "section", "full"),
        help="how much to show (default: what fits the target)",
    )
    sub.add_argument("--format", choices=("markdown", "xml"), default="markdown")
    sub.add_argument("--query", metavar="TEXT", help="the sections that answer this, best first")
    sub.add_argument(
        "--budget", type=int, metavar="TOKENS", help="at most so many tokens (2000 with --query)"
    )

    sub = add(
        "search",
        _search,
        "find the sections that answer a question",
        "mlskill search 'why does p99 explode when I add workers'\n"
        "mlskill search --in ~/.agents/skills 'merge two PDF files' --format json",
    )
    sub.add_argument("query", nargs="+", help="a question, an error message, an identifier")
    sub.add_argument(
        "--in",
        dest="path",
        metavar="PATH",
        action="append",
        help="a skill, or a folder of many (default: the one that comes with mlskill)",
    )
    sub.add_argument("--limit", type=int, default=10, help="hits to show (default: 10)")
    sub.add_argument("--format", choices=("text", "json"), default="text")

    sub = add(
        "validate",
        _validate,
        "check every skill below the paths",
        "mlskill validate\nmlskill validate skills/ --format github\n"
        "mlskill validate --profile spec skills/ --ignore name-not-folder\n"
        "mlskill validate --output sarif:skills.sarif --output junit:skills.xml skills/\n"
        "mlskill validate my-skill.zip --format json | jq .findings[].rule",
    )
    sub.add_argument(
        "path", nargs="*", default=["."], help="a skill, or a folder of many (default: .)"
    )
    sub.add_argument("--format", choices=tuple(FORMATS), default="text")
    sub.add_argument(
        "--output",
        metavar="FORMAT:FILE",
        type=_output,
        action="append",
        default=[],
        help="write the report to a file, too; may be given several times",
    )
    sub.add_argument(
        "--profile",
        choices=("default", "strict", "spec", "portable"),
        default="default",
        help="strict: advice, too; spec: only what the specification demands; portable: that, and "
        "what some clients refuse to load",
    )
    for option, words in (("--select", "only these"), ("--ignore", "all but these")):
        sub.add_argument(
            option,
            metavar="RULE",
            type=_names,
            action="extend",
            default=[],
            help=f"{words} rules or families, with commas between; see mlskill explain",
        )
    sub.add_argument("--advice", action="store_true", help="report what could be better, too")

    sub = add(
        "tree",
        _tree,
        "show documents, sections and tokens as a tree",
        "mlskill tree\nmlskill tree path/to/skill --depth 1\nmlskill tree --format json",
    )
    sub.add_argument("path", nargs="?", help="a skill (default: the one that comes with mlskill)")
    sub.add_argument("--depth", type=_count, default=2, help="heading levels to show (default: 2)")
    sub.add_argument("--format", choices=("text", "json"), default="text")

    sub = add(
        "explain",
        _explain,
        "explain a rule: what it finds, why, how to mend it",
        "mlskill explain link-target-missing\nmlskill explain",
    )
    sub.add_argument("rule", nargs="?", help="a rule's id (default: list them all)")
    sub.add_argument("--format", choices=("text", "json"), default="text", help="of the list")

    sub = add(
        "prove",
        _prove,
        "RUN the code blocks of skills, with your rights, and report which hold",
        "mlskill prove --dry-run path/to/skill\nmlskill prove path/to/skill\n"
        "mlskill prove --only sub-skills/model-evaluation-testing.md .",
    )
    sub.add_argument("path", nargs="+", help="a skill, or a folder of many")
    sub.add_argument("--dry-run", action="store_true", help="only say what would run")
    sub.add_argument(
        "--only", metavar="TEXT", help="only documents and sections whose id holds TEXT"
    )
    sub.add_argument("--timeout", type=_seconds, default=60.0, help="seconds for one program")
    sub.add_argument("--format", choices=("text", "json", "github"), default="text")
    return parser


def _count(text: str) -> int:
    """An argument that counts something, from 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0")
    return int(text)


def _seconds(text: str) -> float:
    """An argument that is a time."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _names(text: str) -> list[str]:
    """An argument that is names with commas between."""
    return [name for name in map(str.strip, text.split(",")) if name]


def _output(text: str) -> tuple[str, str]:
    """An argument that names a format and a file."""
    from mlskill.formats import FORMATS

    name, colon, path = text.partition(":")
    if not (colon and path and name in FORMATS):
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(FORMATS)}, : and file")
    return name, path


def _skill(path: str | None, *, contents: bool = False) -> Skill:
    """The skill at `path`, or the one that comes with mlskill."""
    from mlskill.loader import load

    return load(path or None, contents=contents)


def _write(text: str) -> None:
    """Print text for an agent: to a terminal with control characters made visible."""
    _print("\n".join(map(visible, text.split("\n"))) if sys.stdout.isatty() else text)


def _print(text: str) -> None:
    """Print `text` as it is; what holds words of a skill has been made inert before."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer must go somewhere, or Python complains when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # "mlskill tree | head": that is no fault
            raise MlskillError(f"could not print: {error.strerror}") from None


def _inert(text: str) -> str:
    """Lines that are no report, with nothing in them that a terminal or a build log obeys."""
    from mlskill.formats.escape import inert

    return "".join(f"{inert(line)}\n" for line in text.splitlines())


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _locate(target: str, skill_path: str | None) -> tuple[Skill, str | None]:
    """The skill that `target` speaks of, and what in it: None for all of it."""
    from mlskill.reader.names import is_markdown

    whole = Path(target).exists()  # a path may hold the sign itself
    name, mark, anchor = (target, "", "") if whole else target.partition("#")
    path = Path(name)
    if skill_path is None and name and path.exists():
        if path.name == "SKILL.md" or not (path.is_file() and is_markdown(name)):
            return _skill(name), mark + anchor or None
        path = path.resolve()
        for folder in path.parents:
            if (folder / "SKILL.md").is_file():
                return _skill(str(folder)), path.relative_to(folder).as_posix() + mark + anchor
        raise NotASkillError(f"{name}: no SKILL.md in its folder or above it")
    if skill_path is None and name.startswith((".", "/", "~")):
        raise MissingPathError(name)
    return _skill(skill_path), target or None


def _render(options: argparse.Namespace) -> int:
    from mlskill.renderer import catalog, render

    if options.view == "catalog":
        from mlskill.loader import load_all

        roots = options.target or [options.skill or _home()]
        _write(catalog(skill for root in roots for skill in load_all(root)) + "\n")
        return 0
    for target in options.target or [""]:
        skill, name = _locate(target, options.skill)
        _write(
            render(
                skill,
                name,
                view=options.view,
                format=options.format,
                query=options.query,
                budget=options.budget,
            )
        )
    return 0


def _search(options: argparse.Namespace) -> int:
    from mlskill.loader import load, load_all
    from mlskill.searcher import search

    if options.path:
        skills = [skill for root in options.path for skill in load_all(root)]
        if not skills:
            raise NotASkillError(f"{' '.join(options.path)}: no SKILL.md here or below")
    else:
        skills = [load()]
    query = " ".join(options.query)
    hits = search(skills[0] if len(skills) == 1 else skills, query, limit=options.limit)
    if options.format == "json":
        from dataclasses import asdict

        from mlskill.formats.json import dump

        _print(dump([asdict(hit) for hit in hits]))
    else:
        for hit in hits:
            name = f"{hit.path}#{hit.anchor}" if hit.anchor else hit.path
            _write(f"{visible(name)}  {hit.score:.1f}  {hit.tokens:,} tokens\n")
            _write(f"    {visible(hit.snippet or hit.title)}\n")
    return 0 if hits else 1


def _home() -> str:
    from mlskill.home import home

    return str(home())


def _validate(options: argparse.Namespace) -> int:
    from mlskill.formats import FORMATS
    from mlskill.loader import load
    from mlskill.rules import RULES, choose
    from mlskill.validator import merge, unsearched, validate

    rules = choose(
        RULES,
        options.profile,
        select=options.select,
        ignore=options.ignore,
        advice=options.advice,
    )
    reports = []
    for path in options.path:
        found = _discover(path)
        reports += [validate(load(root), rules=rules, advice=True) for root in found]
        reports.append(unsearched(found.faults, rules=rules))
    report = merge(reports)
    if not report.skills and not report.findings:
        raise NotASkillError(f"{' '.join(options.path)}: no SKILL.md here or below")
    for name, path in options.output:
        _save(path, FORMATS[name](report))
    _print(FORMATS[options.format](report, color=_colour()))
    return report.exit_code


def _save(path: str, text: str) -> None:
    """Write `text` to the file at `path`, in UTF-8."""
    try:
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise MlskillError(f"could not write {path}: {error.strerror}") from None


def _discover(path: str) -> Found:
    from mlskill.reader import discover

    return discover(path)


def _tree(options: argparse.Namespace) -> int:
    from mlskill.outline import text, tree

    data = tree(_skill(options.path))
    if options.format == "json":
        from mlskill.formats.json import dump

        _print(dump(data))
    else:
        _print(_inert(text(data, depth=options.depth)))
    return 0


def _explain(options: argparse.Namespace) -> int:
    from mlskill.rules import RULES, explain

    if options.rule:
        _write(explain(options.rule))
        return 0
    if options.format == "json":
        from mlskill.formats.json import dump

        fields = ("id", "severity", "family", "exact", "summary")
        _print(dump([{field: getattr(rule, field) for field in fields} for rule in RULES.values()]))
        return 0
    width, kind = max(map(len, RULES)), ("heuristic", "exact")
    for rule in RULES.values():
        about = f"{rule.severity:7}  {rule.family:11}  {kind[rule.exact]:9}"
        _print(f"{rule.id:{width}}  {about}  {rule.summary}\n")
    return 0


def _prove(options: argparse.Namespace) -> int:
    from mlskill.formats import FORMATS
    from mlskill.loader import load
    from mlskill.prover import plan, prove, summary
    from mlskill.validator import merge, unsearched

    reports, proofs = [], []
    for path in options.path:
        found = _discover(path)
        for root in found:
            skill = load(root, contents=True)
            planned = _inert(f"{visible(root)}: {plan(skill, only=options.only)}")
            if options.dry_run:
                _print(planned)
            else:
                print(planned, end="", file=sys.stderr, flush=True)
                proof = prove(skill, only=options.only, timeout=options.timeout)
                print(_inert(f"{visible(root)}: {summary(proof)}"), end="", file=sys.stderr)
                proofs.append((root, proof))
                reports.append(proof.report)
        reports.append(unsearched(found.faults))
    if options.dry_run:
        return 0
    report = merge(reports)
    text = FORMATS[options.format](report, color=_colour())
    _print(_with_blocks(text, proofs) if options.format == "json" else text)
    return report.exit_code


def _with_blocks(text: str, proofs: Sequence[tuple[str, Proof]]) -> str:
    """The report's JSON with what became of each block, under its skill."""
    import json
    from dataclasses import asdict

    from mlskill.formats.json import dump

    blocks = {
        root: {
            "proven": proof.share,
            "python_ran": proof.python_share,
            "seconds": round(proof.seconds, 3),
            "blocks": [asdict(outcome) for outcome in proof.outcomes],
        }
        for root, proof in proofs
    }
    return dump({**json.loads(text), "proofs": blocks})
