"""Model specs: ``"rvt_tiny/vars_d"`` ↔ (backbone, mixer); ``"timm/<name>"`` names any timm model."""

from __future__ import annotations

from dataclasses import dataclass

from vars_core.errors import InputError, nearest

HUB = "hub"
"""In place of a checkpoint's file: the weights that a timm model's authors published (`vars_core.models.timm.hub`)."""


@dataclass(frozen=True)
class BackboneKind:
    """A backbone, the family that builds it (a mixer says on which families it stands), and what people call it."""

    name: str
    family: str
    title: str


BACKBONES: dict[str, BackboneKind] = {
    kind.name: kind
    for kind in (
        BackboneKind("rvt_nano", "rvt", "RVT-nano"),
        BackboneKind("rvt_tiny", "rvt", "RVT-Ti"),
        BackboneKind("rvt_small", "rvt", "RVT-S"),
        BackboneKind("rvt_base", "rvt", "RVT-B"),
        BackboneKind("deit_tiny", "deit", "DeiT-Ti"),
        BackboneKind("deit_small", "deit", "DeiT-S"),
        BackboneKind("gfnet_tiny", "gfnet", "GFNet-Ti"),
        BackboneKind("gfnet_small", "gfnet", "GFNet-S"),
    )
}


def mixers_of(backbone: str) -> tuple[str, ...]:
    """The mixers that a backbone is built with; none for one that is unknown."""
    from vars_core.mixers.table import MIXERS  # with PyTorch behind it: loaded when it is asked for

    kind = BACKBONES.get(backbone)
    return tuple(name for name, mixer in MIXERS.items() if kind is not None and kind.family in mixer.families)


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
    return [f"{backbone}/{mixer}" for backbone in BACKBONES for mixer in mixers_of(backbone)]


def parse_spec(text: str) -> ModelSpec:
    """``"rvt_tiny/vars_d"`` -> ModelSpec; an unknown spec is an `InputError` that names the nearest valid ones."""
    backbone, _, mixer = text.strip().partition("/")
    if backbone == "timm" and mixer:
        return ModelSpec(backbone, mixer)
    if mixer in mixers_of(backbone):
        return ModelSpec(backbone, mixer)
    raise InputError(f"unknown model {text!r}; nearest: {nearest(text, model_names())} (or 'timm/<name>')")
