"""Augmentation of whole batches as tensor operations on the device.

Crop, resize, flip, rotation and shear are one bilinear sampling; brightness, contrast and saturation one pass each.
Every picture's numbers come from (seed, epoch, picture, repeat), so they do not depend on the batch around it.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from vars_core.images import normalised
from vars_core.training.draws import uniforms
from vars_core.training.recipe import Augmentation

DRAWS = 16


def to_float(images: Tensor) -> Tensor:
    """(B, H, W, 3) uint8 to (B, 3, H, W) float32 in [0, 1]."""
    return images.permute(0, 3, 1, 2).float().div_(255)


def resized(images: Tensor, size: int) -> Tensor:
    """(B, H, W, 3) uint8 to the model's normalised input (B, 3, size, size), the whole picture, for validation."""
    pixels = to_float(images)
    if pixels.shape[-2:] != (size, size):
        pixels = F.interpolate(pixels, (size, size), mode="bicubic", align_corners=False, antialias=True).clamp_(0, 1)
    return normalised(pixels)


def _affine(draws: NDArray[np.float32], augmentation: Augmentation) -> NDArray[np.float32]:
    """(B, 2, 3) maps from output to input coordinates in [-1, 1]: a random box of the picture, turned and sheared."""
    low, high = augmentation.crop_scale
    area = low + (high - low) * draws[:, 0]
    log_ratio = np.log(augmentation.crop_ratio)
    ratio = np.exp(log_ratio[0] + (log_ratio[1] - log_ratio[0]) * draws[:, 1])
    width = np.minimum(np.sqrt(area * ratio), 1.0)
    height = np.minimum(np.sqrt(area / ratio), 1.0)
    shift_x = (1 - width) * (2 * draws[:, 2] - 1)
    shift_y = (1 - height) * (2 * draws[:, 3] - 1)
    mirror = np.where(draws[:, 4] < augmentation.flip, -1.0, 1.0)
    angle = np.deg2rad(augmentation.rotation) * (2 * draws[:, 5] - 1)
    shear = augmentation.shear * (2 * draws[:, 6] - 1)
    box = np.zeros((len(draws), 2, 3))
    box[:, 0, 0], box[:, 0, 2] = width * mirror, shift_x
    box[:, 1, 1], box[:, 1, 2] = height, shift_y
    turn = np.zeros((len(draws), 2, 2))
    turn[:, 0, 0], turn[:, 0, 1] = np.cos(angle), -np.sin(angle) + shear
    turn[:, 1, 0], turn[:, 1, 1] = np.sin(angle), np.cos(angle)
    return (turn @ box).astype(np.float32)


def _colour(pixels: Tensor, draws: Tensor, strength: float) -> Tensor:
    """Brightness, contrast and saturation, each by a factor uniform in 1 ± ``strength``."""
    brightness, contrast, saturation = (1 + strength * (2 * draws[:, i] - 1).view(-1, 1, 1, 1) for i in range(3))
    pixels = pixels * brightness
    grey = (pixels * pixels.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)
    pixels = torch.lerp(grey.expand_as(pixels), pixels, saturation)
    mean = grey.mean((2, 3), keepdim=True)
    return torch.lerp(mean.expand_as(pixels), pixels, contrast).clamp_(0, 1)


def _erase(pixels: Tensor, draws: NDArray[np.float32], probability: float) -> Tensor:
    """Random erasing (Zhong et al. 2020) of a box of 2 to 33 % of the area, to the mean (zero once normalised)."""
    size = pixels.shape[-1]
    area = 0.02 + (1 / 3 - 0.02) * draws[:, 1]
    ratio = np.exp(np.log(0.3) * (1 - 2 * draws[:, 2]))
    half = np.stack([np.sqrt(area * ratio), np.sqrt(area / ratio)], 1).clip(max=1.0) * size / 2
    centre = half + draws[:, 3:5] * (size - 2 * half)
    half = np.where(draws[:, :1] < probability, half, 0)
    place = torch.arange(size, device=pixels.device) + 0.5
    offset = (place - torch.from_numpy(centre).to(pixels.device)[..., None]).abs()  # (B, 2, size)
    inside = offset < torch.from_numpy(half).to(pixels.device)[..., None]
    return pixels.masked_fill_((inside[:, 0, :, None] & inside[:, 1, None, :])[:, None], 0)


def augmented(
    images: Tensor,
    index: NDArray[np.int64],
    repeat: NDArray[np.int64],
    *,
    size: int,
    seed: int,
    epoch: int,
    augmentation: Augmentation,
) -> Tensor:
    """(B, H, W, 3) uint8 to the model's normalised, augmented input (B, 3, size, size)."""
    draws = uniforms(DRAWS, seed, epoch, index, repeat)
    theta = torch.from_numpy(_affine(draws, augmentation)).to(images.device)
    grid = F.affine_grid(theta, [len(images), 3, size, size], align_corners=False)
    pixels = F.grid_sample(to_float(images), grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    if augmentation.colour_jitter:
        pixels = _colour(pixels, torch.from_numpy(draws[:, 7:10]).to(images.device), augmentation.colour_jitter)
    pixels = normalised(pixels)
    if augmentation.erasing:
        pixels = _erase(pixels, draws[:, 10:15], augmentation.erasing)
    return pixels
