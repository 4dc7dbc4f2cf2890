"""From a spec to a model, and the registration of every model with timm."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from timm.models import register_model

from vars_core.errors import InputError
from vars_core.image_size import ImageSize, checked_size
from vars_core.mixers import Solving
from vars_core.models.base import VisionModel
from vars_core.models.deit import build_deit
from vars_core.models.gfnet import build_gfnet
from vars_core.models.rvt import build_rvt
from vars_core.models.timm import TimmModel
from vars_core.spec import BACKBONES, ModelSpec, model_names, parse_spec

_BUILDERS = {"rvt": build_rvt, "deit": build_deit, "gfnet": build_gfnet}


def create_model(
    spec: str | ModelSpec,
    num_classes: int = 1000,
    num_steps: int = 3,
    *,
    solver: str | None = None,
    lam: float | None = None,
    image_size: ImageSize | None = None,
    drop_path: float = 0.0,
) -> VisionModel:
    """A model with fresh weights.

    ``spec`` "<backbone>/<mixer>" or "timm/<name>"; ``num_classes`` ≥ 1, and 0 leaves the classifier of a timm model
    out; ``num_steps`` T ≥ 0; ``solver`` "ista", "lista" or None for the mixer's own; ``lam`` λ ≥ 0 or None for the
    mixer's own; ``image_size`` the input's side in pixels or (height, width), None for the backbone's own;
    ``drop_path`` the highest rate of stochastic depth. Raises InputError for anything unknown.
    """
    parsed = parse_spec(spec) if isinstance(spec, str) else spec
    if num_classes < (0 if parsed.is_timm else 1):
        raise InputError(f"num_classes must be 1 or more, got {num_classes}")
    if image_size is not None:
        image_size = checked_size(image_size)
    if parsed.is_timm:
        return TimmModel(parsed, num_classes, image_size, drop_path=drop_path)
    solving = Solving(num_steps, lam, solver)
    return _BUILDERS[BACKBONES[parsed.backbone].family](parsed, num_classes, image_size, solving, drop_path)


def _timm_entry(name: str) -> Callable[..., VisionModel]:
    """What ``timm.create_model`` calls: timm's own argument names, translated."""

    def entry(pretrained: bool = False, **kwargs: Any) -> VisionModel:
        if pretrained:
            raise InputError(f"{name} has no pretrained weights in timm: use vars_core.load_checkpoint")
        ours = {"img_size": "image_size", "drop_path_rate": "drop_path"}
        ignored = ("pretrained_cfg", "pretrained_cfg_overlay", "cache_dir")
        arguments = {ours.get(key, key): value for key, value in kwargs.items() if key not in ignored}
        return create_model(name, **arguments)

    entry.__name__ = name.replace("/", "_")
    entry.__module__ = __name__
    return entry


for _name in model_names():
    _entry = _timm_entry(_name)
    if not hasattr(sys.modules[__name__], _entry.__name__):
        setattr(sys.modules[__name__], _entry.__name__, register_model(_entry))
