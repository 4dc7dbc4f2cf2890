"""Reading a label image: which number each pixel carries, exactly as stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from vars_core.errors import InputError
from vars_core.images import decode_image

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
VOID_LABEL = 255


@dataclass(frozen=True)
class Pair:
    """A photograph and its label image; either file may turn out to be missing when it is read."""

    id: str
    image: Path
    mask: Path


def read_pair(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """The image uint8 (H, W, 3) and its labels uint8 (H, W).

    Raises:
        InputError: a file is missing or unreadable, or the two differ in size.
    """
    image = decode_image(_existing(pair.image))
    labels = read_labels(pair.mask, shape=(image.shape[0], image.shape[1]))
    return image, labels


def read_labels(path: Path, shape: tuple[int, int] | None = None) -> np.ndarray:
    """The numbers of a label image, uint8 (H, W): palette indices, or the values of a single-channel image.

    Args:
        shape: the (height, width) it must have, checked before its pixels are decoded.

    Raises:
        InputError: missing, unreadable, lossy (JPEG), in colour, of more than 8 bits, or of another shape.
    """
    try:
        with Image.open(_existing(path)) as file:
            width, height = file.size
            if shape is not None and (height, width) != shape:
                raise InputError(
                    f"expected {path.name} to be {shape[1]}×{shape[0]} pixels like its image, it is {width}×{height}"
                )
            if file.format == "JPEG":
                raise InputError(f"expected a lossless label image, {path.name} is a JPEG")
            if file.mode not in ("P", "L", "1"):
                raise InputError(f"expected a palette or single-channel 8-bit label image, {path.name} is {file.mode}")
            return np.asarray(file, dtype=np.uint8)
    except InputError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"cannot read the label image {path.name}: {error}") from None


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InputError(f"{path.parent.name}/{path.name} is missing")
    return path
