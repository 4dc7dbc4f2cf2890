"""Model specs: ``"rvt_tiny/vars_d"`` ↔ (backbone, mixer); ``"timm/<name>"`` names any timm model."""

from __future__ import annotations

from dataclasses import dataclass

from vars_core.errors import InputError, nearest

RVT_MIXERS = ("self", "performer", "vars_s", "vars_d", "vars_sd")
BACKBONE_MIXERS: dict[str, tuple[str, ...]] = {
    "rvt_nano": RVT_MIXERS,
    "rvt_tiny": RVT_MIXERS,
    "rvt_small": RVT_MIXERS,
    "rvt_base": RVT_MIXERS,
    "deit_tiny": RVT_MIXERS,
    "deit_small": RVT_MIXERS,
    "gfnet_tiny": ("filter", "vars_s", "vars_d", "vars_sd"),
    "gfnet_small": ("filter", "vars_s", "vars_d", "vars_sd"),
}
"""The mixers that each backbone is built with."""


@dataclass(frozen=True)
class ModelSpec:
    """A backbone and the mixer in its blocks."""

    backbone: str
    mixer: str

    def __str__(self) -> str:
        return f"{self.backbone}/{self.mixer}"

    @property
    def is_timm(self) -> bool:
        return self.backbone == "timm"


def model_names() -> list[str]:
    """Every spec of this project's own models."""
    return [f"{backbone}/{mixer}" for backbone, mixers in BACKBONE_MIXERS.items() for mixer in mixers]


def parse_spec(text: str) -> ModelSpec:
    """``"rvt_tiny/vars_d"`` -> ModelSpec; an unknown spec is an `InputError` that names the nearest valid ones."""
    backbone, _, mixer = text.strip().partition("/")
    if backbone == "timm" and mixer:
        return ModelSpec(backbone, mixer)
    if mixer in BACKBONE_MIXERS.get(backbone, ()):
        return ModelSpec(backbone, mixer)
    raise InputError(f"unknown model {text!r}; nearest: {nearest(text, model_names())} (or 'timm/<name>')")
