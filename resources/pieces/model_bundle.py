"""A folder with which a model can be given away: weights without pickle, and proof that it is it.

Call `save_bundle(folder, model, config, probe)` and `load_bundle(folder, build)`.

Copy the file; it needs torch and safetensors. `save_bundle` writes weights, a card (your `config`,
torch version, checksum) and some inputs with the answers to them; `load_bundle` builds the model
from the card, and raises unless every name, shape and dtype fits and the answers come again. So
renamed keys, a swapped file, another precision, or code that changed since (an activation, a
normalisation) end in an error, not in worse answers. Change what you put into `config`: everything
that `build` needs, and the versions and constants of the preprocessing.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

PREFIX = "_orig_mod."  # torch.compile puts it before every name


def save_bundle(
    folder: str | Path,
    model: torch.nn.Module,
    config: Mapping[str, Any],
    probe: Mapping[str, torch.Tensor],
) -> None:
    """Write `folder`, which must not exist; `probe` are arguments of `forward` by name."""
    target = Path(folder)
    if target.exists():
        raise FileExistsError(target)
    state = {
        name.replace(PREFIX, ""): tensor.detach().to("cpu", copy=True).contiguous()
        for name, tensor in model.state_dict().items()  # copies: tied weights are saved twice
    }
    with tempfile.TemporaryDirectory(dir=target.parent) as made:
        here = Path(made) / "bundle"
        here.mkdir()
        save_file(state, here / "weights.safetensors")
        save_file(
            {f"in.{name}": tensor.cpu().contiguous() for name, tensor in probe.items()}
            | {"out": _answer(model, probe)},
            here / "probe.safetensors",
        )
        card = {
            "config": dict(config),
            "torch": torch.__version__,
            "sha256": _sha256(here / "weights.safetensors"),
            "tensors": {name: [str(t.dtype), list(t.shape)] for name, t in state.items()},
        }
        (here / "card.json").write_text(json.dumps(card, indent=2, sort_keys=True))
        here.rename(target)


def load_bundle(
    folder: str | Path,
    build: Callable[..., torch.nn.Module],
    tolerance: float = 1e-4,
) -> torch.nn.Module:
    """The model from `build(**config)`, in eval mode; ValueError if it is not the one saved."""
    here = Path(folder)
    card = json.loads((here / "card.json").read_text())
    if _sha256(here / "weights.safetensors") != card["sha256"]:
        raise ValueError("these are not the weights of this card")
    state = load_file(here / "weights.safetensors")
    model = build(**card["config"])
    wanted = {n.replace(PREFIX, ""): t for n, t in model.state_dict().items()}
    if lost := sorted(wanted.keys() ^ state.keys()):
        raise ValueError(f"only on one side: {lost}")
    for name, tensor in wanted.items():
        if (tensor.dtype, tensor.shape) != (state[name].dtype, state[name].shape):
            raise ValueError(f"{name}: {tensor.dtype} {list(tensor.shape)} built, not as saved")
    with torch.no_grad():
        for name, tensor in wanted.items():
            tensor.copy_(state[name])
    saved = load_file(here / "probe.safetensors")
    probe = {name.removeprefix("in."): t for name, t in saved.items() if name != "out"}
    answer = _answer(model, probe)
    if answer.shape != saved["out"].shape:
        raise ValueError(f"answers have shape {list(answer.shape)}")
    gap = (answer.double() - saved["out"].double()).abs().max().item()
    if not gap <= tolerance:
        raise ValueError(f"same weights, but the answers differ by {gap:.3g}: the code changed")
    return model


def _answer(model: torch.nn.Module, probe: Mapping[str, torch.Tensor]) -> torch.Tensor:
    place = next(model.parameters()).device
    model.eval()
    with torch.no_grad():
        answer = model(**{name: tensor.to(place) for name, tensor in probe.items()})
    answer = getattr(answer, "logits", answer)  # Hugging Face models answer with an object
    return answer.detach().cpu().contiguous()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
