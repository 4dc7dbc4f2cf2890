"""Photographs and traces made for tests: small, and known to the last number."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from PIL import Image

from app.inference.atoms import LayerAtoms
from app.inference.traced import LayerMaps, ModelFacts, Traced
from app.library.photographs import Photograph, Subject, read_photograph


def picture(height: int = 48, width: int = 64, seed: int = 0) -> np.ndarray:
    """uint8 (height, width, 3), smooth enough to survive JPEG."""
    ramp = np.add.outer(np.linspace(0, 120, height), np.linspace(0, 100, width))
    shift = np.random.default_rng(seed).integers(0, 30, 3)
    return np.clip(ramp[..., None] + shift, 0, 255).astype(np.uint8)


def encoded(image: np.ndarray | Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of an image file."""
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, kind, **options)
    return buffer.getvalue()


def read(path: str) -> np.ndarray:
    """An image file that an endpoint answered with, (h, w, 3) RGB."""
    image = cv2.imread(path)
    assert image is not None
    return image[:, :, ::-1]


def photograph(ref: str = "upload:made", height: int = 48, width: int = 64, seed: int = 0) -> Photograph:
    return read_photograph(ref, "made", encoded(picture(height, width, seed)), max_pixels=1_000_000)


def facts(name: str = "rvt_nano/vars_d", steps: int = 3, checkpoint_hash: str | None = None) -> ModelFacts:
    return ModelFacts(name, 112, ("0.0", "0.1"), "0.1", "stream", steps, checkpoint_hash)


def traced(
    seed: int = 0, *, name: str = "rvt_nano/vars_d", steps: int = 3, checkpoint_hash: str | None = None
) -> Traced:
    """Two layers of random 14×14 maps, all readouts, and 200 class scores."""
    rng = np.random.default_rng(seed)

    def layer(label: str) -> LayerMaps:
        maps = {
            readout: rng.normal(size=(steps + 1, 14, 14)).astype(np.float32)
            for readout in ("stream", "contribution", "energy", "gap")
        }
        iterates = np.arange(steps + 1, dtype=np.float32)
        numbers = (iterates, iterates / 10, iterates * 2) if steps else (None, None, None)
        return LayerMaps(label, maps, *numbers)

    logits = rng.normal(size=200).astype(np.float32)
    layers = (layer("0.0"), layer("0.1"))
    return Traced(facts(name, steps, checkpoint_hash), logits, layers, {one.name: one.grid for one in layers})


def layer_atoms(
    seed: int = 0, *, groups: int = 3, count: int = 40, num_dynamic: int = 20, grid: tuple[int, int] = (14, 14)
) -> LayerAtoms:
    """Random atoms, dynamic ones positive; uses of four iterates with many ties."""
    rng = np.random.default_rng(seed)
    atoms = rng.normal(size=(groups, count, *grid)).astype(np.float32)
    atoms[:, :num_dynamic] = np.abs(atoms[:, :num_dynamic])
    use = rng.integers(0, 30, (4, groups, count)).astype(np.float32) / 16
    active = rng.random((4, groups, count), dtype=np.float32)
    return LayerAtoms(facts("rvt_nano/vars_sd"), "0.1", atoms, num_dynamic, use, active)


def subject(seed: int = 0) -> Subject:
    return Subject(photograph(seed=seed))
