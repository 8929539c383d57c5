"""Does a Hugging Face Trainer with a loss of its own see one batch of 8 as 8 batches of 1?

Call `loss, norm = loss_and_norm(make)`.

Copy the file; it needs torch and transformers (or trl). Pass `make(**arguments)` -> trainer, built
as yours with these TrainingArguments on top, on rows of unequal length. ValueError if loss or
gradient norm depend on how the rows are cut. Change `rows` where 8 are too few to differ in length.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any


def loss_and_norm(make: Callable[..., Any], rows: int = 8, tolerance: float = 1e-3) -> Any:
    """(loss, gradient norm) of the first step, the same for `rows` x 1 and 1 x `rows`."""
    seen = []
    for size, pieces in ((rows, 1), (1, rows)):
        with tempfile.TemporaryDirectory() as folder:
            trainer = make(
                output_dir=folder,
                max_steps=1,
                learning_rate=0.0,
                per_device_train_batch_size=size,
                gradient_accumulation_steps=pieces,
                logging_steps=1,
                save_strategy="no",
                report_to=[],
                disable_tqdm=True,
                seed=0,
            )
            trainer.model.eval()  # trainers call train(): keep dropout out of the comparison
            trainer.model.train = lambda mode=True, kept=trainer.model: kept
            trainer.train()
        first = trainer.state.log_history[0]
        seen.append((float(first["loss"]), float(first["grad_norm"])))
    for whole, cut in zip(*seen, strict=True):
        if not abs(whole - cut) <= tolerance * abs(whole):
            raise ValueError(f"loss and gradient norm: {rows} x 1 {seen[0]}, 1 x {rows} {seen[1]}")
    return seen[0]
