"""What a model wants of its pixels: it was trained on numbers of this mean and deviation, resized in this way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from vars_core.image_size import ImageSize

Statistics = tuple[float, float, float]
"""One number for each of red, green, blue, in units where 0 is black and 1 is white."""

INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Preprocessing:
    """Per-channel ``mean`` and ``std``, ``interpolation`` (a key of `INTERPOLATIONS`), and what "center" cuts out.

    ``crop`` is the share of the side that stays, in (0, 1]. ``squash``: "center" squeezes the image into the input's
    shape as "whole" does, instead of cutting that shape out of it, before the share ``crop`` is taken. ``covered``: the
    pixels of the input, from its top left corner, that the model's patches cover; None where they cover all of it.
    """

    mean: Statistics = (0.485, 0.456, 0.406)
    std: Statistics = (0.229, 0.224, 0.225)
    interpolation: str = "bicubic"
    crop: float = 224 / 256
    squash: bool = False
    covered: ImageSize | None = None

    @classmethod
    def of_timm(cls, configuration: Mapping[str, Any], covered: ImageSize | None = None) -> Preprocessing:
        """From what ``timm.data.resolve_model_data_config`` gives."""
        interpolation = str(configuration["interpolation"])
        mean, std = (tuple(float(value) for value in configuration[key]) for key in ("mean", "std"))
        assert len(mean) == len(std) == 3
        return cls(
            mean=mean,
            std=std,
            interpolation=interpolation if interpolation in INTERPOLATIONS else "bicubic",
            crop=float(configuration["crop_pct"]),
            squash=configuration["crop_mode"] == "squash",
            covered=covered,
        )


IMAGENET = Preprocessing()
"""That of this project's own models: ImageNet's statistics, bicubic, 224 of 256 pixels about the centre."""
