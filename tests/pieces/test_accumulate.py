"""The faults `accumulate` exists for, put in on purpose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PIECES = Path(__file__).parents[2] / "resources" / "pieces"

torch = pytest.importorskip("torch")
from accumulate import optimizer_step  # noqa: E402
from torch.nn.functional import cross_entropy  # noqa: E402


def make():
    torch.manual_seed(0)
    layers = (torch.nn.Embedding(20, 8), torch.nn.Tanh(), torch.nn.Linear(8, 20))
    return torch.nn.Sequential(*layers)


def tokens(lengths=(4, 3, 32, 9)):
    """One sequence each; a quarter of the labels is masked."""
    rng = torch.Generator().manual_seed(1)
    found = []
    for length in lengths:
        ids = torch.randint(0, 20, (length,), generator=rng)
        labels = ids.roll(-1).where(torch.rand(length, generator=rng) > 0.25, -100)
        found.append((ids, labels))
    return found


def loss_sum(model, batch):
    return cross_entropy(model(batch[0]), batch[1], reduction="sum", ignore_index=-100)


def count(batch):
    return int((batch[1] != -100).sum())


def stepped(batches, **more):
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    step = optimizer_step(model, optimizer, batches, loss_sum, count, **({"clip": 1e9} | more))
    return model, step


def whole():
    ids, labels = (torch.cat(part) for part in zip(*tokens(), strict=True))
    return stepped([(ids, labels)])


def gap(a, b):
    pairs = zip(a.parameters(), b.parameters(), strict=True)
    return max((x - y).abs().max().item() for x, y in pairs)


def test_micro_batches_equal_the_big_batch():
    (one, big), (many, small) = whole(), stepped(tokens())
    assert gap(one, many) < 1e-6
    assert small.loss == pytest.approx(big.loss)
    assert small.norm == pytest.approx(big.norm)


def test_the_mean_of_means_does_not():
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for ids, labels in tokens():
        (cross_entropy(model(ids), labels) / 4).backward()
    optimizer.step()
    assert gap(model, whole()[0]) > 0.05


def test_a_micro_batch_without_labels_changes_nothing():
    ids, labels = tokens()[0]
    empty = (ids, torch.full_like(labels, -100))
    assert gap(stepped([*tokens(), empty])[0], whole()[0]) < 1e-6
    model, step = stepped([empty])
    assert not step.taken
    assert gap(model, make()) == 0


def test_a_step_that_is_not_finite_is_left_out():
    def explode(model, batch):
        return loss_sum(model, batch) * float("inf")

    model = make()
    optimizer = torch.optim.Adam(model.parameters())
    step = optimizer_step(model, optimizer, tokens(), explode, count)
    assert not step.taken
    assert gap(model, make()) == 0
    assert not optimizer.state


def test_clipping_sees_the_unscaled_norm():
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    (plain, wanted), (scaled, seen) = (
        stepped(tokens(), clip=0.1),
        stepped(tokens(), clip=0.1, scaler=scaler),
    )
    assert seen.norm == pytest.approx(wanted.norm, rel=1e-4)
    assert gap(plain, scaled) < 1e-6


def test_autocast_keeps_float32_weights():
    model, step = stepped(tokens(), dtype=torch.bfloat16)
    assert step.taken
    assert gap(model, whole()[0]) < 0.05
    assert {p.dtype for p in model.parameters()} == {torch.float32}


RANK = """
import sys
sys.path[:0] = [{pieces!r}, {here!r}]
import torch, torch.distributed as dist
from test_accumulate import count, gap, loss_sum, make, tokens, whole
from accumulate import optimizer_step

def main(rank):
    dist.init_process_group("gloo", init_method="file://" + {file!r}, rank=rank, world_size=2)
    model = torch.nn.parallel.DistributedDataParallel(make())
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    mine = tokens()[:3] if rank == 0 else tokens()[3:]
    step = optimizer_step(model, optimizer, mine, loss_sum, count, clip=1e9)
    dist.destroy_process_group()
    one, big = whole()
    assert gap(model.module, one) < 1e-6
    assert abs(step.loss - big.loss) < 1e-5

if __name__ == "__main__":
    torch.multiprocessing.spawn(main, nprocs=2)
"""


def test_two_ranks_with_unequal_work_equal_one(tmp_path):
    script = tmp_path / "ranks.py"
    names = {"pieces": str(PIECES), "here": str(Path(__file__).parent), "file": str(tmp_path / "s")}
    script.write_text(RANK.format(**names))
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stderr[-2000:]


def test_pairs_need_no_functions():
    ids = torch.arange(60) % 20
    norms = []
    for cuts in ([60], [4, 40, 16]):
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Embedding(20, 8), torch.nn.Linear(8, 20))
        labels = ids.roll(-1).where(ids > 3, -100)
        parts = list(zip(ids.split(cuts), labels.split(cuts), strict=True))
        norms.append(optimizer_step(net, torch.optim.SGD(net.parameters(), 0.1), parts).norm)
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)
