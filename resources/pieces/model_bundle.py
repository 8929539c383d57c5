"""A folder with which a model can be given away: weights without pickle, and proof that it is it.

Call `save_bundle(folder, model, config, probe)` and `load_bundle(folder, build)`.

Copy the file; it needs torch and safetensors. `save_bundle` writes weights, a card (your `config`,
torch version, checksum) and some inputs with the answers to them; `load_bundle` builds the model
from the card, and raises unless names, shapes, dtypes, settings and answers are those saved. So
renamed keys, a swapped file, another precision, or code that changed since (an activation, a
normalisation) end in an error, not in worse answers. Change what you put into `config`: everything
that `build` needs, and the versions and constants of the preprocessing.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
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
            | _answers(model, probe),
            here / "probe.safetensors",
        )
        card = {
            "config": dict(config),
            "torch": torch.__version__,
            "settings": _settings(model),
            "sha256": _sha256(here / "weights.safetensors"),
            "tensors": {name: [str(t.dtype), list(t.shape)] for name, t in state.items()},
        }
        (here / "card.json").write_text(json.dumps(card, indent=2, sort_keys=True))
        here.rename(target)


def load_bundle(
    folder: str | Path,
    build: Callable[..., torch.nn.Module],
    tolerance: float = 1e-5,
) -> torch.nn.Module:
    """The model from `build(**config)`, in eval mode; ValueError if it is not the one saved.

    `tolerance` is a share of each answer's largest value: 1e-5 is float32 on another CPU or batch
    size; other hardware and half precision need more (1e-3), and then let small changes through.
    """
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
    if card["torch"] == torch.__version__:  # another version may word them otherwise
        settings = card["settings"]
        for name, now in _settings(model).items():
            if now != settings.get(name, now):
                raise ValueError(f"{name} has {now}, saved with {settings[name]}")
    with torch.no_grad():
        for name, tensor in wanted.items():
            tensor.copy_(state[name])
    saved = load_file(here / "probe.safetensors")
    probe = {name.removeprefix("in."): t for name, t in saved.items() if name.startswith("in.")}
    answers = _answers(model, probe)
    if lost := sorted(answers.keys() ^ {name for name in saved if not name.startswith("in.")}):
        raise ValueError(f"answers only on one side: {lost}")
    for name, answer in answers.items():
        if answer.shape != saved[name].shape:
            raise ValueError(f"{name} has shape {list(answer.shape)}, not as saved")
        gap, size = _gap(answer, saved[name])
        if not gap <= tolerance * size:
            raise ValueError(f"same weights, but {name} differs by {gap:.3g}: the code changed")
    return model


def _settings(model: torch.nn.Module) -> dict[str, str]:
    """What each layer says of itself: a changed eps is too small a change for the answers."""
    layers = [(name.replace(PREFIX, ""), layer) for name, layer in model.named_modules()]
    return {name: layer.extra_repr() for name, layer in layers if layer.extra_repr()}


def _gap(answer: torch.Tensor, saved: torch.Tensor) -> tuple[float, float]:
    """The largest difference, and the largest value, of two answers; 0 for two empty ones."""
    if not answer.numel():
        return 0.0, 0.0
    return (answer.double() - saved.double()).abs().max().item(), saved.double().abs().max().item()


def _answers(model: torch.nn.Module, probe: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    place = next(model.parameters()).device
    model.eval()
    with torch.no_grad():
        answer = model(**{name: tensor.to(place) for name, tensor in probe.items()})
    answers = dict(_tensors("out", answer))
    if not answers:
        raise ValueError(f"no tensor in an answer of {type(answer).__name__}")
    # copies: safetensors takes no two names of one memory
    return {k: t.detach().to("cpu", copy=True).contiguous() for k, t in answers.items()}


def _tensors(name: str, answer: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of an answer by name: of dicts (also those of Hugging Face), lists and tuples."""
    if isinstance(answer, torch.Tensor):
        yield name, answer
    elif isinstance(answer, Mapping):
        for key, value in answer.items():
            yield from _tensors(f"{name}.{key}", value)
    elif isinstance(answer, list | tuple):
        for i, value in enumerate(answer):
            yield from _tensors(f"{name}.{i}", value)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
