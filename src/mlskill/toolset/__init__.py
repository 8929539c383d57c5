"""tools: outline, search and read of one or several skills, as functions that a model calls.

    arguments.py  what a model may say and what it is answered, by pydantic
    shapes.py     the schemas as each model API wants to have them
    library.py    where the tools find skills
    answers.py    what each tool says
    pages.py      a long text in parts

Nothing that a model says raises: what it got wrong is said to it, with the names that are near.
Every answer is one element ``skill_content``, which no text of a skill can close.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ValidationError

from mlskill.errors import NotASkillError, UnknownNameError
from mlskill.home import home
from mlskill.loader import load
from mlskill.model import Document, Skill
from mlskill.reader import discover
from mlskill.renderer.text import inline, line, neutral, shorten
from mlskill.toolset.answers import ANSWERS, Answer
from mlskill.toolset.arguments import (
    Arguments,
    Findings,
    Outline,
    OutlineArguments,
    ReadArguments,
    Reading,
    SearchArguments,
)
from mlskill.toolset.library import Library, Loaded, owned
from mlskill.toolset.shapes import SHAPES, Tool, parameters, returns

__all__ = ["SHAPES", "Answer", "Library", "Tool", "Toolset", "owned", "tools"]

ENUM = 200
"""Names that are listed as an enum; a longer set is told by `skill_outline` instead."""


class _Tool(NamedTuple):
    asks: type[Arguments]
    returns: type[BaseModel]
    what: str


_MORE = {
    "skill": "; skill_outline without a skill lists them all",
    "file": "; skill_outline lists them all",
    "section": "; skill_outline with that path lists them all",
}
"""What to do where a name of this kind is unknown."""
_TOOLS = {
    "skill_outline": _Tool(
        OutlineArguments, Outline, "What is in {it}: documents, headings, files, tokens."
    ),
    "skill_search": _Tool(
        SearchArguments,
        Findings,
        "Find the sections of {it} that answer a question; read those that fit with skill_read.",
    ),
    "skill_read": _Tool(ReadArguments, Reading, "Read a file of {it}, or one section of it."),
}


class Toolset:
    """The three tools of a `Library`, for any model API."""

    def __init__(self, library: Library) -> None:
        self._library = library

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools as they are now, as `SHAPES` takes them."""
        names = [*self._library.names]
        one = names[0] if len(names) == 1 else ""
        absent = {"skill"} if one else set()
        named = {"skill": names} if 1 < len(names) <= ENUM else {}
        closed = dict.fromkeys(_TOOLS, named)
        if one:
            files = self._library.skill(one).by_path
            documents = [path for path, file in files.items() if isinstance(file, Document)]
            for user, paths in (("skill_outline", documents), ("skill_read", [*files])):
                closed[user] = {"path": paths} if len(paths) <= ENUM else {}
            about = inline(shorten(self._library.description(one), 1024))
            it = f"the skill {inline(one)}"
        else:
            about, it = "skill_outline without a skill lists them all.", f"{len(names):,} skills"
        return tuple(
            Tool(
                name=name,
                description=f"{tool.what.format(it=it)} {about}",
                parameters=parameters(
                    tool.asks,
                    closed=closed[name],
                    absent=absent,
                    required={"skill"} if name == "skill_read" else set(),
                ),
                returns=returns(tool.returns),
            )
            for name, tool in _TOOLS.items()
        )

    def openai(self, api: Literal["chat", "responses"] = "chat") -> list[dict[str, Any]]:
        """The tools for OpenAI's Chat Completions or Responses API."""
        return self.shaped("openai" if api == "chat" else api)

    def anthropic(self) -> list[dict[str, Any]]:
        """The tools for Anthropic's Messages API."""
        return self.shaped("anthropic")

    def shaped(self, shape: str) -> list[dict[str, Any]]:
        """The tools in one of `SHAPES`.

        Raises:
            UnknownNameError: there is no such shape.
        """
        if shape not in SHAPES:
            raise UnknownNameError("shape", shape, SHAPES)
        return [SHAPES[shape](tool) for tool in self.tools]

    def call(self, name: str, arguments: Mapping[str, Any] | str = "{}") -> Answer:
        """What the tool `name` says to `arguments`, a mapping or the JSON that a model wrote."""
        try:
            return self._call(name, arguments)
        except UnknownNameError as error:
            more = _MORE.get(error.kind.partition(" ")[0], "")
            return Answer(neutral(line(f"{error}{more}")), error=True)
        except ValidationError as error:
            return Answer(_mistakes(error), error=True)

    def _call(self, name: str, arguments: Mapping[str, Any] | str) -> Answer:
        if name not in _TOOLS:
            raise UnknownNameError("tool", name, _TOOLS)
        model = _TOOLS[name].asks
        if isinstance(arguments, str):
            asked = model.model_validate_json(arguments or "{}")
        else:
            asked = model.model_validate(dict(arguments))
        names = self._library.names
        wanted = asked.skill or (names[0] if len(names) == 1 else "")
        if not wanted and name == "skill_read":
            raise UnknownNameError("skill", "", names)
        return ANSWERS[name](self._library, wanted, asked)


def tools(*skills: Skill | str | os.PathLike[str]) -> Toolset:
    r"""The tools of skills that were loaded, or of every skill at or below some paths.

    Without any it is the ml-engineer skill that comes with mlskill. Of a `Skill` that was loaded
    without ``contents=True``, files that are not Markdown can be named but not read.

    >>> from mlskill.loader import loads
    >>> toolset = tools(loads({"SKILL.md": "# Bread\n\n## Rising\n\nWarm dough."}))
    >>> [tool["function"]["name"] for tool in toolset.openai()]
    ['skill_outline', 'skill_search', 'skill_read']
    >>> print(toolset.call("skill_read", '{"path": "SKILL.md", "anchor": "rising"}'), end="")
    <skill_content name="skill" path="SKILL.md" section="rising" under="Bread">
    ## Rising
    <BLANKLINE>
    Warm dough.
    </skill_content>

    Raises:
        MissingPathError: there is nothing at a path.
        NotASkillError: there is no skill at or below any of the paths.
    """
    return Toolset(Loaded(_all(skills or (home(),))))


def _all(skills: Sequence[Skill | str | os.PathLike[str]]) -> Iterator[Skill]:
    empty = True
    for one in skills:
        if isinstance(one, Skill):
            empty = False
            yield one
            continue
        for root in discover(one):
            empty = False
            yield load(root, contents=True)
    if empty:
        raise NotASkillError(f"{' '.join(map(str, skills))}: no SKILL.md here or below")


def _mistakes(error: ValidationError) -> str:
    """What is wrong with some arguments, for the model that gave them."""
    said = []
    for detail in error.errors(include_url=False, include_context=False):
        where = ".".join(map(str, detail["loc"]))
        got = json.dumps(detail["input"], default=str)[:200]
        absent = not where or detail["type"] == "missing"
        said.append(f"{where or 'arguments'}: {detail['msg']}" + ("" if absent else f", not {got}"))
    return neutral(line("; ".join(said[:10])))
