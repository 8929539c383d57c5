"""`llm_memory` against the caches that transformers really builds, and worked figures."""

from __future__ import annotations

import pytest
from llm_memory import GIB, cache_bytes, plan

SMALL = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 100,
    "max_position_embeddings": 512,
}
MLA = {
    "kv_lora_rank": 16,
    "q_lora_rank": 16,
    "qk_rope_head_dim": 8,
    "qk_nope_head_dim": 16,
    "v_head_dim": 16,
    "moe_intermediate_size": 32,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
    "num_key_value_heads": 4,
}
SLIDING = {
    "head_dim": 32,
    "sliding_window": 16,
    "layer_types": ["sliding_attention"] * 3 + ["full_attention"],
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("LlamaConfig", {}),
        ("Qwen3Config", {"head_dim": 32}),
        ("Gemma3TextConfig", SLIDING),
        ("DeepseekV3Config", MLA),
    ],
)
def test_counts_what_transformers_holds(kind, more):
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    config = getattr(transformers, kind)(**(SMALL | more))
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        cache = model(torch.zeros(1, 64, dtype=torch.long), use_cache=True).past_key_values
    held = sum(
        part.numel() * part.element_size()
        for layer in cache.layers
        for part in (layer.keys, layer.values)
    )
    counted = cache_bytes(config.to_dict(), 64, each=4)
    assert held <= counted <= 1.03 * held  # transformers keeps one token less than the window


LLAMA_8B = {
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}
QWEN3_06B = {
    "hidden_size": 1024,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
}


def test_worked_figures():
    assert 16 * cache_bytes(LLAMA_8B, 8192) == 16 * GIB
    assert 16 * cache_bytes(LLAMA_8B | {"num_key_value_heads": 32}, 8192) == 64 * GIB
    guessed = {key: value for key, value in QWEN3_06B.items() if key != "head_dim"}
    assert cache_bytes(QWEN3_06B, 1000) == 2 * cache_bytes(guessed, 1000)


def test_an_unknown_layer_raises_and_unlisted_layers_count_in_full():
    with pytest.raises(KeyError, match="new_attention"):
        cache_bytes(LLAMA_8B | {"layer_types": ["new_attention"]}, 10)
    with pytest.raises(KeyError, match="num_hidden_layers"):
        cache_bytes({"hidden_size": 8, "num_attention_heads": 1}, 10)
    assert cache_bytes(LLAMA_8B | {"sliding_window": 16}, 999) == cache_bytes(LLAMA_8B, 999)


def test_a_plan_is_bound_by_bytes_then_by_arithmetic():
    device = {"memory": 80e9, "bandwidth": 3.35e12, "flops": 989e12}
    model = {"weights": 16.1e9, "active": 8.03e9}
    one = plan(LLAMA_8B, 4096, at_once=1, **model, **device)
    full = plan(LLAMA_8B, 4096, **model, **device)
    assert one.per_sequence == pytest.approx(3.35e12 / (16.1e9 + one.cache_each))
    assert full.sequences == 104
    assert full.tokens_per_second > 20 * one.tokens_per_second
    assert full.per_sequence < one.per_sequence / 4
    short = plan(LLAMA_8B, 16, **model, **device)
    assert short.tokens_per_second == pytest.approx(989e12 / (2 * 8.03e9))
    assert full.cost_per_million(4.0, 0.5) > full.cost_per_million(4.0, 1.0)


def test_what_does_not_fit_raises():
    with pytest.raises(ValueError, match="do not fit"):
        plan(LLAMA_8B, 4096, weights=16e9, active=8e9, memory=16e9, bandwidth=1e12, flops=1e14)
