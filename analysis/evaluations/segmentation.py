"""Maps as masks: every iterate of the chosen layers and readouts against ground truth, beside baselines (SPEC §6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.engine import Item
from analysis.evaluations.grouping import Entry, rows_of_maps
from analysis.evaluations.maps import Headline, MapEvaluation
from analysis.evaluations.segmentation_report import build_report
from analysis.evaluations.segmentation_summary import summarise
from analysis.map_sources import Centre, Everywhere, MapSource, ModelMaps, SourceMaps
from analysis.metrics.segmentation import CURVE_THRESHOLDS, GroundTruth, count_map, count_mask, cut_map, iou
from analysis.placed_map import PlacedMap
from analysis.runs import Row, Run
from analysis.saliency import Reading
from analysis.source_factors import single_factors
from vars_core.data.mask_set import MaskSet
from vars_core.data.masks import Pair

if TYPE_CHECKING:
    from vars_core.backend import Backend

SCHEMA = rows_of_maps(
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
    ("seconds", pa.float64()),  # the model's share of one image: from its input to its maps
)


class Segmentation(MapEvaluation):
    """The evaluation: ``samples`` and what becomes of a batch of them.

    ``masks``: photographs with their label images, and what these mean. ``readings``, ``headlines``: see
    `MapEvaluation`. ``threshold``: a pixel is foreground where the normalised map reaches it. ``per_head``: also find
    the best head of each map on each image (an oracle, and labelled as one).
    """

    schema = SCHEMA
    baselines = (Everywhere, Centre)

    def __init__(
        self,
        masks: MaskSet,
        readings: Mapping[str, Reading],
        headlines: Mapping[str, Headline] | None = None,
        *,
        threshold: float,
        per_head: bool = False,
    ) -> None:
        super().__init__(masks.pairs, readings, headlines, single_factors)
        self.masks = masks
        self.threshold = threshold
        self.per_head = per_head

    def load(self, sample: Pair) -> tuple[np.ndarray, np.ndarray]:
        """The image and its regions."""
        return self.masks.load(sample)

    def source_of(self, backend: Backend) -> MapSource:
        """The model, its maps placed in single precision."""
        return ModelMaps(backend, self.readings[backend.name], self.factors, per_head=self.per_head)

    def described(self, item: Item) -> Row:
        height, width = item.target.shape
        return {"position": item.position, "id": item.sample.id, "height": height, "width": width}

    def score_maps(self, source: MapSource, item: Item, maps: SourceMaps) -> Iterator[Row]:
        """Counts at the run's threshold and along the curve, and of the best head where heads are scored."""
        truth = GroundTruth(item.target)
        for index, one in enumerate(maps.placed):
            heads = maps.heads[index] if maps.heads else None
            best = {} if heads is None else self._best_head(heads, item.target)
            yield {"degenerate": one.degenerate, **self._counted(one, truth), **best}

    def summarise(self, run: Run) -> list[Entry]:
        return summarise(run)

    def report(self, run: Run, summary: Sequence[Entry]) -> str:
        return build_report(run, self, self.threshold, summary)

    def lines(self, run: Run, summary: Sequence[Entry]) -> Iterator[str]:
        """The first table in short."""
        metrics = ("iou_pooled", "iou_image_mean", "fp", "fn", "iou_best_threshold")
        yield f"{'model':<44}" + "".join(f"{metric:>20}" for metric in metrics)
        for title, values in self.headline_lines(summary).items():
            cells = (f"{values[metric]:.4f}" if metric in values else "–" for metric in metrics)
            yield f"{title:<44}" + "".join(f"{cell:>20}" for cell in cells)

    def _counted(self, one: PlacedMap, truth: GroundTruth) -> Row:
        thresholds = np.union1d(CURVE_THRESHOLDS, self.threshold)
        counts = count_map(one, truth, thresholds)
        at = int(np.searchsorted(thresholds, self.threshold))
        curve = np.searchsorted(thresholds, CURVE_THRESHOLDS)
        return {
            **{name: int(getattr(counts, name)[at]) for name in ("tp", "fp", "fn", "tn")},
            "void": int(counts.void),
            "tp_at": counts.tp[curve],
            "fp_at": counts.fp[curve],
        }

    def _best_head(self, heads: Sequence[PlacedMap], truth: np.ndarray) -> Row:
        counts = [count_mask(cut_map(head, self.threshold), truth) for head in heads]
        best = max(range(len(counts)), key=lambda h: float(iou(counts[h].tp, counts[h].fp, counts[h].fn)))
        chosen = counts[best]
        return {
            "best_head": best,
            "best_head_tp": chosen.tp,
            "best_head_fp": chosen.fp,
            "best_head_fn": chosen.fn,
        }
