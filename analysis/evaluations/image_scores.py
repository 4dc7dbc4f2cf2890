"""How each image of a stored run scored with one map, from the run's rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.evaluations.grouping import floats
from analysis.evaluations.table import EVALUATIONS, kind_of
from analysis.metrics.segmentation import Counts
from analysis.metrics.table import POOLED, Metric
from analysis.runs import Run
from vars_core.errors import InputError

_COUNTS = ("tp", "fp", "fn", "tn")


@dataclass(frozen=True)
class ImageScores:
    """The images that one map was scored on, n of them, and what could not be scored.

    ``ids``: n names.
    ``positions``: (n,), in the list of samples.
    ``values``: metric → (n,), NaN where it could not be had; only metrics that the run computed.
    ``degenerate``: bool (n,), the map had no range.
    ``errors``: (position, name, why) of images that could not be read or scored.
    ``skipped``: images that nobody looked at.
    ``cut``: there are more rows than were read.
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

    def order(self, metric: str, *, worst_first: bool, higher_is_better: bool) -> np.ndarray:
        """Indices of all images by a metric, (n,); what has no value comes last."""
        keys = self.values[metric]
        return np.argsort(keys if worst_first == higher_is_better else -keys, kind="stable")


def image_scores(
    run: Run, model: str, layer: str | None, readout: str | None, iteration: int | None, *, limit: int
) -> ImageScores:
    """One map of one model (or a baseline, whose layer, readout and iterate are None) on every image.

    ``limit``: rows that are read at most. Raises InputError: an evaluation without scores of images, no rows, or rows
    that are not this evaluation's.
    """
    kind = run.facts["settings"].get("evaluation")
    metrics = kind_of(kind).image_metrics
    if not metrics:
        known = " or ".join(name for name, one in EVALUATIONS.items() if one.images)
        raise InputError(f"expected a run of {known}, this is one of {kind!r}")
    wanted = pc.field("model") == model
    if layer is not None:
        wanted &= (pc.field("layer") == layer) & (pc.field("readout") == readout) & (pc.field("iteration") == iteration)
    counted = any(metric.needs == POOLED for metric in metrics.values())
    columns = ["position", "id", "model", "degenerate", "error", *(_COUNTS if counted else metrics)]
    try:  # a row without a model is an image that no model was asked about
        stored = run.columns()
        if "blur" in stored:
            wanted &= pc.field("blur") == 0
        present = [name for name in columns if name in stored or name not in metrics]  # a metric may be newer
        table = run.rows(present, where=wanted | pc.is_null(pc.field("model")), limit=limit + 1)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(f"the rows of this run cannot be read: {str(error).splitlines()[0]}") from None
    cut, table = len(table) > limit, table.slice(0, limit)
    unscored = table.filter(pc.is_null(table["model"]))
    failed = unscored.filter(pc.is_valid(unscored["error"])).select(["position", "id", "error"]).to_pylist()
    scored = table.filter(pc.is_valid(table["model"]))
    return ImageScores(
        ids=tuple(scored["id"].to_pylist()),
        positions=scored["position"].to_numpy(),
        values=_shares(scored, metrics) if counted else _measured(scored, metrics),
        degenerate=pc.fill_null(scored["degenerate"], False).to_numpy(),
        errors=tuple((row["position"], row["id"], row["error"]) for row in failed),
        skipped=len(unscored) - len(failed),
        cut=cut,
    )


def _shares(table: pa.Table, metrics: Mapping[str, Metric]) -> dict[str, np.ndarray]:
    counts = Counts(*(floats(table[name]) for name in _COUNTS))
    return {name: metric.scale * metric.function(counts) for name, metric in metrics.items() if metric.function}


def _measured(table: pa.Table, metrics: Mapping[str, Metric]) -> dict[str, np.ndarray]:
    columns = {name: floats(table[name]) for name in metrics if name in table.column_names}
    return {name: values for name, values in columns.items() if np.isfinite(values).any()}
