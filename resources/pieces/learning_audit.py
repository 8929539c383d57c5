"""Why does it not learn? Checks on model, loss, optimizer and one batch, before the long run.

Call `found = faults(make, loss, batch)`.

Copy the file; it needs torch. Pass `make()` -> (model, optimizer), made as the run makes them,
`loss(model, batch)` -> mean loss, and one real batch; `classes` if the loss is a cross-entropy. An
empty list means that nothing was found; each line says what was seen. Takes some hundred steps on
the one batch, up to ten times `steps` while its loss still falls (a small learning rate): make it
small. A gradient of zero is named if ten steps leave it zero: that of what lies behind a layer that
starts at zero (LoRA, a head) does not stay so. Change `steps` and `solved`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

Make = Callable[[], tuple[torch.nn.Module, torch.optim.Optimizer]]
Loss = Callable[[torch.nn.Module, Any], torch.Tensor]


def faults(
    make: Make,
    loss: Loss,
    batch: Any,
    classes: int | None = None,
    steps: int = 300,
    solved: float = 0.1,
) -> list[str]:
    """What would keep the run from learning, one line each.

    `solved` is the share of its first value to which the loss of the one batch must fall.
    """
    found: list[str] = []
    model, optimizer = make()
    model.train()
    first = loss(model, batch)
    start = float(first.detach())
    if first.ndim != 0:
        return [f"the loss has shape {list(first.shape)}, not one number"]
    if not math.isfinite(start):
        return [f"the first loss is {start}"]
    if not first.requires_grad:
        return ["the loss is cut off from the parameters: detach(), item(), numpy() or no_grad()"]
    if classes and not 0.5 * math.log(classes) < start < 2 * math.log(classes):
        found.append(
            f"the first loss is {start:.3g}, a guess has ln {classes} = {math.log(classes):.3g}"
        )

    named = dict(model.named_parameters())
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if foreign := held - {id(p) for p in named.values()}:
        found.append(
            f"{len(foreign)} tensors of the optimizer are not the model's: made too early?"
        )
    outside = [n for n, p in named.items() if p.requires_grad and id(p) not in held]
    if outside:
        found.append(f"not in the optimizer: {_few(outside)}")
    first.backward()
    learns = {n: p for n, p in named.items() if p.requires_grad and id(p) in held}
    if empty := [n for n, p in learns.items() if p.grad is None]:
        found.append(f"no gradient: {_few(empty)}")
    zero = [n for n, p in learns.items() if p.grad is not None and not p.grad.any()]
    wild = [n for n, p in learns.items() if p.grad is not None and not p.grad.isfinite().all()]
    if wild:
        return [*found, f"gradient is not finite: {_few(wild)}"]

    before = {n: p.detach().clone() for n, p in learns.items()}
    for _ in range(5):
        optimizer.step()
    for n, p in learns.items():
        if p.grad is not None and p.grad.any():
            asked = p.grad != 0
            moved = (p.detach() != before[n])[asked].float().mean().item()
            if moved < 0.5:
                found.append(f"{n} ({p.dtype}): only {moved:.0%} of its numbers move in 5 steps")

    model, optimizer = make()
    model.train()
    last, done, named = start, 0, dict(model.named_parameters())
    for _ in range(10):
        before_round = last
        for _ in range(steps):
            optimizer.zero_grad()
            value = loss(model, batch)
            value.backward()
            last, done = float(value.detach()), done + 1
            if not math.isfinite(last):
                return [*found, f"the loss of one batch becomes {last}: learning rate or loss"]
            if done <= 10:
                zero = [n for n in zero if (g := named[n].grad) is None or not g.any()]
            optimizer.step()
        if last <= solved * start or last > 0.9 * before_round:
            break
    if zero:
        found.append(f"gradient is zero: {_few(zero)}")
    if last > solved * start:
        found.append(f"one batch is not learnt: loss {start:.3g} to {last:.3g} in {done} steps")
    return found


def leaks(model: torch.nn.Module, rows: torch.Tensor) -> list[int]:
    """Rows of the batch that change the answer to row 0: must be none in eval mode."""
    model.eval()
    rows = rows.detach().clone().requires_grad_(True)
    answer = model(rows)
    (grads,) = torch.autograd.grad(answer[0].sum(), rows)
    return [n for n in range(1, len(rows)) if bool(grads[n].any())]


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
