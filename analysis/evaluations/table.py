"""The one table of evaluations: what each is called, and what its metrics are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.evaluations.grouping import Entry
from analysis.evaluations.suites import CLEAN, CORRUPTED, SUITES
from analysis.metrics.table import (
    ALL_FIXATIONS,
    CLEAN_MAP,
    COST,
    DENSITY,
    EACH_IMAGE,
    FIXATIONS,
    HEADS,
    PIXELS_GONE,
    POOLED,
    THRESHOLDS,
    TRAINED_MAP,
    Metric,
    metrics_that_need,
    predictions_on,
)


@dataclass(frozen=True)
class Kind:
    """A kind of run.

    ``title``: where people read it. ``needs``: what its metrics need; those of `analysis.metrics.table` that need one
    of these are its own. ``images``: whether a row is how one image scored with one map, so that images can be ranked.
    """

    title: str
    needs: tuple[str, ...]
    images: bool = True

    @property
    def metrics(self) -> dict[str, Metric]:
        """By name in ``summary.json``, in the table's order."""
        return metrics_that_need(*self.needs)

    def shown(self, summary: Sequence[Entry]) -> dict[str, Metric]:
        """Those that a summary has."""
        present = {entry["metric"] for entry in summary}
        return {name: metric for name, metric in self.metrics.items() if name in present}

    @property
    def image_metrics(self) -> dict[str, Metric]:
        """Those that an image has, by the name of an image's value."""
        return {metric.image: metric for metric in self.metrics.values() if metric.image} if self.images else {}


EVALUATIONS: dict[str, Kind] = {
    "segmentation": Kind("Segmentation", (POOLED, EACH_IMAGE, THRESHOLDS, HEADS)),
    "fixations": Kind("Eye fixations", (FIXATIONS, ALL_FIXATIONS, DENSITY)),
    "robustness": Kind("Robustness", tuple(predictions_on(suite) for suite in SUITES), images=False),
    "agreement": Kind("Maps under corruption", (CLEAN_MAP,), images=False),
    "domains": Kind("Domain generalisation", (), images=False),
    "faithfulness": Kind("Deletion and insertion", (PIXELS_GONE,), images=False),
    "ablation": Kind(
        "Steps and sparsity",
        (predictions_on(CLEAN), predictions_on(CORRUPTED), FIXATIONS, POOLED, CLEAN_MAP, TRAINED_MAP, COST),
        images=False,
    ),
}
"""By what ``run.json`` calls them."""


def kind_of(name: str) -> Kind:
    """The kind of a run; one that nobody knows has no metrics."""
    return EVALUATIONS.get(name, Kind(name, (), images=False))
