"""Label images: the number each pixel carries, exactly as stored, and the colours that a palette gives the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from vars_core.decoding import MAX_PIXELS, ImageError, Picture, picture_size, read_picture
from vars_core.images import decode_image

BACKGROUND, FOREGROUND, VOID = 0, 1, 2
"""Regions, which are what is counted: void counts nowhere."""

VOID_LABEL = 255
VOC_LABELS = (*range(21), VOID_LABEL)
"""What PASCAL VOC's masks hold: 0 background, 1..20 classes, 255 void."""


@dataclass(frozen=True)
class Pair:
    """A photograph and its label image; either file may turn out to be missing when it is read.

    ``fault``: why a file of this name was not found, in a sentence; "" where nothing is known to be wrong.
    """

    id: str
    image: Path
    mask: Path
    fault: str = ""


@dataclass(frozen=True)
class MaskImage:
    """A label image.

    ``numbers``: uint8 (H, W), palette indices or grey levels. ``palette``: uint8 (entries, 3), None for grey levels.
    ``is_lossy``: its format may have changed numbers.
    """

    name: str
    numbers: np.ndarray = field(repr=False)
    palette: np.ndarray | None = field(default=None, repr=False)
    is_lossy: bool = False

    @cached_property
    def counts(self) -> np.ndarray:
        """Pixels by number, int64 (256,)."""
        return np.bincount(self.numbers.ravel(), minlength=256)

    @cached_property
    def used(self) -> np.ndarray:
        """The numbers that occur, ascending."""
        return np.flatnonzero(self.counts)

    def colours(self) -> np.ndarray | None:
        """Of the numbers that occur, uint8 (used, 3); None for grey levels. Beyond its palette a number is black."""
        if self.palette is None:
            return None
        whole = np.zeros((256, 3), np.uint8)
        whole[: len(self.palette)] = self.palette
        return whole[self.used]

    def greys(self) -> np.ndarray | None:
        """The grey level of each number that occurs, (used,).

        None where the palette gives one of them a colour, or several of them one grey, which says nothing.
        """
        colours = self.colours()
        if colours is None:
            return self.used
        if _has_colour(colours) or (len(colours) > 1 and np.all(colours == colours[0])):
            return None
        return colours[:, 0].astype(np.int64)

    def voc_numbers(self) -> np.ndarray | None:
        """What each number that occurs would be by its colour in PASCAL VOC's palette, (used,).

        None unless there is a palette and every colour that occurs is one of VOC's 22, one of them no grey.
        """
        colours = self.colours()
        return voc_numbers_of(colours) if colours is not None and _has_colour(colours) else None

    def renumbered(self, numbers: np.ndarray) -> np.ndarray:
        """uint8 (H, W): the picture with each number that occurs replaced by its entry of ``numbers`` (used,)."""
        table = np.zeros(256, np.uint8)
        table[self.used] = numbers
        return table[self.numbers]


def read_mask(path: Path, shape: tuple[int, int] | None = None, *, max_pixels: int = MAX_PIXELS) -> MaskImage:
    """A label image: palette, grey of 1 to 16 bits, grey saved in colour, or the colours of VOC's palette.

    It is upright, as its photograph is (`vars_core.decoding`). ``shape``: the (height, width) it must have, checked
    before its pixels are decoded. Raises ImageError: missing, unreadable, in other colours, partly transparent, of
    another shape.
    """
    path = existing(path)
    if shape is not None and (size := picture_size(path, max_pixels=max_pixels)) != shape:
        raise ImageError(
            f"expected {path.name} to be {shape[1]}×{shape[0]} pixels like its image, it is {size[1]}×{size[0]}"
        )
    picture = read_picture(path, max_pixels=max_pixels)
    image = picture.image
    if image.mode == "P":
        palette = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
        return MaskImage(path.name, np.asarray(image, np.uint8), palette, picture.is_lossy)
    return MaskImage(path.name, _numbers(picture), None, picture.is_lossy)


