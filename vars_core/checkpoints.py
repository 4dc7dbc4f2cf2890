"""Reading and writing weights: .pth, .safetensors and .npz files, whoever wrote them (SPEC §3, docs/models.md)."""

from __future__ import annotations

import argparse
import hashlib
import pickle
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from vars_core.errors import InputError, first_line
from vars_core.models.base import VisionModel
from vars_core.resample import resample_to
from vars_core.upstream_keys import is_upstream, translate

StateDict = dict[str, Tensor]

ENTRIES = ("model", "state_dict", "model_state_dict", "teacher", "student", "model_ema", "state_dict_ema")
"""Where files keep their weights; the first that is there is read."""

NAMED = 6
"""How many keys an error names; further ones are counted by what they begin with."""

FORMER_NANO = (
    "these are weights of the former rvt_nano, of depths (4, 1) and heads (3, 6), 0.96 to 1.17 M parameters; the "
    "backbone has changed to depths (4, 2) and heads (4, 8), and the former weights no longer fit it"
)


@dataclass(frozen=True)
class Checkpoint:
    """Weights in this project's key names, the file's own words about them, and its SHA-256 in hex."""

    state: StateDict
    metadata: Mapping[str, str]
    sha256: str


def load_checkpoint(model: VisionModel, path: str | Path) -> None:
    """Load a .pth, .safetensors or .npz file into ``model``, strictly.

    The names may be this project's or the authors', and for a timm model any of those that `docs/models.md` lists.
    Weights that belong to another grid are resampled to the model's. Sets ``model.checkpoint_hash``. Raises InputError:
    one sentence that names what is missing, unexpected or mis-shaped, or says what is wrong with the file.
    """
    checkpoint = read_checkpoint(path)
    load_state(model, checkpoint.state, Path(path).name)
    model.checkpoint_hash = checkpoint.sha256


def read_checkpoint(path: str | Path) -> Checkpoint:
    """The weights of a file, wherever they lie in it. Raises InputError when it cannot be read or is refused."""
    file = Path(path)
    if not file.is_file():
        raise InputError(f"no checkpoint at {file}: expected a .pth, .safetensors or .npz file")
    read = {".safetensors": _read_safetensors, ".npz": _read_arrays}.get(file.suffix, _read_pickle)
    state, metadata = read(file)
    state = {re.sub(r"^(module\.|_orig_mod\.)+", "", key): _whole_precision(value) for key, value in state.items()}
    if is_upstream(state):
        state = translate(state)
    return Checkpoint(state, metadata, file_hash(file))


def load_state(model: nn.Module, state: StateDict, source: str) -> None:
    """Load a state dict into ``model``; ``source`` names it in the error. See `load_checkpoint`."""
    expected = model.state_dict()
    state = resample_to(model.adapted(state) if isinstance(model, VisionModel) else state, model)
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
        problems.append(f"missing: {_summary(missing)}")
    if unexpected:
        problems.append(f"unexpected: {_summary(unexpected)}")
    if shapes:
        more = f"; and {len(shapes) - NAMED} more" if len(shapes) > NAMED else ""
        problems.append(f"wrong shape: {'; '.join(shapes[:NAMED])}{more}")
    if problems:
        name = str(getattr(model, "spec", type(model).__name__))
        former = f"{FORMER_NANO} | " if name.startswith("rvt_nano/") and is_former_nano(state) else ""
        raise InputError(f"{source} does not fit {name}: {former}{' | '.join(problems)}")
    model.load_state_dict(state, strict=False)


def is_former_nano(state: Mapping[str, Tensor]) -> bool:
    """Whether the weights are of `rvt_nano` as it was: five blocks, 96 channels in the first four."""
    blocks = {match[1] for key in state if (match := re.match(r"stages\.(\d+\.\d+)\.", key))}
    norm = state.get("head.norm.weight")
    return blocks == {"0.0", "0.1", "0.2", "0.3", "1.0"} and norm is not None and norm.shape[0] == 192


def _summary(keys: Sequence[str]) -> str:
    """A few keys by name; more of them as what groups of them begin with, and how many each has."""
    if len(keys) <= NAMED:
        return ", ".join(keys)
    groups: dict[str, list[str]] = {}
    for key in keys:
        groups.setdefault(_group(key), []).append(key)
    shown = [
        f"{len(members)} under {prefix}* (such as {members[0]})" if len(members) > 1 else members[0]
        for prefix, members in sorted(groups.items(), key=lambda group: -len(group[1]))[:NAMED]
    ]
    rest = f" and {len(groups) - NAMED} more groups" if len(groups) > NAMED else ""
    return f"{len(keys)} keys: {', '.join(shown)}{rest}"


def _group(key: str) -> str:
    """What stands before the first number, "stages." of "stages.0.1.norm1.weight"; else the first word."""
    return match[0] if (match := re.match(r"\D*?\.(?=\d)", key)) else key.partition(".")[0] + "."


def _whole_precision(value: Tensor) -> Tensor:
    """Half precision as float32, which every later step computes in."""
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


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
        raise InputError(f"{file.name} is not a whole safetensors file: {first_line(error)}") from None


def _read_arrays(file: Path) -> tuple[StateDict, dict[str, str]]:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: torch.from_numpy(np.ascontiguousarray(arrays[name])) for name in arrays.files}, {}
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InputError(f"{file.name} is not a whole file of NumPy arrays: {first_line(error)}") from None


def _read_pickle(file: Path) -> tuple[StateDict, dict[str, str]]:
    try:
        # The released files keep their command line as an argparse.Namespace: that one class, no other.
        with torch.serialization.safe_globals([argparse.Namespace]):
            content = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(f"{file.name} was refused: {_refusal(error)}") from None
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise InputError(f"{file.name} is not a whole PyTorch checkpoint: {first_line(error)}") from None
    state = _find_state(content)
    if state is None:
        raise InputError(
            f"{file.name} holds no state dict: expected tensors by key, at the top or under one of {', '.join(ENTRIES)}"
        )
    return state, {}


def _find_state(content: Any) -> StateDict | None:
    if not isinstance(content, Mapping):
        return None
    for key in ENTRIES:
        if isinstance(content.get(key), Mapping):
            return _find_state(content[key])
    tensors = {key: value for key, value in content.items() if isinstance(value, Tensor)}
    return tensors if tensors and len(tensors) == len(content) else None


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
