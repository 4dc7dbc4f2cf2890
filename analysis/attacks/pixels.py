"""From a model that wants normalised images to a function of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from analysis.attacks.attacked import PixelLogits
from vars_core.images import normalised
from vars_core.models.base import VisionModel


def pixel_logits(model: VisionModel) -> PixelLogits:
    """The model as a function of images (B, 3, H, W) in [0, 1], in the model's precision, with gradients.

    Normalised by the model's own statistics. The model is put into evaluation mode. Images may lie on any device;
    logits come back to it. `Backend.logits` takes normalised images and has no gradients: hand in ``backend.model``.
    """
    model.eval()
    wanted = model.preprocessing

    def logits(images: Tensor) -> Tensor:
        weights = next(model.parameters())
        placed = images.to(weights)
        return model(normalised(placed, wanted)).to(images)

    return logits


def to_pixels(images: Sequence[np.ndarray]) -> Tensor:
    """uint8 (H, W, 3) images of one size -> float32 (B, 3, H, W) in [0, 1]."""
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous().float() / 255
