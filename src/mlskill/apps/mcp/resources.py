"""Resources: the files and folders of skills as MCP describes and delivers them."""

from __future__ import annotations

import base64
import json
import posixpath
from mimetypes import MimeTypes

import mcp_types as types

from mlskill.apps.mcp.catalogue import Card
from mlskill.apps.mcp.shelf import Shelf
from mlskill.apps.mcp.snapshot import Snapshot
from mlskill.apps.mcp.uris import INDEX, path_of, uri
from mlskill.errors import MlskillError, UnknownNameError
from mlskill.reader.names import MAIN

FOLDER = "inode/directory"
"""The type of a folder."""
SCHEMA = "https://schemas.agentskills.io/discovery/0.2.0/schema.json"
"""What the list of skills for older clients is written by."""

_TYPES = MimeTypes()  # Python's own table: the system's differs from machine to machine
for _suffix in (".md", ".markdown", ".mdx"):
    _TYPES.add_type("text/markdown", _suffix)
for _suffix in (".yaml", ".yml"):
    _TYPES.add_type("application/yaml", _suffix)


class NoSuchResourceError(MlskillError):
    """A client named what is not served."""

    def __init__(self, uri: str) -> None:
        super().__init__(f"{uri[:500]} is not served here")


def locate(shelf: Shelf, name: str) -> tuple[Card, str]:
    """The skill and the path in it that a client's URI names; the path is empty for its folder."""
    found = shelf.catalogue.owner(path_of(name))
    if found is None:
        raise NoSuchResourceError(name)
    return found


def snapshot(shelf: Shelf, place: str) -> Snapshot:
    """The skill at `place`; gone while it was looked for, it is not served."""
    try:
        return shelf.snapshot(place)
    except UnknownNameError:
        raise NoSuchResourceError(uri(place)) from None


def main(card: Card) -> types.Resource:
    """The ``SKILL.md`` of a skill that may not have been read yet."""
    return types.Resource(
        uri=uri(card.place, MAIN),
        name=card.name,
        description=card.description or None,
        mime_type="text/markdown",
    )


def file(skill: Snapshot, path: str) -> types.Resource:
    """The file at `path` of `skill`."""
    raw = skill.files[path]
    if path == MAIN:
        return main(skill.card).model_copy(update={"size": len(raw)})
    return types.Resource(
        uri=uri(skill.card.place, path),
        name=posixpath.basename(path),
        mime_type=_type(path, _is_text(raw)),
        size=len(raw),
    )


def folder(place: str, path: str = "") -> types.Resource:
    """The folder at `path` of the skill at `place`."""
    name = posixpath.basename(path or place)
    return types.Resource(uri=uri(place, path), name=name, mime_type=FOLDER)


def index() -> types.Resource:
    """The list of skills for older clients."""
    return types.Resource(uri=INDEX, name="index.json", mime_type="application/json")


def contents(skill: Snapshot, path: str, name: str) -> types.ReadResourceResult:
    """What the file at `path` holds, to the byte; `name` is the URI it was asked for by."""
    raw = skill.files.get(path)
    if raw is None:
        raise NoSuchResourceError(name)
    kind = _type(path, text := _is_text(raw))
    content: types.TextResourceContents | types.BlobResourceContents
    if text:
        content = types.TextResourceContents(uri=name, mime_type=kind, text=raw.decode())
    else:
        blob = base64.b64encode(raw).decode()
        content = types.BlobResourceContents(uri=name, mime_type=kind, blob=blob)
    return types.ReadResourceResult(contents=[content])


def directory(shelf: Shelf, name: str) -> list[types.Resource]:
    """What lies directly in the folder that `name` names."""
    whole = path_of(name)
    found = shelf.catalogue.owner(whole)
    if found is None:
        inner = [f"{whole}/{part}" for part in shelf.catalogue.below(whole)] if whole else []
        if not inner:
            raise NoSuchResourceError(name)
        return [folder(place) for place in inner]
    card, path = found
    skill = snapshot(shelf, card.place)
    children = skill.children(path)
    if children is None:
        if path in skill.files:
            raise MlskillError(f"{name[:500]} is a file, not a directory")
        raise NoSuchResourceError(name)
    return [
        folder(card.place, posixpath.join(path, part)) if inside is None else file(skill, inside)
        for part, inside in children.items()
    ]


def listing(shelf: Shelf) -> types.ReadResourceResult:
    """The list of skills for older clients: https://agentskills.io discovery, version 0.2.0."""
    skills = [
        {
            "name": card.name,
            "type": "skill-md",
            "description": card.description,
            "url": uri(card.place, MAIN),
            "digest": card.digest,
        }
        for card in shelf.catalogue.cards.values()
        if not card.refusal
    ]
    text = json.dumps({"$schema": SCHEMA, "skills": skills}, ensure_ascii=False)
    content = types.TextResourceContents(uri=INDEX, mime_type="application/json", text=text)
    return types.ReadResourceResult(contents=[content])


def _is_text(raw: bytes) -> bool:
    """Whether text is the same bytes again; NUL and the like are better left to a blob."""
    try:
        return "\0" not in raw.decode()
    except UnicodeDecodeError:
        return False


def _type(path: str, text: bool) -> str:
    guessed, encoding = _TYPES.guess_type(path)
    if guessed is None or encoding:
        return "text/plain" if text else "application/octet-stream"
    return guessed
