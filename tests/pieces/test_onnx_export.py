"""The faults `onnx_export` exists for, put in on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")
import numpy as np
import torch
from onnx_export import export_onnx, parity

pytestmark = pytest.mark.filterwarnings("ignore")
FREE = {"ids": {0: "batch", 1: "length"}}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Embedding(50, 16)
        self.body = torch.nn.Sequential(torch.nn.Linear(16, 8), torch.nn.Dropout(0.5))
        self.head = torch.nn.Linear(8, 3)

    def forward(self, ids):
        return self.head(self.body(self.table(ids).mean(1)))


class Branches(torch.nn.Module):
    """Python decides by a size: the exported graph would keep one branch."""

    def forward(self, x):
        return x * 2 if x.shape[0] > 4 else x * 3


class Keeps(torch.nn.Module):
    """A Python number changes between calls: the exported graph keeps the first."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.calls


def net(seed=0):
    torch.manual_seed(seed)
    return Net()


def ids(*shape):
    return (torch.randint(0, 50, shape),)


def test_the_file_stands_alone_and_takes_any_size(tmp_path):
    model = net().train()
    frozen = next(model.children()).eval()
    path = tmp_path / "m.onnx"
    worst = export_onnx(model, ids(2, 7), path, FREE, [ids(1, 7), ids(9, 3)])
    assert worst < 1e-6
    assert (model.training, frozen.training) == (True, False), "training goes on as it was"
    model.eval()
    assert [file.name for file in tmp_path.iterdir()] == ["m.onnx"]
    rows = ids(5, 4)[0]
    assert parity(path, lambda a: model(torch.from_numpy(a)).detach(), [[rows.numpy()]]) < 1e-6


def test_an_example_of_one_row_is_refused(tmp_path):
    with pytest.raises(ValueError, match="size 2 or more"):
        export_onnx(net(), ids(1, 7), tmp_path / "m.onnx", FREE, [ids(3, 4)])


def test_a_free_axis_must_be_tried(tmp_path):
    with pytest.raises(ValueError, match="axis 1 is free"):
        export_onnx(net(), ids(2, 7), tmp_path / "m.onnx", FREE, [ids(9, 7)])


@pytest.mark.parametrize("model", [Branches(), Keeps()], ids=["branch", "state"])
def test_a_model_that_answers_otherwise_leaves_no_file(model, tmp_path):
    free = {"x": {0: "batch"}}
    with pytest.raises(Exception, match=r"differ|Constraints|specialized"):
        export_onnx(model, (torch.ones(2, 3),), tmp_path / "m.onnx", free, [(torch.ones(9, 3),)])
    assert list(tmp_path.iterdir()) == []


def test_an_opset_that_was_not_written_raises(tmp_path):
    with pytest.raises(ValueError, match="opset 13 wanted"):
        export_onnx(net(), ids(2, 7), tmp_path / "m.onnx", FREE, [ids(9, 3)], opset=13)


def test_stale_weights_are_seen(tmp_path):
    for seed in (0, 1):
        (tmp_path / str(seed)).mkdir()
        shapes = {"ids": dict(FREE["ids"])}
        path = tmp_path / str(seed) / "m.onnx"
        torch.onnx.export(net(seed), ids(2, 7), path, dynamic_shapes=shapes, verbose=False)
    (tmp_path / "1" / "m.onnx.data").replace(tmp_path / "0" / "m.onnx.data")
    model = net(0)
    rows = [[ids(64, 5)[0].numpy()]]
    path = tmp_path / "0" / "m.onnx"
    assert parity(path, lambda a: model(torch.from_numpy(a)).detach(), rows) > 0.1


def test_float32_sends_timestamps_to_other_leaves():
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    second = 1.7e9 + 3.0 * np.arange(2000)
    model = make_pipeline(StandardScaler(), RandomForestClassifier(10, random_state=0))
    model.fit(second[:, None], second // 600 % 2)
    seen = {}
    for kind in (np.float32, np.float64):
        rows = second[:, None].astype(kind)
        file = skl2onnx.to_onnx(model, rows[:2], options={"zipmap": False}).SerializeToString()
        path = Path(f"{kind.__name__}.onnx")
        path.write_bytes(file)
        seen[kind] = parity(
            path, lambda _: model.predict_proba(second[:, None]), [[rows]], output=1
        )
        path.unlink()
    assert seen[np.float32] > 0.9
    assert seen[np.float64] < 0.5


def test_one_call_frees_the_batch(tmp_path):
    model, path = torch.nn.Linear(8, 3), tmp_path / "model.onnx"
    assert export_onnx(model, (torch.randn(2, 8),), path) < 1e-4
    rows = torch.randn(5, 8).numpy()
    assert parity(path, lambda x: model(torch.from_numpy(x)).detach().numpy(), [[rows]]) < 1e-4


def test_one_call_refuses_a_model_that_froze_the_batch(tmp_path):
    class Frozen(torch.nn.Module):
        def forward(self, x):
            return x - x.mean(0) if len(x) == 2 else x

    with pytest.raises(Exception, match="static shape of 2"):
        export_onnx(Frozen(), (torch.randn(2, 8),), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_one_call_leaves_a_scalar_argument_as_it_is(tmp_path):
    class Scaled(torch.nn.Module):
        def forward(self, x, scale):
            return x * scale

    example = (torch.randn(2, 8), torch.tensor(3.0))
    assert export_onnx(Scaled(), example, tmp_path / "model.onnx") < 1e-4


def test_one_call_wants_names_for_all_arguments(tmp_path):
    class Any(torch.nn.Module):
        def forward(self, *xs):
            return sum(xs)

    with pytest.raises(ValueError, match="pass free"):
        export_onnx(Any(), (torch.randn(2, 8), torch.randn(2, 8)), tmp_path / "model.onnx")
