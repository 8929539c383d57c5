"""One optimizer step from micro-batches and ranks that equals the step from one big batch.

Call `step = optimizer_step(model, optimizer, micro_batches, clip=1.0)`.

Copy the file; it needs torch. The mean over micro-batches of unequal length, and DDP's mean over
ranks, give a token in a short batch more weight; here the loss is the sum over tokens, divided by
all tokens of the step. Clipping comes behind unscaling; a step without a label, or with a gradient
that is not finite, is left out and reported. For pairs (inputs, labels) with -100 for no label
nothing else is needed; else pass `loss_sum(model, batch)`, the sum of the losses
(`reduction="sum"`), and `count(batch)`, the tokens that have a label. Change `clip` and `dtype`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.distributed as dist


class Step(NamedTuple):
    """Mean loss over all tokens of all ranks, gradient norm before clipping, was it taken."""

    loss: float
    norm: float
    taken: bool


def token_loss(model: torch.nn.Module, batch: Any) -> torch.Tensor:
    """Sum of the cross-entropy of (inputs, labels); labels say what each position must predict."""
    inputs, labels = batch
    logits = model(inputs)
    logits = getattr(logits, "logits", logits)  # Hugging Face models answer with an object
    flat = logits.flatten(0, -2)
    return torch.nn.functional.cross_entropy(flat, labels.flatten(), reduction="sum")


def labelled(batch: Any) -> int:
    """How many positions of (inputs, labels) have a label."""
    return int((batch[1] != -100).sum())


def optimizer_step(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    micro_batches: Sequence[Any],
    loss_sum: Callable[[torch.nn.Module, Any], torch.Tensor] = token_loss,
    count: Callable[[Any], int] = labelled,
    clip: float = float("inf"),
    dtype: torch.dtype | None = None,
    scaler: torch.amp.GradScaler | None = None,
) -> Step:
    """Accumulate, clip and step once; gradients are empty afterwards. `clip=1.0` is usual.

    `dtype` is for autocast: bfloat16 needs no scaler, float16 does. Step the scheduler only if the
    step was taken.
    """
    ranks = dist.get_world_size() if dist.is_initialized() else 1
    device = next(model.parameters()).device
    total = torch.tensor(float(sum(map(count, micro_batches))), device=device)
    if ranks > 1:
        dist.all_reduce(total)
    tokens = float(total)
    optimizer.zero_grad()
    if tokens == 0:
        return Step(float("nan"), 0.0, False)
    loss = torch.zeros((), device=device)
    for number, batch in enumerate(micro_batches):
        last = number == len(micro_batches) - 1
        wait = getattr(model, "no_sync", None)
        with contextlib.ExitStack() as stack:
            if wait is not None and not last:
                stack.enter_context(wait())  # DDP: average once, behind the last micro-batch
            with torch.autocast(device.type, dtype, enabled=dtype is not None):
                part = loss_sum(model, batch)
            share = part.float() * (ranks / tokens)  # DDP divides by the ranks
            (scaler.scale(share) if scaler else share).backward()
        loss += part.detach().float()
    if ranks > 1:
        dist.all_reduce(loss)
    if scaler:
        scaler.unscale_(optimizer)  # before the norm is looked at
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    taken = bool(torch.isfinite(norm))
    if scaler:
        scaler.step(optimizer)  # leaves it out by itself if the norm is not finite
        scaler.update()
    elif taken:
        optimizer.step()
    optimizer.zero_grad()
    return Step(float(loss) / tokens, float(norm), taken)
