"""The faults `exact_resume` exists for, put in on purpose: each leaves out one piece of state."""

from __future__ import annotations

import random

import pytest

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
from exact_resume import Order, first_difference, load_run, save_run  # noqa: E402


class Rows(torch.utils.data.Dataset):
    """Rows with noise from all three generators, as augmentations draw it."""

    def __len__(self):
        return 50

    def __getitem__(self, row):
        noise = torch.randn(4) + np.random.normal() + random.random()
        return torch.full((4,), row / 50) + 0.1 * noise, row % 2


class Stateless:
    """Hides the state of a part: it is saved as nothing."""

    def __init__(self, part):
        self.part = part

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def starter(workers=0, forget=(), world=1, scaled=False):
    def start():
        torch.manual_seed(0), np.random.seed(0), random.seed(0)
        body = (torch.nn.Linear(4, 32), torch.nn.BatchNorm1d(32), torch.nn.ReLU())
        model = torch.nn.Sequential(*body, torch.nn.Dropout(0.5), torch.nn.Linear(32, 2))
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=60)
        average = torch.optim.swa_utils.AveragedModel(
            model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
        )
        scaler = torch.amp.GradScaler("cpu", init_scale=256.0, growth_interval=5)
        order = Order(50, batch=8 // world, seed=3, world=world)
        batches = order.endless(Rows(), num_workers=workers)

        def step():
            batch = next(batches)
            loss = torch.nn.functional.cross_entropy(model(batch[0]), batch[1])
            loss = loss + 0.001 * random.random() + 0.001 * np.random.random()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            scheduler.step()
            average.update_parameters(model)
            order.advance()
            return loss.item()

        parts = {
            "model": model,
            "optimizer": optimizer,
            "scheduler": scheduler,
            "average": average,
            "scaler": scaler,
            "order": order,
        }
        return {n: Stateless(p) if n in forget else p for n, p in parts.items()}, step

    return start


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", [1, 6, 10])
def test_a_resumed_run_is_the_same_run(tmp_path, workers, stop):
    """6 batches make an epoch: before, at and behind its end."""
    assert first_difference(starter(workers), tmp_path / "c.pt", stop, 20) == ""


@pytest.mark.parametrize("part", ["model", "optimizer", "scheduler", "order"])
def test_a_part_that_is_not_saved_is_seen(tmp_path, part):
    assert "loss of step" in first_difference(starter(forget={part}), tmp_path / "c.pt", 10, 20)


@pytest.mark.parametrize("generator", ["python", "numpy", "torch"])
def test_a_generator_that_is_not_saved_is_seen(tmp_path, monkeypatch, generator):
    import exact_resume

    put_back = exact_resume._restore

    def forgetful(state):
        put_back(exact_resume._generators() | {n: s for n, s in state.items() if n != generator})

    monkeypatch.setattr(exact_resume, "_restore", forgetful)
    assert "loss of step" in first_difference(starter(), tmp_path / "c.pt", 10, 20)


def test_any_number_of_workers_gives_the_same_rows():
    seen = [
        torch.cat([rows for rows, _ in Order(50, 8, seed=1).loader(Rows(), num_workers=n)])
        for n in (0, 1, 2)
    ]
    assert torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0], seen[2])
    plain = torch.utils.data.DataLoader(Rows(), 8, generator=torch.Generator().manual_seed(1))
    assert not torch.equal(next(iter(plain))[0], next(iter(plain))[0])


def test_epochs_differ_and_every_row_comes_once():
    order = Order(48, 8, seed=0)
    epochs = []
    for _ in range(2):
        epochs.append([row for batch in order for row, _ in batch])
        for _ in range(6):
            order.advance()
    assert order.epoch == 2
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(48))
    assert epochs[0] != epochs[1]


def test_ranks_share_each_batch():
    whole = list(Order(48, 8, seed=0))
    parts = [list(Order(48, 4, seed=0, rank=rank, world=2)) for rank in (0, 1)]
    assert [a + b for a, b in zip(*parts, strict=True)] == whole


def test_a_loader_leaves_the_models_generator_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    next(iter(Order(50, 8, seed=0).loader(Rows())))
    assert torch.equal(torch.get_rng_state(), before)
    next(iter(torch.utils.data.DataLoader(Rows(), 8)))
    assert not torch.equal(torch.get_rng_state(), before)


def test_gradients_in_the_middle_of_an_accumulation_raise(tmp_path):
    model = torch.nn.Linear(2, 1)
    model(torch.ones(1, 2)).sum().backward()
    with pytest.raises(ValueError, match="has gradients"):
        save_run(tmp_path / "c.pt", 1, model=model)


def test_parameters_in_another_order_raise(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    save_run(tmp_path / "c.pt", 1, model=model, optimizer=torch.optim.Adam(model.parameters()))
    turned = torch.optim.Adam([*model[1].parameters(), *model[0].parameters()])
    with pytest.raises(ValueError, match="another order"):
        load_run(tmp_path / "c.pt", model=model, optimizer=turned)


def test_parts_and_data_must_be_those_saved(tmp_path):
    save_run(tmp_path / "c.pt", 1, order=Order(50, 8, seed=0))
    with pytest.raises(ValueError, match="saved or given only"):
        load_run(tmp_path / "c.pt", order=Order(50, 8, seed=0), model=torch.nn.Linear(2, 1))
    with pytest.raises(ValueError, match="batch"):
        load_run(tmp_path / "c.pt", order=Order(50, 4, seed=0))


def test_a_kill_while_writing_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    save_run(tmp_path / "c.pt", 1, order=Order(50, 8, seed=0))

    def killed(state, file):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        save_run(tmp_path / "c.pt", 2, order=Order(50, 8, seed=0))
    assert load_run(tmp_path / "c.pt", order=Order(50, 8, seed=0)) == 1
