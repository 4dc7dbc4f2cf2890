"""An attack that sees logits alone: random squares, kept where they help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from analysis.attacks.attacked import Attacked, PixelLogits, check_batch, generator
from analysis.attacks.balls import ball
from analysis.attacks.goals import Goal
from vars_core.errors import InputError

HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Queries of 10,000 after which the squares' share of the image halves."""


@dataclass(frozen=True)
class Square:
    """Random search over squares of ±ε (Andriushchenko et al. 2020; SPEC §9 "Square"): L∞, at most so many queries.

    ``first_share`` of the image's area is what the first squares cover. It starts from stripes of ±ε, and an image on
    which the goal is reached is left alone. ``losses`` are those of the stripes and of the end.
    """

    epsilon: float = 1 / 255
    num_queries: int = 1000
    first_share: float = 0.8
    seed: int = 0

    def __post_init__(self) -> None:
        ball("inf", self.epsilon)
        if self.num_queries < 1:
            raise InputError(f"expected at least 1 query, got {self.num_queries}")
        if not 0 < self.first_share <= 1:
            raise InputError(f"expected first squares of a share above 0 and up to 1, got {self.first_share!r}")

    def at(self, epsilon: float) -> Square:
        return replace(self, epsilon=epsilon)

    @torch.no_grad()
    def __call__(self, logits: PixelLogits, images: Tensor, goal: Goal, image_ids: Sequence[str]) -> Attacked:
        check_batch(images, goal, image_ids)
        stripes, places, signs = self._draws(images, image_ids)
        points = (images + self.epsilon * stripes).clamp(0, 1)
        reached = logits(points)
        first_loss, margins = goal.loss(reached), goal.margin(reached)
        for query in range(self.num_queries - 1):
            standing = (margins >= 0).nonzero()[:, 0]
            if not len(standing):
                break
            inside = squares(places[query, standing], self._side(query, images.shape), images.shape)
            moved = images[standing] + self.epsilon * signs[query, standing][:, :, None, None]
            candidates = torch.where(inside, moved.clamp(0, 1), points[standing])
            answers = logits(candidates)
            asked = goal.at(standing).margin(answers)
            better = asked < margins[standing]
            where = standing[better]
            points[where], reached[where], margins[where] = candidates[better], answers[better], asked[better]
        return Attacked(points, reached, torch.stack([first_loss, goal.loss(reached)]), None)

    def _draws(self, images: Tensor, image_ids: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
        """Stripes of ±1 (B, 3, 1, W); places of all squares in [0, 1) (queries, B, 2); their ±1 (queries, B, 3)."""
        width = images.shape[-1]
        stripes, places, signs = [], [], []
        for image_id in image_ids:
            draw = generator(image_id, "square", self.seed)
            stripes.append(_signs((3, 1, width), draw))
            places.append(torch.rand((self.num_queries, 2), generator=draw))
            signs.append(_signs((self.num_queries, 3), draw))
        if not stripes:
            return images.new_zeros(0, 3, 1, width), images.new_zeros(1, 0, 2), images.new_zeros(1, 0, 3)
        return torch.stack(stripes).to(images), torch.stack(places, 1).to(images), torch.stack(signs, 1).to(images)

    def _side(self, query: int, shape: torch.Size) -> int:
        """The side of a query's squares in pixels."""
        done = 10_000 * (query + 1) / self.num_queries
        share = self.first_share / 2 ** sum(done > halving for halving in HALVINGS)
        height, width = shape[-2:]
        return min(max(round((share * height * width) ** 0.5), 1), height, width)


def squares(places: Tensor, side: int, shape: torch.Size) -> Tensor:
    """Where squares lie, bool (B, 1, H, W): ``places`` (B, 2) in [0, 1) are their upper left corners' (y, x)."""
    height, width = shape[-2:]
    inside = []
    for axis, length in enumerate((height, width)):
        first = (places[:, axis, None] * (length - side + 1)).floor()
        offset = torch.arange(length, device=places.device) - first
        inside.append((offset >= 0) & (offset < side))
    return (inside[0][:, :, None] & inside[1][:, None, :])[:, None]


def _signs(shape: tuple[int, ...], draw: torch.Generator) -> Tensor:
    return torch.randint(0, 2, shape, generator=draw) * 2.0 - 1
