"""How many multiply-adds one image costs a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from vars_core.image_size import height_and_width
from vars_core.models.base import VisionModel


def multiply_adds(model: VisionModel) -> tuple[float, float]:
    """What `FlopCounterMode` counts for one image, halved (it takes a multiply-add for two operations), and FFTs apart.

    It knows matrix products and convolutions; attention is run as products of matrices, since whether a fused kernel is
    counted depends on the version of torch and on the device. Everything that works element by element (norms,
    activations, shrinkage, products of spectra) and eigenvalues count as nothing. ``model``: without gradients.
    """
    formulas: dict[Any, Any] = {
        torch.ops.aten._fft_r2c: lambda images, dims, *_, **__: real_fft_flops(images, dims),
        torch.ops.aten._fft_c2r: lambda spectra, dims, *_, out_shape, **__: real_fft_flops(out_shape, dims),
    }
    counter = FlopCounterMode(display=False, custom_mapping=formulas)
    device = next(model.parameters()).device
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        model(torch.zeros(1, 3, *height_and_width(model.image_size), device=device))
    counts = counter.get_flop_counts()["Global"]
    fft = sum(flops for operation, flops in counts.items() if operation in formulas)
    return (counter.get_total_flops() - fft) / 2, fft / 2


def real_fft_flops(shape: Sequence[int], dims: list[int]) -> int:
    """2.5·N·log₂N operations for the transform of N real numbers, there or back, as FFTs are usually counted."""
    num_points = math.prod(shape[dim] for dim in dims)
    return round(math.prod(shape) * 2.5 * math.log2(num_points))
