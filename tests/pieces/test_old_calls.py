"""Old calls are found, today's are left alone, and the tables are true of what is installed."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import warnings

import pytest
from old_calls import GONE, REFUSED, TASKS, main, old_calls

OLD = [
    ("import torch\ntorch.onnx.dynamo_export(m, x)", "torch.onnx.export"),
    ("import torch.onnx as o\no.export(m, x, 'f')", "frozen"),
    ("from torch.utils.checkpoint import checkpoint\ny = checkpoint(f, x)", "no gradient"),
    ("from transformers import AdamW", "torch.optim.AdamW"),
    (
        "import transformers as t\na = t.TrainingArguments(evaluation_strategy='no')",
        "eval_strategy",
    ),
    ("m = AutoModelForCausalLM.from_pretrained('m')", "the file's dtype"),
    ("m = AutoModel.from_pretrained('m', dtype=d, load_in_8bit=True)", "BitsAndBytesConfig"),
    ("ids = tokenizer.apply_chat_template(rows)", "BatchEncoding"),
    ("from sklearn.metrics import make_scorer as s\nmake_scorer(f, needs_proba=True)", "nan"),
    ("c = CalibratedClassifierCV(m, cv='prefit')", "FrozenEstimator"),
    ("model.fit(X, y, early_stopping_rounds=5)", "constructor"),
    ("import keras\no = keras.optimizers.Adam(decay=0.1)", "ignored"),
    ("x = trial.suggest_loguniform('x', 1, 2)", "log=True"),
    ("from transformers import pipeline\np = pipeline('summarization')", "chat model"),
    ("import transformers as t\np = t.pipeline(task='translation_en_to_de')", "chat model"),
    ("from transformers import TFBertModel", "without TF"),
    ("import transformers\nm = transformers.FlaxBertModel", "without TF or Flax"),
    ("import torch\nm = torch.load('m.pt')", "weights_only"),
    ("from sklearn.datasets import load_boston", "fetch_california_housing"),
    ("m = BaggingClassifier(base_estimator=t)", "estimator"),
    ("m = RandomForestRegressor(max_features='auto')", "1.0 for regression"),
    ("import numpy as np\nx = np.float_(1)", "numpy.float64"),
]
FINE = [
    "import torch\no = torch.optim.Adam(p, lr=1)",
    "import torch\ntorch.onnx.export(m, x, 'f', dynamic_shapes=s)",
    "torch.export.export(m, x)",
    "t = AutoTokenizer.from_pretrained('m')",
    "m = AutoModel.from_pretrained('m', dtype='auto')",
    "m = AutoModel.from_pretrained('m', **kwargs)",
    "text = tokenizer.apply_chat_template(rows, tokenize=False)",
    "import catboost\nmodel.fit(X, y, early_stopping_rounds=5)",
    "c = CalibratedClassifierCV(m, cv=5)",
    "from transformers import pipeline\np = pipeline('text-generation', model=m)",
    "m = RandomForestClassifier(max_features='sqrt')",
    "# torch.onnx.dynamo_export\nx = 'transformers.AdamW'",
    "export(frame)",
    "import torch, json\nm = torch.load('m.pt', weights_only=True)\nc = json.load(f)",
]


@pytest.mark.parametrize(("code", "advice"), OLD)
def test_an_old_call_is_found_once(code, advice):
    ((line, text),) = old_calls(code)
    assert advice in text
    assert line == len(code.splitlines())


@pytest.mark.parametrize("code", FINE)
def test_todays_calls_are_left_alone(code):
    assert list(old_calls(code)) == []


def test_the_command_names_places_and_fails(tmp_path, capsys):
    (tmp_path / "a.py").write_text(OLD[0][0])
    (tmp_path / "b.py").write_text("def (")
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "a.py:2: torch.onnx.dynamo_export ->" in said
    assert "b.py:0: cannot be read" in said
    (tmp_path / "none").mkdir()
    assert main([str(tmp_path / "none")]) == 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", [n for n, now in GONE.items() if "deprecated" not in now and not n.startswith("*")]
)
def test_a_gone_name_is_gone(name):
    home, _, last = name.rpartition(".")
    root = home.partition(".")[0]
    pytest.importorskip(root)
    with contextlib.suppress(ImportError):  # its module may be gone, too, or says so itself
        assert not hasattr(importlib.import_module(home), last)


PLACES = {
    "TrainingArguments": "transformers",
    "Trainer": "transformers",
    "SFTConfig": "trl",
    "DPOConfig": "trl",
    "DPOTrainer": "trl",
    "SFTTrainer": "trl",
    "ReduceLROnPlateau": "torch.optim.lr_scheduler",
    "OneHotEncoder": "sklearn.preprocessing",
    "mean_squared_error": "sklearn.metrics",
    "cross_validate": "sklearn.model_selection",
    "cross_val_score": "sklearn.model_selection",
    "AdaBoostClassifier": "sklearn.ensemble",
    "AdaBoostRegressor": "sklearn.ensemble",
    "BaggingClassifier": "sklearn.ensemble",
    "BaggingRegressor": "sklearn.ensemble",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PLACES)
def test_a_refused_keyword_is_refused(name):
    home = pytest.importorskip(PLACES[name])
    with warnings.catch_warnings(action="ignore"):
        known = inspect.signature(getattr(home, name)).parameters.keys()
    assert not known & REFUSED[name].keys()


@pytest.mark.filterwarnings("ignore")
def test_a_gone_task_is_gone():
    pipelines = pytest.importorskip("transformers.pipelines")
    assert not TASKS.keys() & set(pipelines.PIPELINE_REGISTRY.get_supported_tasks())
