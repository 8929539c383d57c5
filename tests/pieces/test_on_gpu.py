"""What the pieces promise, on a GPU: the paths that no CPU takes (CUDA generators, NCCL, float16).

Skipped without a GPU; run it where there is one: `pytest tests/pieces/test_on_gpu.py`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

PIECES = Path(__file__).parents[2] / "resources" / "pieces"

torch = pytest.importorskip("torch")
if not torch.cuda.is_available():
    pytest.skip("needs a GPU", allow_module_level=True)

from accumulate import optimizer_step  # noqa: E402
from compile_audit import compile_audit  # noqa: E402
from exact_resume import Order, first_difference  # noqa: E402
from race import race  # noqa: E402
from torch.nn.functional import cross_entropy  # noqa: E402


@pytest.fixture
def deterministic(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def starter():
    torch.manual_seed(0)
    body = (torch.nn.Conv2d(1, 16, 3), torch.nn.BatchNorm2d(16), torch.nn.ReLU())
    head = (torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(16 * 36, 10))
    model = torch.nn.Sequential(*body, *head).cuda()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=60)
    scaler = torch.amp.GradScaler("cuda", init_scale=256.0, growth_interval=5)
    order = Order(50, batch=8, seed=3)
    rows = torch.randn(50, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    data = torch.utils.data.TensorDataset(rows, torch.arange(50) % 10)
    batches = order.endless(data, pin_memory=True)

    def step():
        images, labels = (part.cuda(non_blocking=True) for part in next(batches))
        with torch.autocast("cuda", torch.float16):
            loss = cross_entropy(model(images), labels)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        scheduler.step()
        order.advance()
        return loss.item()

    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    return parts | {"scaler": scaler, "order": order}, step


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize("stop", [1, 6, 10])
def test_a_resumed_run_is_the_same_run(tmp_path, stop):
    assert first_difference(starter, tmp_path / "c.pt", stop, 20) == ""


@pytest.mark.usefixtures("deterministic")
def test_the_gpu_generator_that_is_not_saved_is_seen(tmp_path, monkeypatch):
    import exact_resume

    put_back = exact_resume._restore
    monkeypatch.setattr(exact_resume, "_restore", lambda state: put_back(state | {"cuda": []}))
    assert "loss of step" in first_difference(starter, tmp_path / "c.pt", 10, 20)


def loss_sum(model, batch):
    return cross_entropy(model(batch[0]), batch[1], reduction="sum", ignore_index=-100)


def count(batch):
    return int((batch[1] != -100).sum())


def accumulated(cuts, **more):
    torch.manual_seed(0)
    layers = (torch.nn.Embedding(20, 32), torch.nn.Tanh(), torch.nn.Linear(32, 20))
    model = torch.nn.Sequential(*layers).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    ids = (torch.arange(60) % 20).cuda()
    parts = list(zip(ids.split(cuts), ids.roll(-1).split(cuts), strict=True))
    return optimizer_step(model, optimizer, parts, loss_sum, count, **more)


@pytest.mark.parametrize("dtype", [None, torch.bfloat16, torch.float16], ids=str)
def test_micro_batches_equal_the_big_batch(dtype):
    steps = []
    for cuts in ([60], [4, 40, 16]):
        scaler = torch.amp.GradScaler("cuda", init_scale=1024) if dtype == torch.float16 else None
        steps.append(accumulated(cuts, dtype=dtype, scaler=scaler))
    assert steps[0].norm == pytest.approx(steps[1].norm, rel=0.01)
    assert steps[0].taken
    assert steps[1].taken


def test_a_float16_overflow_is_left_out_and_the_scale_falls():
    scaler = torch.amp.GradScaler("cuda", init_scale=2.0**40)
    step = accumulated([60], dtype=torch.float16, scaler=scaler)
    assert not step.taken
    assert scaler.get_scale() < 2.0**40


def test_a_sharded_run_over_nccl_resumes_the_same(tmp_path):
    for name in ("sharded_run.py", "sharded_train.py"):
        (tmp_path / name).write_bytes((PIECES / name).read_bytes())
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=1"]
    run = subprocess.run(
        [*launch, "sharded_train.py"], cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert "the same after loading" in run.stdout


def test_without_waiting_a_race_times_the_launch_only():
    big = torch.randn(4096, 4096, device="cuda")

    def once(x):
        return x @ big

    def thrice(x):
        return x @ big @ big @ big

    rows = [torch.randn(4096, 4096, device="cuda") for _ in range(5)]
    seen = race(thrice, once, rows, wait=torch.cuda.synchronize, differ=lambda a, b: 0.0)
    assert seen.gain == pytest.approx(3, rel=0.35)
    blind = race(thrice, once, rows[:2], rounds=15, differ=lambda a, b: 0.0)
    assert blind.old < 0.5 * seen.old


def test_work_that_is_not_waited_for_is_booked_as_waiting_for_data():
    big = torch.randn(8192, 8192, device="cuda")

    def loader():
        for _ in range(20):
            sleep(0.001)
            yield torch.ones(1).cuda()  # the copy waits for what the GPU still has to do

    def share(wait):
        from time import perf_counter

        waited, last = 0.0, (start := perf_counter())
        for _ in loader():
            waited += perf_counter() - last
            for _ in range(5):
                big @ big
            wait()
            last = perf_counter()
        return waited / (last - start)

    assert share(torch.cuda.synchronize) < 0.4
    assert share(lambda: None) > 0.8


def test_the_audit_of_compile_counts_the_same_graphs():
    model = torch.nn.Linear(4, 2).cuda().eval()
    calls = [(torch.ones(size, 4, device="cuda"),) for size in (32, 31, 7, 1)]
    seen = compile_audit(model, calls)
    assert seen.graphs == 3
    assert "size mismatch" in seen.recompiled[0]
