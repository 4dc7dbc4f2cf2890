"""How far an image may be moved: the ball of a norm, and what climbing inside it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from vars_core.errors import InputError


class Ball(Protocol):
    """A ball around every image; images and gradients are (B, …) and a norm is one image's."""

    def project(self, points: Tensor, centres: Tensor) -> Tensor:
        """The points (B, …), brought into the balls around ``centres`` and into [0, 1]."""

    def ascent(self, gradients: Tensor) -> Tensor:
        """The step of norm 1 along which a linear function with these gradients rises most, zero where they are."""

    def draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        """A uniform draw from the ball around zero, for one image of ``shape``."""


@dataclass(frozen=True)
class LinfBall:
    """No value of an image moves by more than ε."""

    epsilon: float

    def project(self, points: Tensor, centres: Tensor) -> Tensor:
        return (centres + (points - centres).clamp(-self.epsilon, self.epsilon)).clamp(0, 1)

    def ascent(self, gradients: Tensor) -> Tensor:
        return gradients.sign()

    def draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        return self.epsilon * (2 * torch.rand(shape, generator=generator) - 1)


@dataclass(frozen=True)
class L2Ball:
    """The Euclidean distance over all values of an image is at most ε."""

    epsilon: float

    def project(self, points: Tensor, centres: Tensor) -> Tensor:
        moved = points - centres
        scale = (self.epsilon / _norms(moved).clamp_min(torch.finfo(moved.dtype).tiny)).clamp_max(1)
        return (centres + moved * scale).clamp(0, 1)  # [0, 1] holds the centre: cutting brings no point farther

    def ascent(self, gradients: Tensor) -> Tensor:
        return gradients / _norms(gradients).clamp_min(torch.finfo(gradients.dtype).tiny)

    def draw(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        direction = torch.randn(shape, generator=generator)
        radius = torch.rand((), generator=generator) ** (1 / shape.numel())
        return self.epsilon * radius * direction / direction.norm()


BALLS: dict[str, type[LinfBall] | type[L2Ball]] = {"inf": LinfBall, "2": L2Ball}


def ball(norm: str, epsilon: float) -> Ball:
    """The ball of ``norm``, "inf" or "2". ``epsilon`` is in units of the pixel range [0, 1]."""
    if norm not in BALLS:
        raise InputError(f"expected the norm {' or '.join(BALLS)}, got {norm!r}")
    if not 0 <= epsilon < float("inf") or (norm == "inf" and epsilon > 1):
        raise InputError(f"expected an epsilon in units of the pixel range [0, 1], such as 1/255, got {epsilon!r}")
    return BALLS[norm](epsilon)


def _norms(images: Tensor) -> Tensor:
    """(B, …) -> (B, 1, …)."""
    return images.flatten(1).norm(dim=1).view(-1, *[1] * (images.ndim - 1))
