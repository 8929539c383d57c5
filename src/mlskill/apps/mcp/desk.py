"""The desk: where every request waits for the catalogue, and is then worked on aside.

What a client cannot have is a fault of its request; a cursor is understood by any copy of a server.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from mlskill.apps.mcp.changes import Changes
from mlskill.apps.mcp.shelf import Shelf
from mlskill.errors import MlskillError

TTL = 5_000
"""Milliseconds for which a client that does not listen for changes may keep an answer."""
PAGE = 500
"""Resources on one page of a list."""

Context = ServerRequestContext[Any, Any]
Scope = Literal["public", "private"]
_T = TypeVar("_T")


class Desk:
    """What all requests share; `scope` says who may be given a kept answer."""

    def __init__(self, shelf: Shelf, changes: Changes, scope: Scope) -> None:
        self.shelf, self.changes, self.scope = shelf, changes, scope

    async def aside(
        self,
        work: Callable[..., _T],
        *arguments: Any,
        limiter: anyio.CapacityLimiter | None = None,
    ) -> _T:
        """What `work` returns, done by a thread once the catalogue is there."""
        await self.changes.ready.wait()
        return await anyio.to_thread.run_sync(checked, work, *arguments, limiter=limiter)


def checked(work: Callable[..., _T], *arguments: Any) -> _T:
    """What `work` returns; what it cannot find is a fault of the request."""
    try:
        return work(*arguments)
    except MlskillError as error:
        raise MCPError(types.INVALID_PARAMS, str(error)) from None


def page(found: Sequence[types.Resource], after: str) -> tuple[list[types.Resource], str]:
    """The resources that come after the URI `after`; the last one's, if there are more."""
    rest = sorted((one for one in found if one.uri > after), key=lambda one: one.uri)
    return rest[:PAGE], rest[PAGE - 1].uri if len(rest) > PAGE else ""


def cursor(last: str) -> str | None:
    """A cursor to what comes after `last`. Any copy of the server understands it."""
    return base64.urlsafe_b64encode(last.encode()).decode() if last else None


def following(last: str) -> dict[str, str]:
    """The cursor to what comes after `last`, as a field of a result."""
    return {"nextCursor": made} if (made := cursor(last)) else {}


def place_of(params: types.PaginatedRequestParams | None) -> str:
    """Where the page that is asked for starts."""
    if params is None or params.cursor is None:
        return ""
    try:
        return base64.b64decode(params.cursor, b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise MCPError(types.INVALID_PARAMS, "Invalid cursor") from None
