"""Intake: a tree as `Sources`, within the limits, whatever the tree is made of."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

from mlskill.model import Asset, Fault, Limits, Source, Sources
from mlskill.reader.decoder import decode
from mlskill.reader.names import (
    CACHED,
    CONVENTIONAL,
    MAIN,
    MARKERS,
    SKIPPED,
    VENV,
    collisions,
    is_markdown,
    is_questions,
    is_text,
    mentions,
    portable,
    printable,
)
from mlskill.reader.tree import NOT_REGULAR, Entry, Folder, RefusedError, TooLargeError, Tree

_CIRCLE = "is a link to a folder that it lies in, so that the tree has no end; remove it"

_CACHED = 1000
"""Entries of a folder of bytecode that are looked at."""


class Intake:
    """What has been taken from `tree` so far, and what could not be."""

    def __init__(
        self, tree: Tree, limits: Limits, *, contents: bool = False, texts: bool = False
    ) -> None:
        self.tree, self.limits, self.contents = tree, limits, contents
        self._texts = limits.asset_bytes if texts else -1
        self.sources: list[Source] = []
        self.assets: list[Asset] = []
        self.folders: set[str] = set()
        self.faults = list(tree.faults)
        self.project = False
        self._entries = limits.files
        self._bytes = limits.total_bytes
        self._full = False

    def head(self) -> Source | None:
        """The ``SKILL.md`` alone; None when there is none."""
        with self.tree.folder(()) as root:
            main = _main(self._list(root, ""))
            if main is None:
                return None
            self._take_main(main)
        return self.sources[0]

    def run(self) -> str:
        """Take everything in; the name of the ``SKILL.md``, empty when there is none."""
        with self.tree.folder(()) as root:
            entries = self._list(root, "")
            main = _main(entries)
            if main is None:
                return ""
            self._take_main(main)
            if any(entry.name in MARKERS for entry in entries):
                self.project = True
                text = self.sources[0].text
                entries = [entry for entry in entries if _belongs(entry, text)]
            pending = self._take_all([e for e in entries if e is not main], (), "")
        self._walk(pending)
        files = [*(s.path for s in self.sources), *(a.path for a in self.assets)]
        for first, second in collisions((*files, *self.folders)):
            what = f"differs from {first} only by case or Unicode form; rename one of them"
            self._fault("path-collision", second, what)
        return main.name

    def result(self, root: str, location: str) -> Sources:
        """What was taken in, sorted."""
        return Sources(
            root=root,
            location=location,
            sources=tuple(sorted(self.sources, key=lambda source: source.path)),
            assets=tuple(sorted(self.assets, key=lambda asset: asset.path)),
            folders=frozenset(self.folders),
            project=self.project,
            complete=all(fault.rule != "limit-reached" for fault in self.faults),
            faults=tuple(sorted(self.faults, key=lambda f: (f.path, f.rule, f.message))),
        )

    def _walk(self, pending: list[tuple[tuple[str, ...], str]]) -> None:
        """Take in the `pending` folders, the last one first, and all below them."""
        while pending and self._entries >= 0:
            names, path = pending.pop()
            self.folders.add(path)
            if len(names) > self.limits.depth:
                self._limit("depth", path, "lies deeper than {} folders and was not entered")
                continue
            try:
                with self.tree.folder(names) as folder:
                    entries = self._list(folder, path)
                    if any(entry.name == VENV for entry in entries):
                        self.folders.remove(path)
                    else:
                        pending += self._take_all(entries, names, path)
            except RefusedError as no:
                self._fault(no.rule, path, no.message)

    def _list(self, folder: Folder, path: str) -> list[Entry]:
        """The entries of `folder` by name; none but SKILL.md where they are too many.

        A part of them would depend on the order in which the file system happens to list them.
        """
        entries = list(islice(folder, self._entries + 1))
        self._entries -= len(entries)
        if self._entries < 0:
            what = "with this folder the skill has more than {} files and folders; "
            self._limit("files", path or MAIN, what + "it and what follows was not read")
            try:
                return [] if path else [folder.entry(MAIN)]
            except RefusedError:
                return []
        return sorted(entries, key=lambda entry: entry.name)

    def _take_all(
        self, entries: Sequence[Entry], names: tuple[str, ...], path: str
    ) -> list[tuple[tuple[str, ...], str]]:
        """Take in all files among `entries`; the folders among them, the last one first."""
        below = []
        for entry in entries:
            if entry.name in SKIPPED:
                if entry.name == CACHED and entry.kind == "folder":
                    self._sourceless((*names, CACHED), f"{path}/{CACHED}".lstrip("/"), entries)
                continue
            name = printable(entry.name)
            where = f"{path}/{name}" if path else name
            if name != entry.name:
                what = "has a name with a character that is invisible or not portable; rename it"
                self._fault("path-unprintable", where, what)
            elif not portable(name):
                what = "has a name that Windows does not allow; rename it"
                self._fault("path-unprintable", where, what)
            if entry.kind == "folder":
                below.append(((*names, entry.name), where))
            else:
                self._take(entry, names, where)
        return below[::-1]

    def _sourceless(self, names: tuple[str, ...], path: str, beside: Sequence[Entry]) -> None:
        """Report bytecode that no source in the folder around it was compiled to."""
        sources = {entry.name for entry in beside}
        with suppress(RefusedError), self.tree.folder(names) as folder:
            for entry in sorted(islice(folder, _CACHED), key=lambda entry: entry.name):
                stem, dot, _ = entry.name.partition(".")
                if entry.name.endswith((".pyc", ".pyo")) and dot and f"{stem}.py" not in sources:
                    what = "is compiled, and its source is not there; leave it out"
                    self._fault("file-opaque", f"{path}/{printable(entry.name)}", what)

    def _take(self, entry: Entry, names: tuple[str, ...], path: str) -> None:
        """Take in the file `entry` of the folder at `names`, or say why not."""
        try:
            if entry.kind == "link":
                target = self.tree.target((*names, entry.name))
                if target == names[: len(target)]:
                    self._fault("symlink-escapes", path, _CIRCLE)
                with self.tree.folder(target[:-1]) as folder:
                    real = folder.entry(target[-1]) if target else None
                    if real is None or real.kind == "folder":
                        self.folders.add(path)
                    else:
                        self._take_file(real, path)
            else:
                self._take_file(entry, path)
        except RefusedError as no:
            self._fault(no.rule, path, no.message)

    def _take_file(self, entry: Entry, path: str) -> None:
        if entry.kind != "file":
            raise RefusedError("file-not-regular", NOT_REGULAR)
        markdown = is_markdown(path)
        read = self._read if markdown or self.contents else self._peek
        data = read(entry, path)
        if markdown and data is not None:
            self.sources.append(decode(path, data))
        else:
            self.assets.append(Asset(path, entry.size() if data is None else len(data), data))

    def _peek(self, entry: Entry, path: str) -> bytes | None:
        """The bytes of a script or the like; None for all else, and where there are too many.

        No limit is reached by that: the skill is whole without them.
        """
        asked = is_questions(path)
        if not asked and (self._texts < 0 or not is_text(path)):
            return None
        room = self.limits.file_bytes if asked else min(self.limits.file_bytes, self._texts)
        try:
            data = entry.read(room)
        except TooLargeError:
            return None
        self._texts -= 0 if asked else len(data)
        return data

    def _read(self, entry: Entry, path: str) -> bytes | None:
        """The bytes of `entry`; None when a limit forbids it."""
        limit = "file_bytes" if is_markdown(path) else "asset_bytes"
        most: int = getattr(self.limits, limit)
        if self._full:
            return None
        try:
            data = entry.read(min(most, self._bytes))
        except TooLargeError as no:
            if no.size > most:
                self._limit(limit, path, "is larger than {} bytes and was not read; split it")
            else:
                self._full = True
                what = "with this file the skill has more than {} bytes; "
                self._limit("total_bytes", path, what + "it and what follows was not read")
            return None
        self._bytes -= len(data)
        return data

    def _take_main(self, entry: Entry) -> None:
        """Take in ``SKILL.md``; as an empty text where it cannot be read, so that all goes on."""
        self._take(entry, (), MAIN)
        if not self.sources:
            if MAIN in self.folders:
                self._fault("file-not-regular", MAIN, NOT_REGULAR)
            self.assets.clear()
            self.folders.clear()
            self.sources.append(Source(MAIN, b"", ""))
        if entry.name != MAIN:
            message = f"the file is called {printable(entry.name)}; rename it to {MAIN}"
            self._fault("skill-file-case", MAIN, message)

    def _fault(self, rule: str, path: str, message: str) -> None:
        self.faults.append(Fault(rule, path, 0, 0, message))

    def _limit(self, name: str, path: str, what: str) -> None:
        value = getattr(self.limits, name)
        self._fault("limit-reached", path, f"{what.format(value)} (limit {name})")


def _main(entries: Sequence[Entry]) -> Entry | None:
    """The ``SKILL.md`` among `entries`, in another case if need be."""
    found = [e for e in entries if e.name.lower() == MAIN.lower() and e.kind != "folder"]
    return min(found, key=lambda e: (e.name != MAIN, e.name), default=None)


def _belongs(entry: Entry, text: str) -> bool:
    """Whether `entry` of a repository's root belongs to the skill whose SKILL.md says `text`."""
    if entry.kind == "folder":
        return entry.name.lower() in CONVENTIONAL or mentions(text, entry.name + "/")
    return mentions(text, entry.name)
