"""Shapes: a tool's schema as each model API wants to have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: `parameters` and `returns` are JSON schemas, plain and without references."""

    name: str
    description: str
    parameters: Schema
    returns: Schema


def parameters(
    model: type[BaseModel], *, closed: Mapping[str, list[str]], absent: set[str], required: set[str]
) -> Schema:
    """The arguments of `model`: those in `closed` have a closed set of values."""
    schema = model.model_json_schema()
    needed = {*schema.get("required", ()), *required} - absent
    properties: Schema = {}
    for name, about in schema["properties"].items():
        if name in absent:
            continue
        about = {key: value for key, value in about.items() if key != "title"}
        if name in needed or about.get("default") == "":
            about.pop("default", None)
        if name in closed:
            about["enum"] = closed[name]
        properties[name] = about
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name in needed],
        "additionalProperties": False,
    }


def returns(model: type[BaseModel]) -> Schema:
    """What a tool gives back, as data."""
    schema: Schema = model.model_json_schema(mode="serialization")
    return schema


def openai(tool: Tool) -> Schema:
    """For Chat Completions, strict."""
    return {"type": "function", "function": _function(tool)}


def responses(tool: Tool) -> Schema:
    """For OpenAI's Responses API, strict."""
    return {"type": "function", **_function(tool)}


def anthropic(tool: Tool) -> Schema:
    """For Anthropic's Messages API."""
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.parameters,
    }


def mcp(tool: Tool) -> Schema:
    """For the Model Context Protocol."""
    return {
        "name": tool.name,
        "description": tool.description,
        "inputSchema": tool.parameters,
        "outputSchema": tool.returns,
        "annotations": {"readOnlyHint": True, "openWorldHint": False},
    }


def _function(tool: Tool) -> Schema:
    return {
        "name": tool.name,
        "description": tool.description,
        "parameters": _strict(tool.parameters),
        "strict": True,
    }


def _strict(schema: Schema) -> Schema:
    """`schema` with every argument required, null standing for one that is not given."""
    properties = {}
    for name, about in schema["properties"].items():
        about = {key: value for key, value in about.items() if key != "default"}
        if name not in schema["required"]:
            about["type"] = [about["type"], "null"]
            if "enum" in about:
                about["enum"] = [*about["enum"], None]
        properties[name] = about
    return {**schema, "properties": properties, "required": [*properties]}


SHAPES: Mapping[str, Callable[[Tool], Schema]] = {
    "openai": openai,
    "responses": responses,
    "anthropic": anthropic,
    "mcp": mcp,
}
"""Every shape by name."""
