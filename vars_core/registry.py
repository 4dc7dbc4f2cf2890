"""From a spec to a model."""

from __future__ import annotations

from vars_core.errors import InputError
from vars_core.image_size import ImageSize, checked_size
from vars_core.mixers import Solving
from vars_core.models.base import VisionModel
from vars_core.models.deit import build_deit
from vars_core.models.gfnet import build_gfnet
from vars_core.models.rvt import build_rvt
from vars_core.spec import BACKBONES, ModelSpec, parse_spec

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
        from vars_core.models.timm import TimmModel  # timm takes longer to import than torch

        return TimmModel(parsed, num_classes, image_size, drop_path=drop_path)
    solving = Solving(num_steps, lam, solver)
    return _BUILDERS[BACKBONES[parsed.backbone].family](parsed, num_classes, image_size, solving, drop_path)
