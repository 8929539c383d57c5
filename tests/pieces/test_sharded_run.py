"""The faults `sharded_run` exists for, put in on purpose, on two CPU processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
PIECES = Path(__file__).parents[2] / "resources" / "pieces"

WORK = """
import sys
sys.path.insert(0, {pieces!r})
import pathlib, torch, torch.distributed as dist
from sharded_run import check_optimizer, load_sharded, save_sharded, shard

dist.init_process_group("gloo")
rank, world = dist.get_rank(), dist.get_world_size()

def make(early=False):
    torch.manual_seed(0)
    model = torch.nn.Sequential(*(torch.nn.Linear(8, 8) for _ in range(3)), torch.nn.Dropout(0.3))
    if early:
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    shard(model, list(model)[:3])
    if not early:
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    return model, optimizer, torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)

def steps(model, optimizer, schedule, numbers):
    losses = []
    for number in numbers:
        rows = torch.randn(4, 8, generator=torch.Generator().manual_seed(10 * number + rank))
        loss = model(rows).square().mean()
        loss.backward()
        optimizer.step(), optimizer.zero_grad(), schedule.step()
        losses.append(loss.item())
    return losses

def refused(call, words):
    try:
        call()
    except ValueError as fault:
        assert words in str(fault), fault
    else:
        raise AssertionError("not refused: " + words)

{body}
dist.destroy_process_group()
"""

EXACT = """
model, optimizer, schedule = make()
torch.manual_seed(rank)
steps(model, optimizer, schedule, range(3))
for _ in range(2):  # the second overwrites the first
    save_sharded("run", 3, model, optimizer, schedule=schedule)
whole = steps(model, optimizer, schedule, range(3, 6))
model, optimizer, schedule = make()
if rank == 0:
    pathlib.Path("run").rename("run.old")  # killed between the renames
dist.barrier()
assert load_sharded("run", model, optimizer, schedule=schedule) == 3
assert steps(model, optimizer, schedule, range(3, 6)) == whole
refused(lambda: load_sharded("run", model, optimizer), "schedule")
"""

EARLY = """
model, optimizer, schedule = make(early=True)
before = model[0].weight.full_tensor().clone()
steps(model, optimizer, schedule, range(3))
assert torch.equal(model[0].weight.full_tensor(), before)  # silently
refused(lambda: check_optimizer(model, optimizer), "make it later")
"""

SAVE = """
model, optimizer, schedule = make()
steps(model, optimizer, schedule, range(3))
save_sharded("run", 3, model, optimizer)
total = sum(p.full_tensor().sum() for p in model.parameters())
if rank == 0:
    pathlib.Path("sum").write_text(str(total.item()))
"""

OTHER = """
model, optimizer, schedule = make()
assert load_sharded("run", model, optimizer) == 3
total = sum(p.full_tensor().sum() for p in model.parameters())
assert abs(total.item() - float(pathlib.Path("sum").read_text())) < 1e-4
"""


def torchrun(folder, body, ranks):
    script = folder / "work.py"
    script.write_text(WORK.format(pieces=str(PIECES), body=body))
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*run, f"--nproc-per-node={ranks}", str(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("body", [EXACT, EARLY], ids=["exact", "early"])
def test_two_ranks(tmp_path, body):
    torchrun(tmp_path, body, 2)


def test_weights_come_back_on_one_rank(tmp_path):
    torchrun(tmp_path, SAVE, 2)
    torchrun(tmp_path, OTHER, 1)
