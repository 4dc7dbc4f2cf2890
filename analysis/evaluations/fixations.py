"""Maps against eye fixations: every iterate of the chosen layers and readouts, between floors and ceiling (SPEC §7)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.baselines import centre_gaussian
from analysis.engine import Item, model_input
from analysis.evaluations.fixation_scoring import METRICS, ImageScores, ObserverSums, Truth
from analysis.metrics.fixations.density import as_density, map_density
from analysis.metrics.fixations.human import Observers
from analysis.metrics.fixations.pool import FixationPool
from analysis.metrics.fixations.scores import is_degenerate, nss_values, pixels_of
from analysis.runs import Row
from analysis.saliency import Reading, normalise_map
from analysis.source_factors import SourceFactors, source_factors
from vars_core.data.fixations import FixationSet, Stimulus
from vars_core.images import decode_image

if TYPE_CHECKING:
    from torch import Tensor

    from vars_core.backend import Backend
    from vars_core.images import Placement
    from vars_core.trace import Trace

BASELINE_CENTRE = "baseline:centre"
BASELINE_CROSSVAL = "baseline:crossval"
HUMAN = "human"

SCHEMA = pa.schema(
    [
        ("position", pa.int64()),  # in the list of samples, from 0
        ("id", pa.string()),
        ("model", pa.string()),  # null for an image without a fixation inside it
        ("layer", pa.string()),  # null for baselines and humans, as are readout and iteration
        ("readout", pa.string()),
        ("iteration", pa.int64()),
        ("blur", pa.float64()),  # σ of the map's own blur, pixels; 0 for none
        ("height", pa.int64()),
        ("width", pa.int64()),
        ("fixations", pa.int64()),  # scored: those inside the frame
        ("outside", pa.int64()),  # dropped: outside the frame
        ("not_numbers", pa.int64()),  # dropped: NaN
        ("nss_sum", pa.float64()),  # over the scored fixations
        ("nss", pa.float64()),  # mean over fixations; humans: over observers
        *((name, pa.float64()) for name in METRICS if name != "nss"),
        ("observer_fixations", pa.list_(pa.int32())),  # by observer, in the order of run.json
        ("observer_nss_sum", pa.list_(pa.float64())),
        ("map_min", pa.float64()),  # of the map as it left the layer
        ("map_max", pa.float64()),
        ("degenerate", pa.bool_()),
        ("seconds", pa.float64()),  # the model's share of one image: forward pass and trace
        ("error", pa.string()),
    ]
)


class FixationEvaluation:
    """The evaluation: ``samples`` and what becomes of a batch of them.

    Args:
        fixations: the data set.
        sizes: (height, width) of every image whose fixations may serve as the others'.
        readings: per model name.
        metrics: of METRICS.
        sigma: pixels of one degree of visual angle: the blur of fixations.
        blurs: σ in pixels by which maps are blurred before they are scored; 0 leaves them.
        limit: only the first so many images are scored; the others' fixations still count as other images'.
    """

    schema = SCHEMA
    policy = "whole"

    def __init__(
        self,
        fixations: FixationSet,
        sizes: Mapping[str, tuple[int, int]],
        readings: Mapping[str, Reading],
        *,
        metrics: Sequence[str] = METRICS,
        sigma: float,
        blurs: Sequence[float] = (0.0,),
        limit: int | None = None,
    ) -> None:
        self.samples: Sequence[Stimulus] = fixations.stimuli[:limit]
        self.observers = fixations.observers
        self.readings = readings
        self.metrics = tuple(metrics)
        self.sigma = sigma
        self.blurs = tuple(blurs)
        pooled = {s.id: (s.fixations.xs, s.fixations.ys) for s in fixations.stimuli if s.id in sizes}
        self.pool = FixationPool(pooled, {name: sizes[name] for name in pooled}, sigma)

    def load(self, sample: Stimulus) -> tuple[np.ndarray, Truth]:
        """The image and where it was looked at."""
        image = decode_image(sample.path)
        return image, self.truth(sample, image.shape[0], image.shape[1])

    def truth(self, sample: Stimulus, height: int, width: int) -> Truth:
        """The fixations of a sample as pixels of an image of that size."""
        found = sample.fixations
        rows, columns, kept = pixels_of(found.xs, found.ys, height, width)
        not_numbers = int((np.isnan(found.xs) | np.isnan(found.ys)).sum())
        return Truth(
            name=sample.id,
            shape=(height, width),
            rows=rows,
            columns=columns,
            observers=found.observers[kept],
            outside=len(kept) - len(rows) - not_numbers,
            not_numbers=not_numbers,
            sigma=self.sigma,
        )

    def trace(self, backend: Backend, batch: Tensor) -> Trace:
        """Trace what this model's reading needs of a batch (B, 3, S, S)."""
        reading = self.readings[backend.name]
        return backend.trace(batch, readouts=reading.readouts, layers=reading.layers)

    def baseline_rows(self, items: Sequence[Item]) -> list[Row]:
        """Two floors and the ceiling; for an image that nobody looked at a row that says so."""
        rows: list[Row] = []
        for item in items:
            if not len(item.target.rows):
                rows.append({**_described(item), "fixations": 0})
                continue
            rows += [{**_described(item), **row, "blur": 0.0} for row in self._floors_and_ceiling(item.target)]
        return rows

    def score(self, backend: Backend, items: Sequence[Item]) -> list[Row]:
        """One row per image, layer, readout, iterate and blur."""
        batch, placements = model_input(backend, items)
        started = time.perf_counter()
        trace = self.trace(backend, batch)
        seconds = (time.perf_counter() - started) / len(items)
        return [
            {**_described(item), "model": backend.name, "seconds": seconds, **row}
            for index, item in enumerate(items)
            if len(item.target.rows)
            for row in self._model_rows(trace, index, item.target, placements[index], self.readings[backend.name])
        ]

    def baseline_map(self, name: str, truth: Truth) -> np.ndarray | None:
        """The map a baseline or the human row stands for, float64 (height, width); None where there is none.

        The human map, for pictures, is the density of all observers together.
        """
        if name == BASELINE_CENTRE:
            return _centre(*truth.shape)
        if name == BASELINE_CROSSVAL:
            return self.pool.centre_bias(truth.name, truth.shape)
        return truth.density

    def _floors_and_ceiling(self, truth: Truth) -> Iterator[Row]:
        scores = self._scores(truth)
        for name in (BASELINE_CENTRE, BASELINE_CROSSVAL):
            baseline = self.baseline_map(name, truth)
            if baseline is None:
                continue
            row: Row = {"model": name, "degenerate": is_degenerate(baseline)}
            row |= self._by_observer(truth).row(nss_values(baseline, truth.rows, truth.columns))
            yield row | scores.of_baseline(baseline)
        human = self._human(truth)
        if human is not None:
            yield human

    def _human(self, truth: Truth) -> Row | None:
        """Leave one observer out: the others' density scored at their fixations, averaged over observers.

        For CC, SIM and KL, whose truth is a density, one observer's would be far poorer than the one that models face:
        there every second observer's density predicts the rest's and the other way round.
        """
        observers = Observers(truth.rows, truth.columns, truth.observers, truth.shape, self.sigma)
        left_out = observers.left_out_nss()
        if not left_out:
            return None
        sums = np.zeros(len(self.observers))
        counts = np.zeros(len(self.observers), dtype=int)
        for observer, values in left_out.items():
            sums[observer], counts[observer] = values.sum(), len(values)
        row: Row = {
            "model": HUMAN,
            "degenerate": False,
            "fixations": int(counts.sum()),
            "nss_sum": float(sums.sum()),
            "nss": float(np.mean([values.mean() for values in left_out.values()])),
            "observer_fixations": counts,
            "observer_nss_sum": sums,
        }
        scores = self._scores(truth)
        return row | scores.of_left_out(observers) | scores.of_halves(observers)

    def _model_rows(
        self, trace: Trace, index: int, truth: Truth, placement: Placement, reading: Reading
    ) -> Iterator[Row]:
        scores = self._scores(truth)
        sums = self._by_observer(truth)
        for layer in reading.layers:
            names = [(r, t) for r in reading.readouts for t in range(len(trace[layer].maps[r]))]
            raw = np.concatenate([trace[layer].maps[r][:, index].numpy() for r in reading.readouts]).astype(np.float64)
            normalised, degenerate = zip(*(normalise_map(one) for one in raw), strict=True)
            maps = np.stack(normalised)
            for blur in self.blurs:
                factors = source_factors(placement, (raw.shape[1], raw.shape[2]), blur)
                values, means, z = point_scores(factors, maps, np.array(degenerate), truth)
                for k, (readout, iteration) in enumerate(names):
                    row: Row = {
                        "layer": layer,
                        "readout": readout,
                        "iteration": iteration,
                        "blur": blur,
                        "map_min": float(raw[k].min()),
                        "map_max": float(raw[k].max()),
                        "degenerate": degenerate[k],
                    }
                    row |= sums.row(z[k])
                    if "ig" in self.metrics:
                        row["ig"] = scores.gain_of_values(values[k], float(means[k]))
                    if scores.needs_map:
                        placed = np.zeros(truth.shape) if degenerate[k] else factors.place_normalised(maps[k])
                        row |= scores.of_map(placed, None if degenerate[k] else as_density(placed))
                    yield row

    def _by_observer(self, truth: Truth) -> ObserverSums:
        return ObserverSums(truth.observers, len(self.observers))

    def _scores(self, truth: Truth) -> ImageScores:
        return ImageScores(truth, self.metrics, lambda: _centre_density(*truth.shape), self.pool)


