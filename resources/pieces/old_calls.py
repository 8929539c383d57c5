"""Find calls in Python files that the ML libraries of 2026 have dropped, or answer otherwise.

Call `found = old_calls(code)`.

Copy the file or run it: ``python old_calls.py src/ notebook.py``. Standard library only; nothing is
imported or executed. It prints `file:line: what -> what now`, `SILENT` where the old call still
runs and does something else, and exits 1 if it found anything. Change the three tables: names that
are gone, keywords that a call refuses, and calls that need a keyword since a default changed.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

GONE = {
    "torch.onnx.dynamo_export": "torch.onnx.export",
    "torch.export.export_for_training": "torch.export.export",
    "torch.jit.script": "torch.export.export; deprecated",
    "torch.jit.trace": "torch.export.export; deprecated",
    "torch.cuda.amp.GradScaler": "torch.amp.GradScaler('cuda'); deprecated",
    "torch.cuda.amp.autocast": "torch.autocast('cuda'); deprecated",
    "transformers.AdamW": "torch.optim.AdamW",
    "trl.DataCollatorForCompletionOnlyLM": "prompt and completion columns in SFTTrainer",
    "trl.setup_chat_format": "a chat template in the tokenizer",
    "trl.PPOTrainer": "trl.experimental.ppo",
    "jax.tree_map": "jax.tree.map",
    "jax.random.KeyArray": "jax.Array, made by jax.random.key",
    "sklearn.metrics.plot_roc_curve": "RocCurveDisplay.from_estimator",
    "sklearn.metrics.plot_confusion_matrix": "ConfusionMatrixDisplay.from_estimator",
    "mapie.regression.MapieRegressor": "SplitConformalRegressor",
    "ray.train.lightning.LightningTrainer": "ray.train.torch.TorchTrainer",
    "sklearn.datasets.load_boston": "fetch_california_housing, or fetch_openml",
    "numpy.float_": "numpy.float64",
    "numpy.trapz": "numpy.trapezoid",
    "*.suggest_uniform": "suggest_float; deprecated",
    "*.suggest_loguniform": "suggest_float(log=True); deprecated",
    "*.encode_plus": "call the tokenizer",
    "*.batch_encode_plus": "call the tokenizer",
    "*.to_bettertransformer": "attn_implementation=",
    "*.transition_model_version_stage": "set_registered_model_alias; deprecated",
}

_FOREST = {"max_features='auto'": "'sqrt' to classify, 1.0 for regression: the same as before"}
_ENSEMBLE = {"base_estimator": "estimator"}

# call (its last name): {keyword, or keyword=constant: what now}
REFUSED = {
    "TrainingArguments": {
        "evaluation_strategy": "eval_strategy",
        "warmup_ratio": "warmup_steps=0.1 (below 1 it is a share)",
        "no_cuda": "use_cpu",
        "logging_dir": "environment variable TENSORBOARD_LOGGING_DIR",
        "group_by_length": "train_sampling_strategy",
        "overwrite_output_dir": "nothing",
        "save_safetensors": "nothing",
        "half_precision_backend": "nothing",
        "push_to_hub_token": "hub_token",
        "optim='adamw_hf'": "adamw_torch_fused, the default",
    },
    "Trainer": {
        "tokenizer": "processing_class",
        "gpus": "accelerator=, devices=",
        "resume_from_checkpoint": "fit(ckpt_path=), or train(resume_from_checkpoint=)",
    },
    "SFTConfig": {"max_seq_length": "max_length", "evaluation_strategy": "eval_strategy"},
    "DPOConfig": {"max_prompt_length": "max_length"},
    "DPOTrainer": {"tokenizer": "processing_class"},
    "SFTTrainer": {"tokenizer": "processing_class", "max_seq_length": "SFTConfig(max_length=)"},
    "from_pretrained": {
        "load_in_8bit": "quantization_config=BitsAndBytesConfig(...)",
        "load_in_4bit": "quantization_config=BitsAndBytesConfig(...)",
        "use_auth_token": "token",
        "torch_dtype": "dtype; warns",
    },
    "save_pretrained": {"safe_serialization": "nothing; SILENT, safetensors in any case"},
    "ReduceLROnPlateau": {"verbose": "get_last_lr()"},
    "LogisticRegression": {
        "multi_class": "nothing",
        "penalty": "l1_ratio=, C=np.inf for none; warns",
    },
    "OneHotEncoder": {"sparse": "sparse_output"},
    "mean_squared_error": {"squared": "root_mean_squared_error"},
    "cross_validate": {"fit_params": "params"},
    "cross_val_score": {"fit_params": "params"},
    "make_scorer": {
        "needs_proba": "response_method='predict_proba'; SILENT, every score is nan",
        "needs_threshold": "response_method='decision_function'; SILENT, every score is nan",
    },
    "AdaBoostClassifier": {"algorithm": "nothing", **_ENSEMBLE},
    "AdaBoostRegressor": _ENSEMBLE,
    "BaggingClassifier": _ENSEMBLE,
    "BaggingRegressor": _ENSEMBLE,
    "RandomForestClassifier": _FOREST,
    "RandomForestRegressor": _FOREST,
    "ExtraTreesClassifier": _FOREST,
    "ExtraTreesRegressor": _FOREST,
    "fit": {
        "early_stopping_rounds": "XGBoost: constructor; LightGBM: callbacks; not CatBoost's fit",
        "eval_metric": "XGBoost: constructor; LightGBM and CatBoost keep it",
    },
    "Adam": {"lr": "Keras: learning_rate", "decay": "Keras: a schedule; SILENT, ignored"},
    "save": {"save_format='tf'": "Keras: save('x.keras'), or export() for a SavedModel"},
    "CalibratedClassifierCV": {"cv='prefit'": "CalibratedClassifierCV(FrozenEstimator(model))"},
    "SVC": {"probability=True": "CalibratedClassifierCV(SVC(), ensemble=False); warns"},
    "XGBClassifier": {"tree_method='gpu_hist'": "device='cuda'"},
    "XGBRegressor": {"tree_method='gpu_hist'": "device='cuda'"},
}
# tasks that transformers.pipeline no longer knows
TASKS = {
    "summarization": "a chat model in text-generation, or the model class",
    "translation": "a chat model in text-generation, or the model class",
    "text2text-generation": "a chat model in text-generation, or the model class",
    "question-answering": "the model class, or a chat model in text-generation",
}
FOREIGN = re.compile(r"transformers\.(TF|Flax)[A-Z]\w+")

# right where this library is imported
FINE = {
    ("Adam", "lr"): "torch",
    ("Adam", "decay"): "torch",
    ("fit", "early_stopping_rounds"): "catboost",
    ("fit", "eval_metric"): "lightgbm",
}

# call (its last name): (any of these keywords, what happens without them)
NEEDED = {
    "from_pretrained": ({"dtype", "torch_dtype"}, "SILENT, the file's dtype, not float32"),
    "apply_chat_template": (
        {"return_dict", "tokenize"},
        "SILENT, a BatchEncoding, not a list of ids",
    ),
    "load": ({"weights_only"}, "True since torch 2.6: all but tensors raises; state it"),
    "checkpoint": ({"use_reentrant"}, "SILENT, no gradient if the input needs none"),
    "export": (
        {"dynamic_shapes", "dynamo"},
        "SILENT, the batch size is frozen, weights lie in a second file",
    ),
}


def old_calls(code: str) -> Iterator[tuple[int, str]]:
    """Line and advice for each old call in `code`; raises SyntaxError."""
    tree = ast.parse(code)
    names = dict(_imports(tree))
    roots = {full.partition(".")[0] for full in names.values()}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if now := _gone(f"{node.module}.{alias.name}"):
                    yield node.lineno, f"{node.module}.{alias.name} -> {now}"
        elif isinstance(node, ast.Attribute):
            for full in (_full(node, names), f"*.{node.attr}"):
                if now := _gone(full):
                    yield node.lineno, f"{full.removeprefix('*.')} -> {now}"
        elif isinstance(node, ast.Call):
            full = _full(node.func, names)
            owner, _, last = full.rpartition(".")
            given = {keyword.arg for keyword in node.keywords if keyword.arg}
            values = {
                f"{keyword.arg}={keyword.value.value!r}"
                for keyword in node.keywords
                if isinstance(keyword.value, ast.Constant)
            }
            for word in sorted((given | values) & REFUSED.get(last, {}).keys()):
                if FINE.get((last, word)) not in roots:
                    yield node.lineno, f"{last}({word}) -> {REFUSED[last][word]}"
            task = _task(node) if last == "pipeline" else ""
            if now := TASKS.get("translation" if task.startswith("translation_") else task):
                yield node.lineno, f"pipeline({task}) -> {now}"
            open_ended = any(keyword.arg is None for keyword in node.keywords)
            if last in NEEDED and not open_ended and _meant(owner, last):
                wanted, without = NEEDED[last]
                if not given & wanted:
                    yield node.lineno, f"{last} without {' or '.join(sorted(wanted))}: {without}"


def _gone(full: str) -> str | None:
    if FOREIGN.fullmatch(full):
        return "the class without TF or Flax: TensorFlow and JAX classes are gone"
    return GONE.get(full)


def _task(call: ast.Call) -> str:
    """The task that a call of `pipeline` states as text; "" if none."""
    tasks = [*call.args[:1], *(word.value for word in call.keywords if word.arg == "task")]
    return next((str(t.value) for t in tasks if isinstance(t, ast.Constant)), "")


def _meant(owner: str, last: str) -> bool:
    if last == "from_pretrained":
        kind = owner.rpartition(".")[2]
        return kind.startswith("AutoModel") or kind.endswith("Model") or "For" in kind
    homes = {"export": "torch.onnx", "checkpoint": "torch.utils.checkpoint", "load": "torch"}
    wanted = homes.get(last)
    return wanted is None or owner == wanted


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield alias.asname or first, alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _full(node: ast.expr, names: dict[str, str]) -> str:
    """The dotted name as imported: `np.float_` is `numpy.float_`; "" before what is no name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_full(node.value, names)}.{node.attr}"
    return ""


def main(paths: list[str]) -> int:
    """Print what was found in files and folders; 1 if anything."""
    found = 0
    for path in map(Path, paths):
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            try:
                hits = sorted(old_calls(file.read_text(encoding="utf-8")))
            except (SyntaxError, ValueError) as fault:
                hits = [(0, f"cannot be read: {fault}")]
            for line, text in hits:
                sys.stdout.write(f"{file}:{line}: {text}\n")
            found += len(hits)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
