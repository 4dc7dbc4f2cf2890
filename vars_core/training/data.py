"""Decode every picture once: a uint8 array on disk, mapped into memory, from which batches are gathered."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vars_core.data.labelled import LabelledImages
from vars_core.errors import InputError
from vars_core.images import decode_image
from vars_core.whole_file import whole_file

logger = logging.getLogger(__name__)


class DecodedImages(Protocol):
    """Decoded pictures that batches are gathered from."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; a label is an index into them."""

    def __len__(self) -> int: ...

    def gather(self, index: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """The pictures at ``index`` as (B, S, S, 3) uint8 and their labels (B,) int64."""


@dataclass(frozen=True)
class ImageArray:
    """Decoded pictures: ``images`` (N, S, S, 3) uint8, ``labels`` (N,) int64, and the names of those left out."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def gather(self, index: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """The pictures at ``index`` as (B, S, S, 3) uint8 and their labels (B,) int64."""
        return torch.from_numpy(self.images[index]), torch.from_numpy(self.labels[index])


@dataclass(frozen=True)
class JoinedArrays:
    """Several arrays of decoded pictures over the same classes, one after the other; each stays where it is."""

    parts: Sequence[ImageArray]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.parts[0].classes

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def gather(self, index: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """As `ImageArray.gather`."""
        first, *_ = self.parts
        images = np.empty((len(index), *first.images.shape[1:]), dtype=np.uint8)
        labels = np.empty(len(index), dtype=np.int64)
        start = 0
        for part in self.parts:
            inside = (index >= start) & (index < start + len(part))
            images[inside] = part.images[index[inside] - start]
            labels[inside] = part.labels[index[inside] - start]
            start += len(part)
        return torch.from_numpy(images), torch.from_numpy(labels)


def square(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The centre square of a picture, its side scaled to ``size``; unchanged when it is that already."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    crop = image[top : top + side, left : left + side]
    if side == size:
        return crop
    interpolation = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (size, size), interpolation=interpolation), dtype=np.uint8)


def decoded(
    source: LabelledImages, cache: Path, size: int, progress: Callable[[int, int], None] | None = None
) -> ImageArray:
    """The pictures of ``source`` as an array of side ``size``, made once and kept under ``cache``.

    A picture that cannot be decoded is left out, counted and named. ``progress(done, total)`` is called on the way.
    The cache is written beside its place and moved there when complete, so an interrupted run leaves none behind.
    """
    stem = cache / f"{source.fingerprint}-{size}"
    pixels, facts = stem.with_suffix(".npy"), stem.with_suffix(".json")
    if not (pixels.is_file() and facts.is_file()):
        cache.mkdir(parents=True, exist_ok=True)
        _write(source, pixels, facts, size, progress)
    known = json.loads(facts.read_text())
    images = np.load(pixels, mmap_mode="r")
    kept = np.asarray(known["kept"], dtype=np.int64)
    for name in known["skipped"]:
        logger.warning("skipped a picture that cannot be decoded: %s", name)
    if known["skipped"]:
        logger.warning("%d of %d pictures skipped", len(known["skipped"]), len(source))
    return ImageArray(images[: len(kept)], source.labels[kept], source.classes, tuple(known["skipped"]))


def _write(
    source: LabelledImages, pixels: Path, facts: Path, size: int, progress: Callable[[int, int], None] | None
) -> None:
    kept: list[int] = []
    skipped: list[str] = []
    with whole_file(pixels) as temporary:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=(len(source), size, size, 3))
        for index in range(len(source)):
            try:
                array[len(kept)] = square(decode_image(source.encoded(index)), size)
                kept.append(index)
            except InputError as error:
                skipped.append(f"{source.name(index)}: {error}")
            if progress and index % 1000 == 0:
                progress(index, len(source))
        array.flush()
        del array
        if not kept:
            raise InputError(f"none of {len(source)} pictures could be decoded; the first: {skipped[0]}")
    with whole_file(facts) as temporary:
        temporary.write_text(json.dumps({"kept": kept, "skipped": skipped}))
