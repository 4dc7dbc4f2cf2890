"""The summary of a segmentation run, from its rows alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.evaluations.grouping import COORDINATES, Entry, MapGroup, entry_of, floats, rows_by, stacked
from analysis.metrics.bootstrap import interval, resamples
from analysis.metrics.segmentation import CURVE_THRESHOLDS, Counts, iou
from analysis.metrics.table import EACH_IMAGE, HEADS, POOLED, THRESHOLDS, metrics_that_need
from analysis.runs import Run

PIXELS, CURVES = ("tp", "fp", "fn", "tn", "void"), ("tp_at", "fp_at")
COUNTED = (*COORDINATES, "id", "position", *PIXELS, *CURVES, "degenerate")
BEST_HEADS = ("best_head_tp", "best_head_fp", "best_head_fn")

Share = Callable[[Counts], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Group(MapGroup):
    """The images of one model, layer, readout and iterate, in the order of the samples; n of them.

    ``tp … void``: (n,) pixels at the run's threshold; ``tp_at``, ``fp_at``: (n, 101) along CURVE_THRESHOLDS;
    ``heads``: (n, 3) TP, FP, FN of the best head of each image, or None.
    """

    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray
    tn: np.ndarray
    void: np.ndarray
    tp_at: np.ndarray
    fp_at: np.ndarray
    heads: np.ndarray | None

    def iou_curve(self) -> np.ndarray:
        """Pooled IoU at each of CURVE_THRESHOLDS, (101,) in [0, 1]."""
        tp, fp = self.tp_at.sum(axis=0), self.fp_at.sum(axis=0)
        return iou(tp, fp, (self.tp + self.fn).sum() - tp)

    def best_threshold(self) -> float:
        """The single threshold that would have given the highest pooled IoU (an oracle: it has seen the truth)."""
        return float(CURVE_THRESHOLDS[int(np.argmax(self.iou_curve()))])

    def image_iou(self) -> np.ndarray:
        """IoU of each image at the run's threshold, (n,) in [0, 1]."""
        return iou(self.tp, self.fp, self.fn)


def groups(run: Run) -> Iterator[Group]:
    """The groups of a run in the order of its rows; one model's rows are held at a time."""
    for model in run.values("model"):
        yield from _groups_of(run.rows([*COUNTED, *BEST_HEADS], where=pc.field("model") == model))


def summarise(run: Run) -> list[Entry]:
    """All entries of ``summary.json``, in percent, each with a 95 % bootstrap interval over images.

    The metrics of the table that need counts of masks, at the run's threshold but for the one over all thresholds;
    ``iou_best_head`` only where heads were scored.
    """
    return [entry for group in groups(run) for entry in summarise_group(group)]


def summarise_group(group: Group) -> list[Entry]:
    """The entries of one group."""
    n = len(group.ids)
    # A first row of ones is the data set itself; the others are its resamples.
    weights = np.vstack([np.ones((1, n)), resamples(n)])
    entries = []
    for name, metric in metrics_that_need(*REDUCTIONS).items():
        assert metric.function is not None
        shares = REDUCTIONS[metric.needs](weights, group, metric.function)
        if shares is not None:
            entries.append(entry_of(group.name, name, float(shares[0]), interval(shares[1:]), n, metric.scale))
    return entries


def _pooled(weights: np.ndarray, group: Group, share: Share) -> np.ndarray:
    tp, fp, fn, tn = (weights @ counts for counts in (group.tp, group.fp, group.fn, group.tn))
    return share(Counts(tp, fp, fn, tn))


def _image_mean(weights: np.ndarray, group: Group, share: Share) -> np.ndarray:
    return np.asarray((weights * share(Counts(group.tp, group.fp, group.fn, group.tn))).sum(axis=1) / len(group.ids))


def _at_thresholds(weights: np.ndarray, group: Group, share: Share) -> np.ndarray | None:
    """None without an object in any truth: a threshold that marks nothing would then be right by default. Resamples
    without one are left out for the same reason."""
    positive, negative = (weights @ counts for counts in (group.tp + group.fn, group.fp + group.tn))
    if not positive[0]:
        return None
    with_object = positive > 0
    positive, negative, weights = positive[with_object], negative[with_object], weights[with_object]
    tp, fp = weights @ group.tp_at, weights @ group.fp_at
    return share(Counts(tp, fp, positive[:, None] - tp, negative[:, None] - fp))


def _best_heads(weights: np.ndarray, group: Group, share: Share) -> np.ndarray | None:
    if group.heads is None:
        return None
    tp, fp, fn = (weights @ group.heads).T
    return share(Counts(tp, fp, fn, (weights @ (group.tp + group.fp + group.fn + group.tn)) - tp - fp - fn))


REDUCTIONS: dict[str, Callable[[np.ndarray, Group, Share], np.ndarray | None]] = {
    POOLED: _pooled,
    EACH_IMAGE: _image_mean,
    THRESHOLDS: _at_thresholds,
    HEADS: _best_heads,
}
"""What a metric needs → how it is had of images weighted (draws, n) in some data sets: shares (draws,)."""


def _groups_of(table: pa.Table) -> Iterator[Group]:
    """Split one model's rows by layer, readout and iterate; rows with an error carry no model."""
    for place, rows in rows_by(table, COORDINATES).items():
        part = table.take(rows)
        counts: dict[str, Any] = {name: floats(part[name]) for name in PIXELS}
        counts |= {name: stacked(part[name]) for name in CURVES}
        heads = None
        if part["best_head_tp"].null_count == 0:
            heads = np.stack([floats(part[name]) for name in BEST_HEADS], axis=1)
        yield Group(
            **dict(zip(COORDINATES, place, strict=True)),
            ids=part["id"].to_pylist(),
            positions=part["position"].to_numpy(),
            **counts,
            degenerate=int(pc.sum(part["degenerate"]).as_py()),
            heads=heads,
        )
