"""The photographs of the page: samples, configured folders and uploads, each known by a short reference.

``sample:coffee`` (ships with scikit-image), ``data:NAME/path/in/folder.jpg`` (a folder the server was started with) and
``upload:<sha256>`` (known to the session that uploaded it, and to no other).
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import cv2
import numpy as np

from analysis.corruptions import corrupt
from vars_core.data.listing import PICTURE_SUFFIXES, list_files
from vars_core.errors import InputError, nearest
from vars_core.images import Placement, decode_reduced

DISPLAY_SIDE = 640
"""Longest side of a picture as the page shows it."""

KEPT_PIXELS = 1_000_000
"""A larger photograph is kept in this many pixels; the model's own squares are cut from the full one first."""

BENCHMARK_SIDE = 256
"""Corruptions are drawn at ImageNet-C's scale, where the short side has 256 pixels: their strength is in pixels."""

MAX_ASPECT = 20
MODEL_SIZES = (112, 160, 224, 288)
"""Sides of the squares that models look at, in pixels; at each one a model is one more copy."""

MAX_LISTED = 100_000
"""Photographs of a data folder that can be chosen."""

SAMPLES = {
    "cat": "chelsea.png",
    "astronaut": "astronaut.png",
    "coffee": "coffee.png",
    "motorcycle": "motorcycle_left.png",
    "rocket": "rocket.jpg",
    "cameraman": "camera.png",
    "coins": "coins.png",
    "galaxies": "hubble_deep_field.jpg",
}
"""Photographs in scikit-image's wheel: no download."""


@dataclass(frozen=True)
class Photograph:
    """A decoded photograph. ``pixels`` uint8 (h, w, 3), at most `KEPT_PIXELS`; height and width are the source's.

    ``read_at``: the (height, width) that a larger source was reduced to while it was read.
    """

    ref: str
    title: str
    height: int
    width: int
    pixels: np.ndarray = field(repr=False)
    squares: Mapping[int, np.ndarray] = field(repr=False)
    read_at: tuple[int, int] | None = None

    @cached_property
    def display(self) -> np.ndarray:
        """uint8, longest side at most `DISPLAY_SIDE`."""
        return fitted(self.pixels, DISPLAY_SIDE)

    @cached_property
    def at_benchmark_scale(self) -> np.ndarray:
        """uint8, short side `BENCHMARK_SIDE`: what corruptions are applied to."""
        return scaled(self.pixels, BENCHMARK_SIDE / min(self.pixels.shape[:2]))

    @property
    def nbytes(self) -> int:
        return self.pixels.nbytes * 2 + sum(square.nbytes for square in self.squares.values())


@dataclass(frozen=True)
class Corruption:
    """A corruption of SPEC §8, drawn from a seed."""

    name: str
    severity: int
    seed: int = 0


@dataclass(frozen=True)
class Subject:
    """What a model looks at: a photograph, clean or corrupted."""

    photograph: Photograph
    corruption: Corruption | None = None

    @property
    def key(self) -> tuple[str, Corruption | None]:
        """Equal for equal pictures."""
        return self.photograph.ref, self.corruption

    @property
    def nbytes(self) -> int:
        """Of the corrupted copy; the photograph itself is counted where it is kept."""
        return 0 if self.corruption is None else self.photograph.at_benchmark_scale.nbytes

    @cached_property
    def display(self) -> np.ndarray:
        """The picture as shown, uint8."""
        return self.photograph.display if self.corruption is None else self._corrupted

    def square(self, size: int) -> np.ndarray:
        """The picture as a model sees it, uint8 (size, size, 3), the whole of it (policy "whole")."""
        if self.corruption is None and size in self.photograph.squares:
            return self.photograph.squares[size]
        picture = self.photograph.pixels if self.corruption is None else self._corrupted
        return Placement(picture.shape[0], picture.shape[1], size).place(picture)

    @cached_property
    def _corrupted(self) -> np.ndarray:
        assert self.corruption is not None
        return corrupt(
            self.photograph.at_benchmark_scale,
            self.corruption.name,
            self.corruption.severity,
            image_id=self.photograph.ref,
            seed=self.corruption.seed,
        )


