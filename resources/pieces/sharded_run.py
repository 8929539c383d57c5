"""Shard a model with FSDP2 and resume it exactly, also for a run that was killed while saving.

Call `shard(model, blocks)`, later `save_sharded(folder, step, model, optimizer)`.

Copy the file; it needs torch. `shard` wraps blocks first and the root last; make the optimizer
behind it. `save_sharded` writes the shards of weights and moments of all ranks, and for each rank
what else has a state (batches, schedule) and its random generators; `load_sharded` puts it back and
returns the step. It works on CPU by gloo, to be tested without a GPU; start it by torchrun. On
another number of ranks weights and moments are resharded, the rest is refused. Change `low`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard


def shard(
    model: torch.nn.Module, blocks: Iterable[torch.nn.Module], low: torch.dtype | None = None
) -> None:
    """Shard in place; `low` (bfloat16 on GPU) computes low, while weights and sums stay float32."""
    reduce = torch.float32 if low else None
    policy = MixedPrecisionPolicy(param_dtype=low, reduce_dtype=reduce)
    for block in [*blocks, model]:
        fully_shard(block, mp_policy=policy)


def check_optimizer(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """ValueError if the optimizer was made before `shard`: it would move nothing, silently."""
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not held <= {id(p) for p in model.parameters()}:
        raise ValueError("the optimizer holds tensors that are not the model's: make it later")


def save_sharded(
    folder: str | Path,
    step: int,
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    **parts: Any,
) -> None:
    """All ranks together: write `folder` new; the old one stays until the new one is whole."""
    check_optimizer(model, optimizer)
    target = Path(folder)
    half, old = (target.with_name(target.name + end) for end in (".part", ".old"))
    if dist.get_rank() == 0:
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
    dist.barrier()
    weights, moments = get_state_dict(model, optimizer)
    dcp.save({"model": weights, "optimizer": moments}, checkpoint_id=str(half))
    own = {
        "step": step,
        "world": dist.get_world_size(),
        "parts": {name: part.state_dict() for name, part in parts.items()},
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
    }
    torch.save(own, half / f"rank{dist.get_rank()}.pt")
    dist.barrier()
    if dist.get_rank() == 0:
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        half.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    dist.barrier()


def load_sharded(
    folder: str | Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, **parts: Any
) -> int:
    """All ranks together: put everything back and return the step.

    Raises ValueError if other parts were saved, or if there are parts and another number of ranks.
    """
    check_optimizer(model, optimizer)
    here = Path(folder)
    if not here.exists():  # killed between the two renames
        here = here.with_name(here.name + ".old")
    weights, moments = get_state_dict(model, optimizer)
    dcp.load({"model": weights, "optimizer": moments}, checkpoint_id=str(here))
    set_state_dict(model, optimizer, model_state_dict=weights, optim_state_dict=moments)
    own = torch.load(here / "rank0.pt", weights_only=True, map_location="cpu")
    if own["parts"].keys() != parts.keys():
        raise ValueError(f"saved or given only: {sorted(own['parts'].keys() ^ parts.keys())}")
    if own["world"] != dist.get_world_size():
        if parts:
            raise ValueError(f"{own['world']} ranks were saved: pass no parts, place them anew")
        return int(own["step"])
    own = torch.load(here / f"rank{dist.get_rank()}.pt", weights_only=True, map_location="cpu")
    for name, part in parts.items():
        part.load_state_dict(own["parts"][name])
    torch.set_rng_state(own["torch"])
    if own["cuda"] is not None and torch.cuda.is_available():
        torch.cuda.set_rng_state(own["cuda"])
    return int(own["step"])
