"""Models whose worst case is known by hand, and made images."""

from __future__ import annotations

import torch
from torch import Tensor

from analysis.attacks import PixelLogits

SHAPE = (3, 8, 8)


def made_images(count: int, seed: int = 0, shape: tuple[int, int, int] = SHAPE) -> Tensor:
    """Away from 0 and 1 by at least .2, so that no small ball is cut."""
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(seed)) * 0.6 + 0.2


def names(count: int) -> list[str]:
    return [f"image {index}" for index in range(count)]


class LinearModel:
    """Two classes with logits (0, w·x + b): the margin falls fastest, by ε times the dual norm of w, along its sign."""

    def __init__(self, seed: int = 0, bias: float = 0.0) -> None:
        self.weight = torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))
        self.bias = bias

    def score(self, images: Tensor) -> Tensor:
        return (images * self.weight).flatten(1).sum(1) + self.bias

    def __call__(self, images: Tensor) -> Tensor:
        score = self.score(images)
        return torch.stack([torch.zeros_like(score), score], dim=1)


def masked(model: PixelLogits) -> PixelLogits:
    """The same answers to rounded pixels: no gradient gets through."""

    def logits(images: Tensor) -> Tensor:
        return model((images * 255).round() / 255) + 0 * images.sum()

    return logits


class SmallNetwork(torch.nn.Module):
    """Two convolutions with random weights: curved enough that steps and restarts matter."""

    def __init__(self, classes: int = 5) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layers = torch.nn.Sequential(
                torch.nn.Conv2d(3, 16, 3, stride=2),
                torch.nn.GELU(),
                torch.nn.Conv2d(16, 16, 3),
                torch.nn.GELU(),
                torch.nn.Flatten(),
                torch.nn.Linear(16, classes),
            )

    def forward(self, images: Tensor) -> Tensor:
        return 30 * self.layers(images - 0.5)
