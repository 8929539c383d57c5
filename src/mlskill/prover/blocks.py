"""The blocks of a section made a program, with the files that it finds beside it.

`info` says what a fence may say of itself. All Python blocks under one heading that say nothing are
one program. Its working directory holds the section's `file=` blocks and every file of the skill,
Markdown aside, that the section's own text links to or names in a code span, under its last name:
an agent copies such a piece, so a block imports it. What other sections link to is not there,
because a section is read alone.
"""

from __future__ import annotations

import ast
import contextlib
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Literal

from mlskill.errors import UnknownNameError
from mlskill.model import Asset, CodeBlock, Document, Place, Section, Skill
from mlskill.prover.claims import segments
from mlskill.prover.info import Info, available, read_info
from mlskill.prover.runner import found

Action = Literal["run", "file", "check", "skip", "no-run", "prose", "refuse"]
"""What is done with a block. `skip`: something it needs is missing. `refuse`: it is malformed."""

PYTHON = frozenset(("python", "python3", "py"))
PROSE = frozenset(("", "text", "txt", "plaintext", "markdown", "md", "console", "output"))


@dataclass(frozen=True, slots=True)
class Task:
    """A block and what is done with it; `rule` and `line` are those of a refusal's finding."""

    block: CodeBlock
    place: Place
    info: Info
    action: Action
    reason: str = ""
    rule: str = ""
    line: int = 0

    @property
    def python(self) -> bool:
        """Whether it is Python."""
        return self.block.language in PYTHON


