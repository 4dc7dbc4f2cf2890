"""Which of the architectures that people publish weights of a file belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import timm
from torch import Tensor

from vars_core.errors import InputError
from vars_core.models.timm.build import build
from vars_core.models.timm.layouts import fitted, timm_names

PUBLISHED = (
    *(f"vit_{size}_patch16_224" for size in ("tiny", "small", "base", "large")),
    *(f"vit_{size}_patch32_224" for size in ("small", "base", "large")),
    *(f"vit_{size}_patch8_224" for size in ("small", "base")),
    *(f"deit_{size}_patch16_224" for size in ("tiny", "small", "base")),
    *(f"deit_{size}_distilled_patch16_224" for size in ("tiny", "small", "base")),
    *(f"vit_{size}_patch14_dinov2" for size in ("small", "base", "large", "giant")),
    *(f"vit_{size}_patch14_reg4_dinov2" for size in ("small", "base", "large", "giant")),
    *(f"vit_base_patch{patch}_clip_224" for patch in (16, 32)),
    "vit_large_patch14_clip_224",
    *(f"vit_{size}_patch16_siglip_{pixels}" for size, pixels in (("base", 224), ("base", 256), ("large", 256))),
)


def infer_architecture(state: Mapping[str, Tensor]) -> str:
    """The one of `PUBLISHED` whose keys and shapes are those of the weights, whatever their layout.

    Raises InputError where there is none, or where several are that want other pixels: a guess would go unseen.
    """
    projections = ("patch_embed.proj.weight", "conv1.weight")
    shapes = {tuple(value.shape) for key, value in timm_names(state).items() if key.endswith(projections)}
    fitting = [name for name in PUBLISHED if _first_shape(name) in shapes and _fits(name, state)]
    if not fitting:
        raise InputError(
            "the checkpoint's keys and shapes belong to no known model: name the model with its spec, "
            "for a timm model timm/<name>"
        )
    by_statistics: dict[Any, str] = {}
    for name in fitting:
        for tagged in timm.list_pretrained(f"{name}.*"):
            configuration = timm.models.get_pretrained_cfg(tagged)
            if configuration is not None:
                by_statistics.setdefault((configuration.mean, configuration.std), f"timm/{tagged}")
    if len(by_statistics) > 1:
        raise InputError(
            f"the checkpoint's keys and shapes fit {', '.join(by_statistics.values())}, which were trained on "
            "differently normalised pixels: name the right one with its spec"
        )
    return fitting[0]


def _first_shape(name: str) -> tuple[int, ...]:
    """Of the projection of patches, from the name alone: building every architecture would take seconds."""
    widths = {"tiny": 192, "small": 384, "base": 768, "large": 1024, "giant": 1536}
    _, size, *rest = name.split("_")
    patch = next(int(part.removeprefix("patch")) for part in rest if part.startswith("patch"))
    return (widths[size], 3, patch, patch)


def _fits(name: str, state: Mapping[str, Tensor]) -> bool:
    skeleton = build(name, 1000, None, device="meta")
    wanted = skeleton.state_dict()
    try:
        renamed = fitted(state, name, skeleton)
    except InputError:
        return False
    body = {key for key in wanted if not key.startswith("head")}
    if not (body <= renamed.keys() and renamed.keys() <= wanted.keys()):
        return False
    return all(renamed[key].shape == wanted[key].shape for key in body)
