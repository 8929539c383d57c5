"""The faults `model_bundle` exists for, put in on purpose."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
from model_bundle import load_bundle, save_bundle  # noqa: E402

IDS = torch.arange(12).reshape(3, 4)
CONFIG = {"width": 8}


class Net(torch.nn.Module):
    def __init__(self, width, act=torch.relu):
        super().__init__()
        self.table = torch.nn.Embedding(20, width)
        self.norm = torch.nn.BatchNorm1d(width)
        self.out = torch.nn.Linear(width, 20, bias=False)
        self.out.weight = self.table.weight  # tied
        self.act = act

    def forward(self, ids):
        return self.out(self.act(self.norm(self.table(ids).mean(1))))


def make(seed=0):
    torch.manual_seed(seed)
    return Net(**CONFIG)


@pytest.fixture
def folder(tmp_path):
    save_bundle(tmp_path / "b", make(), CONFIG, {"ids": IDS})
    return tmp_path / "b"


def edit(folder, change):
    """Change the tensors and make the checksum fit again."""
    import hashlib

    path = folder / "weights.safetensors"
    state = safetensors.load_file(path)
    change(state)
    safetensors.save_file(state, path)
    card = json.loads((folder / "card.json").read_text())
    card["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))


def test_a_bundle_gives_the_model_back(folder):
    model = load_bundle(folder, Net)
    assert torch.equal(model(IDS), make().eval()(IDS))
    assert model.out.weight is model.table.weight
    assert sorted(f.name for f in folder.iterdir()) == [
        "card.json",
        "probe.safetensors",
        "weights.safetensors",
    ]


def test_a_compiled_model_keeps_plain_names(tmp_path):
    compiled = torch.compile(make(), backend="eager")
    save_bundle(tmp_path / "b", compiled, CONFIG, {"ids": IDS})
    assert torch.equal(load_bundle(tmp_path / "b", Net)(IDS), make().eval()(IDS))


def test_an_existing_folder_is_left_alone(folder):
    with pytest.raises(FileExistsError):
        save_bundle(folder, make(1), CONFIG, {"ids": IDS})
    load_bundle(folder, Net)


def test_weights_of_another_model_raise(folder, tmp_path):
    save_bundle(tmp_path / "other", make(1), CONFIG, {"ids": IDS})
    (tmp_path / "other" / "weights.safetensors").replace(folder / "weights.safetensors")
    with pytest.raises(ValueError, match="not the weights"):
        load_bundle(folder, Net)


def rename(state):
    state["table.weights"] = state.pop("table.weight")


def halve(state):
    state.update({name: t.half() if t.is_floating_point() else t for name, t in state.items()})


def scramble(state):
    state["norm.running_var"] = state["norm.running_var"] * 4


@pytest.mark.parametrize(
    ("change", "words"),
    [(rename, "only on one side"), (halve, "not as saved"), (scramble, "out differs")],
)
def test_other_tensors_raise(folder, change, words):
    edit(folder, change)
    with pytest.raises(ValueError, match=words):
        load_bundle(folder, Net)


def test_code_that_changed_raises(folder):
    with pytest.raises(ValueError, match="the code changed"):
        load_bundle(folder, lambda width: Net(width, torch.nn.functional.gelu))


def test_a_width_that_changed_raises(folder):
    with pytest.raises(ValueError, match="not as saved"):
        load_bundle(folder, lambda width: Net(width + 1))


class Several(torch.nn.Module):
    """A layer norm of inputs with variance 1, answered in several ways."""

    def __init__(self, shape, eps=1e-5, scale=1.0):
        super().__init__()
        self.norm = torch.nn.LayerNorm(8, eps=eps)
        self.shape, self.scale = shape, scale

    def forward(self, x):
        y = self.norm(x)
        z = y[:, 0] * 1e-4 * self.scale
        return {"tuple": (y, z), "dict": {"a": y, "b": [z, None]}, "one": y, "none": "text"}[
            self.shape
        ]


def several(tmp_path, shape):
    probe = {"x": torch.randn(3, 8, generator=torch.Generator().manual_seed(0))}
    save_bundle(tmp_path / "b", Several(shape), {"shape": shape}, probe)
    return tmp_path / "b"


@pytest.mark.parametrize("shape", ["tuple", "dict"])
def test_each_tensor_of_an_answer_is_compared(tmp_path, shape):
    folder = several(tmp_path, shape)
    load_bundle(folder, Several)
    with pytest.raises(ValueError, match=r"out\S* differs"):
        load_bundle(folder, lambda shape: Several(shape, scale=1.01))
    with pytest.raises(ValueError, match="only on one side"):
        load_bundle(folder, lambda shape: Several("one"))


def test_an_answer_without_a_tensor_proves_nothing(tmp_path):
    with pytest.raises(ValueError, match="no tensor in an answer of str"):
        several(tmp_path, "none")
    assert not list(tmp_path.iterdir())


def test_another_eps_raises(tmp_path):
    folder = several(tmp_path, "one")
    with pytest.raises(ValueError, match=r"norm has .*eps=1e-06.* saved with .*eps=1e-05"):
        load_bundle(folder, lambda shape: Several(shape, eps=1e-6))
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"torch": "another"}))
    with pytest.raises(ValueError, match="the code changed"):
        load_bundle(folder, lambda shape: Several(shape, eps=1e-4))
