"""What an attack is given and what it gives back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import torch
from torch import Tensor

from analysis.attacks.goals import Goal
from vars_core.errors import InputError

PixelLogits = Callable[[Tensor], Tensor]
"""Images (B, 3, H, W) in [0, 1] -> logits (B, classes)."""


@dataclass(frozen=True)
class Attacked:
    """A batch after an attack: of several restarts, each image's strongest.

    ``images`` (B, 3, H, W) in [0, 1]; ``logits`` (B, classes) of them; ``losses`` (K, B), the goal's loss on the way,
    from the starting point to ``images``; ``zero_gradients`` (B,), the share of the starting point's pixel gradients
    that are exactly zero, in [0, 1], or None for an attack that takes no gradients.
    """

    images: Tensor
    logits: Tensor
    losses: Tensor
    zero_gradients: Tensor | None

    @property
    def predictions(self) -> Tensor:
        """Class of each attacked image, int64 (B,)."""
        return self.logits.argmax(1)


class Attack(Protocol):
    """A way to move images within a ball; its values are all its settings."""

    @property
    def epsilon(self) -> float: ...

    def at(self, epsilon: float) -> Self:
        """The same attack in a ball of another radius, its steps in proportion."""

    def __call__(self, logits: PixelLogits, images: Tensor, goal: Goal, image_ids: Sequence[str]) -> Attacked:
        """Attack ``images`` (B, 3, H, W) in [0, 1].

        What is drawn for an image depends on its id and on the attack's seed alone, so neither the order nor the size
        of batches changes it (sums inside a model may round differently). Raises InputError for images of another kind.
        """


def check_batch(images: Tensor, goal: Goal, image_ids: Sequence[str]) -> None:
    """Raise InputError unless the images are pixels in [0, 1], with one goal and one id each."""
    wanted = "expected images as floats (B, 3, H, W) in [0, 1]"
    if images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
        raise InputError(f"{wanted}, got {str(images.dtype).removeprefix('torch.')} {tuple(images.shape)}")
    if images.numel() and not (float(images.min()) >= 0 and float(images.max()) <= 1):
        raise InputError(f"{wanted}, got values from {float(images.min()):.4g} to {float(images.max()):.4g}")
    if not len(images) == len(goal.classes) == len(image_ids):
        raise InputError(
            f"expected one label and one id an image, "
            f"got {len(images)} images, {len(goal.classes)} labels, {len(image_ids)} ids"
        )


def generator(image_id: str, *purpose: str | int) -> torch.Generator:
    """A generator on the CPU that depends on its arguments alone, whatever process it is made in."""
    digest = hashlib.blake2b(json.dumps([image_id, *purpose]).encode(), digest_size=8).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest, "little", signed=True))
