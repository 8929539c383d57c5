"""build: the site of some skills, in a folder."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from pathlib import Path

from mlskill.errors import MlskillError
from mlskill.loader import load
from mlskill.reader.names import MARKERS
from mlskill.site.addresses import RESERVED, Addresses
from mlskill.site.catalogue import catalogue
from mlskill.site.contents import Entry, Options, Site
from mlskill.site.pages import pages
from mlskill.site.proof import Proofs

MARK = ".mlskill-site"
"""The file that says that a folder was made here, and may be made again."""

_ALONE = 8
"""Skills that are not worth a second process."""


@dataclass(frozen=True, slots=True)
class Job:
    """A skill to build: where it is read and in which folder of the site it goes."""

    root: str
    folder: str = ""
    below: str = ""
    home: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What became of one skill: its line in the catalogue and the files that were written."""

    entry: Entry
    written: tuple[str, ...]
    size: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Built:
    """A site that was built; `complete` is false when a limit kept something from being read."""

    folder: str
    skills: int
    files: int
    bytes: int
    complete: bool


def jobs(found: Iterable[tuple[str, str]]) -> list[Job]:
    """What is to be built of skills, each with the path below which it was found.

    One skill is the site itself; of several each has the folder it had below its path.
    """
    found = [*found]
    names = Addresses(RESERVED)
    several = len({base for base, _ in found}) > 1
    made = []
    for base, root in found:
        below = posixpath.relpath(root, base or ".")
        below = "" if below == "." else below
        where = posixpath.join(Path(base).absolute().name if several else "", below)
        alone = len(found) == 1
        folder = "" if alone else names.give(where or Path(root).absolute().name)
        made.append(Job(root, folder, below, home=not alone))
    return made


def build(
    work: Sequence[Job],
    folder: str | os.PathLike[str],
    options: Options | None = None,
    proofs: Proofs | None = None,
) -> Built:
    """The site of `work` in `folder`, which is empty, new, or a site that was built before.

    What an earlier build left there and this one does not write is removed.

    Raises:
        MlskillError: `folder` holds something else, or cannot be written.
    """
    options, proofs, target = options or Options(), proofs or Proofs(), Path(folder)
    for job in work:
        _apart(target, job.root)
    try:
        old = _claim(target)
        written = dict(_static(target))
        made = list(_make(work, target, options, proofs))
        if work and work[0].home:
            written |= dict(_write(target, "", catalogue([m.entry for m in made], options)))
        for one in made:
            written |= dict.fromkeys(one.written, 0)
        for path in old - written.keys():
            (target / path).unlink(missing_ok=True)
        _sweep(target)
    except OSError as error:
        raise MlskillError(f"could not write {target}: {error.strerror}") from None
    return Built(
        str(target),
        len(made),
        len(written),
        sum(written.values()) + sum(one.size for one in made),
        all(one.complete for one in made),
    )


def _apart(target: Path, root: str) -> None:
    """See that the site does not become a part of the skill that it shows."""
    inside = Path(root).is_dir() and target.resolve().is_relative_to(Path(root).resolve())
    project = inside and any((Path(root) / name).exists() for name in MARKERS)
    if inside and not project:  # of a repository only what belongs to the skill is read
        raise MlskillError(f"{target}: would become a part of the skill; name a folder outside it")


def _claim(target: Path) -> set[str]:
    """Make `target` ours; the files that an earlier build left in it."""
    if target.is_dir():
        names = {path.name for path in target.iterdir()}
        if names and MARK not in names:
            raise MlskillError(f"{target}: holds something else; name a new or an empty folder")
    target.mkdir(parents=True, exist_ok=True)
    (target / MARK).write_text("made by mlskill site; it may be made again\n", encoding="utf-8")
    return {
        (Path(folder) / name).relative_to(target).as_posix()
        for folder, _, names in os.walk(target)
        for name in names
    } - {MARK}


def _sweep(target: Path) -> None:
    """Remove folders in which nothing is left."""
    for folder, _, _ in os.walk(target, topdown=False):
        if Path(folder) != target and not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def _static(target: Path) -> Iterator[tuple[str, int]]:
    """Write the style and the scripts."""
    parts = files("mlskill") / "views" / "site" / "static"
    found = ((part.name, part.read_bytes()) for part in parts.iterdir())
    return _write(target, "_mlskill", sorted(found))


def _write(
    target: Path, folder: str, found: Iterable[tuple[str, bytes]]
) -> Iterator[tuple[str, int]]:
    """Write files below `target`; each one's path and size."""
    known: set[Path] = set()
    for name, data in found:
        path = target / folder / name
        if path.parent not in known:
            path.parent.mkdir(parents=True, exist_ok=True)
            known.add(path.parent)
        path.write_bytes(data)
        yield path.relative_to(target).as_posix(), len(data)


def _make(work: Sequence[Job], target: Path, options: Options, proofs: Proofs) -> Iterator[Made]:
    one = partial(_one, target=target, options=options, proofs=proofs)
    if len(work) <= _ALONE:
        yield from map(one, work)
        return
    try:
        with ProcessPoolExecutor() as pool:
            yield from pool.map(one, work, chunksize=8)
    except BrokenProcessPool:
        raise MlskillError("a process that built pages was killed; was memory short?") from None


def _one(job: Job, target: Path, options: Options, proofs: Proofs) -> Made:
    skill = load(job.root, contents=True)
    options = options if options.title else replace(options, title=skill.name)
    site = Site(skill, options, proofs.of(job.root), job.folder, job.below, job.home)
    written = dict(_write(target, job.folder, pages(site)))
    return Made(site.entry, tuple(written), sum(written.values()), skill.complete)