def read_photograph_of(pair: Pair) -> np.ndarray:
    """The photograph, uint8 (H, W, 3).

    Raises ImageError: missing, with the pair's own words where it has some, or unreadable.
    """
    if pair.fault:
        raise ImageError(pair.fault)
    return decode_image(existing(pair.image))


def existing(path: Path) -> Path:
    """The path itself. Raises ImageError where there is no such file."""
    if not path.is_file():
        raise ImageError(f"{path.parent.name}/{path.name} is missing")
    return path


def voc_colours(numbers: Sequence[int] = VOC_LABELS) -> np.ndarray:
    """PASCAL VOC's colours of some labels, uint8 (n, 3): bits 0, 3, 6 of a label are red's from the top, 1, 4, 7
    green's, 2, 5 blue's (VOC2012 development kit, ``VOClabelcolormap``)."""
    label = np.asarray(numbers, np.uint8)[:, None]
    channel = np.arange(3, dtype=np.uint8)
    colours = np.zeros((len(label), 3), np.uint8)
    for bit in range(8):
        colours |= ((label >> (3 * bit + channel).clip(max=7)) & (3 * bit + channel < 8) & 1).astype(np.uint8) << (
            7 - bit
        )
    return colours


def voc_numbers_of(colours: np.ndarray) -> np.ndarray | None:
    """VOC's label of each colour, int64 (n,) of uint8 (n, 3); None where one of them is none of VOC's."""
    known = dict(zip(_codes(voc_colours()).tolist(), VOC_LABELS, strict=True))
    labels = [known.get(code) for code in _codes(colours).tolist()]
    return None if None in labels else np.array(labels, np.int64)


def _has_colour(colours: np.ndarray) -> bool:
    """Whether one of some colours, uint8 (n, 3), is no grey."""
    return not np.all(colours == colours[:, :1])


def _numbers(picture: Picture) -> np.ndarray:
    """uint8 (H, W) of a picture without a palette."""
    image, name = picture.image, picture.name
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if image.mode in ("LA", "RGB", "RGBA"):
        return _of_channels(np.asarray(image), name)
    if image.mode.startswith("I"):
        return _of_many_bits(np.asarray(image, np.int64), name)
    raise ImageError(f"expected a label image in grey or with a palette, {name} is {image.mode}")


def _of_channels(channels: np.ndarray, name: str) -> np.ndarray:
    """Grey saved in colour, or VOC's colours; channels (H, W, 2..4), the last alpha where there are 2 or 4."""
    if channels.shape[2] in (2, 4):
        if np.any(channels[..., -1] != 255):
            raise ImageError(
                f"expected an opaque label image, {name} is transparent in places: which part is the object?"
            )
        channels = channels[..., :-1]
    if np.all(channels == channels[..., :1]):
        return np.ascontiguousarray(channels[..., 0])
    codes, where = np.unique(_codes(channels.reshape(-1, 3)), return_inverse=True)
    labels = voc_numbers_of(np.stack([codes >> 16, codes >> 8 & 255, codes & 255], 1).astype(np.uint8))
    if labels is None:
        raise ImageError(f"expected a mask of labels (grey or palette), {name} is in colour")
    return labels.astype(np.uint8)[where].reshape(channels.shape[:2])


def _of_many_bits(values: np.ndarray, name: str) -> np.ndarray:
    """Numbers up to 255 stay; 16-bit greys come down to 8 bits where that loses no level."""
    if values.max(initial=0) <= 255 and values.min(initial=0) >= 0:
        return values.astype(np.uint8)
    if values.max() <= 65535 and np.all(values % 257 == 0):
        return (values // 257).astype(np.uint8)
    raise ImageError(f"expected numbers 0..255 in a label image, {name} has {values.min()}..{values.max()}")


def _codes(colours: np.ndarray) -> np.ndarray:
    """One whole number for each colour of uint8 (n, 3)."""
    return colours.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
