"""Reading and writing weights: the authors' .pth files and this project's .safetensors (SPEC §3)."""

from __future__ import annotations

import argparse
import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from vars_core.errors import InputError
from vars_core.models.base import VisionModel
from vars_core.resample import resample_to
from vars_core.upstream_keys import is_upstream, translate

StateDict = dict[str, Tensor]


@dataclass(frozen=True)
class Checkpoint:
    """Weights in this project's key names, the file's own words about them, and its SHA-256 in hex."""

    state: StateDict
    metadata: Mapping[str, str]
    sha256: str


def load_checkpoint(model: VisionModel, path: str | Path) -> None:
    """Load a .pth (the authors' layout or a plain state dict) or .safetensors file into ``model``, strictly.

    Weights that belong to another grid are resampled to the model's. Sets ``model.checkpoint_hash``. Raises InputError:
    one sentence that names every missing, unexpected or mis-shaped key, or says what is wrong with the file.
    """
    checkpoint = read_checkpoint(path)
    load_state(model, checkpoint.state, Path(path).name)
    model.checkpoint_hash = checkpoint.sha256


def read_checkpoint(path: str | Path) -> Checkpoint:
    """The weights of a file, wherever they lie in it. Raises InputError when it cannot be read or is refused."""
    file = Path(path)
    if not file.is_file():
        raise InputError(f"no checkpoint at {file}: expected a .pth or .safetensors file")
    state, metadata = _read_safetensors(file) if file.suffix == ".safetensors" else _read_pickle(file)
    state = {key.removeprefix("module."): value for key, value in state.items()}
    if is_upstream(state):
        state = translate(state)
    return Checkpoint(state, metadata, file_hash(file))


def load_state(model: nn.Module, state: StateDict, source: str) -> None:
    """Load a state dict into ``model``; ``source`` names it in the error. See `load_checkpoint`."""
    expected = model.state_dict()
    state = resample_to(state, model)
    optional = {key for key in expected if key.endswith("num_batches_tracked")}
    missing = sorted(expected.keys() - state.keys() - optional)
    unexpected = sorted(state.keys() - expected.keys())
    shapes = [
        f"{key} is {_shape(state[key])}, expected {_shape(expected[key])}"
        for key in sorted(expected.keys() & state.keys())
        if state[key].shape != expected[key].shape
    ]
    problems = []
    if missing:
        problems.append(f"missing: {', '.join(missing)}")
    if unexpected:
        problems.append(f"unexpected: {', '.join(unexpected)}")
    if shapes:
        problems.append(f"wrong shape: {'; '.join(shapes)}")
    if problems:
        name = getattr(model, "spec", type(model).__name__)
        raise InputError(f"{source} does not fit {name}: {' | '.join(problems)}")
    model.load_state_dict(state, strict=False)


def save_checkpoint(path: str | Path, model: nn.Module, metadata: Mapping[str, str], dtype: torch.dtype) -> str:
    """Write the model's weights as .safetensors, floating point cast to ``dtype``; returns the file's SHA-256."""
    state = {
        key: (value.to(dtype) if value.is_floating_point() else value).detach().cpu().contiguous()
        for key, value in model.state_dict().items()
    }
    save_file(state, str(path), metadata=dict(metadata))
    return file_hash(Path(path))


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_safetensors(file: Path) -> tuple[StateDict, dict[str, str]]:
    try:
        with safe_open(str(file), framework="pt") as opened:
            names = opened.keys()
            return {name: opened.get_tensor(name) for name in names}, opened.metadata() or {}
    except (SafetensorError, OSError) as error:
        raise InputError(f"{file.name} is not a whole safetensors file: {_first_line(error)}") from None


def _read_pickle(file: Path) -> tuple[StateDict, dict[str, str]]:
    try:
        # The released files keep their command line as an argparse.Namespace: that one class, no other.
        with torch.serialization.safe_globals([argparse.Namespace]):
            content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(f"{file.name} was refused: {_refusal(error)}") from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise InputError(f"{file.name} is not a whole PyTorch checkpoint: {_first_line(error)}") from None
    state = _find_state(content)
    if state is None:
        raise InputError(f"{file.name} holds no state dict: expected tensors by key, at the top or under 'model'")
    return state, {}


def _find_state(content: Any) -> StateDict | None:
    if not isinstance(content, Mapping):
        return None
    for key in ("model", "state_dict"):
        if isinstance(content.get(key), Mapping):
            return _find_state(content[key])
    if content and all(isinstance(value, Tensor) for value in content.values()):
        return dict(content)
    return None


def _refusal(error: pickle.UnpicklingError) -> str:
    text = str(error)
    if "GLOBAL" in text:
        name = text.partition("GLOBAL ")[2].split(" ")[0].strip("`'.,")
        return (
            f"it needs more than tensors and plain containers ({name}); open it where you trust it and save its state "
            "dict alone: torch.save({'model': state_dict}, 'weights.pth')"
        )
    return (
        "it is no plain PyTorch checkpoint of tensors and containers; where you trust it, save its state dict alone: "
        "torch.save({'model': state_dict}, 'weights.pth')"
    )


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "a scalar"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
