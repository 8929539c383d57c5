"""What a model may say to a tool, and what it is answered, as pydantic has it.

The models are the only description there is: the schemas of every model API are made of them.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

Skill = Annotated[str, Field(description="The skill, by its name.")]
Page = Annotated[int, Field(ge=1, le=1_000_000, description="Which page of a long answer, from 1.")]


class Arguments(BaseModel):
    """The arguments of a call; null means that one was not given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    skill: Skill = ""

    @model_validator(mode="before")
    @classmethod
    def _given(cls, data: Any) -> Any:
        # Where an API wants every argument to be named, an absent one is null.
        return {k: v for k, v in data.items() if v is not None} if isinstance(data, dict) else data


class OutlineArguments(Arguments):
    """Of `skill_outline`."""

    path: Annotated[
        str,
        Field(description="One document, with all of its headings; without it, every document."),
    ] = ""
    page: Page = 1


class SearchArguments(Arguments):
    """Of `skill_search`."""

    query: Annotated[
        str, Field(description="A question, a symptom, an error message or an identifier.")
    ]
    limit: Annotated[int, Field(ge=1, le=20, description="Sections to find, at most.")] = 5


class ReadArguments(Arguments):
    """Of `skill_read`."""

    path: Annotated[
        str,
        Field(description="A file, as outline, search and links name it: the part before a #."),
    ]
    anchor: Annotated[
        str,
        Field(description="One section of the file: the part after a #. Without it, all of it."),
    ] = ""
    page: Page = 1


class Named(BaseModel):
    """A skill in a catalogue."""

    name: str
    description: str


class Heading(BaseModel):
    """A section: read it by its document's path and this anchor."""

    anchor: str
    title: str
    level: int
    tokens: int


class Listed(BaseModel):
    """A document of a skill: what it is for, what it costs, what is in it."""

    path: str
    purpose: str
    tokens: int
    sections: list[Heading]


class File(BaseModel):
    """Another file of a skill."""

    path: str
    bytes: int


class Outline(BaseModel):
    """A catalogue of skills, or what one skill is made of."""

    skill: str = ""
    description: str = ""
    skills: list[Named] = []
    documents: list[Listed] = []
    files: list[File] = []
    page: int = 1
    pages: int = 1


class Found(BaseModel):
    """A section that answers a query."""

    skill: str
    path: str
    anchor: str
    title: str
    score: float
    tokens: int
    snippet: str


class Findings(BaseModel):
    """The sections that answer a query, best first; none where nothing fits."""

    hits: list[Found]


class Reading(BaseModel):
    """The text of a file or of a section of it, or one page of that."""

    skill: str
    path: str
    anchor: str = ""
    page: int = 1
    pages: int = 1
    tokens: int
    text: str
