"""What an attack wants of the logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from vars_core.errors import InputError


class Goal(Protocol):
    """One wish an image; all values are (B,)."""

    @property
    def classes(self) -> Tensor: ...

    def loss(self, logits: Tensor) -> Tensor:
        """What an attack by gradients makes large."""

    def margin(self, logits: Tensor) -> Tensor:
        """What a search makes small: negative where the goal is reached."""

    def at(self, chosen: Tensor) -> Goal:
        """The goals of the chosen images alone (indices or bool)."""


@dataclass(frozen=True)
class Untargeted:
    """Any class but the image's own: ``classes`` int64 (B,). The loss is the cross-entropy."""

    classes: Tensor

    def loss(self, logits: Tensor) -> Tensor:
        return _cross_entropy(logits, self.classes)

    def margin(self, logits: Tensor) -> Tensor:
        return _margin(logits, self.classes)

    def at(self, chosen: Tensor) -> Untargeted:
        return Untargeted(self.classes[chosen])


@dataclass(frozen=True)
class Targeted:
    """A chosen class: ``classes`` int64 (B,). The loss is minus its cross-entropy."""

    classes: Tensor

    def loss(self, logits: Tensor) -> Tensor:
        return -_cross_entropy(logits, self.classes)

    def margin(self, logits: Tensor) -> Tensor:
        return -_margin(logits, self.classes)

    def at(self, chosen: Tensor) -> Targeted:
        return Targeted(self.classes[chosen])


def _cross_entropy(logits: Tensor, classes: Tensor) -> Tensor:
    return F.cross_entropy(logits, _known(classes, logits), reduction="none")


def _margin(logits: Tensor, classes: Tensor) -> Tensor:
    """The logit of the class minus the largest of the others."""
    column = _known(classes, logits)[:, None]
    others = logits.scatter(1, column, -torch.inf)
    return logits.gather(1, column)[:, 0] - others.amax(1)


def _known(classes: Tensor, logits: Tensor) -> Tensor:
    if len(classes) and not 0 <= int(classes.min()) <= int(classes.max()) < logits.shape[1]:
        raise InputError(
            f"expected labels 0 to {logits.shape[1] - 1}, the classes of the model, "
            f"got {int(classes.min())} to {int(classes.max())}"
        )
    return classes
