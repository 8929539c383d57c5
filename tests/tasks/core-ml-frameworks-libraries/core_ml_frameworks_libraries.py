"""Grade an answer by running it: ``python core_ml_frameworks_libraries.py ID answer.py``.

It says nothing if the answer is right. Each check makes the case in which the quick answer is wrong
without an error. Needs the stack of the module.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from argparse import Namespace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("sklearn")
import numpy as np


def session(path: Path):
    """The file in onnxruntime, moved to a folder where nothing else lies."""
    import onnxruntime

    alone = Path(tempfile.mkdtemp()) / "m.onnx"
    shutil.copy(path, alone)
    try:
        return onnxruntime.InferenceSession(str(alone), providers=["CPUExecutionProvider"])
    except Exception as fault:
        raise AssertionError("the file does not load alone") from fault


def onnx_batch(answer: ModuleType) -> None:
    import torch

    torch.manual_seed(0)
    layers = (torch.nn.Linear(8, 99), torch.nn.BatchNorm1d(99), torch.nn.Dropout(), torch.nn.ReLU())
    model = torch.nn.Sequential(*layers, torch.nn.Linear(99, 3))
    model(torch.randn(64, 8))
    path = Path(tempfile.mkdtemp()) / "model.onnx"
    answer.export(model, str(path))
    run, model = session(path), model.eval()
    for size in (1, 5, 64):
        rows = torch.randn(size, 8)
        try:
            seen = run.run(None, {run.get_inputs()[0].name: rows.numpy()})[0]
        except Exception as fault:
            raise AssertionError(f"{size} rows are refused") from fault
        assert np.abs(seen - model(rows).detach().numpy()).max() < 1e-4


def timestamp(answer: ModuleType) -> None:
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = np.column_stack(
        [1.7e9 + 3.0 * np.arange(3000), np.random.default_rng(0).normal(size=3000)]
    )
    y = rows[:, 0] // 600 % 2
    model = make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(rows, y)
    path = Path(tempfile.mkdtemp()) / "model.onnx"
    path.write_bytes(answer.convert(model, rows))
    run = session(path)
    node = run.get_inputs()[0]
    kind = np.float64 if "double" in node.type else np.float32
    label = run.run(None, {node.name: rows.astype(kind)})[0]
    assert (label == model.predict(rows)).mean() > 0.999, "other labels than the model"


def best_trees(answer: ModuleType) -> None:
    import xgboost
    from sklearn.datasets import make_classification

    rows, y = make_classification(2000, 10, flip_y=0.3, random_state=0)
    model = xgboost.XGBClassifier(n_estimators=300, early_stopping_rounds=50, n_jobs=1)
    model.fit(rows[:1000], y[:1000], eval_set=[(rows[1000:], y[1000:])], verbose=False)
    path = str(Path(tempfile.mkdtemp()) / "m.ubj")
    answer.save(model, path)
    seen = xgboost.Booster(model_file=path).predict(xgboost.DMatrix(rows))
    assert np.abs(seen - model.predict_proba(rows)[:, 1]).max() < 1e-5


def typo(answer: ModuleType) -> None:
    good = {"n_estimators": 9, "reg_alpha": 0.1, "num_leaves": 7, "verbose": -1}
    assert answer.checked(good).get_params()["num_leaves"] == 7
    for wrong in ({"lernin_rate": 1}, {"n_estimator": 9}, {"early_stoping_rounds": 5}):
        try:
            answer.checked(good | wrong)
        except ValueError:
            continue
        raise AssertionError(f"{wrong} is taken")


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self):
        return os.makedirs, (self.mark, 0o700, True)


def stranger(answer: ModuleType) -> None:
    import torch

    home = Path(tempfile.mkdtemp())
    plain = {"weight": torch.ones(2, dtype=torch.bfloat16), "epoch": 3, "names": ["a"]}
    evil, other = {"x": Evil(home / "ran")}, {"x": Namespace(width=3)}
    for name, more in {"plain": {}, "evil": evil, "class": other}.items():
        torch.save(plain | more, home / f"{name}.pt")
    torch.save(plain | evil, home / "old.pt", _use_new_zipfile_serialization=False)
    seen = {path.stem: bool(answer.safe(str(path))) for path in sorted(home.glob("*.pt"))}
    assert not (home / "ran").exists(), "the file was executed"
    assert seen == {"plain": True, "evil": False, "class": False, "old": False}, seen


def hand_over(answer: ModuleType) -> None:
    import torch

    def build(width, act=torch.nn.ReLU):
        return torch.nn.Sequential(torch.nn.Linear(4, width), act(), torch.nn.Linear(width, 2))

    def saved(seed):
        torch.manual_seed(seed)
        folder, rows = Path(tempfile.mkdtemp()) / "model", torch.randn(9, 4)
        model = build(8).eval()
        answer.save(model, {"width": 8}, {"input": rows}, str(folder))
        return folder, rows, model(rows)

    (one, rows, wanted), (two, *_) = saved(0), saved(1)
    assert torch.equal(answer.load(build, str(one)).eval()(rows), wanted)
    assert not [f for f in one.rglob("*") if f.suffix in (".pt", ".pth", ".pkl", ".bin", ".joblib")]
    biggest = max((f for f in two.rglob("*.safetensors")), key=lambda f: f.stat().st_size)
    for fault, case in {
        "changed code": lambda: answer.load(lambda width: build(width, torch.nn.GELU), str(one)),
        "other width": lambda: answer.load(lambda width: build(width + 1), str(one)),
        "other weights": lambda: (
            shutil.copy(biggest, one / biggest.relative_to(two)),
            answer.load(build, str(one)),
        ),
    }.items():
        try:
            case()
        except Exception:
            continue
        raise AssertionError(f"{fault} loaded")


def no_learning(answer: ModuleType) -> None:
    import torch
    import transformers
    from safetensors.torch import load_file, save_file

    home = Path(tempfile.mkdtemp())
    sizes = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16}
    config = transformers.LlamaConfig(**sizes, num_hidden_layers=1, num_attention_heads=2)
    transformers.LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(home)
    model = answer.load(str(home))
    before = model.lm_head.weight.detach().clone()
    step = torch.optim.AdamW(model.parameters(), lr=1e-5)
    for _ in range(10):
        model(input_ids=torch.arange(8)[None], labels=torch.arange(8)[None]).loss.backward()
        step.step()
    assert (model.lm_head.weight != before).float().mean() > 0.9, "the weights do not move"
    state = load_file(home / "model.safetensors")
    state["model.norm.wait"] = state.pop("model.norm.weight")
    save_file(state, home / "model.safetensors", metadata={"format": "pt"})
    try:
        answer.load(str(home))
    except Exception:
        return
    raise AssertionError("a weight that the file does not hold was made up")


SCRIPT = '''"""evaluation_strategy, torch.onnx.dynamo_export and penalty are only named here."""
import torch
from sklearn.metrics import make_scorer, roc_auc_score
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainingArguments

tokenizer = AutoTokenizer.from_pretrained("m")
model = AutoModelForCausalLM.from_pretrained("m")
ids = tokenizer.apply_chat_template([{"role": "user", "content": "a"}])
args = TrainingArguments("out", eval_strategy="epoch", evaluation_strategy="no")
scorer = make_scorer(roc_auc_score, needs_proba=True)
torch.onnx.export(model, (torch.ones(2, 3),), "m.onnx")
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
program = torch.export.export(model, (torch.ones(2, 3),))
other = AutoModelForCausalLM.from_pretrained("m", dtype=torch.float32)
'''


def upgrade(answer: ModuleType) -> None:
    assert set(answer.lines(SCRIPT)) == {7, 8, 9, 10, 11}


def chat_ids(answer: ModuleType) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {word: i for i, word in enumerate(["[UNK]", "user", "assistant", "hi", "there"])}
    core = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core)
    tokenizer.chat_template = "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}"
    seen = answer.ids(tokenizer, [{"role": "user", "content": "hi there hi"}])
    assert list(seen) == [1, 3, 4, 3], seen


def first_model(answer: ModuleType) -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(6000, 20))
    sums = {"linear": rows @ rng.normal(size=20) / 3, "trees": 3 * np.sign(rows[:, 0] * rows[:, 1])}
    for name, log_odds in sums.items():
        y = (rng.random(6000) < 1 / (1 + np.exp(-log_odds))).astype(int)
        fit, new = slice(0, 2000), slice(2000, None)
        best = max(
            roc_auc_score(y[new], model.fit(rows[fit], y[fit]).predict_proba(rows[new])[:, 1])
            for model in (LogisticRegression(), HistGradientBoostingClassifier(max_iter=60))
        )
        seen = roc_auc_score(y[new], np.asarray(answer.predict(rows[fit], y[fit], rows[new])))
        assert seen > best - 0.02, f"{name}: {seen:.3f}, a plain model has {best:.3f}"


CHECKS = {
    "onnx-batch": onnx_batch,
    "timestamp": timestamp,
    "best-trees": best_trees,
    "typo": typo,
    "stranger": stranger,
    "hand-over": hand_over,
    "no-learning": no_learning,
    "upgrade": upgrade,
    "chat-ids": chat_ids,
    "first-model": first_model,
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
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    CHECKS[sys.argv[1]](load(sys.argv[2]))
