"""A map placed on its image: the one thing that every metric of maps asks (SPEC §5, §7).

A `PlacedMap` answers with values at pixels, mean and standard deviation over all pixels, all pixels (whole, in
bands of rows, or sorted), and as a density. Three kinds of maps answer, each in the cheapest way it can: an array
(`DenseMap`), a layer's map that stays three small matrices until somebody wants every pixel
(`FactoredMap`), and the blur of a few points (`analysis.metrics.fixations.human`).

A map is *degenerate* where it has no range: at most 1e-9 of its magnitude, or a value that is not finite. Where the
pixels are never formed, the standard deviation over them takes the place of the range.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from analysis.baselines import centre_gaussian
from analysis.in_cache import CACHED_BYTES
from analysis.saliency import DEGENERATE_RANGE, is_degenerate, normalise_map
from analysis.source_factors import SourceFactors
from vars_core.data.fixations import in_frame

UNIFORM_SHARE = 0.01
"""Of a map's density that is spread evenly, so that one fixation on a zero cannot cost infinitely many bits."""

BAND_PIXELS = 1 << 21
"""Pixels that are formed at once: photographs of a usual size whole, larger ones in bands of rows."""


@dataclass(frozen=True, eq=False)
class Pixels:
    """Pixels of an image, n of them, int (n,); two may be the same."""

    rows: np.ndarray
    columns: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def keep(self, chosen: np.ndarray) -> Pixels:
        """Those of an index or bool array."""
        return Pixels(self.rows[chosen], self.columns[chosen])

    def of(self, image: np.ndarray) -> np.ndarray:
        """Their values in an image (height, width), (n,)."""
        return image.ravel().take(self.rows * image.shape[1] + self.columns)


def points_on(xs: np.ndarray, ys: np.ndarray, height: int, width: int) -> tuple[Pixels, np.ndarray]:
    """The pixel ⌊y⌋, ⌊x⌋ of every point inside the frame, and which are inside: bool over the given ones.

    Outside 0 ≤ x < width, 0 ≤ y < height, and NaN, are left out.
    """
    x, y = np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)
    kept = in_frame(x, y, height, width)
    return Pixels(y[kept].astype(np.intp), x[kept].astype(np.intp)), kept


class PlacedMap(ABC):
    """A map on an image of ``shape`` (height, width)."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """(height, width) of the image."""

    @property
    @abstractmethod
    def degenerate(self) -> bool:
        """Whether it has no range."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """Over all pixels."""

    @property
    @abstractmethod
    def std(self) -> float:
        """Population standard deviation over all pixels."""

    @abstractmethod
    def at(self, points: Pixels) -> np.ndarray:
        """Values at n pixels, float64 (n,)."""

    @abstractmethod
    def bands(self) -> Iterator[np.ndarray]:
        """All pixels, a band (k, width) of rows after the other, from the top."""

    @abstractmethod
    def unit_bands(self) -> Iterator[np.ndarray]:
        """The same, scaled to [0, 1] by the map's own range: what masks are cut from; zeros where it is degenerate."""

    @cached_property
    def density(self) -> np.ndarray:
        """Scaled by its range, over its sum, mixed with 1 % of the uniform density; float64 ``shape``, sums to 1."""
        return np.full(self.shape, 1 / self.pixels) if self.degenerate else as_density(self.array - self.array.min())

    def density_at(self, points: Pixels) -> np.ndarray:
        """Values of the density at n pixels, float64 (n,)."""
        return points.of(self.density)

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.shape[0] * self.shape[1]

    def z_at(self, points: Pixels) -> np.ndarray:
        """(map − mean) / standard deviation at n pixels, float64 (n,); 0 where the map is degenerate."""
        if self.degenerate:
            return np.zeros(len(points))
        return (self.at(points) - self.mean) / self.std

    def ranked_at(self, points: Pixels) -> np.ndarray:
        """Values at n pixels as they are among `bands`: what is equal there is equal here."""
        return points.of(self.array) if self.pixels <= BAND_PIXELS else self.at(points)

    @cached_property
    def array(self) -> np.ndarray:
        """All pixels at once, ``shape``."""
        return _joined(self.bands())

    @cached_property
    def unit(self) -> np.ndarray:
        """All pixels at once, scaled to [0, 1] by the map's own range."""
        return _joined(self.unit_bands())

    def kept_bands(self) -> Iterator[np.ndarray]:
        """`bands`; a map of one band is formed once, however often it is asked for."""
        if self.pixels <= BAND_PIXELS:
            yield self.array
        else:
            yield from self.bands()

    def sorted_bands(self) -> Iterator[np.ndarray]:
        """All pixels, sorted within each band; a map of one band is sorted once."""
        if self.pixels <= BAND_PIXELS:
            yield self._sorted
        else:
            for band in self.bands():
                yield np.sort(band, axis=None)

    @cached_property
    def _sorted(self) -> np.ndarray:
        return np.sort(self.array, axis=None)


