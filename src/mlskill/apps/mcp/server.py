"""The server: what MCP asks of it, answered from a `Shelf`.

What is in memory is answered at once, all else by a thread, so that nobody waits for the disk of
another. Requests that need the catalogue wait until it was read; the handshake does not.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError

from mlskill import __version__
from mlskill.apps.mcp import prompts, resources
from mlskill.apps.mcp.changes import Changes
from mlskill.apps.mcp.shelf import FEW, Shelf
from mlskill.apps.mcp.snapshot import BYTES
from mlskill.apps.mcp.uris import INDEX, path_of
from mlskill.errors import MlskillError
from mlskill.reader.names import MAIN
from mlskill.toolset import Toolset

EXTENSION = "io.modelcontextprotocol/skills"
"""The extension that this server speaks: modelcontextprotocol/ext-skills, stable (2026-09)."""
TTL = 5_000
"""Milliseconds for which a client that does not listen for changes may keep an answer."""
PAGE = 500
"""Resources on one page of a list."""
SKILLS = 50
"""Skills on one page; fewer where they are large."""
CALLERS = 8
"""Tools that are called at one time."""

INSTRUCTIONS = (
    "This server serves Agent Skills. With skills support, list and load them as skills. With "
    "resources, read skill://NAME/SKILL.md and what it links to. With tools only: skill_search "
    "finds the sections that answer a question, skill_outline shows what there is, skill_read "
    "reads a file or one section of it."
)

Context = ServerRequestContext[Any, Any]
_T = TypeVar("_T")


class UriParams(types.PaginatedRequestParams):
    """The parameters of `skills/get` and `resources/directory/read`."""

    uri: str


class Desk:
    """Every request that MCP knows, answered from one shelf."""

    def __init__(self, shelf: Shelf, changes: Changes, scope: Literal["public", "private"]) -> None:
        self.shelf, self.changes, self.scope = shelf, changes, scope
        self.toolset = Toolset(shelf)
        # Who searches must not take every thread from who only reads.
        self._callers = anyio.CapacityLimiter(CALLERS)

    async def skills(self, ctx: Context, params: types.PaginatedRequestParams) -> dict[str, Any]:
        """`skills/list`."""
        skills, after = await self._aside(self._skills, _place(params))
        return self._cacheable(skills=skills, **_next(after))

    async def skill(self, ctx: Context, params: UriParams) -> dict[str, Any]:
        """`skills/get`."""
        return self._cacheable(skill=await self._aside(self._skill, params.uri))

    async def directory(self, ctx: Context, params: UriParams) -> dict[str, Any]:
        """`resources/directory/read`."""
        found = await self._aside(resources.directory, self.shelf, params.uri)
        shown, after = _page(found, _place(params))
        listed = [one.model_dump(by_alias=True, mode="json", exclude_none=True) for one in shown]
        return self._cacheable(resources=listed, **_next(after))

    async def resources(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """`resources/list`: of few skills every file, of many every ``SKILL.md``."""
        await self.changes.ready.wait()
        place = _place(params)
        catalogue = self.shelf.catalogue
        if len(catalogue.cards) <= FEW:
            everything = await self._aside(self._files)
            shown, after = _page([resources.index(), *everything], place)
            return types.ListResourcesResult(resources=shown, next_cursor=_cursor(after))
        cards = catalogue.after(place, PAGE)
        listed = [resources.main(card) for card in cards]
        last = cards[-1].place if len(cards) == PAGE else ""
        return types.ListResourcesResult(
            resources=listed if place else [resources.index(), *listed], next_cursor=_cursor(last)
        )

    async def templates(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """`resources/templates/list`."""
        template = types.ResourceTemplate(
            uri_template="skill://{+skill}/{+path}",
            name="skill-file",
            description="A file of a skill, by its path from the skill's folder.",
        )
        return types.ListResourceTemplatesResult(resource_templates=[template])

    async def read(
        self, ctx: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """`resources/read`."""
        await self.changes.ready.wait()
        name = params.uri
        if path_of(name) == path_of(INDEX):
            return await self._aside(resources.listing, self.shelf)
        card, path = _checked(resources.locate, self.shelf, name)
        kept = self.shelf.kept(card.place)
        if kept is None:
            kept = await self._aside(resources.snapshot, self.shelf, card.place)
        return _checked(resources.contents, kept, path, name)

    async def tools(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """`tools/list`."""
        shaped = await self._aside(self.toolset.shaped, "mcp")
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in shaped])

    async def call(self, ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """`tools/call`."""
        arguments = params.arguments or {}
        answer = await self._aside(self.toolset.call, params.name, arguments, limiter=self._callers)
        return types.CallToolResult(
            content=[types.TextContent(text=answer.text)],
            structured_content=answer.structured,
            is_error=answer.error,
        )

    async def prompts(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        """`prompts/list`."""
        await self.changes.ready.wait()
        return types.ListPromptsResult(prompts=[prompts.describe(self.shelf)])

    async def prompt(
        self, ctx: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        """`prompts/get`."""
        arguments = params.arguments or {}
        return await self._aside(
            prompts.fill, self.shelf, params.name, arguments, limiter=self._callers
        )

    async def complete(
        self, ctx: Context, params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        """`completion/complete`: the names of skills, for the prompt and the template."""
        await self.changes.ready.wait()
        found: list[str] = []
        if params.argument.name == "skill":
            found = [n for n in self.shelf.names if params.argument.value in n]
        completion = types.Completion(values=found[:100], total=len(found), has_more=False)
        return types.CompleteResult(completion=completion)

    async def _aside(
        self,
        work: Callable[..., _T],
        *arguments: Any,
        limiter: anyio.CapacityLimiter | None = None,
    ) -> _T:
        """What `work` returns, done by a thread once the catalogue is there."""
        await self.changes.ready.wait()
        return await anyio.to_thread.run_sync(_checked, work, *arguments, limiter=limiter)

    def _cacheable(self, **fields: Any) -> dict[str, Any]:
        return {"resultType": "complete", **fields, "ttlMs": TTL, "cacheScope": self.scope}

    def _skills(self, place: str) -> tuple[list[dict[str, Any]], str]:
        """The entries of the next skills after `place`; the last place, if there are more."""
        entries: list[dict[str, Any]] = []
        size = 0
        cards = self.shelf.catalogue.after(place, SKILLS + 1)
        for at, card in enumerate(cards):
            if at == SKILLS or size > BYTES:
                return entries, cards[at - 1].place
            if card.refusal:
                continue
            try:
                snapshot = self.shelf.snapshot(card.place)
            except MlskillError:  # gone meanwhile: the next list is without it
                continue
            size += snapshot.size
            self.changes.refused(snapshot)
            entries += snapshot.entries()
        return entries, ""

    def _skill(self, name: str) -> dict[str, Any]:
        card, path = resources.locate(self.shelf, name)
        if path != MAIN and not path.endswith(f"/{MAIN}"):
            raise resources.NoSuchResourceError(name)
        folder = path.removesuffix(MAIN).rstrip("/")
        snapshot = resources.snapshot(self.shelf, card.place)
        entry = snapshot.entry(folder)
        if entry is None:
            reason = snapshot.refusals.get(folder)
            raise MlskillError(
                f"{name[:500]} is not offered as a skill: {reason}"
                if reason
                else f"No skill is served at {name[:500]}"
            )
        return entry

    def _files(self) -> list[types.Resource]:
        """Every file of every skill."""
        found: list[types.Resource] = []
        for place in self.shelf.names:
            skill = resources.snapshot(self.shelf, place)
            found += (resources.file(skill, path) for path in sorted(skill.files))
        return found


def build(
    shelf: Shelf,
    changes: Changes,
    *,
    scope: Literal["public", "private"] = "public",
    single: bool = True,
) -> Server[Any]:
    """The server of `shelf`; `scope` says whether its answers may be shared among users.

    A `single` client stays until the server ends; of many, each request stands alone, and who
    wants to be told of changes has to listen for them.
    """
    desk = Desk(shelf, changes, scope)
    hint = CacheHint(ttl_ms=TTL, scope=scope)
    server: Server[Any] = Server(
        "mlskill",
        version=__version__,
        title="Agent Skills",
        instructions=INSTRUCTIONS,
        cache_hints={
            "resources/list": hint,
            "resources/templates/list": hint,
            "resources/read": hint,
            "tools/list": hint,
            "prompts/list": hint,
        },
        lifespan=changes.lifespan,
        on_list_resources=desk.resources,
        on_list_resource_templates=desk.templates,
        on_read_resource=desk.read,
        on_subscribe_resource=changes.subscribe if single else None,
        on_unsubscribe_resource=changes.unsubscribe if single else None,
        on_subscriptions_listen=ListenHandler(changes.bus),
        on_list_tools=desk.tools,
        on_call_tool=desk.call,
        on_list_prompts=desk.prompts,
        on_get_prompt=desk.prompt,
        on_completion=desk.complete,
    )
    server.extensions[EXTENSION] = {"directoryRead": True}
    server.add_request_handler("skills/list", types.PaginatedRequestParams, desk.skills)
    server.add_request_handler("skills/get", UriParams, desk.skill)
    server.add_request_handler("resources/directory/read", UriParams, desk.directory)
    if single:
        server.add_notification_handler(
            "notifications/initialized", types.NotificationParams, changes.greet
        )
    return server


def _checked(work: Callable[..., _T], *arguments: Any) -> _T:
    """What `work` returns; what it cannot find is a fault of the request."""
    try:
        return work(*arguments)
    except MlskillError as error:
        raise MCPError(types.INVALID_PARAMS, str(error)) from None


def _page(found: Sequence[types.Resource], after: str) -> tuple[list[types.Resource], str]:
    """The resources that come after the URI `after`; the last one's, if there are more."""
    rest = sorted((one for one in found if one.uri > after), key=lambda one: one.uri)
    return rest[:PAGE], rest[PAGE - 1].uri if len(rest) > PAGE else ""


def _cursor(last: str) -> str | None:
    """A cursor to what comes after `last`. Any copy of the server understands it."""
    return base64.urlsafe_b64encode(last.encode()).decode() if last else None


def _next(last: str) -> dict[str, str]:
    cursor = _cursor(last)
    return {"nextCursor": cursor} if cursor else {}


def _place(params: types.PaginatedRequestParams | None) -> str:
    """Where the page that is asked for starts."""
    if params is None or params.cursor is None:
        return ""
    try:
        return base64.b64decode(params.cursor, b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise MCPError(types.INVALID_PARAMS, "Invalid cursor") from None
