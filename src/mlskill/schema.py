"""schema: frontmatter as the specification has it, and reports as they are published.

The only file that knows pydantic, imported when a frontmatter is validated or a schema is asked
for: it takes longer to import than a small skill takes to validate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from mlskill.model import Report
from mlskill.specification import COMPATIBILITY_LENGTH, DESCRIPTION_LENGTH, NAME, NAME_LENGTH

Text = Annotated[str, StringConstraints(strict=True)]


class Frontmatter(BaseModel):
    """The frontmatter of any node: https://agentskills.io/specification (2026-08)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[Text, StringConstraints(min_length=1, max_length=NAME_LENGTH, pattern=NAME)]
    description: Annotated[
        Text,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=DESCRIPTION_LENGTH),
    ]
    license: Text = ""
    compatibility: Annotated[
        Text, StringConstraints(min_length=1, max_length=COMPATIBILITY_LENGTH)
    ] = ""
    metadata: dict[Text, Text] = {}
    allowed_tools: Annotated[Text, Field(alias="allowed-tools")] = ""


class Mistake(NamedTuple):
    """What is wrong with the value at `path`; `kind` and `limits` as pydantic calls them."""

    path: tuple[str | int, ...]
    kind: str
    value: Any
    limits: Mapping[str, Any]


def mistakes(data: Mapping[str, Any]) -> Iterator[Mistake]:
    """What the specification has against `data`."""
    try:
        Frontmatter.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            yield Mistake(detail["loc"], detail["type"], detail["input"], detail.get("ctx", {}))


def report_schema() -> dict[str, Any]:
    """The JSON schema of what the format `json` writes."""
    schema = TypeAdapter(Report).json_schema(mode="serialization")
    del schema["properties"]["claims"]  # they are for `merge`
    properties = {"version": {"const": 1, "title": "Version", "type": "integer"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "properties": properties | schema["properties"],
        "required": ["version", *schema["properties"]],
    }