class DenseMap(PlacedMap):
    """An array (height, width) as a map.

    ``decreed``: the values are in [0, 1] and mean what they say, even if all are the same ("everything is foreground").
    """

    def __init__(self, values: np.ndarray, *, decreed: bool = False) -> None:
        self._values = np.asarray(values)
        self._decreed = decreed

    @property
    def shape(self) -> tuple[int, int]:
        height, width = self._values.shape
        return height, width

    @cached_property
    def degenerate(self) -> bool:
        return not self._decreed and is_degenerate(self._values)

    @cached_property
    def mean(self) -> float:
        return float(self._values.mean())

    @cached_property
    def std(self) -> float:
        return float(self._values.std())

    def at(self, points: Pixels) -> np.ndarray:
        return points.of(self._values)

    def bands(self) -> Iterator[np.ndarray]:
        yield self._values

    def unit_bands(self) -> Iterator[np.ndarray]:
        yield self.unit

    @cached_property
    def unit(self) -> np.ndarray:
        return self._values if self._decreed else normalise_map(self._values)[0]

    def density_at(self, points: Pixels) -> np.ndarray:
        if self.degenerate or "density" in vars(self):
            return super().density_at(points)
        above = self._values - self._values.min()
        return as_density(points.of(above), total=above.sum(), pixels=self.pixels)


