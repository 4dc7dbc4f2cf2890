"""How each image of a stored run scored with one map, from the run's rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.evaluations.fixation_scoring import METRICS as FIXATION_METRICS
from analysis.evaluations.metric_titles import TITLES
from analysis.metrics.segmentation import fraction_of_pixels, iou
from analysis.runs import Run
from vars_core.errors import InputError


@dataclass(frozen=True)
class ImageMetric:
    """One number an image has. ``summary``: the metric of the run's summary that it adds up to."""

    title: str
    summary: str
    digits: int
    lower_is_better: bool = False


IMAGE_METRICS: Mapping[str, Mapping[str, ImageMetric]] = {
    "segmentation": {
        "iou": ImageMetric("IoU", "iou_pooled", 2),
        "fp": ImageMetric("FP", "fp", 2, lower_is_better=True),
        "fn": ImageMetric("FN", "fn", 2, lower_is_better=True),
    },
    "fixations": {
        name: ImageMetric(TITLES["fixations"][name], name, 3, lower_is_better=name == "kl") for name in FIXATION_METRICS
    },
}
"""Evaluation → metric of an image; segmentation's in percent, as its summary is."""

_COUNTS = ("tp", "fp", "fn", "tn")


@dataclass(frozen=True)
class ImageScores:
    """The images that one map was scored on, n of them, and what could not be scored.

    Attributes:
        ids: n names.
        positions: (n,), in the list of samples.
        values: metric → (n,), NaN where it could not be had; only metrics that the run computed.
        degenerate: bool (n,), the map had no range.
        errors: (position, name, why) of images that could not be read or scored.
        skipped: images that nobody looked at.
        cut: there are more rows than were read.
    """

    ids: tuple[str, ...]
    positions: np.ndarray
    values: Mapping[str, np.ndarray] = field(repr=False)
    degenerate: np.ndarray = field(repr=False)
    errors: tuple[tuple[int, str, str], ...]
    skipped: int
    cut: bool

    @property
    def nbytes(self) -> int:
        """About what it takes in memory."""
        names = sum(len(name) + 60 for name in self.ids)
        reasons = sum(len(name) + len(why) + 120 for _, name, why in self.errors)
        return names + reasons + self.positions.nbytes + sum(values.nbytes for values in self.values.values())

    def order(self, metric: str, *, worst_first: bool, lower_is_better: bool) -> np.ndarray:
        """Indices of all images by a metric, (n,); what has no value comes last."""
        keys = self.values[metric]
        return np.argsort(keys if worst_first != lower_is_better else -keys, kind="stable")


def image_scores(
    run: Run, model: str, layer: str | None, readout: str | None, iteration: int | None, *, limit: int
) -> ImageScores:
    """One map of one model (or a baseline, whose layer, readout and iterate are None) on every image.

    Args:
        limit: rows that are read at most.

    Raises:
        InputError: an evaluation without scores of images, no rows, or rows that are not this evaluation's.
    """
    kind = run.facts["settings"].get("evaluation")
    if kind not in IMAGE_METRICS:
        raise InputError(f"expected a run of {' or '.join(IMAGE_METRICS)}, this is one of {kind!r}")
    counted = _COUNTS if kind == "segmentation" else FIXATION_METRICS
    wanted = pc.field("model") == model
    if layer is not None:
        wanted &= (pc.field("layer") == layer) & (pc.field("readout") == readout) & (pc.field("iteration") == iteration)
    if kind == "fixations":
        wanted &= pc.field("blur") == 0
    columns = ["position", "id", "model", "degenerate", "error", *counted]
    try:  # a row without a model is an image that no model was asked about
        table = run.rows(columns, where=wanted | pc.is_null(pc.field("model")), limit=limit + 1)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"the rows of this run cannot be read: {str(error).splitlines()[0]}") from None
    cut, table = len(table) > limit, table.slice(0, limit)
    unscored = table.filter(pc.is_null(table["model"]))
    failed = unscored.filter(pc.is_valid(unscored["error"])).select(["position", "id", "error"]).to_pylist()
    scored = table.filter(pc.is_valid(table["model"]))
    return ImageScores(
        ids=tuple(scored["id"].to_pylist()),
        positions=scored["position"].to_numpy(),
        values=_percentages(scored) if kind == "segmentation" else _measured(scored),
        degenerate=pc.fill_null(scored["degenerate"], False).to_numpy(),
        errors=tuple((row["position"], row["id"], row["error"]) for row in failed),
        skipped=len(unscored) - len(failed),
        cut=cut,
    )


def _percentages(table: pa.Table) -> dict[str, np.ndarray]:
    tp, fp, fn, tn = (_floats(table[name]) for name in _COUNTS)
    pixels = tp + fp + fn + tn
    shares = {"iou": iou(tp, fp, fn), "fp": fraction_of_pixels(fp, pixels), "fn": fraction_of_pixels(fn, pixels)}
    return {name: 100 * share for name, share in shares.items()}


def _measured(table: pa.Table) -> dict[str, np.ndarray]:
    columns = {name: _floats(table[name]) for name in FIXATION_METRICS}
    return {name: values for name, values in columns.items() if np.isfinite(values).any()}


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    """float64, null as NaN."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
