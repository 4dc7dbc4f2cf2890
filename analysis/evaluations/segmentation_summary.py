"""The summary of a segmentation run, from its rows alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.evaluations.grouping import COORDINATES, Entry, MapGroup, rows_by, stacked
from analysis.metrics.bootstrap import interval, resamples
from analysis.metrics.segmentation import CURVE_THRESHOLDS, fraction_of_pixels, iou
from analysis.runs import Run

COUNTED = (*COORDINATES, "id", "position", "tp", "fp", "fn", "tn", "void", "tp_at", "fp_at", "degenerate")
HEADS = ("best_head_tp", "best_head_fp", "best_head_fn")


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
        table = run.rows(where=pc.field("model") == model)
        kept = table.select([*COUNTED, *HEADS])
        yield from _groups_of(kept)


def summarise(run: Run) -> list[Entry]:
    """All entries of ``summary.json``, in percent, each with a 95 % bootstrap interval over images.

    ``iou_pooled``, ``iou_image_mean``, ``fp``, ``fn`` (of all non-void pixels) at the run's threshold;
    ``iou_best_threshold``: pooled IoU at the best single threshold (oracle); ``iou_best_head``: pooled IoU had the best
    head been chosen for every image (oracle; only where heads were scored).
    """
    return [entry for group in groups(run) for entry in summarise_group(group)]


def summarise_group(group: Group) -> list[Entry]:
    """The entries of one group."""
    n = len(group.ids)
    # A first row of ones is the data set itself; the others are its resamples.
    weights = np.vstack([np.ones((1, n)), resamples(n)])
    tp, fp, fn, tn = (weights @ counts for counts in (group.tp, group.fp, group.fn, group.tn))
    pixels = tp + fp + fn + tn
    tp_at, fp_at = weights @ group.tp_at, weights @ group.fp_at
    statistics = {
        "iou_pooled": iou(tp, fp, fn),
        "iou_image_mean": (weights * group.image_iou()).sum(axis=1) / n,
        "fp": fraction_of_pixels(fp, pixels),
        "fn": fraction_of_pixels(fn, pixels),
        "iou_best_threshold": iou(tp_at, fp_at, (tp + fn)[:, None] - tp_at).max(axis=1),
    }
    if group.heads is not None:
        statistics["iou_best_head"] = iou(*(weights @ group.heads).T)
    return [
        {
            **group.name,
            "metric": metric,
            "value": 100 * float(values[0]),
            "ci95": [100 * bound for bound in interval(values[1:])],
            "n": n,
        }
        for metric, values in statistics.items()
    ]


def _groups_of(table: pa.Table) -> Iterator[Group]:
    """Split one model's rows by layer, readout and iterate; rows with an error carry no model."""
    for (model, layer, readout, iteration), rows in rows_by(table, COORDINATES).items():
        part = table.take(rows)
        heads = None
        if part["best_head_tp"].null_count == 0:
            heads = np.stack([_numbers(part, name) for name in HEADS], axis=1)
        yield Group(
            model=model,
            layer=layer,
            readout=readout,
            iteration=iteration,
            ids=part["id"].to_pylist(),
            positions=part["position"].to_numpy(),
            tp=_numbers(part, "tp"),
            fp=_numbers(part, "fp"),
            fn=_numbers(part, "fn"),
            tn=_numbers(part, "tn"),
            void=_numbers(part, "void"),
            tp_at=stacked(part["tp_at"]),
            fp_at=stacked(part["fp_at"]),
            degenerate=int(pc.sum(part["degenerate"]).as_py()),
            heads=heads,
        )


def _numbers(table: pa.Table, column: str) -> np.ndarray:
    """A column of whole numbers as float64 (n,), exact below 2⁵³."""
    return np.asarray(table[column].to_numpy(), dtype=np.float64)
