"""What does a TRL fine-tuning run really train on? Look before the first step.

Call `found = faults(trainer, len(rows))`.

Copy the file; it needs torch. Pass the trainer as made (SFTTrainer, with or without LoRA) and the
number of rows you gave it. An empty list means that nothing was found; `sample` shows one row as
the model sees it, what is trained in brackets. Change `most_cut`, the share of rows cut at most.
"""

from __future__ import annotations

from typing import Any

import torch


def faults(trainer: Any, rows_given: int, most_cut: float = 0.01) -> list[str]:
    """What is lost, cut, not meant to be trained, or cannot move, one line each."""
    found: list[str] = []
    tokenizer, limit = trainer.processing_class, trainer.args.max_length
    rows = trainer.train_dataset
    if len(rows) < rows_given:
        found.append(f"{rows_given - len(rows)} of {rows_given} rows were dropped: no label left")
    cut = ends = whole = 0
    for ids, labels in _rows(trainer):
        trained = labels != -100
        cut += int(limit is not None and len(ids) >= limit)
        ends += int(bool((labels == tokenizer.eos_token_id).any()))
        whole += int(bool(trained.all()))
    if cut > most_cut * max(1, len(rows)):
        found.append(f"{cut} of {len(rows)} rows fill max_length={limit}: their ends are cut off")
    if ends < len(rows) - cut:
        found.append(f"{len(rows) - ends} rows never train the end token: answers will not stop")
    if whole:
        found.append(f"{whole} rows train the prompt, too")
    named = dict(trainer.model.named_parameters())
    learns = {n: p for n, p in named.items() if p.requires_grad}
    if not learns:
        found.append("nothing is trainable")
    low = [n for n, p in learns.items() if p.dtype in (torch.bfloat16, torch.float16)]
    if low:
        found.append(f"{len(low)} trained weights are 16 bit: small steps are lost, e.g. {low[0]}")
    size = trainer.model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > size:
        found.append(f"{len(tokenizer)} tokens, but only {size} embeddings")
    return found


def new_tokens_learn(model: Any) -> bool:
    """Whether the embeddings are trained, as they must be once tokens were added under LoRA."""
    weights = model.get_input_embeddings()
    return any(p.requires_grad for p in weights.parameters())


def sample(trainer: Any, row: int = 0) -> str:
    """One row as text, what is trained in [brackets]."""
    text = ""
    on = False
    for ids, labels in list(_rows(trainer))[row : row + 1]:
        for token, label in zip(ids.tolist(), labels.tolist(), strict=True):
            if (label != -100) != on:
                on = not on
                text += "[" if on else "] "
            text += trainer.processing_class.decode([token]) + " "
    return (text + ("]" if on else "")).replace(" ]", "]").strip()


def _rows(trainer: Any) -> Any:
    for row in trainer.train_dataset:
        batch = trainer.data_collator([row])
        yield batch["input_ids"][0], batch["labels"][0]
