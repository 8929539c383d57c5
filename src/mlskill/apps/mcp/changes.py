"""Changes: the catalogue when it is ready, and what changes on disk told to whoever listens."""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path, PurePath
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.session import ServerSession
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ToolsListChanged,
)
from watchfiles import Change, watch

from mlskill.apps.mcp.catalogue import Catalogue
from mlskill.apps.mcp.shelf import Shelf
from mlskill.apps.mcp.snapshot import Snapshot
from mlskill.apps.mcp.uris import uri
from mlskill.hidden import visible
from mlskill.reader.names import MAIN

TOLD = 20
"""Lines on stderr about what was left out, before it is only counted."""
PAUSE = 5.0
"""Seconds between two looks at everything, where it cannot be watched."""
BUSY = 20
"""How many times as long as the look itself that pause is, at least."""


class Changes:
    """Keeps `shelf` as the disk is, and tells clients."""

    def __init__(self, shelf: Shelf, *, watching: bool = True) -> None:
        self.shelf, self._watching = shelf, watching
        self.ready = anyio.Event()
        self.bus = InMemorySubscriptionBus()
        self._session: ServerSession | None = None
        self._wanted: set[str] = set()
        self._told: set[str] = set()
        self._known: Catalogue | None = None
        self._roots: dict[str, str] = {}
        self._pause = PAUSE

    @asynccontextmanager
    async def lifespan(self, server: Server[Any]) -> AsyncIterator[None]:
        """Read the catalogue, then watch, while the server runs."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._run)
            yield
            tasks.cancel_scope.cancel()

    async def greet(self, ctx: ServerRequestContext[Any, Any], params: object) -> None:
        """The one client has come, of before 2026-07-28: it is told of changes without asking."""
        self._session = ctx.session

    async def subscribe(
        self, ctx: ServerRequestContext[Any, Any], params: types.SubscribeRequestParams
    ) -> types.EmptyResult:
        """Tell that client when this resource changes, too."""
        self._wanted.add(params.uri)
        return types.EmptyResult()

    async def unsubscribe(
        self, ctx: ServerRequestContext[Any, Any], params: types.UnsubscribeRequestParams
    ) -> types.EmptyResult:
        """Do so no more."""
        self._wanted.discard(params.uri)
        return types.EmptyResult()

    def refused(self, snapshot: Snapshot) -> None:
        """Say on stderr which skills in `snapshot` are not offered."""
        for folder, reason in snapshot.refusals.items():
            name = uri(snapshot.card.place, f"{folder}/{MAIN}".lstrip("/"))
            self._tell([f"{name}: not offered as a skill: {reason}"])

    def _tell(self, lines: Iterable[str]) -> None:
        new = [line for line in lines if line not in self._told]
        room = TOLD - len(self._told)
        self._told.update(new)
        for line in new[: max(0, room)]:
            print(f"mlskill: {visible(line)}", file=sys.stderr)
        if room > 0 and len(new) > room:
            print("mlskill: more skills are not offered; see mlskill validate", file=sys.stderr)

    async def _run(self) -> None:
        await self._aside(self.shelf.scan)
        self._tell(self.shelf.catalogue.faults)
        self.ready.set()
        if self._watching:
            stop = threading.Event()
            try:
                await self._aside(self._watch, stop)
            finally:
                stop.set()

    def _watch(self, stop: threading.Event) -> None:
        """Have every change told to the event loop, which does not wait for a walk of the disk."""
        watched = [*dict.fromkeys(map(_folder, self.shelf.paths))]
        while not stop.is_set():
            try:
                for changes in watch(*watched, stop_event=stop, ignore_permission_denied=True):
                    anyio.from_thread.run(self.apply, changes)
            except Exception as error:
                # More folders than the system watches, a name that is no text, a loop of links:
                # whatever it is, a stranger's folder does not end the server.
                if not stop.is_set():
                    self._tell([f"cannot watch, so all is looked through now and then: {error}"])
                    self._poll(stop)

    def _poll(self, stop: threading.Event) -> None:
        """Wait, then look at everything anew; longer where that takes long."""
        if not stop.wait(self._pause):
            started = time.monotonic()
            anyio.from_thread.run(self.renew)
            self._pause = max(PAUSE, BUSY * (time.monotonic() - started))

    async def _aside(self, work: Callable[..., None], *arguments: Any) -> None:
        # Who ends the server does not wait for it.
        await anyio.to_thread.run_sync(work, *arguments, abandon_on_cancel=True)

    async def renew(self) -> None:
        """Look at everything anew, and tell what the catalogue shows to be another."""
        before = _said(self.shelf.catalogue)
        await self._aside(self.shelf.scan)
        self.shelf.forget()
        self._tell(self.shelf.catalogue.faults)
        if before != _said(self.shelf.catalogue):
            await self._publish({}, listed=True, renamed=True)

    async def apply(self, changes: Iterable[tuple[Change, str]]) -> None:
        """Bring the shelf up to date with `changes`, and tell who listens."""
        before = self.shelf.catalogue
        roots = await anyio.to_thread.run_sync(self._places)
        touched: dict[str, list[str]] = defaultdict(list)
        listed = anew = False
        for change, path in changes:
            file, moved = PurePath(path), change != Change.modified
            owner = next((str(p) for p in (file, *file.parents) if str(p) in roots), "")
            if owner:
                inner = file.relative_to(owner).as_posix() if owner != path else MAIN
                touched[roots[owner]].append(inner)
                listed |= moved
            # A folder comes or goes as one change; what was in it may have been skills.
            anew |= owner == path or file.name.lower() == MAIN.lower()
            anew |= not owner and moved and (change == Change.deleted or await _is_folder(path))
        for place in touched:
            self.shelf.forget(place)
        if anew:
            await self._aside(self.shelf.scan)
            self._tell(self.shelf.catalogue.faults)
        renamed = anew and _said(before) != _said(self.shelf.catalogue)
        if touched or renamed:
            await self._publish(touched, listed=listed or renamed, renamed=renamed)

    def _places(self) -> dict[str, str]:
        """The place of the skill in each folder on disk."""
        catalogue = self.shelf.catalogue
        if self._known is not catalogue:
            self._roots = {_folder(card.root): place for place, card in catalogue.cards.items()}
            self._known = catalogue
        return self._roots

    async def _publish(self, touched: dict[str, list[str]], *, listed: bool, renamed: bool) -> None:
        updated = [uri(place, path) for place, paths in touched.items() for path in paths]
        for name in updated:
            await self.bus.publish(ResourceUpdated(name))
        await self.bus.publish(ResourcesListChanged())  # sizes and digests are in the list, too
        if listed:  # the tools name the files of one skill, or the skills
            await self.bus.publish(ToolsListChanged())
        if renamed:
            await self.bus.publish(PromptsListChanged())
        if self._session is not None:
            # It may have gone just now, and then has nobody to tell.
            with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                for name in self._wanted.intersection(updated):
                    await self._session.send_resource_updated(name)
                await self._session.send_resource_list_changed()
                if listed:
                    await self._session.send_tool_list_changed()
                if renamed:
                    await self._session.send_prompt_list_changed()


def _folder(path: str) -> str:
    """The folder that is watched for the skill or the skills at `path`; an archive is a file."""
    real = Path(path).resolve()
    return str(real.parent if real.name.lower() == MAIN.lower() else real)


def _said(catalogue: Catalogue) -> dict[str, str]:
    """What clients are told of each skill."""
    return {place: card.digest for place, card in catalogue.cards.items()}


async def _is_folder(path: str) -> bool:
    return await anyio.to_thread.run_sync(Path(path).is_dir)
