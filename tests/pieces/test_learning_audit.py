"""The faults `learning_audit` exists for, put in on purpose: each run has one."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from learning_audit import faults, leaks  # noqa: E402
from torch.nn.functional import cross_entropy, mse_loss  # noqa: E402

torch.manual_seed(0)
ROWS = torch.randn(16, 8)
BATCH = (ROWS, torch.arange(16) % 4)
NUMBERS = (ROWS, torch.randn(16))


def net(out=4):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.ReLU(), torch.nn.Linear(64, out))


def adam(model, lr=0.01):
    return torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.0)


def sound():
    model = net()
    return model, adam(model)


def loss(model, batch):
    return cross_entropy(model(batch[0]), batch[1])


def softmaxed(model, batch):
    return cross_entropy(model(batch[0]).softmax(-1), batch[1])


def detached(model, batch):
    return cross_entropy(model(batch[0]).detach(), batch[1])


def early():
    model = net()
    optimizer = adam(model)
    model[2] = torch.nn.Linear(64, 4)
    return model, optimizer


def forgotten():
    model = net()
    return model, adam(model[2])


def halves():
    model = net().bfloat16()
    return model, adam(model, 1e-5)


def wild():
    model = net()
    return model, torch.optim.SGD(model.parameters(), lr=1e6)


def still():
    model = net()
    return model, adam(model, 0.0)


def dead():
    model = net()
    torch.nn.init.constant_(model[0].bias, -99)
    return model, adam(model)


def shouting():
    model = net()
    with torch.no_grad():
        model[2].weight *= 100
    return model, adam(model)


def low(model, batch):
    return cross_entropy(model(batch[0].bfloat16()).float(), batch[1])


FAULTY = [
    (sound, softmaxed, "not learnt"),
    (sound, detached, "cut off"),
    (early, loss, "made too early"),
    (early, loss, "not in the optimizer: 2.weight"),
    (forgotten, loss, "not in the optimizer: 0.weight"),
    (halves, low, "bfloat16"),
    (wild, loss, "one batch"),
    (still, loss, "only 0% of its numbers move"),
    (dead, loss, "gradient is zero: 0.weight"),
    (shouting, loss, "a guess has ln 4"),
]


def test_a_sound_run_has_no_faults():
    assert faults(sound, loss, BATCH, classes=4) == []


def zero_head():
    model = net()
    torch.nn.init.zeros_(model[2].weight)
    torch.nn.init.zeros_(model[2].bias)
    return model, adam(model)


class Lora(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.base = net().requires_grad_(False)
        self.down = torch.nn.Parameter(torch.randn(64, 16))
        self.up = torch.nn.Parameter(torch.zeros(16, 4))

    def forward(self, rows):
        return self.base(rows) + self.base[:2](rows) @ self.down @ self.up


def lora():
    model = Lora()
    return model, torch.optim.AdamW([model.down, model.up], lr=0.01)


def slow():
    model = net()
    return model, adam(model, 1e-3)


@pytest.mark.parametrize("make", [zero_head, lora])
def test_a_layer_that_starts_at_zero_is_no_fault(make):
    assert faults(make, loss, BATCH, classes=4) == []


def test_a_small_learning_rate_gets_the_steps_it_needs():
    assert faults(slow, loss, BATCH, steps=60) == []


@pytest.mark.parametrize(("make", "cost", "words"), FAULTY)
def test_each_fault_is_named(make, cost, words):
    assert any(words in line for line in faults(make, cost, BATCH, classes=4))


@pytest.mark.filterwarnings("ignore")
def test_a_broadcast_loss_is_not_learnt():
    def one():
        model = net(1)
        return model, adam(model)

    def broadcast(model, batch):
        return mse_loss(model(batch[0]), batch[1])  # (16, 1) against (16,)

    def right(model, batch):
        return mse_loss(model(batch[0]).squeeze(1), batch[1])

    assert faults(one, right, NUMBERS) == []
    assert any("not learnt" in line for line in faults(one, broadcast, NUMBERS))


def test_a_row_that_looks_at_its_neighbours_is_seen():
    class Mixed(torch.nn.Module):
        def forward(self, rows):
            return rows.reshape(8, 16).T.reshape(16, 8)

    assert leaks(net(), ROWS) == []
    assert leaks(torch.nn.BatchNorm1d(8), ROWS) == []
    assert leaks(Mixed(), ROWS)
