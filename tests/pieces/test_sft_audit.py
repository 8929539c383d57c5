"""The faults `sft_audit` exists for, put in on purpose, in TRL itself."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("trl")
pytest.importorskip("peft")
from sft_audit import faults, new_tokens_learn, sample  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")
WORDS = ["<pad>", "<eos>", "<unk>", "user", "assistant", *(f"w{n}" for n in range(9))]
LONG = " w1" * 60


def tokenizer():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.WordLevel({w: n for n, w in enumerate(WORDS)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made = PreTrainedTokenizerFast(
        tokenizer_object=core, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    made.chat_template = "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}"
    return made


def model(dtype=torch.float32):
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"vocab_size": len(WORDS), "hidden_size": 16, "intermediate_size": 16}
    config = LlamaConfig(**sizes, num_hidden_layers=1, num_attention_heads=2)
    return LlamaForCausalLM(config).to(dtype)


def trainer(rows, home, dtype=torch.float32, **more):
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    args = SFTConfig(str(home), use_cpu=True, bf16=False, max_length=32, report_to=[])
    return SFTTrainer(
        model(dtype),
        args,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer(),
        **more,
    )


def test_prompt_and_completion_are_sound(tmp_path):
    made = trainer([{"prompt": "w1 w2", "completion": " w3"}] * 3, tmp_path)
    assert faults(made, 3) == []
    assert sample(made) == "w1 w2 [w3 <eos>]"


def test_messages_train_the_prompt_and_no_end(tmp_path):
    talk = [{"role": "user", "content": "w1"}, {"role": "assistant", "content": "w2"}]
    made = trainer([{"messages": talk}] * 2, tmp_path)
    assert [line[:6] for line in faults(made, 2)] == ["2 rows", "2 rows"]
    assert sample(made) == "[user w1 assistant w2]"


def test_dropped_and_cut_rows_are_counted(tmp_path):
    rows = [
        {"prompt": "w1", "completion": " w2"},
        {"prompt": LONG, "completion": " w2"},
        {"prompt": "w1", "completion": LONG},
    ]
    seen = faults(trainer(rows, tmp_path), 3)
    assert seen[0].startswith("1 of 3 rows were dropped")
    assert seen[1].startswith("1 of 2 rows fill max_length=32")


def test_half_precision_weights_are_named(tmp_path):
    made = trainer([{"prompt": "w1", "completion": " w3"}], tmp_path, torch.bfloat16)
    assert "16 bit" in faults(made, 1)[0]


def test_new_tokens_stay_untrained_under_lora_unless_named(tmp_path):
    from peft import LoraConfig, get_peft_model

    plain = {"r": 4, "target_modules": "all-linear", "task_type": "CAUSAL_LM"}
    for more, learns in (({}, False), ({"trainable_token_indices": [13]}, True)):
        assert new_tokens_learn(get_peft_model(model(), LoraConfig(**plain, **more))) is learns
