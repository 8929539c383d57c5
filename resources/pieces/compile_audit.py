"""Which graphs would `torch.compile` build for these calls, and why so many?

Call `seen = compile_audit(model, [(rows,), (other_rows,)])`.

Copy the file; it needs torch only. Nothing is compiled to machine code (the graphs run eagerly), so
an audit takes seconds on a laptop without a compiler. Give it real calls: every batch size and
sequence length of a day, the last short batch, training and evaluation. One graph per function and
no break is the aim; the reasons name the guard or the line. Uses torch's compilation metrics, which
are not a stable interface: its test says when they move.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Audit:
    """Graphs built, reasons for the ones after the first, and functions that were given up."""

    graphs: int
    recompiled: tuple[str, ...]
    """One reason for each recompilation."""
    broken: tuple[str, ...]
    """Functions at which a graph ended and another began."""
    given_up: tuple[str, ...]
    """Functions that hit the limit of recompilations and run eagerly from then on, for good."""

    @property
    def clean(self) -> bool:
        """Whether one graph serves all calls."""
        return self.graphs == 1 and not (self.recompiled or self.broken or self.given_up)


class _Limit(logging.Handler):
    """Notes the functions for which torch logs that the limit is hit."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.names: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if "recompile_limit" in text:
            lines = [line for line in text.splitlines() if "function:" in line]
            self.names.append(lines[0].split("function:")[1].strip() if lines else text)


def compile_audit(
    function: Callable[..., Any], calls: Iterable[tuple[Any, ...]], dynamic: bool | None = None
) -> Audit:
    """What compiling `function` (or a module) would do for `calls`, each a tuple of arguments.

    Forgets all earlier compilations of the process. Pass `dynamic` as you would to torch.compile.
    """
    import torch
    import torch._dynamo
    from torch._dynamo import utils

    graphs = 0

    def count(graph: Any, example: Any) -> Any:
        nonlocal graphs
        graphs += 1
        return graph.forward

    torch._dynamo.reset()
    utils.clear_compilation_metrics()
    limit, log = _Limit(), logging.getLogger("torch._dynamo")
    log.addHandler(limit)
    try:
        compiled = torch.compile(function, backend=count, dynamic=dynamic)
        for arguments in calls:
            compiled(*arguments)
    finally:
        log.removeHandler(limit)
    seen = utils.get_compilation_metrics()
    torch._dynamo.reset()
    reasons = tuple(str(one.recompile_reason) for one in seen if one.recompile_reason)
    resumed = (str(one.co_name) for one in seen if "resume_in" in str(one.co_name))
    return Audit(graphs, reasons, tuple(dict.fromkeys(resumed)), tuple(limit.names))
