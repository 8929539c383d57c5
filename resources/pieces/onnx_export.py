"""Export a PyTorch model to ONNX so that the file is whole, takes any batch and answers the same.

Call `export_onnx(model, (rows,), "model.onnx")`.

Copy the file; it needs torch, onnx, onnxscript and onnxruntime. The file appears under its name
only after onnxruntime, alone with it in an empty folder, gave the model's answers for every set of
inputs. ``export_onnx(model, (rows,), "model.onnx")`` frees the first axis of every argument and
tries one row and twice the rows. Pass as `free` other axes that may change, as `others` inputs with
other sizes there, real ones where the model branches on values. Change `opset` and `tolerance`.
`parity` compares any ONNX file with any reference, also one from skl2onnx.
"""

from __future__ import annotations

import inspect
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch

Arrays = Sequence[npt.NDArray[Any]]


def export_onnx(
    model: torch.nn.Module,
    example: tuple[torch.Tensor, ...],
    path: str | Path,
    free: Mapping[str, Mapping[int, str]] | None = None,
    others: Sequence[tuple[torch.Tensor, ...]] | None = None,
    opset: int = 20,
    tolerance: float = 1e-4,
    outputs: Sequence[str] | None = None,
) -> float:
    """Write `path` and return the greatest difference seen; the model is left in its own mode.

    `free` names every argument of `forward` in order: {"image": {0: "batch"}, "scale": {}}. Without
    `others`, one row of the example and the example twice over are tried.
    Raises ValueError if the example has size 1 in a free axis, nothing else is tried there, an
    answer differs by more than `tolerance`, or the opset is not the one asked for.
    """
    if free is None:
        names = _names(model)[: len(example)]
        if len(names) < len(example):
            raise ValueError(f"forward names {names} only: pass free, a name for each argument")
        pairs = zip(names, example, strict=True)
        free = {name: {0: "batch"} if tensor.ndim else {} for name, tensor in pairs}
    if others is None:
        batched = [0 in axes for axes in free.values()]
        others = [_rows(example, batched, lambda t: t[:1]), _rows(example, batched, _twice)]
    for (name, axes), tensor in zip(free.items(), example, strict=True):
        for axis in axes:
            if tensor.shape[axis] < 2:
                raise ValueError(f"{name}: axis {axis} needs size 2 or more, 1 becomes a constant")
    for position, (name, axes) in enumerate(free.items()):
        for axis in axes:
            if {o[position].shape[axis] for o in others} <= {example[position].shape[axis]}:
                raise ValueError(f"{name}: axis {axis} is free, but no other size is tried")
    with _evaluating(model), tempfile.TemporaryDirectory() as folder, torch.no_grad():
        made = Path(folder) / "made" / "model.onnx"
        made.parent.mkdir()
        torch.onnx.export(
            model,
            example,
            str(made),
            input_names=list(free),
            output_names=outputs,
            dynamic_shapes={name: dict(axes) for name, axes in free.items()},
            external_data=_size(model) > 1.5e9,  # one file where protobuf's 2 GB allow it
            opset_version=opset,
            verbose=False,
        )
        versions = {e.version for e in onnx.load(made, load_external_data=False).opset_import}
        if opset not in versions:
            raise ValueError(f"opset {opset} wanted, {sorted(versions)} written")
        alone = Path(folder) / "alone"
        alone.mkdir()
        for file in made.parent.iterdir():
            shutil.move(file, alone / file.name)
        worst = parity(
            alone / made.name,
            lambda *arrays: _outputs(model(*map(torch.from_numpy, arrays))),
            [[tensor.numpy() for tensor in inputs] for inputs in (example, *others)],
        )
        if not worst <= tolerance:
            raise ValueError(f"answers differ by {worst:.3g}")
        target = Path(path)
        for file in alone.iterdir():
            if file.name != made.name and target.name != made.name:
                raise ValueError(
                    f"weights lie outside: name the file {made.name}, in its own folder"
                )
            final = target if file.name == made.name else target.with_name(file.name)
            part = final.with_name(final.name + ".part")
            shutil.copy(file, part)
            part.replace(final)
    return worst


def parity(
    path: str | Path | bytes,
    reference: Callable[..., npt.ArrayLike | Sequence[npt.ArrayLike]],
    inputs: Sequence[Arrays],
    output: int | None = None,
) -> float:
    """Greatest |difference| of the file and `reference(*arrays)` over all inputs; nan counts.

    `path` may be the bytes of a file. Compares all outputs in order, or only number `output`
    (skl2onnx: 1 are the probabilities).
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    file = path if isinstance(path, bytes) else str(path)
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    names = [node.name for node in session.get_inputs()]
    worst = 0.0
    for arrays in inputs:
        seen = session.run(None, dict(zip(names, arrays, strict=True)))
        wanted = reference(*arrays)
        if output is not None:
            seen, wanted = [seen[output]], [wanted]
        elif not isinstance(wanted, list | tuple):
            wanted = [wanted]
        for mine, theirs in zip(seen, wanted, strict=True):
            if np.shape(mine) != np.shape(theirs):
                raise ValueError(f"shape {np.shape(mine)} instead of {np.shape(theirs)}")
            gap = np.abs(np.asarray(mine, np.float64) - np.asarray(theirs, np.float64))
            worst = max(worst, float(np.where(np.isnan(gap), np.inf, gap).max(initial=0)))
    return worst


@contextmanager
def _evaluating(model: torch.nn.Module) -> Iterator[None]:
    """In training mode torch.export keeps the dropout; each part gets its own mode back."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def _names(model: torch.nn.Module) -> list[str]:
    return list(inspect.signature(model.forward).parameters)


def _twice(tensor: torch.Tensor) -> torch.Tensor:
    return torch.cat([tensor, tensor])


def _rows(
    example: tuple[torch.Tensor, ...],
    batched: Sequence[bool],
    change: Callable[[torch.Tensor], torch.Tensor],
) -> tuple[torch.Tensor, ...]:
    pairs = zip(example, batched, strict=True)
    return tuple(change(tensor) if rows else tensor for tensor, rows in pairs)


def _outputs(answer: Any) -> list[npt.NDArray[Any]]:
    tensors = answer if isinstance(answer, list | tuple) else [answer]
    return [tensor.detach().numpy() for tensor in tensors]


def _size(model: torch.nn.Module) -> int:
    return sum(t.numel() * t.element_size() for t in (*model.parameters(), *model.buffers()))
