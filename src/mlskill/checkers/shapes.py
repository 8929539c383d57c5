"""shapes: what keys and values an object may have, held against what somebody wrote.

A shape is the name of a type (a table of keys, each with its shape; ``*`` stands for any other
key), ``[shape]`` for a list, ``{shape}`` for any keys, ``=word`` for that word, ``any``, a plain
value of `_PLAIN`, or ``a|b`` for either. Nothing is missed; what is left open (``<name>``, ``...``,
``${X}``, ``{{ .Values.x }}``, null) fits everywhere. Each node is looked at once for each shape
that it should have and without recursion: aliases and depth cost a hostile writer as much as us.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mlskill.checkers.tools import FaultError

_NODES = 50_000
"""Nodes that are looked at, in all objects of a block."""

_PLAIN = {
    "string": "a text",
    "scalar": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "quantity": "a quantity",
    "null": "empty",
}
_NUMBER = re.compile(r"[-+]?(?:0x[\da-f_]+|[\d_]+(?:\.[\d_]*)?(?:e[-+]?\d+)?|\.\d+)", re.I)
# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ (2026-11)
_QUANTITY = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][-+]?\d+)?")
# What stands where the reader's own belongs; a key that begins with $ says how to patch.
_OPEN = re.compile(r"[<>${}…]|%[\w(]|\.\.\.|__|@@|\A[A-Z][A-Z\d_-]*\Z")


@cache
def table(name: str) -> Any:
    """What ``benchmarks/schemas.py`` has packed as `name`."""
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text("utf-8"))


def at(node: yaml.Node, message: str) -> FaultError:
    """A fault of `node`, which is shown as far as it stands on its first line."""
    start, end = node.start_mark, node.end_mark
    width = end.column - start.column if end.line == start.line else 0
    return FaultError(message, start.line + 1, column=start.column + 1, width=width)


def near(word: str, words: Iterable[str], cutoff: float = 0.75) -> str:
    """What of `words` is meant by `word`, whatever its case and dashes; empty when none is."""
    plain = {each.lower().replace("_", "").replace("-", ""): each for each in words}
    wrong = word[:60].lower().replace("_", "").replace("-", "")
    return "".join(plain[each] for each in get_close_matches(wrong, plain, n=1, cutoff=cutoff))


class Shapes:
    """Types by their names, which the nodes of one text are held against.

    >>> shapes = Shapes({"Probe": {"port": "integer"}, "Pod": {"probe": "Probe"}})
    >>> node = yaml.compose('probe: {prot: 80, port: "80"}')
    >>> for fault in shapes.faults(node, "Pod", "a Pod"):
    ...     print(fault.column, fault)
    9 prot is no key of probe
    25 port must be a whole number: write 80
    """

    def __init__(self, types: dict[str, dict[str, str] | str]) -> None:
        self.types = types
        self._waiting: list[tuple[yaml.Node, str, str]] = []
        self._seen: set[tuple[int, str]] = set()
        self._left = _NODES

    def faults(self, root: yaml.Node, shape: str, name: str) -> Iterator[FaultError]:
        """What below `root`, which `name` calls and which should have `shape`, has another."""
        self._waiting = [(root, shape, name)]
        while self._waiting and self._left > 0:
            self._left -= 1
            node, shape, name = self._waiting.pop()
            if (id(node), shape) not in self._seen and not _open(node):
                self._seen.add((id(node), shape))
                yield from self._node(node, self._options(shape), name)

    def _options(self, shape: str) -> list[str]:
        """The alternatives of a shape; a type may be no more than a name for some."""
        options: list[str] = []
        for option in shape.split("|"):
            named = self.types.get(option)
            options += self._options(named) if isinstance(named, str) else [option]
        return options

    def _node(self, node: yaml.Node, options: list[str], name: str) -> Iterator[FaultError]:
        tables = [self.types.get(each, {"*": each[1:-1]}) for each in options if self._maps(each)]
        items = "|".join(each[1:-1] for each in options if each[0] == "[")
        if "any" in options or _kind(node) == "null":
            return
        if isinstance(node, yaml.MappingNode) and tables:
            yield from self._mapping(node, tables, name)  # type: ignore[arg-type]
        elif isinstance(node, yaml.SequenceNode) and items:
            called = self._noun(items) or f"an item of {name}"
            self._waiting += [(item, items, called) for item in node.value]
        elif not any(_fits(node, each) for each in options) and not _vague(node, options):
            yield at(node, _wrong(node, options, name))

    def _maps(self, option: str) -> bool:
        return option[0] == "{" or isinstance(self.types.get(option), dict)

    def _noun(self, shape: str) -> str:
        """What something of this type is called; empty where it is no mapping of a type."""
        option = self._options(shape)[0]
        if option not in self.types:
            return ""
        noun = re.split(r"[.-]", option)[-1]
        return f"an {noun}" if noun[0] in "AEIOaeio" else f"a {noun}"

    def _mapping(
        self, node: yaml.MappingNode, tables: list[dict[str, str]], name: str
    ) -> Iterator[FaultError]:
        """Each key must be known to one of the tables that know those before it."""
        kept, decided, known = tables, "", set().union(*tables)
        for key, _ in node.value:
            word = key.value
            if not isinstance(key, yaml.ScalarNode) or word == "<<" or _OPEN.search(word):
                continue
            fitting = [each for each in kept if word in each or "*" in each]
            if not fitting and word in known:
                yield at(key, f"{word} does not go with {decided}")
            elif not fitting:
                meant = near(word, set().union(*kept))
                hint = f"; did you mean {meant}?" if meant and not _has(node, meant) else ""
                yield at(key, f"{word[:80]} is no key of {name}{hint}")
            else:
                kept, decided = fitting, decided if len(fitting) == len(kept) else word
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                listed, loose = (
                    "|".join(dict.fromkeys(each[by] for each in kept if by in each))
                    for by in (key.value, "*")
                )
                if shape := listed or loose:
                    called = key.value[:80] if listed else self._noun(loose) or key.value[:80]
                    self._waiting.append((value, shape, called))


def _has(node: yaml.MappingNode, word: str) -> bool:
    return any(key.value == word for key, _ in node.value)


def _open(node: yaml.Node) -> bool:
    """Whether `node` is still to be filled in; a template's braces are read as a mapping."""
    if isinstance(node, yaml.MappingNode):
        braces = node.flow_style and len(node.value) == 1 and node.value[0][1].value == ""
        return bool(braces) or any(not isinstance(key, yaml.ScalarNode) for key, _ in node.value)
    return isinstance(node, yaml.ScalarNode) and _OPEN.search(node.value) is not None