@dataclass(frozen=True)
class Program:
    """The blocks of one section, and the files they find in their working directory.

    `path` is the document's, seen from the outermost root. `imports` are the modules, as written,
    that the blocks to be executed import and that are neither the standard library's nor files
    beside them; `missing` are those top-level packages of them that are not installed.
    """

    document: Document
    path: str
    anchor: str
    tasks: tuple[Task, ...]
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    imports: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Its address: ``sub-skills/a.md#anchor``."""
        return f"{self.path}#{self.anchor}" if self.anchor else self.path

    @property
    def runs(self) -> tuple[Task, ...]:
        """The blocks that are executed."""
        return tuple(task for task in self.tasks if task.action == "run")

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages that it imports and that are not installed."""
        return tuple(sorted({m.partition(".")[0] for m in self.imports if not found(m)}))


def programs(skill: Skill, only: str | Collection[str] | None = None) -> tuple[Program, ...]:
    """Every section of `skill` that has blocks, in reading order; executes nothing.

    `only` keeps the documents (``sub-skills/a.md``) and sections (``sub-skills/a.md#b``) named, or,
    as a single text, the sections whose address holds it.

    Raises:
        UnknownNameError: `only` names something that has no blocks.
    """
    everything = tuple(_programs(skill, ""))
    known = {p.path for p in everything} | {p.name for p in everything}
    if only is None:
        return everything
    if isinstance(only, str):
        kept = tuple(p for p in everything if only in p.name)
        unknown = [] if kept else [only]
    else:
        kept = tuple(p for p in everything if p.path in only or p.name in only)
        unknown = [name for name in only if name not in known]
    if unknown:
        raise UnknownNameError("section with blocks", unknown[0], known)
    return kept


def _programs(skill: Skill, prefix: str) -> Iterator[Program]:
    for document in skill.documents:
        sections: dict[int, list[CodeBlock]] = {}
        for block in document.blocks:
            sections.setdefault(block.section, []).append(block)
        for number, blocks in sections.items():
            yield _program(skill, prefix, document, document.sections[number], blocks)
    for inner in skill.skills:
        yield from _programs(inner, prefix + inner.prefix)


def _program(
    skill: Skill, prefix: str, document: Document, section: Section, blocks: list[CodeBlock]
) -> Program:
    path = prefix + document.path
    tasks = [_task(document, replace(document.place(b), path=path), b) for b in blocks]
    files, absent = _linked(skill, document, section)
    for i, task in enumerate(tasks):
        if task.info.file and task.action != "refuse":
            if task.info.file in files:
                tasks[i] = _refused(task, f"file={task.info.file} is there twice")
            files[task.info.file] = task.block.text.encode("utf-8", "surrogatepass")
        elif task.action == "run" and absent:
            what = f"{absent[0]} was not loaded: load the skill with contents=True"
            tasks[i] = _refused(task, what, "block-fails")
    runs = [t.block.text for t in tasks if t.action == "run"]
    return Program(document, path, section.anchor, tuple(tasks), files, _foreign(runs, files))


def _foreign(texts: list[str], files: Mapping[str, bytes]) -> frozenset[str]:
    """The modules that `texts` import, and those of `files` that they do, from elsewhere."""
    found: set[str] = set()
    waiting = [imported(text) for text in texts]
    pieces = {name.removesuffix(".py"): data for name, data in files.items() if "/" not in name}
    own = {PurePosixPath(name).parts[0].removesuffix(".py") for name in files}
    while waiting:
        modules = waiting.pop()
        found.update(m for m in modules if m.partition(".")[0] not in sys.stdlib_module_names)
        for module in modules & pieces.keys():
            with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                waiting.append(imported(pieces.pop(module).decode("utf-8"), inner=False))
    return frozenset(m for m in found if m.partition(".")[0] not in own)


def _linked(
    skill: Skill, document: Document, section: Section
) -> tuple[dict[str, bytes], list[str]]:
    """The files that the section's own text leads to, by last name; the paths not loaded."""
    files: dict[str, bytes] = {}
    absent = []
    for edge in skill.edges:
        if edge.source == document.path and section.start <= edge.link.start < section.text_end:
            target = skill.by_path[edge.target]
            if isinstance(target, Asset):
                if target.data is None:
                    absent.append(edge.target)
                else:
                    files[PurePosixPath(target.path).name] = target.data
    return files, absent


def _task(document: Document, place: Place, block: CodeBlock) -> Task:
    """What to do with `block`."""
    info = read_info(block.info)
    task = Task(block, place, info, "check")
    if block.language in PROSE and not info.file:
        # What follows the word of a block that nothing is done with says nothing to us.
        return replace(task, action="prose")
    if info.faults:
        return _refused(task, "; ".join(info.faults))
    if info.raises and (not task.python or info.file):
        return _refused(task, "raises= is for Python blocks that run")
    if task.python:
        fault = _syntax(document, block)
        if fault:
            message, line = fault
            return replace(_refused(task, message, "block-syntax"), line=line)
    if info.no_run:
        return replace(task, action="no-run", reason=info.no_run)
    absent = [name for name in info.needs if not available(name)]
    if absent:
        return replace(task, action="skip", reason=f"needs {', '.join(absent)}")
    if task.python:
        return replace(task, action="file" if info.file else "run")
    return task


def _refused(task: Task, message: str, rule: str = "block-info") -> Task:
    return replace(task, action="refuse", reason=message, rule=rule, line=task.place.line)


def _syntax(document: Document, block: CodeBlock) -> tuple[str, int] | None:
    """Why `block` does not compile, and the line of the file; None when it does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for body, _, _ in segments(block.text, block.line, document.path):
                compile(ast.Module(body, []), document.path, "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"does not compile: {error.msg}", error.lineno or block.line
    except (ValueError, RecursionError, MemoryError) as error:
        return f"does not compile: {error or type(error).__name__}", block.line
    return None


def imported(text: str, *, inner: bool = True) -> frozenset[str]:
    r"""The modules that the Python program `text` imports, as written.

    With `inner` false, only those it cannot do without: not in functions, nor in a ``try``.

    >>> sorted(imported("import os, torch.nn as nn\nfrom sklearn.metrics import f1_score"))
    ['os', 'sklearn.metrics', 'torch.nn']
    """
    modules: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(text)
    for node in ast.walk(tree) if inner else tree.body:
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module)
    return frozenset(modules)
