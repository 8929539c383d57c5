"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("sklearn")

NEEDS = {
    "onnx-batch": ("torch", "onnxscript", "onnxruntime"),
    "timestamp": ("skl2onnx", "onnxruntime", "torch"),
    "best-trees": ("xgboost",),
    "typo": ("lightgbm",),
    "stranger": ("torch",),
    "hand-over": ("torch", "safetensors"),
    "no-learning": ("torch", "transformers"),
    "chat-ids": ("transformers",),
}


def onnx_batch(model, path):
    import torch
    from onnx_export import export_onnx

    sizes = [(torch.randn(n, 8),) for n in (1, 33)]
    export_onnx(model, (torch.randn(2, 8),), path, {"input": {0: "batch"}}, sizes)


def onnx_batch_quick(model, path):
    import torch

    torch.onnx.export(model.eval(), (torch.randn(2, 8),), path, verbose=False)


def timestamp(model, rows):
    from skl2onnx import to_onnx

    return to_onnx(model, rows[:2], options={"zipmap": False}).SerializeToString()


def best_trees(model, path):
    from boosters import save_kept

    save_kept(model, path)


def typo(params):
    from boosters import _listed
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(**params)
    if unknown := params.keys() - _listed(model) - {"verbose"}:
        raise ValueError(unknown)
    return model


def typo_quick(params):
    from lightgbm import LGBMClassifier

    return LGBMClassifier(**params)


def stranger(path):
    import torch

    try:
        torch.load(path)
    except pickle.UnpicklingError:
        return False
    return True


def stranger_quick(path):
    import torch

    return isinstance(torch.load(path, weights_only=False), dict)


def hand_over_save(model, config, inputs, folder):
    from model_bundle import save_bundle

    save_bundle(folder, model, config, inputs)


def hand_over_load(build, folder):
    from model_bundle import load_bundle

    return load_bundle(folder, build)


def quick_save(model, config, inputs, folder):
    from safetensors.torch import save_file

    Path(folder).mkdir()
    save_file(model.state_dict(), f"{folder}/m.safetensors", {"config": json.dumps(config)})


def quick_load(build, folder):
    from safetensors import safe_open
    from safetensors.torch import load_file

    with safe_open(f"{folder}/m.safetensors", "pt") as file:
        model = build(**json.loads(file.metadata()["config"]))
    model.load_state_dict(load_file(f"{folder}/m.safetensors"))
    return model


def no_learning(path):
    import torch
    from transformers import AutoModelForCausalLM

    model, report = AutoModelForCausalLM.from_pretrained(
        path, dtype=torch.float32, output_loading_info=True
    )
    if report["missing_keys"]:
        raise ValueError(report)
    return model


def no_learning_quick(path):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(path)


def upgrade(code):
    from old_calls import old_calls

    return {line for line, _ in old_calls(code)}


def upgrade_quick(code):
    words = ("evaluation_strategy", "needs_proba", "dynamo_export", "penalty")
    lines = enumerate(code.splitlines(), 1)
    return {number for number, line in lines if any(word in line for word in words)}


def first_model(rows, y, new):
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    models = (LogisticRegression(), HistGradientBoostingClassifier(max_iter=60))
    scores = [cross_val_score(model, rows, y, scoring="roc_auc").mean() for model in models]
    return models[int(np.argmax(scores))].fit(rows, y).predict_proba(new)[:, 1]


def first_model_quick(rows, y, new):
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier().fit(rows, y).predict_proba(new)[:, 1]


RIGHT = {
    "onnx-batch": {"export": onnx_batch},
    "timestamp": {"convert": timestamp},
    "best-trees": {"save": best_trees},
    "typo": {"checked": typo},
    "stranger": {"safe": stranger},
    "hand-over": {"save": hand_over_save, "load": hand_over_load},
    "no-learning": {"load": no_learning},
    "upgrade": {"lines": upgrade},
    "chat-ids": {"ids": lambda tok, rows: tok.apply_chat_template(rows, return_dict=False)},
    "first-model": {"predict": first_model},
}
QUICK = {
    "onnx-batch": {"export": onnx_batch_quick},
    "timestamp": {"convert": lambda model, rows: timestamp(model, rows.astype("float32"))},
    "best-trees": {"save": lambda model, path: model.save_model(path)},
    "typo": {"checked": typo_quick},
    "stranger": {"safe": stranger_quick},
    "hand-over": {"save": quick_save, "load": quick_load},
    "no-learning": {"load": no_learning_quick},
    "upgrade": {"lines": upgrade_quick},
    "chat-ids": {"ids": lambda tok, rows: tok.apply_chat_template(rows)},
    "first-model": {"predict": first_model_quick},
}
