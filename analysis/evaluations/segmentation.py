"""Maps as masks: every iterate of the chosen layers and readouts against ground truth, beside baselines (SPEC §6)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analysis.baselines import centre_gaussian
from analysis.engine import Item, model_input
from analysis.metrics.segmentation import CURVE_THRESHOLDS, count_at_thresholds, count_mask, iou, mask_at
from analysis.runs import Row
from analysis.saliency import MapKey, Reading, normalise_map, place, place_normalised, read_maps
from vars_core.data.mask_set import MaskSet
from vars_core.data.masks import FOREGROUND, VOID, Pair

if TYPE_CHECKING:
    from vars_core.backend import Backend
    from vars_core.images import Placement
    from vars_core.trace import Trace

BASELINE_ALL = "baseline:all"
BASELINE_CENTRE = "baseline:centre"

SCHEMA = pa.schema(
    [
        ("position", pa.int64()),  # in the list of samples, from 0
        ("id", pa.string()),
        ("model", pa.string()),
        ("layer", pa.string()),  # null for baselines, as are readout and iteration
        ("readout", pa.string()),
        ("iteration", pa.int64()),
        ("height", pa.int64()),
        ("width", pa.int64()),
        ("tp", pa.int64()),  # pixels, at the run's threshold
        ("fp", pa.int64()),
        ("fn", pa.int64()),
        ("tn", pa.int64()),
        ("void", pa.int64()),
        ("tp_at", pa.list_(pa.int32())),  # pixels, at each of CURVE_THRESHOLDS
        ("fp_at", pa.list_(pa.int32())),
        ("map_min", pa.float64()),  # of the map as it left the layer
        ("map_max", pa.float64()),
        ("degenerate", pa.bool_()),
        ("best_head", pa.int64()),  # the head with the highest IoU on this image, where heads were scored
        ("best_head_tp", pa.int64()),
        ("best_head_fp", pa.int64()),
        ("best_head_fn", pa.int64()),
        ("seconds", pa.float64()),  # the model's share of one image: forward pass and trace
        ("error", pa.string()),
    ]
)


class Segmentation:
    """The evaluation: ``samples`` and what becomes of a batch of them.

    Args:
        masks: photographs with their label images, and what these mean.
        readings: per model name.
        threshold: a pixel is foreground where the normalised map reaches it.
        per_head: also find the best head of each map on each image (an oracle, and labelled as one).
        workers: threads that place and count; results do not depend on it.
    """

    schema = SCHEMA
    policy = "whole"

    def __init__(
        self,
        masks: MaskSet,
        readings: Mapping[str, Reading],
        *,
        threshold: float,
        per_head: bool = False,
        workers: int = 1,
    ) -> None:
        self.samples: Sequence[Pair] = masks.pairs
        self.masks = masks
        self.readings = readings
        self.threshold = threshold
        self.per_head = per_head
        self.workers = workers

    def load(self, sample: Pair) -> tuple[np.ndarray, np.ndarray]:
        """The image and its regions."""
        return self.masks.load(sample)

    def baseline_rows(self, items: Sequence[Item]) -> list[Row]:
        """Everything foreground, and the centre Gaussian as if it were a map."""
        return [row for item in items for row in self._baselines(item)]

    def score(self, backend: Backend, items: Sequence[Item]) -> list[Row]:
        """One row per image, layer, readout and iterate."""
        batch, placements = model_input(backend, items)
        started = time.perf_counter()
        trace = self.trace(backend, batch)
        seconds = (time.perf_counter() - started) / len(items)
        fixed = {"model": backend.name, "seconds": seconds}
        with ThreadPoolExecutor(self.workers, thread_name_prefix="count") as pool:
            per_image = pool.map(
                lambda index: [
                    fixed | row for row in self._rows(trace, index, items[index], placements[index], backend)
                ],
                range(len(items)),
            )
            return [row for rows in per_image for row in rows]

    def trace(self, backend: Backend, batch: Any) -> Trace:
        """Trace what this model's reading needs of a batch (B, 3, S, S)."""
        reading = self.readings[backend.name]
        return backend.trace(batch, readouts=reading.readouts, layers=reading.layers, per_head=self.per_head)

    def _rows(self, trace: Trace, index: int, item: Item, placement: Placement, backend: Backend) -> Iterator[Row]:
        reading = self.readings[backend.name]
        for key, maps in read_maps(trace, reading.layers, reading.readouts):
            raw = maps[index]
            placed, degenerate = place_normalised(raw, placement)
            yield {
                **_described(item),
                "layer": key.layer,
                "readout": key.readout,
                "iteration": key.iteration,
                "map_min": float(raw.min()),
                "map_max": float(raw.max()),
                "degenerate": degenerate,
                **self._counted(placed, item.target),
                **self._best_head(trace, key, index, item.target, placement),
            }

    def _counted(self, placed: np.ndarray, truth: np.ndarray) -> Row:
        """Counts of a map in [0, 1] at the source image's size: at the run's threshold, and along the curve."""
        thresholds = np.union1d(CURVE_THRESHOLDS, self.threshold)
        tp, fp = count_at_thresholds(placed, truth, thresholds)
        at = int(np.searchsorted(thresholds, self.threshold))
        curve = np.searchsorted(thresholds, CURVE_THRESHOLDS)
        void = int(np.count_nonzero(truth == VOID))
        positive = int(np.count_nonzero(truth == FOREGROUND))
        return {
            "tp": int(tp[at]),
            "fp": int(fp[at]),
            "fn": positive - int(tp[at]),
            "tn": truth.size - void - positive - int(fp[at]),
            "void": void,
            "tp_at": tp[curve],
            "fp_at": fp[curve],
        }

    def _best_head(self, trace: Trace, key: MapKey, index: int, truth: np.ndarray, placement: Placement) -> Row:
        heads = trace[key.layer].head_maps.get(key.readout) if self.per_head else None
        if heads is None:
            return {}
        placed = (place_normalised(head, placement)[0] for head in heads[key.iteration, index].numpy())
        counts = [count_mask(mask_at(one, self.threshold), truth) for one in placed]
        best = max(range(len(counts)), key=lambda h: float(iou(counts[h].tp, counts[h].fp, counts[h].fn)))
        chosen = counts[best]
        return {
            "best_head": best,
            "best_head_tp": chosen.tp,
            "best_head_fp": chosen.fp,
            "best_head_fn": chosen.fn,
        }

    def _baselines(self, item: Item) -> Iterator[Row]:
        started = time.perf_counter()
        for name in (BASELINE_ALL, BASELINE_CENTRE):
            placed = baseline_map(name, *item.target.shape)
            yield {
                **_described(item),
                "model": name,
                "degenerate": False,
                **self._counted(placed, item.target),
                "seconds": time.perf_counter() - started,
            }


def baseline_map(name: str, height: int, width: int) -> np.ndarray:
    """The map a baseline stands for, float64 (height, width) in [0, 1]."""
    return np.ones((height, width)) if name == BASELINE_ALL else _centre(height, width)


def model_map(trace: Trace, key: MapKey, index: int, placement: Placement) -> np.ndarray:
    """One map of a traced batch on its source image, float32 (height, width) in [0, 1]."""
    normalised, _ = normalise_map(trace[key.layer].maps[key.readout][key.iteration, index].numpy())
    return place(normalised, placement)


@lru_cache(maxsize=4)
def _centre(height: int, width: int) -> np.ndarray:
    normalised, _ = normalise_map(centre_gaussian(height, width))
    normalised.setflags(write=False)
    return normalised


def _described(item: Item) -> Row:
    height, width = item.target.shape
    return {"position": item.position, "id": item.sample.id, "height": height, "width": width}
