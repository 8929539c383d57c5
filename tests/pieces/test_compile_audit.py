"""The faults `compile_audit` exists for, put in on purpose."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
compile_audit = pytest.importorskip("compile_audit").compile_audit


pytestmark = pytest.mark.filterwarnings("ignore")


def batches(*sizes):
    return [(torch.ones(size, 4),) for size in sizes]


def test_one_size_is_one_graph():
    seen = compile_audit(torch.nn.Linear(4, 2).eval(), batches(8, 8, 8))
    assert seen.clean
    assert seen.graphs == 1


def test_sizes_recompile_until_the_batch_is_marked():
    model = torch.nn.Linear(4, 2).eval()
    seen = compile_audit(model, batches(4, 5, 6, 7, 1))
    assert seen.graphs == 3
    assert any("size mismatch" in reason for reason in seen.recompiled)
    marked = batches(4, 5, 6, 7)
    for (one,) in marked:
        torch._dynamo.mark_dynamic(one, 0)
    assert compile_audit(model, marked).clean


def test_a_branch_on_data_breaks_the_graph():
    def forward(x):
        y = x * 2
        if y.sum() > 0:
            y = y + 1
        return y

    seen = compile_audit(forward, batches(4))
    assert seen.graphs == 2
    assert any("forward" in name for name in seen.broken)


def test_a_function_of_many_variants_is_given_up():
    def forward(x, mode):
        return x + len(mode)

    calls = [(torch.ones(2), "m" * size) for size in range(12)]
    seen = compile_audit(forward, calls)
    assert any("forward" in name for name in seen.given_up)
    assert seen.graphs <= 9
