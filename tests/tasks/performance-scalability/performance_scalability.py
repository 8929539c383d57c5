"""Grade an answer by running it: ``python performance_scalability.py ID answer.py``.

It says nothing if the answer is right. Each check simulates the world in which the quick answer
goes wrong. Needs the stack of the module.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("numpy")
import numpy as np


def fits(answer: ModuleType) -> None:
    plain = {"hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16}
    grouped = plain | {"num_key_value_heads": 8, "head_dim": 128}
    kinds = ["sliding_attention"] * 21 + ["full_attention"] * 7
    sliding = grouped | {"layer_types": kinds, "sliding_window": 1024}
    linear = grouped | {"layer_types": ["linear_attention"] * 21 + ["full_attention"] * 7}
    latent = plain | {"num_key_value_heads": 16, "kv_lora_rank": 512, "qk_rope_head_dim": 64}
    for config, layers, width in [
        (plain, 28 * 32768, 2 * 1024),
        (grouped, 28 * 32768, 2 * 8 * 128),
        (sliding, 7 * 32768 + 21 * 1024, 2 * 8 * 128),
        (linear, 7 * 32768, 2 * 8 * 128),
        (latent, 28 * 32768, 576),
    ]:
        right = (24e9 - 1.2e9) / (layers * width * 2)
        given = answer.users(config, 32768, 1.2e9, 24e9)
        assert 0.93 * right - 1 <= given <= right + 0.01, f"{given}, {right:.1f} fit"


def replicas(answer: ModuleType) -> None:
    def tail(times: np.ndarray, number: int) -> float:
        free, waited = np.zeros(number), np.empty(len(times))
        for row, time in enumerate(times):
            first = free.argmin()
            free[first] = max(free[first], time) + 0.05
            waited[row] = free[first] - time
        return float(np.quantile(waited, 0.99))

    rng = np.random.default_rng(0)
    steady = np.sort(rng.uniform(0, 60, 6000))
    bursts = np.sort(np.concatenate([rng.uniform(t, t + 1, 800) for t in range(0, 60, 8)]))
    for times in (steady, bursts):
        least = next(number for number in range(1, 200) if tail(times, number) <= 0.1)
        given = answer.replicas(rng.permutation(times), 0.05, 0.1)
        assert least <= given <= least + 1, f"{given}, {least} are needed"


def swap(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    seen = {}
    for kind in ("same", "small", "worse"):
        size = 12 if kind == "small" else 800
        segment = np.repeat(["rest", "rare"], [20_000, size])
        y = rng.integers(0, 10, len(segment))
        old = np.where(rng.random(len(y)) < 0.95, y, (y + 1) % 10)
        hurt = (segment == "rare") & (rng.random(len(y)) < 0.1)
        new = np.where(hurt, (y + 2) % 10, old) if kind == "worse" else old.copy()
        seen[kind] = bool(answer.ship(old, new, y, segment))
    assert seen == {"same": True, "small": False, "worse": False}, seen


def neighbours(answer: ModuleType) -> None:
    rng = np.random.default_rng(0)
    weight, rows = rng.normal(size=(16, 5)).astype("float32"), rng.random((400, 16), "float32")

    def single(x: np.ndarray) -> np.ndarray:
        return x @ weight + 1e-6 * len(x)  # another kernel for another size

    def by_row(x: np.ndarray) -> np.ndarray:
        step = np.abs(x).max(axis=1, keepdims=True) / 127
        return np.round(x / step) * step @ weight

    def by_batch(x: np.ndarray) -> np.ndarray:
        step = np.abs(x).max() / 127
        return np.round(x / step) * step @ weight

    seen = [bool(answer.batch_matters(model, rows)) for model in (single, by_row, by_batch)]
    assert seen == [False, False, True], seen


def recompiles(answer: ModuleType) -> None:
    import torch

    torch._dynamo.reset()
    graphs = []

    def backend(graph: torch.fx.GraphModule, example: object) -> object:
        graphs.append(graph)
        return graph.forward

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    model.eval()
    run = answer.prepare(model, backend)
    with torch.inference_mode():
        for size in (16, 5, 64, 2, 33, 7, 40, 3, 9, 12, 50, 11):
            rows = torch.randn(size, 4)
            assert torch.allclose(run(rows), model(rows), atol=1e-5)
    assert len(graphs) == 1, f"{len(graphs)} graphs"


class Machine:
    """Time that passes only by work, slower and slower; asynchronous work waits."""

    def __init__(self, slower: float = 0.0) -> None:
        self.now, self.pending, self.slower = 0.0, 0.0, slower

    def work(self, seconds: float) -> None:
        self.now += seconds * (1 + self.slower * self.now)

    def wait(self) -> None:
        self.work(self.pending)
        self.pending = 0.0

    def clock(self) -> float:
        return self.now


def timing(answer: ModuleType) -> None:
    for slower, later, right in [(0.02, 0.0, 1.0), (0.0, 0.1, 0.5)]:
        machine = Machine(slower)
        warm: list[int] = []

        def old(given: object, machine: Machine = machine) -> object:
            machine.work(0.1)
            return given

        def new(
            given: object, machine: Machine = machine, later: float = later, warm: list[int] = warm
        ) -> object:
            machine.work(0.1 if warm else 20)
            warm.append(1)
            machine.pending += later
            return given

        given = answer.ratio(old, new, [1, 2, 3, 4, 5], machine.wait, machine.clock)
        assert abs(given - right) < 0.05, f"{given:.2f}, right is {right}"


def threads(answer: ModuleType) -> None:
    for affinity, text, processes, right in [
        (64, "200000 100000\n", 1, 2),
        (64, "max 100000\n", 4, 16),
        (2, "800000 100000\n", 1, 2),
        (64, "50000 100000\n", 1, 1),
        (64, "400000 100000\n", 8, 1),
        (64, "150000 50000\n", 1, 3),
    ]:
        given = answer.threads(affinity, text, processes)
        assert given == right, f"{affinity} cores, {text!r}, {processes} processes: {given}"


def padding(answer: ModuleType) -> None:
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig

    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.2}
    config = LlamaConfig(**sizes, **heads, vocab_size=100, max_position_embeddings=128)
    config.eos_token_id = None
    model = AutoModelForCausalLM.from_config(config).eval()
    rng = np.random.default_rng(0)
    prompts = [rng.integers(1, 90, size).tolist() for size in (3, 9, 1, 6, 14)]
    prompts[1][0] = 7  # the id used for padding may also occur in a prompt
    alone = []
    for prompt in prompts:
        ids = torch.tensor([prompt])
        with torch.inference_mode():
            for _ in range(6):
                ids = torch.cat([ids, model(ids).logits[:, -1].argmax(-1, keepdim=True)], 1)
        alone.append(ids[0, len(prompt) :].tolist())
    given = [list(map(int, one)) for one in answer.generate(model, prompts, 7, 6)]
    assert given == alone, f"{sum(a == b for a, b in zip(given, alone, strict=True))} of 5 equal"


def loader(answer: ModuleType) -> None:
    for reading, computing in [(0.3, 0.1), (0.02, 0.5)]:
        machine = Machine()

        def batches(machine: Machine = machine, reading: float = reading) -> object:
            for batch in range(50):
                machine.work(reading)
                yield batch

        def step(batch: int, machine: Machine = machine, computing: float = computing) -> None:
            machine.work(0.001)
            machine.pending += computing

        given = answer.waiting(batches(), step, machine.wait, machine.clock)
        right = reading / (reading + computing)
        assert abs(given - right) < 0.03, f"{given:.2f}, right is {right:.2f}"


def fleet(answer: ModuleType) -> None:
    bounds = [10, 20, 50, 100, 500, 1000]
    for counts, right in [
        ([[9900, 99, 1, 0, 0, 0], [50, 0, 0, 0, 0, 50]], 20),
        ([[990, 10, 0, 0, 0, 0], [0, 0, 0, 0, 900, 100]], 1000),
        ([[100, 0, 0, 0, 0, 0]] * 3, 10),
    ]:
        given = answer.p99(bounds, counts)
        assert given == right, f"{given}, right is {right}"


CHECKS = {
    "fits": fits,
    "replicas": replicas,
    "swap": swap,
    "neighbours": neighbours,
    "recompiles": recompiles,
    "timing": timing,
    "threads": threads,
    "padding": padding,
    "loader": loader,
    "fleet": fleet,
}


def load(path: str) -> ModuleType:
    """The answer as a module; its folder is on the path, so that it may bring pieces."""
    sys.path.insert(0, str(Path(path).parent))
    spec = spec_from_file_location("answer", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    CHECKS[sys.argv[1]](load(sys.argv[2]))