def read_photograph(ref: str, title: str, source: Path | bytes, *, max_pixels: int) -> Photograph:
    """Decode a file, cut out what models of the usual sizes see, and keep a bounded copy. Raises InputError.

    A photograph of more than ``max_pixels`` is reduced while it is read (`vars_core.images.decode_reduced`).
    """
    image, (full_height, full_width) = decode_reduced(source, max_pixels=max_pixels)
    height, width = image.shape[:2]
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise InputError(f"the photograph is {width}×{height} pixels: expected sides within a factor of {MAX_ASPECT}")
    squares = {size: Placement(height, width, size).place(image) for size in MODEL_SIZES}
    scale = (KEPT_PIXELS / (height * width)) ** 0.5
    if scale < 1:
        image = scaled(image, scale)
    reduced = None if (height, width) == (full_height, full_width) else (height, width)
    return Photograph(ref, title, full_height, full_width, image, squares, reduced)


def read_upload(path: Path, *, max_pixels: int) -> Photograph:
    """A file that a visitor sent; its name is forgotten."""
    data = path.read_bytes()
    if not data:
        raise InputError("the uploaded file is empty: expected a photograph")
    digest = hashlib.sha256(data).hexdigest()
    return read_photograph(f"upload:{digest}", "your photograph", data, max_pixels=max_pixels)


@lru_cache(maxsize=len(SAMPLES))
def sample(name: str) -> Photograph:
    """One of `SAMPLES` by name."""
    if name not in SAMPLES:
        raise InputError(f"no sample photograph {name!r}; nearest: {nearest(name, SAMPLES)}")
    return read_photograph(f"sample:{name}", name, sample_folder() / SAMPLES[name], max_pixels=10_000_000)


def sample_folder() -> Path:
    """Where scikit-image keeps the photographs of its wheel, found without importing it."""
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("the sample photographs come with scikit-image, which is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def data_files(folder: Path) -> list[str]:
    """Paths of the photographs in a configured folder, relative to it, sorted; the first `MAX_LISTED`."""
    return [path.relative_to(folder).as_posix() for path in list_files(folder).files[:MAX_LISTED]]


def data_photograph(ref: str, folders: Mapping[str, Path], *, max_pixels: int) -> Photograph:
    """``data:NAME/path`` -> the photograph. Raises InputError."""
    path = data_file(ref, folders)
    return read_photograph(ref, path.name, path, max_pixels=max_pixels)


def data_file(ref: str, folders: Mapping[str, Path]) -> Path:
    """``data:NAME/path`` -> the file; a path that leaves the folder is refused as if it were not there."""
    name, _, relative = ref.removeprefix("data:").partition("/")
    if name not in folders:
        raise InputError(f"no data folder {name!r} on this server; nearest: {nearest(name, folders)}")
    path = picture_in(folders[name].resolve(), relative)
    if path is None:
        raise InputError(f"no such photograph in the data folder {name!r}")
    return path


def picture_in(root: Path, relative: str) -> Path | None:
    """A picture's file by its path in a resolved folder; None where there is none, or where the path leads out."""
    path = (root / relative).resolve() if "\0" not in relative else root
    there = path.is_relative_to(root) and path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()
    return path if there else None


def fitted(image: np.ndarray, longest: int) -> np.ndarray:
    """The image with its longest side at most ``longest``."""
    scale = longest / max(image.shape[:2])
    return image if scale >= 1 else scaled(image, scale)


def scaled(image: np.ndarray, scale: float) -> np.ndarray:
    """The image with both sides times ``scale``, a pixel at least."""
    return resized(image, max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale)))


def resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Area averaging when shrinking, cubic when growing."""
    method = cv2.INTER_AREA if height * width <= image.shape[0] * image.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, (width, height), interpolation=method))
