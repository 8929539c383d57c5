"""fix: Sources -> Fixed: what has one right answer is mended, in memory, until no such is left.

    original.py   a file's bytes, of which an edit changes its own stretch and nothing else
    writer.py     files on disk, replaced whole, by no link, only where nobody changed them
    diff.py       what would change, as lines

A rule brings its answer beside its problem (`rules.Problem.fix`). What a round of fixes brings to
light (a key moved below ``metadata`` that another one follows) the next round mends, so a tree that
was fixed has nothing left to fix, and fixing it again changes nothing.
"""

from __future__ import annotations

import posixpath
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby

from mlskill.fixer.original import Original, fitting, saved, together
from mlskill.loader import assemble
from mlskill.model import LIMITS, Finding, Limits, Report, Skill, Source, Sources
from mlskill.reader import decode
from mlskill.reports import order
from mlskill.rules import Replace
from mlskill.validator import named

__all__ = ["Change", "Fixed", "fix"]

Check = Callable[[Skill], Report]
Settle = Callable[[Report], Report]

ROUNDS = 20
"""Rounds after which a page that always has another fault is left as it is; six are usual."""
AT_ONCE = 50_000
"""Findings of one rule in one file that a round mends: ask `validate` for so many."""
TRIES = 32
"""How often a round tries again with fewer fixes, where some of them cannot be made."""


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is to have other bytes: `path` from the skill's root, as the disk has it.

    `named` is the path as it is reported.
    """

    path: str
    named: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of a skill: the `changes` to its files, the findings `mended`, the one left."""

    changes: tuple[Change, ...]
    mended: tuple[Finding, ...]
    left: Report


def fix(
    sources: Sources,
    check: Check,
    *,
    settle: Settle | None = None,
    locked: Container[str] = (),
    limits: Limits = LIMITS,
) -> Fixed:
    """Mend what `check` finds in the skill that `sources` form; the files named `locked` stay.

    What `settle` makes of a report says what is to be mended; what is left is given as it was
    found. Nothing is written: see `writer.write`.
    """
    now = {source.path: source for source in sources.sources}
    names = {name: path for path in now if (name := named(sources, path)) not in locked}
    mended: dict[Finding, None] = {}
    seen: set[bytes] = set()

    def checked() -> Report:
        return check(assemble(replace(sources, sources=tuple(now.values())), limits))

    for _ in range(ROUNDS):
        report = checked()
        for path, done, after in _round(settle(report) if settle else report, now, names):
            now[path] = decode(path, after)
            mended.update(dict.fromkeys(done))
        state = sha256(b"\0".join(source.raw for source in now.values())).digest()
        if state in seen:
            break
        seen.add(state)
    else:
        report = checked()
    changes = (
        Change(
            posixpath.basename(sources.location) if source.path == "SKILL.md" else source.path,
            named(sources, source.path),
            source.raw,
            now[source.path].raw,
        )
        for source in sources.sources
    )
    changed = tuple(change for change in changes if change.before != change.after)
    return Fixed(changed, tuple(sorted(mended, key=order)), report)


def _round(
    report: Report, now: dict[str, Source], names: dict[str, str]
) -> Iterator[tuple[str, list[Finding], bytes]]:
    """Each file that can be mended, with the findings that are gone then, and its new bytes."""
    fixable = [f for f in report.findings if f.fix and f.path in names]
    for where, findings in groupby(fixable, key=lambda finding: finding.path):
        source = now[names[where]]
        done, after = _mended(source, [*findings])
        if after != source.raw:
            yield source.path, done, after


def _mended(source: Source, findings: list[Finding]) -> tuple[list[Finding], bytes]:
    """The findings of one file that can be mended at once, and the bytes without them."""
    for finding in findings:
        if finding.fix and finding.fix.save:  # the places of all others are counted anew after it
            after = saved(source.raw, finding.fix.save)
            return [f for f in findings if f.fix == finding.fix], after
    wanted = {finding: _replaces(source, finding) for finding in findings}
    original = Original(source.raw)
    groups = deque([fitting(wanted.values())])
    for _ in range(TRIES):
        if not groups:
            break
        group = groups.popleft()
        edits = together(group)
        after = original.edited(edits)
        # A lone carriage return before a line feed would become one line end with it.
        if decode(source.path, after).text == _text(source.text, edits):
            made = set(group)
            return [finding for finding, fix_ in wanted.items() if fix_ in made], after
        half = len(group) // 2
        groups += [part for part in (group[:half], group[half:]) if len(part) < len(group)]
    return [], source.raw


def _replaces(source: Source, finding: Finding) -> tuple[Replace, ...]:
    """The edits of a finding, in offsets."""
    starts = source.starts
    return tuple(
        Replace(
            starts[e.line - 1] + e.column - 1, starts[e.end_line - 1] + e.end_column - 1, e.text
        )
        for e in (finding.fix.edits if finding.fix else ())
    )


def _text(text: str, edits: Iterable[Replace]) -> str:
    """`text` after `edits`."""
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])
