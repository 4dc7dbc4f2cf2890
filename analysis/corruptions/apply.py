"""The front door: check what came, seed the generator, run the recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analysis.corruptions.frost_textures import FrostFolder, grow
from analysis.corruptions.generator import generator
from analysis.corruptions.pixels import Bytes
from analysis.corruptions.table import FORMULAS, NAMES, SEVERITIES
from vars_core.errors import InputError, nearest

MINIMUM_SIDE = 32


def corrupt(
    image: Bytes,
    name: str,
    severity: int | np.integer[Any],
    image_id: str = "",
    seed: int = 0,
    *,
    frost_textures: str | Path | None = None,
) -> Bytes:
    """``image`` corrupted as ImageNet-C does it (SPEC §8): a new uint8 array (H, W, 3); the input is left as it is.

    ``image``: RGB, uint8 (H, W, 3), both sides ≥ 32 px. ``name``: one of ``NAMES``. ``severity``: 1..5. The draws
    depend on (``image_id``, ``name``, ``severity``, ``seed``) alone, so pictures whose noise should differ need
    different ids. ``frost_textures``: a folder of frost photographs to cut from; without it frost is grown.

    Raises InputError (a ValueError) for an unknown name, a severity outside 1..5, an image of another type or shape.
    """
    check_name(name)
    check_severity(severity)
    check_image(image)
    texture = grow if frost_textures is None else FrostFolder(frost_textures)
    rng = generator(image_id, name, int(severity), int(seed))
    return FORMULAS[name](np.ascontiguousarray(image), int(severity), rng=rng, texture=texture)


def check_name(name: Any) -> None:
    """Raise InputError, offering the nearest names, unless ``name`` is a corruption."""
    if name not in NAMES:
        raise InputError(f"expected the name of a corruption, got {name!r}; nearest: {nearest(str(name), NAMES)}")


def check_severity(severity: Any) -> None:
    """Raise InputError unless ``severity`` is a whole number 1..5."""
    whole = isinstance(severity, (int, np.integer)) and not isinstance(severity, bool)
    if not whole or severity not in SEVERITIES:
        raise InputError(f"expected a severity 1, 2, 3, 4 or 5, got {severity!r}")


def check_image(image: Any) -> None:
    """Raise InputError unless ``image`` is a uint8 array (H, W, 3) with both sides at least 32 px."""
    wanted = f"expected an image as a uint8 array (height, width, 3) with both sides at least {MINIMUM_SIDE} px"
    if not isinstance(image, np.ndarray):
        raise InputError(f"{wanted}, got {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < MINIMUM_SIDE:
        raise InputError(f"{wanted}, got {image.dtype} {image.shape}")
