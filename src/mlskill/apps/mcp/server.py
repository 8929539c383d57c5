"""The server: what MCP asks of it, answered from a `Shelf`.

What is in memory is answered at once, all else by a thread, so that nobody waits for the disk of
another. Requests that need the catalogue wait until it was read; the handshake does not.
"""

from __future__ import annotations

from typing import Any

import anyio
import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.lowlevel.server import Server
from mcp.server.subscriptions import ListenHandler

from mlskill import __version__
from mlskill.apps.mcp import prompts, resources
from mlskill.apps.mcp.changes import Changes
from mlskill.apps.mcp.desk import PAGE, TTL, Context, Desk, Scope, checked, cursor, page, place_of
from mlskill.apps.mcp.extension import Extension
from mlskill.apps.mcp.shelf import FEW, Shelf
from mlskill.apps.mcp.uris import INDEX, path_of
from mlskill.errors import MlskillError
from mlskill.toolset import Toolset

CALLERS = 8
"""Tools that are called at one time."""

INSTRUCTIONS = (
    "This server serves Agent Skills. With skills support, list and load them as skills. With "
    "resources, read skill://NAME/SKILL.md and what it links to. With tools only: skill_search "
    "finds the sections that answer a question, skill_outline shows what there is, skill_read "
    "reads a file or one section of it."
)


class Core(Desk):
    """The requests that every client knows."""

    def __init__(self, shelf: Shelf, changes: Changes, scope: Scope) -> None:
        super().__init__(shelf, changes, scope)
        self.toolset = Toolset(shelf)
        # Who searches must not take every thread from who only reads.
        self._callers = anyio.CapacityLimiter(CALLERS)

    async def resources(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """`resources/list`: of few skills every file, of many every ``SKILL.md``."""
        await self.changes.ready.wait()
        place = place_of(params)
        catalogue = self.shelf.catalogue
        if len(catalogue.cards) <= FEW:
            everything = await self.aside(self._files)
            shown, after = page([resources.index(), *everything], place)
            return types.ListResourcesResult(resources=shown, next_cursor=cursor(after))
        cards = catalogue.after(place, PAGE)
        listed = [resources.main(card) for card in cards]
        last = cards[-1].place if len(cards) == PAGE else ""
        return types.ListResourcesResult(
            resources=listed if place else [resources.index(), *listed], next_cursor=cursor(last)
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
            return await self.aside(resources.listing, self.shelf)
        card, path = checked(resources.locate, self.shelf, name)
        kept = self.shelf.kept(card.place)
        if kept is None:
            kept = await self.aside(resources.snapshot, self.shelf, card.place)
        return checked(resources.contents, kept, path, name)

    async def tools(
        self, ctx: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """`tools/list`."""
        shaped = await self.aside(self.toolset.shaped, "mcp")
        return types.ListToolsResult(tools=[types.Tool.model_validate(tool) for tool in shaped])

    async def call(self, ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """`tools/call`."""
        arguments = params.arguments or {}
        answer = await self.aside(self.toolset.call, params.name, arguments, limiter=self._callers)
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
        return await self.aside(
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
        completion = types.Completion(
            values=found[:100], total=len(found), has_more=len(found) > 100
        )
        return types.CompleteResult(completion=completion)

    def _files(self) -> list[types.Resource]:
        """Every file of every skill."""
        found: list[types.Resource] = []
        for place in self.shelf.names:
            try:
                skill = self.shelf.snapshot(place)
            except MlskillError:  # gone meanwhile
                continue
            found += (resources.file(skill, path) for path in sorted(skill.files))
        return found


def build(
    shelf: Shelf,
    changes: Changes,
    *,
    scope: Scope = "public",
    single: bool = True,
) -> Server[Any]:
    """The server of `shelf`; `scope` says whether its answers may be shared among users.

    A `single` client stays until the server ends; of many, each request stands alone, and who
    wants to be told of changes has to listen for them.
    """
    core = Core(shelf, changes, scope)
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
        on_list_resources=core.resources,
        on_list_resource_templates=core.templates,
        on_read_resource=core.read,
        on_subscribe_resource=changes.subscribe if single else None,
        on_unsubscribe_resource=changes.unsubscribe if single else None,
        on_subscriptions_listen=ListenHandler(changes.bus),
        on_list_tools=core.tools,
        on_call_tool=core.call,
        on_list_prompts=core.prompts,
        on_get_prompt=core.prompt,
        on_completion=core.complete,
    )
    Extension(shelf, changes, scope).register(server)
    if single:
        server.add_notification_handler(
            "notifications/initialized", types.NotificationParams, changes.greet
        )
    return server
