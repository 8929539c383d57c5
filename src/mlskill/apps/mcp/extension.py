"""The Skills extension: modelcontextprotocol/ext-skills, stable (2026-09)."""

from __future__ import annotations

from typing import Any

import mcp_types as types
from mcp.server.lowlevel.server import Server

from mlskill.apps.mcp import resources
from mlskill.apps.mcp.desk import TTL, Context, Desk, following, page, place_of
from mlskill.apps.mcp.snapshot import BYTES
from mlskill.errors import MlskillError
from mlskill.reader.names import MAIN

IDENTIFIER = "io.modelcontextprotocol/skills"
"""What the extension is called."""
SKILLS = 50
"""Skills on one page; fewer where they are large."""


class UriParams(types.PaginatedRequestParams):
    """The parameters of `skills/get` and `resources/directory/read`."""

    uri: str


class Extension(Desk):
    """The methods of the extension."""

    def register(self, server: Server[Any]) -> None:
        """Have `server` declare them and answer them."""
        server.extensions[IDENTIFIER] = {"directoryRead": True}
        server.add_request_handler("skills/list", types.PaginatedRequestParams, self.skills)
        server.add_request_handler("skills/get", UriParams, self.skill)
        server.add_request_handler("resources/directory/read", UriParams, self.directory)

    async def skills(self, ctx: Context, params: types.PaginatedRequestParams) -> dict[str, Any]:
        """`skills/list`."""
        skills, after = await self.aside(self._skills, place_of(params))
        return self._cacheable(skills=skills, **following(after))

    async def skill(self, ctx: Context, params: UriParams) -> dict[str, Any]:
        """`skills/get`."""
        return self._cacheable(skill=await self.aside(self._skill, params.uri))

    async def directory(self, ctx: Context, params: UriParams) -> dict[str, Any]:
        """`resources/directory/read`."""
        found = await self.aside(resources.directory, self.shelf, params.uri)
        shown, after = page(found, place_of(params))
        listed = [one.model_dump(by_alias=True, mode="json", exclude_none=True) for one in shown]
        return self._cacheable(resources=listed, **following(after))

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
