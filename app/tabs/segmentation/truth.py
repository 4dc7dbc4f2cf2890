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

from app.library.photographs import DISPLAY_SIDE, Photograph
from vars_core.data import masks
from vars_core.data.layouts import MASKS, layouts_of
from vars_core.data.mask_set import MaskSet
from vars_core.data.mask_values import MaskValues, judge
from vars_core.data.masks import BACKGROUND, FOREGROUND, VOID, MaskImage
from vars_core.errors import InputError

UPLOADED, DRAWN, STORED = "uploaded", "drawn", "stored"

MAX_TRUTH_PIXELS = 16_000_000
"""A mask is counted at its own size, so its size is bounded."""

MAX_DRAWING = 2_000_000
"""Characters of a drawing as the browser sends it; what a hand draws takes a few thousand."""

GREYS = {BACKGROUND: 0, VOID: 128, FOREGROUND: 255}
"""How regions travel to the browser, as the greys of a picture."""


@dataclass(frozen=True)
class Truth:
    """Which pixels belong to the object, at the size in which it was given.

    ``note`` says how its labels were read, ``values`` is that reading's name (`MaskValues.name`; "" of a drawing).
    """

    kind: str
    height: int
    width: int
    foreground: int
    void: int
    note: str
    values: str
    packed: bytes = field(repr=False)

    @property
    def given(self) -> bool:
        """A drawing without a stroke is none."""
        return self.kind != DRAWN or self.foreground > 0

    @property
    def counted(self) -> int:
        """Pixels that are not void."""
        return self.height * self.width - self.void

    def regions(self) -> np.ndarray:
        """uint8 (height, width) of BACKGROUND, FOREGROUND and VOID, see `analysis.metrics.segmentation`."""
        return _unpacked(self.packed, self.height, self.width)


@dataclass(frozen=True)
class Upload:
    """A mask that a visitor sent, as its file holds it: what its numbers mean may be said, or changed, afterwards."""

    palette: np.ndarray | None = field(repr=False)
    is_lossy: bool
    shape: tuple[int, int]
    packed: bytes = field(repr=False)

    @staticmethod
    def read(path: Path, *, max_pixels: int = MAX_TRUTH_PIXELS) -> Upload:
        """The file's name is forgotten. Raises InputError."""
        mask = masks.read_mask(path, max_pixels=max_pixels)
        return Upload(mask.palette, mask.is_lossy, mask.numbers.shape, _packed(mask.numbers))

    @property
    def mask(self) -> MaskImage:
        return MaskImage("the mask", _unpacked(self.packed, *self.shape), self.palette, self.is_lossy)

    def truth(self, values: MaskValues | None = None) -> Truth:
        """The regions of a mask that comes alone.

        ``values``: what its numbers mean; judged from the mask, and said in the note, where None. Raises InputError:
        its numbers may mean two things, or cannot be read so.
        """
        return read_truth(self.mask, UPLOADED, judge([self.mask]) if values is None else values)


def truth_of(regions: np.ndarray, kind: str, note: str = "", values: str = "") -> Truth:
    """Regions (H, W) -> a truth that is small enough to keep."""
    height, width = regions.shape
    foreground, void = (int(np.count_nonzero(regions == region)) for region in (FOREGROUND, VOID))
    return Truth(kind, height, width, foreground, void, note, values, _packed(regions))


def read_truth(mask: MaskImage, kind: str, values: MaskValues, where: str = "") -> Truth:
    """A mask under one reading, never resized.

    ``where``: of which masks the reading was judged, in words; said with it. Raises InputError: the mask cannot be read
    so.
    """
    assumed = [f"{sentence[0].upper()}{sentence[1:]}." for sentence in values.assumptions()]
    said = assumed or [f"Read as {values.name}, as asked: {values.words}."]
    note = " ".join([*said, *([f"Judged from {where}."] if assumed and where else ())])
    return truth_of(values.regions(mask), kind, note, values.name)


def read_drawing(address: str) -> Truth:
    """A ``data:image/png`` address from the page's canvas: what is opaque was drawn. Raises InputError."""
    start = "data:image/png;base64,"
    if not address.startswith(start) or len(address) > MAX_DRAWING:
        raise InputError(f"expected a drawing as a PNG data address of at most {MAX_DRAWING:,} characters")
    try:
        with Image.open(io.BytesIO(base64.b64decode(address.removeprefix(start), validate=True))) as file:
            if max(file.size) > DISPLAY_SIDE:
                size = f"{file.width}×{file.height}"
                raise InputError(f"expected a drawing of at most {DISPLAY_SIDE} pixels a side, it is {size}")
            alpha = np.asarray(file.convert("RGBA"))[..., 3]
    except (OSError, SyntaxError, binascii.Error, Image.DecompressionBombError) as error:
        raise InputError(f"the drawing cannot be decoded: {error}") from None
    return truth_of(np.where(alpha >= 128, np.uint8(FOREGROUND), np.uint8(BACKGROUND)), DRAWN)


def stored_truth(ref: str, folders: Mapping[str, Path], values: MaskValues | None = None) -> Truth | None:
    """The mask that lies beside ``data:NAME/…/JPEGImages/x.jpg`` (or ``images/x.jpg``), None where there is none.

    Call it for photographs that were read: their path was checked then. ``values``: what its numbers mean; where None,
    what those of its whole set mean, as the command judges it. Raises InputError: the set's numbers may mean two
    things, or the mask cannot be read so.
    """
    name, _, relative = ref.removeprefix("data:").partition("/")
    if not ref.startswith("data:") or name not in folders:
        return None
    path = PurePosixPath(relative)
    for at, part in enumerate(path.parts[:-1]):
        root = folders[name].joinpath(*path.parts[:at])
        for layout in layouts_of(MASKS).values():
            if part == layout.photographs and layout.read_one is not None and layout.detect(root):
                file = PurePosixPath(*path.parts[at + 1 :]).as_posix()
                stored: MaskSet = layout.read_one(root, file, values=values)
                where = "all masks of the " + (f"list {stored.split}" if stored.split else "folder")
                for pair in stored.pairs:
                    if pair.mask.resolve().is_relative_to(folders[name].resolve()):
                        mask = masks.read_mask(pair.mask, max_pixels=MAX_TRUTH_PIXELS)
                        return read_truth(mask, STORED, stored.values, where)
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


def _packed(numbers: np.ndarray) -> bytes:
    return zlib.compress(np.ascontiguousarray(numbers, np.uint8).tobytes(), 1)


def _unpacked(packed: bytes, height: int, width: int) -> np.ndarray:
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, width)
