"""Each piece says in its head how it is called, and can be called so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PIECES = sorted((Path(__file__).parents[2] / "resources" / "pieces").glob("*.py"))
COMMANDS = {"ci_audit", "sharded_train"}  # called from the command line


def arguments(tree):
    """What each function and class of the piece takes: names in order, and whether any more."""
    taken = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            fields = [n.target.id for n in node.body if isinstance(n, ast.AnnAssign)]
            taken[node.name] = fields, False
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [a.arg for a in (*node.args.posonlyargs, *node.args.args) if a.arg != "self"]
            names += [a.arg for a in node.args.kwonlyargs]
            taken[node.name] = names, node.args.kwarg is not None
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                    taken[node.name] = [a.arg for a in part.args.args[1:]], False
                    taken[node.name][0].extend(a.arg for a in part.args.kwonlyargs)
    return taken


@pytest.mark.parametrize("path", PIECES, ids=lambda path: path.stem)
def test_the_call_in_the_head_fits_the_signature(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    head = (ast.get_docstring(tree) or "").split("\n\n")[1]
    if path.stem in COMMANDS:
        assert re.search(rf"`[^`]*{path.stem}\.py[^`]*`", ast.get_docstring(tree))
        return
    assert head.startswith("Call `")
    taken, calls = arguments(tree), 0
    for code in re.findall(r"`([^`]+)`", head):
        parsed = compile(
            f"{code}: pass" if code.startswith("async with") else code,
            path.name,
            "exec",
            ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        )
        for call in ast.walk(parsed):
            name = getattr(call, "func", None)
            name = getattr(name, "id", getattr(name, "attr", None))
            if isinstance(call, ast.Call) and name in taken:
                names, more = taken[name]
                assert more or {word.arg for word in call.keywords} <= set(names)
                assert len(call.args) <= len(names)
                calls += 1
    assert calls
