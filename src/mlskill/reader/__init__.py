"""read, head, discover, decode: from a folder, a ``SKILL.md`` or an archive to `Sources`.

    tree.py       what the reader asks of a tree, and how a tree says no
    ├── disk.py     a tree on disk; the only file that opens a stranger's file
    └── archive.py  a tree in a zip archive; nothing is unpacked to disk
    names.py      which names are skipped, which are Markdown, which can be printed
    decoder.py    bytes to text
    intake.py     a tree to `Sources`, within the limits
    discovery.py  where the skills below a path are
    places.py     what a caller's path names

Nothing a tree contains raises: what is not read is a `Fault` of one of these rules.

    file-not-utf8       path-collision    limit-reached
    file-not-regular    path-unprintable  archive-unsafe
    file-unreadable     symlink-escapes   skill-file-case
    file-opaque
"""

from __future__ import annotations

import os
from pathlib import PurePath

from mlskill.errors import NotASkillError
from mlskill.model import LIMITS, Fault, Limits, Source, Sources
from mlskill.reader.decoder import decode
from mlskill.reader.discovery import Found, discover
from mlskill.reader.disk import Disk, take, unreadable
from mlskill.reader.intake import Intake
from mlskill.reader.names import MAIN, encodable, printable
from mlskill.reader.places import Spot, locate
from mlskill.reader.tree import RefusedError, TooLargeError, Tree

__all__ = ["Found", "decode", "discover", "head", "read"]


def read(
    path: str | os.PathLike[str],
    *,
    limits: Limits = LIMITS,
    contents: bool = False,
    texts: bool = False,
) -> Sources:
    """The files of the skill at `path`: its folder, its ``SKILL.md``, or a zip archive of it.

    Markdown becomes `sources`; of all else only the size is taken, with `contents` the bytes too,
    with `texts` those of scripts and settings (`names.is_text`) up to ``file_bytes`` each and
    ``asset_bytes`` in all. Those of ``questions.txt`` (`names.QUESTIONS`) are always taken.
    A ``SKILL.md`` that cannot be read (too large, a pipe, a link that leaves the skill) becomes an
    empty source, with the reason in `faults`; any other such file is left out, or, where only a
    limit forbids to read it, kept as an asset. A link to a file in the skill is followed; a link
    to a folder is one of `folders`, but not entered. `names.SKIPPED` and virtual environments are
    no part of a skill. A name that cannot be printed is escaped (`names.printable`).

    Where ``SKILL.md`` lies at the root of a repository (beside ``.git``, ``pyproject.toml``,
    ``package.json``, ``Cargo.toml`` or ``go.mod``), `project` is true, and of the files and folders
    beside it only those are taken that it names, as ``NAME`` or ``NAME/``, and the folders that
    skills by custom have (`names.CONVENTIONAL`): a repository's README, tests and sources are not
    the skill.

    Raises:
        MissingPathError: there is nothing at `path`.
        NotASkillError: there is no ``SKILL.md``, or the archive cannot be read.
    """
    spot = locate(path)
    real = os.path.realpath(path if spot.archive else spot.folder)
    root = encodable(spot.named if spot.archive else spot.folder)
    location = encodable(PurePath(real).as_posix())
    try:
        intake = Intake(_tree(spot, real, limits), limits, contents=contents, texts=texts)
        main = intake.run()
    except RefusedError as no:
        if no.rule != "limit-reached":
            raise NotASkillError(f"{printable(root)}: {no.message}") from None
        fault = Fault(no.rule, MAIN, 0, 0, no.message)
        nothing = (Source(MAIN, b"", ""),)
        return Sources(root, f"{location}/{MAIN}", nothing, complete=False, faults=(fault,))
    if not main:
        raise NotASkillError(f"{printable(root)}: holds no {MAIN}")
    return intake.result(root, f"{location}/{main}")


def head(path: str | os.PathLike[str], *, limits: Limits = LIMITS) -> Source:
    """The ``SKILL.md`` of the skill at `path`, which is read alone; raises as `read`."""
    spot = locate(path)
    real = os.path.realpath(path if spot.archive else spot.folder)
    try:
        source = Intake(_tree(spot, real, limits), limits).head()
    except RefusedError as no:
        raise NotASkillError(f"{printable(spot.named)}: {no.message}") from None
    if source is None:
        raise NotASkillError(f"{printable(spot.named)}: holds no {MAIN}")
    return source


def _tree(spot: Spot, real: str, limits: Limits) -> Tree:
    """The tree that `spot` names; `real` is its path, or its folder's, without links."""
    if not spot.archive:
        return Disk(real)
    from mlskill.reader.archive import Archive

    try:
        return Archive(take(None, real, limits.total_bytes), limits)
    except TooLargeError:
        what = f"has more than {limits.total_bytes} bytes and was not read (limit total_bytes)"
        raise RefusedError("limit-reached", what) from None
    except OSError as error:
        raise unreadable(error) from None
