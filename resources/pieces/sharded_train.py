"""A whole FSDP2 run to start from: `torchrun --nproc-per-node=2 sharded_train.py`.

Copy it beside `sharded_run.py`; it needs torch. NCCL and bfloat16 on GPUs, gloo on CPU. It trains,
saves, trains on, loads, and raises unless the steps after loading give the same loss. Change the
model and the loss; in a run of your own call `load_sharded` once, at the start.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import torch
import torch.distributed as dist
from sharded_run import load_sharded, save_sharded, shard


def steps(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, numbers: Iterable[int]
) -> float:
    """Train one step for each number; the last loss."""
    device = next(model.parameters()).device
    loss = torch.tensor(0.0)
    for number in numbers:
        rows = torch.full((4, 8), 0.1 * number + dist.get_rank(), device=device)
        loss = model(rows).square().mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return float(loss.item())


def main() -> None:
    """Train, save, go on, load and go on alike."""
    gpu = torch.cuda.is_available()
    dist.init_process_group("nccl" if gpu else "gloo")
    device = f"cuda:{os.environ['LOCAL_RANK']}" if gpu else "cpu"
    if gpu:
        torch.cuda.set_device(device)
    torch.manual_seed(0)  # equal weights on each rank
    model = torch.nn.Sequential(*(torch.nn.Linear(8, 8) for _ in range(3))).to(device)
    shard(model, model, low=torch.bfloat16 if gpu else None)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)  # behind shard: else nothing moves

    steps(model, optimizer, range(3))
    save_sharded("run", 3, model, optimizer)
    whole = steps(model, optimizer, range(3, 6))
    start = load_sharded("run", model, optimizer)
    again = steps(model, optimizer, range(start, 6))
    dist.destroy_process_group()
    if again != whole:
        raise SystemExit(f"resumed to loss {again}, uninterrupted {whole}")
    print(f"rank's last loss {whole:.4f}, the same after loading")


if __name__ == "__main__":
    main()
