"""Looks up the names in blocks that are not executed. Standard library only: `program` loads it.

Imports what the blocks import, follows ``module.Class.method`` from there as far as modules and
classes go, and compares calls with signatures. What is assigned anywhere is not followed, nor what
is not installed: what cannot be known is not a fault.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import types
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

_UNKNOWN: Any = object()


class Names:
    """What the blocks of a program have imported so far."""

    def __init__(self) -> None:
        self.bound: dict[str, Any] = {}
        self.assigned: set[str] = set()
        self.absent: set[str] = set()

    def faults(self, text: str) -> Iterator[tuple[int, str]]:
        """Line (from 1) and message of each name in the Python program `text` that is not there."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        # In `try`, an import may fail.
        guarded = {id(n) for t in ast.walk(tree) if isinstance(t, ast.Try) for n in ast.walk(t)}
        for node in ast.walk(tree):
            self.assigned.update(_assigned(node))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                problems = list(self._bind(node))
                if id(node) not in guarded:
                    yield from ((node.lineno, problem) for problem in problems)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute | ast.Call):
                try:
                    if isinstance(node, ast.Call):
                        self._call(node)
                    else:
                        self._look(node)
                except LookupError as problem:
                    yield node.lineno, str(problem.args[0])

    def _bind(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        """Import what `node` does; yield what is not there."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                module = self._load(alias.name)
                if isinstance(module, str):
                    yield module
                elif alias.asname:
                    self.bound[alias.asname] = module
                else:
                    self.bound[top] = self._load(top)
        elif node.module and not node.level:
            module = self._load(node.module)
            if isinstance(module, str):
                yield module
                return
            for alias in node.names:
                if alias.name != "*" and module is not _UNKNOWN:
                    got = _member(module, alias.name)
                    if got is _UNKNOWN:
                        yield f"{node.module} has no {alias.name}"
                    self.bound[alias.asname or alias.name] = got

    def _load(self, name: str) -> Any:
        """The module `name`; why it does not import, as text; `_UNKNOWN` when not installed."""
        top = name.partition(".")[0]
        if find_spec(top) is None:
            self.absent.add(top)
            return _UNKNOWN
        try:
            return importlib.import_module(name)
        except (Exception, SystemExit) as error:
            return f"import {name}: {type(error).__name__}: {error}"

    def _look(self, node: ast.expr) -> Any:
        """What `node` means; raises LookupError where a module or a class lacks the attribute."""
        if isinstance(node, ast.Name):
            return _UNKNOWN if node.id in self.assigned else self.bound.get(node.id, _UNKNOWN)
        if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
            return _UNKNOWN
        try:
            base = self._look(node.value)
        except LookupError:  # told where the inner one is looked at
            return _UNKNOWN
        if not isinstance(base, types.ModuleType | type):
            return _UNKNOWN
        got = _member(base, node.attr)
        if got is _UNKNOWN:
            raise LookupError(f"{ast.unparse(node.value)} has no {node.attr}")
        return got

    def _call(self, node: ast.Call) -> None:
        """Raise LookupError where a call has an argument that what is called does not take."""
        try:
            called = self._look(node.func)
        except LookupError:
            return
        if called is _UNKNOWN or not callable(called):
            return
        try:
            parameters = inspect.signature(called).parameters.values()
        except (ValueError, TypeError):
            return
        kinds = {parameter.kind for parameter in parameters}
        what = ast.unparse(node.func)
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            named = {p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY}
            for keyword in node.keywords:
                if keyword.arg and keyword.arg not in named:
                    raise LookupError(f"{what}() takes no {keyword.arg}=")
        starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        if inspect.Parameter.VAR_POSITIONAL not in kinds and not starred:
            most = sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
            if len(node.args) > most:
                raise LookupError(f"{what}() takes at most {most} positional arguments")


def _member(base: Any, name: str) -> Any:
    """The attribute or submodule `name` of a module or class; `_UNKNOWN` when there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(base, name)
        except AttributeError:
            pass
        except Exception:
            return None  # it is there, and wants something that is not
        try:
            return importlib.import_module(f"{base.__name__}.{name}")
        except Exception:
            return _UNKNOWN


def _assigned(node: ast.AST) -> Iterator[str]:
    """The names that `node` gives a value that is not known here."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
