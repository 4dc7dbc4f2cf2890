"""Where maps of an image come from: a model, a prior that has seen no image, other images' fixations, people.

Floors and ceilings are no special case: whatever gives maps is a `MapSource` with a name, and an evaluation
scores them all in the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from analysis.engine import Item, model_input
from analysis.metrics.fixations.human import BlurMap
from analysis.metrics.fixations.truth import FixationTruth
from analysis.metrics.table import DENSITY
from analysis.placed_map import DenseMap, PlacedMap, PlacedStack, shared_centre
from analysis.saliency import MapKey, Reading
from analysis.source_factors import SourceFactors, source_factors
from vars_core.images import Placement

if TYPE_CHECKING:
    from vars_core.backend import Backend
    from vars_core.trace import LayerTrace

BASELINE_ALL = "baseline:all"
BASELINE_CENTRE = "baseline:centre"
BASELINE_CROSSVAL = "baseline:crossval"
HUMAN = "human"

Factors = Callable[[Placement, tuple[int, int]], SourceFactors]
"""How a layer's maps are placed: ``source_factors`` or ``single_factors``."""


@dataclass(frozen=True)
class SourceMaps:
    """K maps of one image that belong together: those of a layer, or the one map of a prior.

    ``placed``: on the image, K.
    ``keys``: which maps of a model they are; None for what has no layers.
    ``raw``: as they left the layer, float32 (K, h, w).
    ``heads``: for each map its heads' maps, placed; only where they were asked for.
    ``blur``: σ in pixels by which the placed maps are blurred.
    ``placement``: where the model's input lies on the image.
    ``seconds``: the model's share of one image: from its input to its maps.
    """

    placed: Sequence[PlacedMap]
    keys: Sequence[MapKey | None] = (None,)
    raw: np.ndarray | None = None
    heads: Sequence[Sequence[PlacedMap] | None] | None = None
    blur: float = 0.0
    placement: Placement | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Trial:
    """A map and the fixations it is scored against; ``observer``: whose alone these are, None for everybody's."""

    placed: PlacedMap
    truth: FixationTruth
    observer: int | None = None


class MapSource(Protocol):
    """Gives maps of images; to be derived from."""

    @property
    def name(self) -> str:
        """What rows and entries call it: "rvt_nano/vars_d", "baseline:centre", "human"."""

    def maps(self, items: Sequence[Item]) -> Iterator[Iterator[SourceMaps]]:
        """For each image of a batch its maps; none where there is none."""

    def trials(self, placed: PlacedMap, truth: FixationTruth, needs: str) -> Sequence[Trial]:
        """What a map's score against fixations is the mean over: one trial, but for people."""
        return (Trial(placed, truth),)


class _Prior(MapSource):
    """A source of at most one map an image, which depends on no model."""

    name = ""

    def maps(self, items: Sequence[Item]) -> Iterator[Iterator[SourceMaps]]:
        for item in items:
            placed = self.map_of(item)
            yield iter(() if placed is None else (SourceMaps((placed,)),))

    def map_of(self, item: Item) -> PlacedMap | None:
        """The map of one image."""
        raise NotImplementedError


class Everywhere(_Prior):
    """Everything is foreground."""

    name = BASELINE_ALL

    def map_of(self, item: Item) -> PlacedMap:
        return _ones(*item.image.shape[:2])


class Centre(_Prior):
    """The centre Gaussian."""

    name = BASELINE_CENTRE

    def map_of(self, item: Item) -> PlacedMap:
        return shared_centre(*item.image.shape[:2])


class OtherImages(_Prior):
    """The cross-validated centre bias: the blurred fixations on all other images."""

    name = BASELINE_CROSSVAL

    def map_of(self, item: Item) -> PlacedMap | None:
        frame = item.target.frame
        density = frame.pool.centre_bias(frame.name, frame.shape)
        return None if density is None else DenseMap(density)


