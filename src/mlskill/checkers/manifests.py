"""YAML: parsed strictly, and what is recognised (by its keys) checked against its schema.

A schema is used where its tool is installed; what was used is said. An object of Kubernetes' own
that has no schema is a fault: its API is gone, or misspelt. A custom kind has none to go by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from mlskill.checkers.tools import FaultError, call, complaint, tool

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_yaml(text: str) -> str:
    """What `text` was checked by.

    Raises:
        FaultError: it does not parse, a key stands twice, or its schema forbids it.
    """
    used = [by for node in documents(text) if (by := _schema(node, text)) is not None]
    return ", ".join(dict.fromkeys(used)) or "yaml"


def documents(text: str) -> list[yaml.Node]:
    """The documents of `text`, composed; raises FaultError as `check_yaml` does."""
    try:
        found = [node for node in yaml.compose_all(text, _Loader) if node is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = error.problem or error.context or "does not parse"
        where = (mark.line + 1, mark.column + 1) if mark else (1, 0)
        raise FaultError(message, where[0], column=where[1]) from None
    except yaml.YAMLError as error:
        raise FaultError(str(error).partition("\n")[0]) from None
    except RecursionError:
        raise FaultError("too deep") from None
    for node in found:
        _unique(node)
    return found


def _unique(root: yaml.Node) -> None:
    """Raise where a mapping has a key twice."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:  # an alias
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            keys = set()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                    if (key.tag, key.value) in keys:
                        mark, what = key.start_mark, f"the key {key.value[:80]!r} stands twice"
                        raise FaultError(what, mark.line + 1, column=mark.column + 1)
                    keys.add((key.tag, key.value))
                waiting += (key, value)


def _schema(node: yaml.Node, text: str) -> str | None:
    """Check the document `node` by what it is; the tool's name, None where there is none."""
    keys = dict(_keys(node))
    part = text[node.start_mark.index : node.end_mark.index]
    first = node.start_mark.line
    if {"apiVersion", "kind"} <= keys.keys():
        version = getattr(keys["apiVersion"], "value", "")
        group = version.rpartition("/")[0]
        if "." in group and not group.endswith(".k8s.io"):
            return f"yaml (no schema for {version})"
        return _kubernetes(part, first)
    if {"on", "jobs"} <= keys.keys():
        return _jsonschema("vendor.github-workflows", part, first)
    if {"runs", "name"} <= keys.keys() and "using" in dict(_keys(keys["runs"])):
        return _jsonschema("vendor.github-actions", part, first)
    if "services" in keys and isinstance(keys["services"], yaml.MappingNode):
        return _jsonschema("vendor.compose-spec", part, first)
    groups = keys.get("groups")
    if isinstance(groups, yaml.SequenceNode):
        if any("rules" in dict(_keys(group)) for group in groups.value):
            return _prometheus(part, first)
    return None


def _keys(node: yaml.Node) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, value


def _kubernetes(text: str, first: int) -> str:
    command = tool("kubernetes-validate")
    if command is None:
        return "yaml (kubernetes-validate is not installed)"
    code, said = call([command, "--strict"], text, ".yaml")
    if code or "Couldn't find schema" in said:
        raise FaultError(complaint(said, ("ERROR", "WARN")), first + 1, "kubernetes-validate")
    return "kubernetes-validate"


def _jsonschema(schema: str, text: str, first: int) -> str:
    command = tool("check-jsonschema")
    if command is None:
        return "yaml (check-jsonschema is not installed)"
    code, said = call([command, "--builtin-schema", schema], text, ".yaml")
    if code:
        raise FaultError(complaint(said, ("$",)), first + 1, "check-jsonschema")
    return f"check-jsonschema {schema.removeprefix('vendor.')}"


def _prometheus(text: str, first: int) -> str:
    command = tool("promtool")
    if command is None:
        return "yaml (promtool is not installed)"
    code, said = call([command, "check", "rules"], text, ".yaml")
    if code:
        line = re.search(r"(?:line |yaml:)\s*(\d+)", said)
        at = first + (int(line[1]) if line else 1)
        raise FaultError(complaint(said, ("error", "could not", "line")), at, "promtool")
    return "promtool"