def _vague(node: yaml.Node, options: list[str]) -> bool:
    """Whether `node` only speaks of a value: ``[port]``, ``your-port``, ``2-5``, ``read|write``."""
    if isinstance(node, yaml.SequenceNode):
        return bool(node.flow_style) and [*map(_kind, node.value)] == ["string"]
    if not isinstance(node, yaml.ScalarNode) or node.style or _kind(node) != "string":
        return False
    text, first = node.value, options[0]
    if first in ("integer", "number", "boolean", "quantity"):
        return not re.search(r"\d", text) or re.search(r"\d *(?:[-–+]|\.\.)", text) is not None
    if first[0] == "=":
        return re.search(r"\w[|/ ]", text) is not None
    return " " in text and not any(option[0] == "[" for option in options)


def _kind(node: yaml.Node) -> str:
    """What a value is, where YAML 1.1 and 1.2 agree; else a string."""
    if not isinstance(node, yaml.ScalarNode):
        return "list" if isinstance(node, yaml.SequenceNode) else "mapping"
    kind = {"null": "null", "bool": "boolean", "int": "integer", "float": "number"}.get(
        node.tag.rpartition(":")[2], "string"
    )
    number = kind in ("integer", "number")
    return "string" if number and not _NUMBER.fullmatch(node.value) else kind


def _fits(node: yaml.Node, option: str) -> bool:
    if not isinstance(node, yaml.ScalarNode):
        return False
    kind = _kind(node)
    if option in ("integer", "number"):
        return kind in ("integer", "number")
    if option == "quantity":
        return kind in ("integer", "number") or _QUANTITY.fullmatch(node.value) is not None
    return option in (kind, "scalar", f"={node.value}")


def _wrong(node: yaml.Node, options: list[str], name: str) -> str:
    """Why `node` is none of `options`, and what is, as far as that is sure."""
    kind = _kind(node)
    text = node.value[:80] if isinstance(node, yaml.ScalarNode) else ""
    words = [option[1:] for option in options if option[0] == "="]
    if words and kind == "string":
        meant = near(text, words)
        listed = f"; it is {' or '.join(words)}" if len(words) < 5 else ""
        return f"{text} is no {name}" + (f"; did you mean {meant}?" if meant else listed)
    if options == ["quantity"] and kind == "string":
        bytes_ = re.fullmatch(r"([\d.]+[KMGTPEk]i?)[Bb]", text)
        return f"{text} is no quantity" + (f"; did you mean {bytes_[1]}?" if bytes_ else "")
    other = {"[": "a list", "=": "a text"}
    kinds = (_PLAIN.get(each) or other.get(each[0], "a mapping") for each in options)
    must = f"{name} must be {' or '.join(dict.fromkeys(kinds))}"
    if "string" in options and kind in ("boolean", "integer", "number"):
        return f'{must}: write "{text}"'
    if kind == "string" and any(_fits(_unquoted(text), option) for option in options):
        return f"{must}: write {text}"
    return f"{must}, not {_PLAIN.get(kind, f'a {kind}')}"


def _unquoted(text: str) -> yaml.Node:
    """What `text` is without the quotes around it."""
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return yaml.ScalarNode(tag, text)


_RESOLVER = yaml.resolver.Resolver()