class People(_Prior):
    """The observers themselves: the ceiling, and for pictures the density of all of them together.

    Leave one observer out: the others' map at the fixations of the one, mean over observers. For metrics whose truth is
    a density, one observer's would be far poorer than the one that models face: there every second observer's map
    predicts the rest's, and the other way round.
    """

    name = HUMAN

    def map_of(self, item: Item) -> PlacedMap | None:
        people = item.target.people
        return BlurMap(people, np.ones(len(people.points), dtype=bool)) if len(people.present) > 1 else None

    def trials(self, placed: PlacedMap, truth: FixationTruth, needs: str) -> Sequence[Trial]:
        if needs == DENSITY:
            halves = truth.people.halves()
            ways = () if halves is None else (halves, halves[::-1])
            return [Trial(predicted, replace(truth, blurred=rest.array)) for predicted, rest in ways]
        return [Trial(one.others, truth.of(one), one.observer) for one in truth.people.left_out()]


class ModelMaps(MapSource):
    """A model's maps: all iterates of the layers and readouts of a reading.

    ``factors``: how they are placed on the image. ``per_head``: the heads' maps too.
    """

    def __init__(
        self, backend: Backend, reading: Reading, factors: Factors = source_factors, *, per_head: bool = False
    ) -> None:
        self.backend, self.reading, self.factors, self.per_head = backend, reading, factors, per_head

    @property
    def name(self) -> str:
        return self.backend.name

    def maps(self, items: Sequence[Item]) -> Iterator[Iterator[SourceMaps]]:
        batch, placements = model_input(self.backend, items)
        started = time.perf_counter()
        layers = self.backend.maps(batch, self.reading.readouts, self.reading.layers, per_head=self.per_head)
        seconds = (time.perf_counter() - started) / len(items)
        for index, placement in enumerate(placements):
            yield self._layers(layers, index, placement, seconds)

    def _layers(
        self, layers: Mapping[str, LayerTrace], index: int, placement: Placement, seconds: float
    ) -> Iterator[SourceMaps]:
        for layer in self.reading.layers:
            recorded = layers[layer]
            keys, raw, heads = [], [], []
            for readout in self.reading.readouts:
                iterates = recorded.maps[readout][:, index].numpy()
                by_head = recorded.head_maps.get(readout)
                for iteration, values in enumerate(iterates):
                    keys.append(MapKey(layer, readout, iteration))
                    raw.append(values)
                    heads.append(None if by_head is None else by_head[iteration, index].numpy())
            stacked = np.stack(raw)
            factors = self.factors(placement, (stacked.shape[1], stacked.shape[2]))
            yield SourceMaps(
                placed=PlacedStack.of(stacked, factors),
                keys=keys,
                raw=stacked,
                heads=[None if one is None else PlacedStack.of(one, factors) for one in heads],
                placement=placement,
                seconds=seconds,
            )


class Blurred(MapSource):
    """Another source's maps, blurred by each of some σ in pixels (0 leaves them); of a model's maps alone."""

    def __init__(self, source: MapSource, sigmas: Sequence[float]) -> None:
        self.source, self.sigmas = source, tuple(sigmas)

    @property
    def name(self) -> str:
        return self.source.name

    def maps(self, items: Sequence[Item]) -> Iterator[Iterator[SourceMaps]]:
        for of_image in self.source.maps(items):
            yield (_blurred(maps, sigma) for maps in of_image for sigma in self.sigmas)

    def trials(self, placed: PlacedMap, truth: FixationTruth, needs: str) -> Sequence[Trial]:
        return self.source.trials(placed, truth, needs)


def _blurred(maps: SourceMaps, sigma: float) -> SourceMaps:
    if not sigma:
        return maps
    assert isinstance(maps.placed, PlacedStack) and maps.placement is not None
    stack, grid = maps.placed, (maps.placed.maps.shape[1], maps.placed.maps.shape[2])
    factors = source_factors(maps.placement, grid, sigma)
    return replace(maps, placed=PlacedStack(stack.maps, stack.flat, factors), blur=sigma)


@lru_cache(maxsize=4)
def _ones(height: int, width: int) -> PlacedMap:
    return DenseMap(np.ones((height, width), np.float32), decreed=True)