def point_scores(
    factors: SourceFactors, maps: np.ndarray, degenerate: np.ndarray, truth: Truth
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of maps (K, h, w) on the source image: values at the n fixations (K, n), means (K,), z-values (K, n).

    Nothing as large as the image is formed. z is 0 for a degenerate map.
    """
    values = factors.at(maps, truth.rows, truth.columns)
    means, stds = factors.mean_and_std(maps)
    flat = degenerate | (stds <= 1e-9 * np.abs(means))
    z = np.where(flat[:, None], 0.0, (values - means[:, None]) / np.where(flat, 1.0, stds)[:, None])
    return values, means, z


def model_map(trace: Trace, layer: str, readout: str, iteration: int, index: int, placement: Placement) -> np.ndarray:
    """One map of a traced batch on its source image, float64 (height, width) in [0, 1]."""
    normalised, _ = normalise_map(trace[layer].maps[readout][iteration, index].numpy().astype(np.float64))
    return source_factors(placement, (normalised.shape[0], normalised.shape[1])).place_normalised(normalised)


@lru_cache(maxsize=8)
def _centre(height: int, width: int) -> np.ndarray:
    return _frozen(centre_gaussian(height, width))


@lru_cache(maxsize=8)
def _centre_density(height: int, width: int) -> np.ndarray:
    return _frozen(map_density(_centre(height, width)))


def _frozen(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array


def _described(item: Item) -> Row:
    truth: Truth = item.target
    return {
        "position": item.position,
        "id": item.sample.id,
        "height": truth.shape[0],
        "width": truth.shape[1],
        "fixations": len(truth.rows),
        "outside": truth.outside,
        "not_numbers": truth.not_numbers,
    }
