"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

from math import ceil

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("scipy")


def fits(config, tokens, weights, memory):
    from llm_memory import cache_bytes

    return int((memory - weights) // cache_bytes(config, tokens))


def fits_quick(config, tokens, weights, memory):
    size = config["hidden_size"] // config["num_attention_heads"]
    heads = config.get("num_key_value_heads", config["num_attention_heads"])
    return int((memory - weights) // (4 * config["num_hidden_layers"] * heads * size * tokens))


def replicas(arrivals, seconds, p99):
    from queueing import replicas_for

    return replicas_for(arrivals, lambda size: seconds, p99)


def replicas_quick(arrivals, seconds, p99):
    return ceil(len(arrivals) / np.ptp(arrivals) * seconds / 0.7)


def ship(old, new, y, segment):
    from swap_gate import lost_answers

    return all(
        lost_answers((old == y)[segment == s], (new == y)[segment == s]).high <= 0.02
        for s in np.unique(segment)
    )


def batch_matters(predict, rows):
    from swap_gate import faults

    def labels(x):
        return predict(x).argmax(axis=1)

    return any("batch" in found for found in faults(labels, labels, rows, labels(rows)))


def batch_matters_quick(predict, rows):
    alone = np.concatenate([predict(row[None]) for row in rows])
    return not np.array_equal(predict(rows), alone)


def prepare(model, backend):
    import torch

    compiled = torch.compile(model, backend=backend)

    def run(rows):
        torch._dynamo.mark_dynamic(rows, 0)
        return compiled(rows)

    return run


def prepare_quick(model, backend):
    import torch

    return torch.compile(model, backend=backend)


def ratio(old, new, inputs, wait, clock):
    from race import race

    return race(old, new, inputs, 10, wait, clock=clock).gain


def ratio_quick(old, new, inputs, wait, clock):
    took = []
    for way in (old, new):
        way(inputs[0])
        start = clock()
        for given in inputs * 10:
            way(given)
        took.append(clock() - start)
    return took[0] / took[1]


def threads(affinity, cpu_max, processes):
    quota, period = cpu_max.split()
    allowed = affinity if quota == "max" else min(affinity, int(quota) / int(period))
    return max(1, int(allowed) // processes)


def generate(model, prompts, pad, new, side="left"):
    import torch

    width = max(map(len, prompts))
    ids = torch.full((len(prompts), width), pad)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        place = slice(width - len(prompt), None) if side == "left" else slice(len(prompt))
        ids[row, place], mask[row, place] = torch.tensor(prompt), 1
    out = model.generate(
        ids, attention_mask=mask, max_new_tokens=new, do_sample=False, pad_token_id=pad
    )
    return out[:, width:].tolist()


def generate_quick(model, prompts, pad, new):
    return generate(model, prompts, pad, new, side="right")


def waiting(loader, step, wait, clock):
    waited, start = 0.0, clock()
    last = start
    for batch in loader:
        waited += clock() - last
        step(batch)
        wait()
        last = clock()
    return waited / (last - start)


def p99(bounds, counts):
    total = np.cumsum(np.sum(counts, axis=0))
    return bounds[int(np.searchsorted(total, 0.99 * total[-1]))]


RIGHT = {
    "fits": {"users": fits},
    "replicas": {"replicas": replicas},
    "swap": {"ship": ship},
    "neighbours": {"batch_matters": batch_matters},
    "recompiles": {"prepare": prepare},
    "timing": {"ratio": ratio},
    "threads": {"threads": threads},
    "padding": {"generate": generate},
    "loader": {"waiting": waiting},
    "fleet": {"p99": p99},
}
QUICK = {
    "fits": {"users": fits_quick},
    "replicas": {"replicas": replicas_quick},
    "swap": {"ship": lambda old, new, y, s: (new == y).mean() > (old == y).mean() - 0.02},
    "neighbours": {"batch_matters": batch_matters_quick},
    "recompiles": {"prepare": prepare_quick},
    "timing": {"ratio": ratio_quick},
    "threads": {"threads": lambda affinity, text, processes: affinity // processes},
    "padding": {"generate": generate_quick},
    "loader": {"waiting": lambda load, step, wait, clock: waiting(load, step, int, clock)},
    "fleet": {"p99": lambda bounds, counts: np.mean([p99(bounds, [one]) for one in counts])},
}
NEEDS = {"recompiles": ("torch",), "padding": ("transformers",)}
