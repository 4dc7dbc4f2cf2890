"""The authors' own code, imported from a checkout of it: what the benchmark runs beside ours, with the same weights.

Nothing of it is part of this project. It was written for an earlier timm and uses einops for two changes of layout; the
adapter gives it those names while it is imported.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from vars_core.errors import InputError
from vars_core.models.base import VisionModel
from vars_core.registry import create_model
from vars_core.upstream_keys import translate

ATTENTION = {"self": "self-att", "performer": "perf", "vars_s": "vars_s", "vars_d": "vars_d", "vars_sd": "vars_sd"}
"""Our mixers by the authors' names."""

FILES = ("config", "vars_block", "robust_models")
NUM_STEPS = 3
VALUES = 30.0
"""A fresh VARS-S has values far below its λ of 3.5, and no code that is not zero: its weights are made larger."""


def check_released(folder: Path) -> None:
    """Raises InputError for a folder that is no checkout of the authors' code."""
    if missing := [f"{name}.py" for name in FILES if not (folder / f"{name}.py").is_file()]:
        raise InputError(f"expected a checkout of the authors' code, found no {', '.join(missing)} in {folder}")


def released_model(folder: Path, mixer: str, num_classes: int) -> nn.Module:
    """The authors' RVT-Ti with fresh weights, in evaluation mode."""
    with imported(folder) as modules:
        modules["config"].config.update(attention=ATTENTION[mixer], num_step=NUM_STEPS, lam=0.3, rand_feat_dim_ratio=2)
        torch.manual_seed(0)
        model: nn.Module = modules["robust_models"].rvt_tiny(False, num_classes=num_classes)
    if mixer == "vars_s":
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if name.endswith(".v.weight"):
                    parameter.mul_(VALUES)
        model.update_L(lam=1.0)  # type: ignore[operator]  # nn.Module does not know its methods
    return model.eval()


def same_weights(released: nn.Module, mixer: str, num_classes: int) -> VisionModel:
    """Our model with the weights of the authors'."""
    model = create_model(f"rvt_tiny/{mixer}", num_classes=num_classes, num_steps=NUM_STEPS).eval()
    state = {key: value.clone() for key, value in released.state_dict().items()}
    model.load_state_dict(translate(state))
    return model


@contextmanager
def imported(folder: Path) -> Iterator[dict[str, ModuleType]]:
    """The modules of the checkout, which no later import finds."""
    check_released(folder)
    before = dict(sys.modules)
    sys.path.insert(0, str(folder))
    sys.modules.setdefault("einops", _einops())
    for name in FILES:
        sys.modules.pop(name, None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # timm says that its modules have moved, and registers names anew
            yield {name: importlib.import_module(name) for name in FILES}
    finally:
        sys.path.remove(str(folder))
        for name in (*FILES, "einops"):
            sys.modules.pop(name, None)
            if name in before:
                sys.modules[name] = before[name]


def _einops() -> ModuleType:
    module: Any = ModuleType("einops")
    module.rearrange = _rearrange
    made: ModuleType = module
    return made


def _rearrange(tensor: Tensor, pattern: str, **sizes: int) -> Tensor:
    """The two patterns that the authors' code uses."""
    if pattern == "b c h w -> b (h w) c":
        return tensor.flatten(2).transpose(1, 2)
    if pattern == "b (h w) c -> b c h w":
        return tensor.transpose(1, 2).unflatten(2, (sizes["h"], sizes["w"]))
    raise InputError(f"expected one of the two changes of layout of the authors' code, got {pattern!r}")
