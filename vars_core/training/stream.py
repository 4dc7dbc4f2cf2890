"""Batches of files decoded and augmented one by one in worker processes by timm's transforms (the paper's recipe)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image
from timm.data import create_transform
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from vars_core.data.labelled import LabelledImages
from vars_core.errors import InputError
from vars_core.images import decode_image
from vars_core.preprocessing import IMAGENET
from vars_core.training.draws import everything_seeded, seed_of
from vars_core.training.feed import Batches, Feed
from vars_core.training.order import batches
from vars_core.training.recipe import Augmentation

logger = logging.getLogger(__name__)

Transform = Callable[[Image.Image], Tensor]
PictureCopy = tuple[int, int]
"""A picture and which of its copies."""


def training_transform(size: int, augmentation: Augmentation) -> Transform:
    """timm's training transform: random crop, flip, RandAugment (or colour jitter), random erasing."""
    return create_transform(
        size,
        is_training=True,
        scale=augmentation.crop_scale,
        ratio=augmentation.crop_ratio,
        hflip=augmentation.flip,
        color_jitter=augmentation.colour_jitter,
        auto_augment=augmentation.policy,
        re_prob=augmentation.erasing,
        re_mode="pixel",
        interpolation="bicubic",
        mean=IMAGENET.mean,
        std=IMAGENET.std,
    )


def validation_transform(size: int) -> Transform:
    """The short side to 256/224 of the size, then the centre crop."""
    return create_transform(
        size, is_training=False, crop_pct=224 / 256, interpolation="bicubic", mean=IMAGENET.mean, std=IMAGENET.std
    )


class Transformed(Dataset[tuple[Tensor, int, int]]):
    """``(input, label, failed)`` for a copy; a picture that cannot be decoded is replaced by the next one that can.

    ``failed`` is the index of the picture left out, -1 where there was none.
    """

    def __init__(self, source: LabelledImages, transform: Transform, seed: int, epoch: int) -> None:
        self.source, self.transform, self.seed, self.epoch = source, transform, seed, epoch

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, copy: PictureCopy) -> tuple[Tensor, int, int]:
        index, repeat = copy
        failed = -1
        for step in range(len(self.source)):
            at = (index + step) % len(self.source)
            try:
                image = Image.fromarray(decode_image(self.source.encoded(at)))
            except InputError:
                failed = index
                continue
            with everything_seeded(seed_of(self.seed, self.epoch, index, repeat, 4)):
                return self.transform(image), int(self.source.labels[at]), failed
        raise InputError(f"none of {len(self.source)} pictures could be decoded")


@dataclass(frozen=True)
class StreamFeed(Feed[LabelledImages]):
    """Batches from ``workers`` decoding processes; draws depend on (seed, epoch, picture, copy) alone."""

    workers: int = 2
    skipped: set[str] = field(default_factory=set)

    def training(self, epoch: int, first_step: int) -> Batches:
        stage = self.recipe.stages[self.recipe.stage_of(epoch)]
        copies = [
            list(zip(index.tolist(), repeat.tolist(), strict=True))
            for index, repeat in batches(self.recipe, self.count, self.seed, epoch, first_step, self.world)
        ]
        transform = training_transform(stage.image_size, self.recipe.augmentation)
        yield from self._load(self.train, transform, epoch, copies)

    def validation(self, image_size: int, batch_size: int = 128) -> Batches:
        mine = range(self.world.rank, len(self.val), self.world.size)
        copies = [[(i, 0) for i in mine[start : start + batch_size]] for start in range(0, len(mine), batch_size)]
        yield from self._load(self.val, validation_transform(image_size), 0, copies)

    def _load(
        self, source: LabelledImages, transform: Transform, epoch: int, copies: list[list[PictureCopy]]
    ) -> Batches:
        loader = DataLoader(
            Transformed(source, transform, self.seed, epoch),
            batch_sampler=copies,
            num_workers=self.workers,
            pin_memory=self.device.type == "cuda",
        )
        for pixels, labels, failed in loader:
            for index in failed[failed >= 0].tolist():
                self._skip(source.name(index))
            yield pixels.to(self.device, non_blocking=True), labels.to(self.device, non_blocking=True)

    def _skip(self, name: str) -> None:
        if name not in self.skipped:
            self.skipped.add(name)
            logger.warning("skipped a picture that cannot be decoded: %s (%d so far)", name, len(self.skipped))
