"""From a file to the model's pixels, and from a map back to the photograph (SPEC §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from vars_core.decoding import MAX_PIXELS, ImageError, Picture, read_picture
from vars_core.errors import InputError
from vars_core.image_size import ImageSize, height_and_width
from vars_core.preprocessing import IMAGENET, INTERPOLATIONS, Preprocessing

if TYPE_CHECKING:  # pixels and placements are there without torch
    from torch import Tensor

POLICIES = ("whole", "center")


def decode_image(source: str | Path | bytes, *, max_pixels: int = MAX_PIXELS, min_side: int = 2) -> np.ndarray:
    """uint8 (H, W, 3) RGB from a file or its bytes.

    Upright, whatever orientation the file carries; transparency is laid on white; the first frame of an animation is
    taken; grey, palette, CMYK and 16-bit pictures become RGB. Raises `vars_core.decoding.ImageError`.
    """
    return _pixels(read_picture(source, max_pixels=max_pixels, min_side=min_side))


def decode_reduced(
    source: str | Path | bytes, *, max_pixels: int = MAX_PIXELS, min_side: int = 2
) -> tuple[np.ndarray, tuple[int, int]]:
    """As `decode_image`, but a larger picture is reduced to at most ``max_pixels``; and the file's (height, width)."""
    picture = read_picture(source, max_pixels=max_pixels, min_side=min_side, reduce=True)
    return _pixels(picture), picture.full_size


def _pixels(picture: Picture) -> np.ndarray:
    try:
        return np.array(_to_rgb(picture.image))
    except (OSError, ValueError, MemoryError) as error:
        raise ImageError(f"{picture.name} cannot be shown in colour: {error}") from None


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):  # 16 and 32 bits a channel, which Pillow would clip
        values = np.nan_to_num(np.asarray(image, dtype=np.float64))
        grey = np.clip(values / _full_scale(values, image.mode) * 255, 0, 255).round().astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _full_scale(values: np.ndarray, mode: str) -> float:
    """What is white in a picture of more than 8 bits: the least of the usual scales that holds its brightest value.

    Scanners and microscopes keep 10, 12 or 14 bits in 16; on the scale of 16 their pictures would be black.
    """
    scales = (1.0,) if mode == "F" else ()
    brightest = float(values.max(initial=0.0))
    usual = (*scales, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)
    return next((scale for scale in usual if brightest <= scale), brightest)


@dataclass(frozen=True)
class Placement:
    """Where the model's input of ``size`` pixels lies on a source image of ``height`` × ``width``, there and back.

    ``policy`` "whole": the whole image is squeezed into the input. "center": the largest part of the input's shape is
    taken about the centre, ``preprocessing.crop`` of it in either direction.
    """

    height: int
    width: int
    size: ImageSize
    policy: str = "whole"
    preprocessing: Preprocessing = IMAGENET

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise InputError(f"unknown preprocessing policy {self.policy!r}: expected {' or '.join(POLICIES)}")

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the input on the source image, in source pixels."""
        if self.policy == "whole":
            return (0.0, 0.0, float(self.width), float(self.height))
        rows, columns = height_and_width(self.size)
        if self.preprocessing.squash:
            rows, columns = self.height, self.width
        short = min(rows, columns)
        scale = min(self.height * short / rows, self.width * short / columns) * self.preprocessing.crop
        height, width = scale * rows / short, scale * columns / short
        left, top = (self.width - width) / 2, (self.height - height) / 2
        return (left, top, left + width, top + height)

    @property
    def covered(self) -> ImageSize:
        """The pixels of the input, from its top left corner, that a map lies on."""
        return self.preprocessing.covered or self.size

    def place(self, image: np.ndarray) -> np.ndarray:
        """uint8 (height, width, 3) -> uint8 of the input's size, with antialiasing."""
        rows, columns = height_and_width(self.size)
        interpolation = INTERPOLATIONS[self.preprocessing.interpolation]
        return np.array(Image.fromarray(image).resize((columns, rows), interpolation, box=self.box))

    def to_source(self, saliency_map: np.ndarray) -> np.ndarray:
        """(h, w) map of the input -> float32 (height, width).

        Bilinear (align_corners = False), first to the pixels that the model's patches cover, then to the source. Beyond
        these pixels, and outside the box (policy "center"), the map's edge is continued.
        """
        rows, columns = height_and_width(self.size)
        height, width = height_and_width(self.covered)
        seen = cv2.resize(np.asarray(saliency_map, dtype=np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        if (height, width) != (rows, columns):
            seen = np.pad(seen, ((0, rows - height), (0, columns - width)), mode="edge")
        if self.policy == "whole":
            return cv2.resize(seen, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        left, top, right, bottom = self.box
        xs = (np.arange(self.width) + 0.5 - left) * (columns / (right - left)) - 0.5
        ys = (np.arange(self.height) + 0.5 - top) * (rows / (bottom - top)) - 0.5
        grid_x, grid_y = np.meshgrid(xs.astype(np.float32), ys.astype(np.float32))
        return cv2.remap(seen, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def prepare(
    images: Sequence[np.ndarray], size: ImageSize, policy: str, preprocessing: Preprocessing
) -> tuple[Tensor, list[Placement]]:
    """uint8 (H, W, 3) images of any size -> normalised batch (B, 3, H, W) float32, and where it lies on them."""
    placements = [Placement(image.shape[0], image.shape[1], size, policy, preprocessing) for image in images]
    placed = np.stack([placement.place(image) for placement, image in zip(placements, images, strict=True)])
    return normalise(placed, preprocessing), placements


def normalise(images: np.ndarray, preprocessing: Preprocessing = IMAGENET) -> Tensor:
    """uint8 (B, H, W, 3) -> float32 (B, 3, H, W), `normalised`."""
    import torch

    batch = torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
    return normalised(batch, preprocessing)


def normalised(images: Tensor, preprocessing: Preprocessing = IMAGENET) -> Tensor:
    """(B, 3, H, W) in [0, 1] -> the same with mean 0 and variance 1 of each channel over what a model learned."""
    mean, std = (images.new_tensor(values).view(1, 3, 1, 1) for values in (preprocessing.mean, preprocessing.std))
    return (images - mean) / std
