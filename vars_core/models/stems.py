"""Stems: images (B, 3, S, S) -> tokens (B, N, C) and their grid."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from vars_core.grid_bound import GridBound
from vars_core.image_size import ImageSize, height_and_width
from vars_core.resample import resample_position
from vars_core.tokens import Grid, require_grid, to_sequence


class Stem(nn.Module):
    """Convolutions, ``proj``, whose pixels are the tokens."""

    proj: nn.Sequential

    def forward(self, images: Tensor) -> tuple[Tensor, Grid]:
        image = self.proj(images)
        return to_sequence(image), (image.shape[2], image.shape[3])


class RvtStem(Stem):
    """7×7 stride 2 (pad 2) to 32 → BatchNorm → 3×3 max-pool stride 2 → k×k stride k, k = ``stride``/4."""

    def __init__(self, dim: int, stride: int = 16) -> None:
        super().__init__()
        patch = stride // 4
        self.proj = nn.Sequential(
            nn.Conv2d(3, 32, 7, stride=2, padding=2),
            nn.BatchNorm2d(32),
            nn.MaxPool2d(3, stride=2, padding=1),
            nn.Conv2d(32, dim, patch, stride=patch),
        )


class ConvStem(Stem):
    """Xiao et al. 2021: 3×3 stride-2 convolutions with BatchNorm and ReLU, channels doubling up to C, then 1×1.

    ``stride`` is a power of two: one convolution for each factor of 2.
    """

    def __init__(self, dim: int, stride: int = 16) -> None:
        super().__init__()
        depth = stride.bit_length() - 1
        widths = [3] + [dim // 2 ** (depth - 1 - i) for i in range(depth)]
        layers: list[nn.Module] = []
        for narrow, wide in itertools.pairwise(widths):
            layers += [nn.Conv2d(narrow, wide, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(wide), nn.ReLU()]
        self.proj = nn.Sequential(*layers, nn.Conv2d(dim, dim, 1))


class PositionedStem(GridBound):
    """A stem followed by a learned position embedding, (1, N, C), that belongs to one grid."""

    grid_bound = ("position",)

    def __init__(self, stem: nn.Module, dim: int, grid: Grid) -> None:
        super().__init__()
        self.stem = stem
        self.grid = grid
        self.position = nn.Parameter(torch.zeros(1, grid[0] * grid[1], dim))

    def forward(self, images: Tensor) -> tuple[Tensor, Grid]:
        tokens, grid = self.stem(images)
        require_grid("the position embedding belongs", self.grid, grid)
        return tokens + self.position, grid

    def initialise(self) -> None:
        """Normal cut at 2σ, σ = .02."""
        nn.init.trunc_normal_(self.position, std=0.02)

    def resampled(self, stored: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
        return {name: resample_position(position, self.grid, prefix + name) for name, position in stored.items()}


def stem_grid(stem: Stem, image_size: ImageSize) -> Grid:
    """The grid that ``stem`` makes of an image, by the kernels, strides and paddings of its layers."""
    height, width = height_and_width(image_size)
    for layer in stem.proj:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            kernel, stride, padding = map(_side, (layer.kernel_size, layer.stride, layer.padding))
            height, width = ((side + 2 * padding - kernel) // stride + 1 for side in (height, width))
    return height, width


def _side(value: int | str | tuple[int, ...]) -> int:
    """Of a square kernel, stride or padding."""
    return int(value[0] if isinstance(value, tuple) else value)
