"""Where batches come from: the same for every process, every resume and every run with the same seed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from vars_core.data.labelled import LabelledImages
from vars_core.training.augment import augmented, resized
from vars_core.training.data import DecodedImages
from vars_core.training.distributed import World
from vars_core.training.order import batches
from vars_core.training.recipe import Recipe

S = TypeVar("S", LabelledImages, DecodedImages)
Batches = Iterator[tuple[Tensor, Tensor]]
"""(B, 3, S, S) float32 and (B,) int64."""


@dataclass(frozen=True)
class Feed(ABC, Generic[S]):
    """Training and validation batches of two halves of data, on the ``device`` of the model and normalised.

    ``fingerprint``: names the training pictures on any machine; a resumed run must find the same.
    """

    train: S
    val: S
    recipe: Recipe
    seed: int
    device: torch.device
    fingerprint: str
    world: World = field(default_factory=World)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; a label is an index into them."""
        return self.train.classes

    @property
    def count(self) -> int:
        """Training pictures."""
        return len(self.train)

    @property
    def val_count(self) -> int:
        """Validation pictures, over all processes."""
        return len(self.val)

    @abstractmethod
    def training(self, epoch: int, first_step: int) -> Batches:
        """This process's batches of an epoch from ``first_step`` on."""

    @abstractmethod
    def validation(self, image_size: int) -> Batches:
        """This process's share of the validation pictures."""


@dataclass(frozen=True)
class ArrayFeed(Feed[DecodedImages]):
    """Batches of decoded arrays, augmented together on the device."""

    def training(self, epoch: int, first_step: int) -> Batches:
        stage = self.recipe.stages[self.recipe.stage_of(epoch)]
        for index, repeat in batches(self.recipe, self.count, self.seed, epoch, first_step, self.world):
            images, labels = self.train.gather(index)
            pixels = augmented(
                images.to(self.device),
                index,
                repeat,
                size=stage.image_size,
                seed=self.seed,
                epoch=epoch,
                augmentation=self.recipe.augmentation,
            )
            yield pixels, labels.to(self.device)

    def validation(self, image_size: int, batch_size: int = 250) -> Batches:
        mine = np.arange(self.world.rank, len(self.val), self.world.size)
        for start in range(0, len(mine), batch_size):
            images, labels = self.val.gather(mine[start : start + batch_size])
            yield resized(images.to(self.device), image_size), labels.to(self.device)
