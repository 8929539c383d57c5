"""Figures that only a GPU gives, for the modules that quote them: one table, a row a question.

    python benchmarks/gpu.py [--only WORD]

Each row is a race of two ways on the same inputs (`resources/pieces/race.py`): the median seconds
of both, the gain with its interval, seconds of the first new call. The language model has random
weights: speed does not depend on them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "resources" / "pieces"))
from llm_memory import plan
from race import Race, race

Way = Callable[[object], object]


def block(width: int = 2048) -> torch.nn.Module:
    return torch.nn.TransformerEncoderLayer(
        width, 16, 4 * width, dropout=0.0, batch_first=True, device="cuda"
    )


def trainer(model: torch.nn.Module, dtype: torch.dtype | None = None) -> Way:
    optimizer = torch.optim.AdamW(model.parameters(), 1e-4, fused=True)

    def step(rows: object) -> None:
        with torch.autocast("cuda", dtype, enabled=dtype is not None):
            loss = model(rows).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def against(old: Way, new: Way, inputs: list[object], rounds: int = 10) -> Race:
    return race(
        old, new, inputs, rounds, wait=torch.cuda.synchronize, differ=lambda a, b: float("nan")
    )


def with_setting(way: Way, put: Callable[[bool], None], on: bool) -> Way:
    def called(rows: object) -> object:
        put(on)
        return way(rows)

    return called


def tf32(on: bool) -> None:
    torch.set_float32_matmul_precision("high" if on else "highest")


def deterministic(on: bool) -> None:
    torch.use_deterministic_algorithms(on)
    torch.backends.cudnn.benchmark = not on


def training() -> Iterator[tuple[str, Race]]:
    """One transformer block of width 2048, 8 x 512 tokens, AdamW."""
    rows = [torch.randn(8, 512, 2048, device="cuda") for _ in range(5)]
    plain = trainer(block())
    yield (
        "float32 -> TF32",
        against(with_setting(plain, tf32, False), with_setting(plain, tf32, True), rows),
    )
    tf32(True)
    low = trainer(block(), torch.bfloat16)
    yield "TF32 -> bfloat16 autocast", against(plain, low, rows)
    compiled = trainer(torch.compile(block()), torch.bfloat16)
    yield "bfloat16 -> and torch.compile", against(low, compiled, rows)
    tiny = [torch.randn(4, 16, 128, device="cuda") for _ in range(5)]
    small = torch.nn.Sequential(*(block(128) for _ in range(8)))
    eager, quick = trainer(small), trainer(torch.compile(small))
    yield "small model (8 x 128): torch.compile", against(eager, quick, tiny)


def reproducible() -> Iterator[tuple[str, Race]]:
    """What deterministic algorithms cost: old without, new with."""
    net = torch.nn.Sequential(
        *(torch.nn.Conv2d(64, 64, 3, padding=1) for _ in range(8)), torch.nn.Flatten()
    ).cuda()
    step = trainer(net, torch.bfloat16)
    rows = [torch.randn(32, 64, 56, 56, device="cuda") for _ in range(3)]
    yield (
        "deterministic: eight 3x3 convolutions",
        against(
            with_setting(step, deterministic, False), with_setting(step, deterministic, True), rows
        ),
    )
    words = torch.nn.Embedding(50_000, 512, device="cuda")
    look = trainer(words)
    ids = [torch.randint(0, 50_000, (64, 512), device="cuda") for _ in range(3)]
    yield (
        "deterministic: embedding of 32,768 ids",
        against(
            with_setting(look, deterministic, False), with_setting(look, deterministic, True), ids
        ),
    )
    layer = trainer(block(), torch.bfloat16)
    rows = [torch.randn(8, 512, 2048, device="cuda") for _ in range(3)]
    yield (
        "deterministic: transformer block",
        against(
            with_setting(layer, deterministic, False),
            with_setting(layer, deterministic, True),
            rows,
        ),
    )
    deterministic(False)


def memory() -> Iterator[tuple[str, Race]]:
    """Activation checkpointing: old without, new with; and the peak of both on stderr."""
    from torch.utils.checkpoint import checkpoint

    blocks = torch.nn.ModuleList(block() for _ in range(6))

    class Kept(torch.nn.Module):
        def __init__(self, again: bool) -> None:
            super().__init__()
            self.blocks, self.again = blocks, again

        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            for one in self.blocks:
                rows = checkpoint(one, rows, use_reentrant=False) if self.again else one(rows)
            return rows

    plain, again = (trainer(Kept(way), torch.bfloat16) for way in (False, True))
    rows = [torch.randn(8, 512, 2048, device="cuda") for _ in range(3)]
    yield "activation checkpointing, 6 blocks", against(plain, again, rows)
    for name, way in (("without", plain), ("with", again)):
        torch.cuda.reset_peak_memory_stats()
        held = torch.cuda.memory_allocated()
        way(rows[0])
        peak = torch.cuda.max_memory_allocated() - held
        print(f"  {name} checkpointing: peak {peak / 2**30:.2f} GiB over weights", file=sys.stderr)


def loading() -> Iterator[tuple[str, Race]]:
    """64 MiB to the GPU: from pageable memory, and from pinned memory without blocking."""
    pages = [torch.randn(16, 2**20) for _ in range(5)]
    pinned = {id(page): page.pin_memory() for page in pages}
    yield (
        "pinned memory, non_blocking",
        against(
            lambda page: page.cuda(), lambda page: pinned[id(page)].cuda(non_blocking=True), pages
        ),
    )


def decoding() -> Iterator[tuple[str, Race]]:
    """64 new tokens after 256 of a Llama with eight billion parameters in bfloat16."""
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": 4096, "num_hidden_layers": 32, "intermediate_size": 14_336}
    sizes |= {"num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128_256}
    bandwidth = {"H100": 3.35e12, "H200": 4.8e12}  # bytes a second, data sheets
    card = next(value for name, value in bandwidth.items() if name in torch.cuda.get_device_name())
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = LlamaForCausalLM(LlamaConfig(**sizes)).eval()
    torch.set_default_dtype(torch.float32)
    count = sum(p.numel() for p in model.parameters())

    @torch.inference_mode()
    def write(ids: torch.Tensor, **more: object) -> object:
        more |= {"max_new_tokens": 64, "min_new_tokens": 64, "do_sample": False, "pad_token_id": 0}
        return model.generate(ids, attention_mask=torch.ones_like(ids), **more)

    for users in (1, 32):
        ids = [torch.randint(0, 100_000, (users, 256), device="cuda") for _ in range(3)]
        seen = against(write, lambda rows: write(rows, cache_implementation="static"), ids)
        yield f"8B, {users} at once: static cache, compiled", seen
        ceiling = plan(
            sizes, 320, weights=2.0 * count, active=count, memory=80e9, bandwidth=card,
            flops=989e12, at_once=users,
        ).tokens_per_second  # fmt: skip
        for way, seconds in (("dynamic cache", seen.old), ("static, compiled", seen.new)):
            speed = users * 64 / seconds
            print(
                f"  {users} at once, {way}: {speed:.0f} tokens/s, "
                f"{speed / ceiling:.2f} of the ceiling {ceiling:.0f}",
                file=sys.stderr,
            )


def quantised() -> Iterator[tuple[str, Race]]:
    """torchao on a 4096 x 14336 pair of linear layers, one row and 4,096 rows, compiled."""
    from torchao.quantization import (
        Float8DynamicActivationFloat8WeightConfig,
        Int8DynamicActivationInt8WeightConfig,
        Int8WeightOnlyConfig,
        quantize_,
    )

    def pair() -> torch.nn.Module:
        torch.manual_seed(0)
        layers = (
            torch.nn.Linear(4096, 14336, bias=False),
            torch.nn.Linear(14336, 4096, bias=False),
        )
        return torch.nn.Sequential(*layers).to("cuda", torch.bfloat16).eval()

    for config in (
        Int8WeightOnlyConfig(),
        Int8DynamicActivationInt8WeightConfig(),
        Float8DynamicActivationFloat8WeightConfig(),
    ):
        for rows in (1, 4096):
            low = pair()
            quantize_(low, config)
            plain, low = torch.compile(pair()), torch.compile(low)
            inputs = [
                torch.randn(rows, 4096, device="cuda", dtype=torch.bfloat16) for _ in range(5)
            ]
            with torch.inference_mode():
                yield f"{type(config).__name__}, {rows} rows", against(plain, low, inputs)
            torch._dynamo.reset()


PARTS = (training, reproducible, memory, loading, quantised, decoding)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    print(f"{'':45}{'old ms':>9}{'new ms':>9}{'gain':>7}{'from':>7}{'to':>7}{'first s':>9}")
    for part in PARTS:
        if options.only not in part.__name__:
            continue
        start = perf_counter()
        try:
            for name, r in part():
                times = f"{1000 * r.old:9.3f}{1000 * r.new:9.3f}{r.gain:7.2f}{r.low:7.2f}"
                print(f"{name:45}{times}{r.high:7.2f}{r.first_new:9.2f}", flush=True)
        except Exception as error:  # one part that cannot run here does not hide the others
            print(f"{part.__name__}: {type(error).__name__}: {error}"[:300], flush=True)
        torch.cuda.empty_cache()
        print(f"  {part.__name__}: {perf_counter() - start:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
