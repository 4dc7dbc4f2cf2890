"""The ground truth that a mask is held against: uploaded, drawn, or lying beside a photograph of a data folder."""

from __future__ import annotations

import base64
import binascii
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from PIL import Image

from analysis.metrics.segmentation import BACKGROUND, FOREGROUND, VOID, regions
from app.library.photographs import DISPLAY_SIDE, Photograph
from vars_core.data.masks import VOID_LABEL, read_labels
from vars_core.errors import InputError

UPLOADED, DRAWN, STORED = "uploaded", "drawn", "stored"

SUFFIXES = (".png", ".bmp", ".gif", ".tif", ".tiff", ".webp")
"""Of masks: formats that keep every number as it is."""

MAX_TRUTH_PIXELS = 16_000_000
"""A mask is counted at its own size, so its size is bounded."""

MAX_DRAWING = 2_000_000
"""Characters of a drawing as the browser sends it; what a hand draws takes a few thousand."""

FOLDERS = {"JPEGImages": "SegmentationClass", "images": "masks"}
"""Where photographs lie in the two layouts of `vars_core.data`, and where their masks do."""

GREYS = {BACKGROUND: 0, VOID: 128, FOREGROUND: 255}
"""How regions travel to the browser, as the greys of a picture."""


@dataclass(frozen=True)
class Truth:
    """Which pixels belong to the object, at the size in which it was given. ``note`` says how its labels were read."""

    kind: str
    height: int
    width: int
    foreground: int
    void: int
    note: str
    packed: bytes = field(repr=False)

    @property
    def given(self) -> bool:
        """A drawing without a stroke is none."""
        return self.kind != DRAWN or self.foreground > 0

    @property
    def counted(self) -> int:
        """Pixels that are not void."""
        return self.height * self.width - self.void

    @property
    def nbytes(self) -> int:
        return len(self.packed)

    def regions(self) -> np.ndarray:
        """uint8 (height, width) of BACKGROUND, FOREGROUND and VOID, see `analysis.metrics.segmentation`."""
        return np.frombuffer(zlib.decompress(self.packed), np.uint8).reshape(self.height, self.width)


def truth_of(found: np.ndarray, kind: str, note: str = "") -> Truth:
    """Regions (H, W) -> a truth that is small enough to keep."""
    height, width = found.shape
    foreground, void = (int(np.count_nonzero(found == region)) for region in (FOREGROUND, VOID))
    packed = zlib.compress(np.ascontiguousarray(found, np.uint8).tobytes(), 1)
    return Truth(kind, height, width, foreground, void, note, packed)


def read_mask(path: Path, kind: str = UPLOADED, *, max_pixels: int = MAX_TRUTH_PIXELS) -> Truth:
    """A mask image: zero is background, 255 void, every other label foreground; never resized.

    A mask that holds nothing but 0 and 255 has no other foreground, so there 255 is the object. Raises InputError.
    """
    labels = _labels(path, max_pixels)
    two_valued = bool(np.all((labels == 0) | (labels == VOID_LABEL)))
    note = "It holds 0 and 255 only, so 255 is read as the object." if two_valued and labels.any() else ""
    return truth_of(regions(labels, None if two_valued else VOID_LABEL), kind, note)


def read_drawing(address: str) -> Truth:
    """A ``data:image/png`` address from the page's canvas: what is opaque was drawn. Raises InputError."""
    start = "data:image/png;base64,"
    if not address.startswith(start) or len(address) > MAX_DRAWING:
        raise InputError(f"expected a drawing as a PNG data address of at most {MAX_DRAWING:,} characters")
    try:
        with Image.open(io.BytesIO(base64.b64decode(address.removeprefix(start), validate=True))) as file:
            if max(file.size) > DISPLAY_SIDE:
                raise InputError(f"expected a drawing of at most {DISPLAY_SIDE} pixels a side, it is {_size(file)}")
            alpha = np.asarray(file.convert("RGBA"))[..., 3]
    except (OSError, SyntaxError, binascii.Error, Image.DecompressionBombError) as error:
        raise InputError(f"the drawing cannot be decoded: {error}") from None
    return truth_of(np.where(alpha >= 128, np.uint8(FOREGROUND), np.uint8(BACKGROUND)), DRAWN)


def stored_truth(ref: str, folders: Mapping[str, Path]) -> Truth | None:
    """The mask that lies beside ``data:NAME/…/JPEGImages/x.jpg`` (or ``images/x.jpg``), None where there is none.

    Call it for photographs that were read: their path was checked then.
    """
    name, _, relative = ref.removeprefix("data:").partition("/")
    if not ref.startswith("data:") or name not in folders:
        return None
    path = PurePosixPath(relative)
    for at, part in enumerate(path.parts[:-1]):
        if part in FOLDERS:
            inside = Path(*path.parts[:at], FOLDERS[part], *path.parts[at + 1 :]).with_suffix(".png")
            mask = (folders[name] / inside).resolve()
            if mask.is_relative_to(folders[name].resolve()) and mask.is_file():
                return read_mask(mask, STORED)
    return None


def region_picture(truth: Truth, height: int, width: int) -> np.ndarray:
    """The regions at another size, the nearest pixel's: for drawing, never for counting."""
    return np.asarray(cv2.resize(truth.regions(), (width, height), interpolation=cv2.INTER_NEAREST))


def check_shape(photograph: Photograph, truth: Truth) -> None:
    """Raise InputError where a mask has another aspect ratio than its photograph."""
    if not same_shape(photograph, truth):
        raise InputError(
            f"the mask is {truth.width}×{truth.height} pixels, the photograph {photograph.width}×{photograph.height}: "
            "expected the same aspect ratio"
        )


def same_shape(photograph: Photograph, truth: Truth) -> bool:
    """Whether the two have one aspect ratio, up to rounding: 1 % or one pixel."""
    expected = truth.width * photograph.height / photograph.width
    return abs(truth.height - expected) <= max(1.0, 0.01 * expected)


def truth_picture(truth: Truth, height: int, width: int) -> str:
    """The truth as a ``data:`` address at the size of the picture on the page: for drawing, never for counting."""
    greys = np.zeros(3, np.uint8)
    for region, grey in GREYS.items():
        greys[region] = grey
    _, encoded = cv2.imencode(".png", greys[region_picture(truth, height, width)])
    return "data:image/png;base64," + base64.b64encode(encoded.tobytes()).decode()


def _labels(path: Path, max_pixels: int) -> np.ndarray:
    """Labels uint8 (H, W). Paint programs save grey masks in colour: those count as grey, true colours are refused."""
    try:
        with Image.open(path) as file:
            if file.width * file.height > max_pixels:
                raise InputError(f"the mask is {_size(file)} pixels: expected at most {max_pixels:,} in all")
            if file.format == "JPEG" or file.mode not in ("RGB", "RGBA", "LA"):
                return read_labels(path)
            channels = np.asarray(file)[..., : 1 if file.mode == "LA" else 3]
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("the mask is not a picture in a format that can be read") from None
    if np.any(channels != channels[..., :1]):
        raise InputError("expected a mask of labels (grey or palette), this picture is in colour")
    return np.ascontiguousarray(channels[..., 0])


def _size(file: Image.Image) -> str:
    return f"{file.width}×{file.height}"
