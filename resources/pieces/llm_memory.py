"""Will this language model fit, how many requests at once, how fast at best, and at what price?

Call `seen = plan(config, 4096, weights=16e9, active=8e9, memory=80e9, bandwidth=3e12, flops=9e14)`.

Copy the file; it needs nothing. It reads a Hugging Face config (`AutoConfig...to_dict()` names each
layer's kind, a bare `config.json` may not) and counts what the cache holds: key and value heads
(not query heads), an explicit `head_dim`, sliding windows, layers without a cache, compressed
caches (MLA). Without `layer_types` every layer counts as full, also under a `sliding_window`
(Mistral's bare file): too much rather than too little. Speeds are ceilings from bytes and
arithmetic that no server reaches: measure the share yours does. Change `each` to 1 for an
8-bit cache. Nested configs (vision, audio): pass the `text_config` part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GIB = 2**30
NO_CACHE = {"linear_attention": 0, "mamba": 0, "conv": 0}  # a small state, whatever the length


def cache_bytes(config: Mapping[str, Any], tokens: int, each: int = 2) -> int:
    """Bytes of the cache of one sequence; raises KeyError for a missing key or unknown layer."""
    if config.get("kv_lora_rank"):  # MLA keeps one compressed vector for all heads
        width = config["kv_lora_rank"] + config["qk_rope_head_dim"]
    else:
        heads = config.get("num_key_value_heads") or config["num_attention_heads"]
        size = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        width = 2 * heads * size
    window = config.get("sliding_window") or tokens
    held = {"full_attention": tokens, "sliding_attention": min(tokens, window)} | NO_CACHE
    # Without a list of layers nobody knows which slide: count all as full, the cautious side.
    kinds = config.get("layer_types") or ["full_attention"] * config["num_hidden_layers"]
    return int(sum(held[kind] for kind in kinds) * width * each)


@dataclass(frozen=True, slots=True)
class Plan:
    """What one replica (one device, or several that share a model) can do at this length."""

    cache_each: int
    """Bytes of cache per sequence of this length."""
    sequences: int
    """Sequences of this length that fit at the same time; 0: the weights leave no room."""
    tokens_per_second: float
    """Ceiling of generated tokens, all sequences together."""
    per_sequence: float
    """Ceiling of generated tokens a second that one user sees."""
    first_token: float
    """Seconds at least to read one prompt of this length."""

    def cost_per_million(self, price_per_hour: float, reached: float) -> float:
        """Price of a million generated tokens; `reached`: measured mean over the ceiling."""
        return price_per_hour / (self.tokens_per_second * reached * 3600) * 1e6


def plan(
    config: Mapping[str, Any],
    tokens: int,
    weights: float,
    active: float,
    memory: float,
    bandwidth: float,
    flops: float,
    each: int = 2,
    at_once: int | None = None,
    usable: float = 0.9,
) -> Plan:
    """Ceilings for sequences of `tokens` (prompt and answer).

    `weights`: bytes of all weights (add up the .safetensors files); `active`: parameters that one
    token uses (all of them, unless experts); `memory` in bytes, `bandwidth` in bytes a second and
    `flops` in dense operations a second of the whole replica; `at_once` bounds the batch;
    `usable`: share of memory that weights and cache may take.
    Raises ValueError when not one sequence fits.
    """
    one = cache_bytes(config, tokens, each)
    fit = int((memory * usable - weights) // one)
    if fit < 1:
        raise ValueError(
            f"weights {weights / GIB:.1f} GiB and one cache {one / GIB:.2f} GiB do not fit "
            f"{memory * usable / GIB:.1f} GiB"
        )
    batch = min(fit, at_once or fit)
    # A step reads the weights and every cache once. Few sequences may miss some experts' weights,
    # so for mixtures of experts this is the ceiling of large batches.
    step = max((weights + batch * one) / bandwidth, 2 * active * batch / flops)
    return Plan(one, fit, batch / step, 1 / step, 2 * active * tokens / flops)