class FactoredMap(PlacedMap):
    """One of the maps of a `PlacedStack`, which computes what is cheaper for all of them together."""

    def __init__(self, stack: PlacedStack, index: int) -> None:
        self._stack = stack
        self._index = index

    @property
    def shape(self) -> tuple[int, int]:
        return self._stack.factors.shape

    @cached_property
    def degenerate(self) -> bool:
        stack = self._stack
        return bool(stack.flat[self._index]) or self.std <= DEGENERATE_RANGE * abs(self.mean)

    @property
    def mean(self) -> float:
        return float(self._stack.moments[0][self._index])

    @property
    def std(self) -> float:
        return float(self._stack.moments[1][self._index])

    def at(self, points: Pixels) -> np.ndarray:
        values: np.ndarray = self._stack.at(points)[self._index]
        return values

    def ranked_at(self, points: Pixels) -> np.ndarray:
        if self.pixels <= BAND_PIXELS:
            return super().ranked_at(points)
        return np.zeros(len(points)) if self.degenerate else self._stack.factors.finished(self.at(points))

    def bands(self) -> Iterator[np.ndarray]:
        return self._bands(BAND_PIXELS)

    def unit_bands(self) -> Iterator[np.ndarray]:
        # A layer's map is scaled as it leaves the layer.
        return self._bands(CACHED_BYTES // self._stack.factors.dtype.itemsize)

    def _bands(self, pixels: int) -> Iterator[np.ndarray]:
        small, factors = self._stack.maps[self._index], self._stack.factors
        step = max(1, pixels // self.shape[1])
        for top in range(0, self.shape[0], step):
            band = factors.band(small, slice(top, top + step))
            yield np.zeros_like(band) if self.degenerate else band

    @cached_property
    def density(self) -> np.ndarray:
        return np.full(self.shape, 1 / self.pixels) if self.degenerate else as_density(self.array)

    def density_at(self, points: Pixels) -> np.ndarray:
        share = np.ones(len(points)) if self.degenerate else self.at(points) / self.mean
        return ((1.0 - UNIFORM_SHARE) * share + UNIFORM_SHARE) / self.pixels


class PlacedStack(Sequence[FactoredMap]):
    """K maps of one grid on one image.

    ``maps``: (K, h, w) in [0, 1], each scaled by its own range. ``flat``: bool (K,), which of them had none.
    ``factors``: place them; their precision is that of all that is computed.
    """

    def __init__(self, maps: np.ndarray, flat: np.ndarray, factors: SourceFactors) -> None:
        self.maps, self.flat, self.factors = maps, flat, factors
        self._at: tuple[Pixels, np.ndarray] | None = None

    @classmethod
    def of(cls, raw: np.ndarray, factors: SourceFactors) -> PlacedStack:
        """Maps (K, h, w) as they left the layer."""
        scaled, flat = zip(*(normalise_map(one.astype(factors.dtype)) for one in raw), strict=True)
        return cls(np.stack(scaled), np.array(flat), factors)

    def __len__(self) -> int:
        return len(self.maps)

    def __getitem__(self, index: int) -> FactoredMap:  # type: ignore[override]  # no slices
        return FactoredMap(self, range(len(self.maps))[index])

    def at(self, points: Pixels) -> np.ndarray:
        """Values of all maps at n pixels, float64 (K, n); those of the last points asked for are remembered."""
        kept = self._at
        if kept is None or kept[0] is not points:
            self._at = kept = (points, self.factors.at(self.maps, points.rows, points.columns))
        return kept[1]

    @cached_property
    def moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and population standard deviation of each map over all pixels, float64 (K,)."""
        return self.factors.mean_and_std(self.maps)


class SeparableMap(PlacedMap):
    """A column (height,) times a row (width,), both positive, not formed unless asked for."""

    def __init__(self, column: np.ndarray, row: np.ndarray) -> None:
        self._column, self._row = column, row

    @property
    def shape(self) -> tuple[int, int]:
        return len(self._column), len(self._row)

    @property
    def degenerate(self) -> bool:
        return self.std <= DEGENERATE_RANGE * self.mean

    @cached_property
    def mean(self) -> float:
        return float(self._column.mean() * self._row.mean())

    @cached_property
    def std(self) -> float:
        square = (self._column**2).mean() * (self._row**2).mean()
        return float(np.sqrt(max(square - self.mean**2, 0.0)))

    def at(self, points: Pixels) -> np.ndarray:
        return self._column[points.rows] * self._row[points.columns]

    def bands(self) -> Iterator[np.ndarray]:
        step = max(1, BAND_PIXELS // self.shape[1])
        for top in range(0, self.shape[0], step):
            yield np.outer(self._column[top : top + step], self._row)

    def unit_bands(self) -> Iterator[np.ndarray]:
        low = self._column.min() * self._row.min()
        high = self._column.max() * self._row.max()
        for band in self.bands():
            yield np.zeros_like(band) if self.degenerate else (band - low) / (high - low)


def _joined(bands: Iterator[np.ndarray]) -> np.ndarray:
    """Bands below one another; one alone as it is, without a copy."""
    first, *rest = bands
    return np.concatenate([first, *rest]) if rest else first


def placed(raw: np.ndarray, factors: SourceFactors) -> FactoredMap:
    """One map (h, w) as it left a layer, on its image."""
    return PlacedStack.of(raw[None], factors)[0]


def centre_map(height: int, width: int) -> PlacedMap:
    """The centre Gaussian (SPEC §6): an array, or where its pixels are many a column times a row."""
    if height * width <= BAND_PIXELS:
        return DenseMap(centre_gaussian(height, width))
    return SeparableMap(centre_gaussian(height, 1)[:, 0], centre_gaussian(1, width)[0])


@lru_cache(maxsize=8)
def shared_centre(height: int, width: int) -> PlacedMap:
    """`centre_map`, remembered: the photographs of a data set have few sizes."""
    return centre_map(height, width)


def as_density(normalised_map: np.ndarray, *, total: float | None = None, pixels: int | None = None) -> np.ndarray:
    """A non-negative map, not all zero, divided by its sum and mixed with `UNIFORM_SHARE` of the uniform density.

    ``total`` and ``pixels``: the sum and the number of all, where some pixels alone are given.
    """
    density = normalised_map * ((1.0 - UNIFORM_SHARE) / (normalised_map.sum() if total is None else total))
    density += UNIFORM_SHARE / (normalised_map.size if pixels is None else pixels)
    return density
