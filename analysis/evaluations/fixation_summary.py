"""The summary of a fixation run, from its rows alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.evaluations.grouping import COORDINATES, Entry, MapGroup, entry_of, floats, rows_by, stacked
from analysis.metrics.bootstrap import interval, resamples
from analysis.metrics.table import DENSITY, FIXATIONS, Metric, metrics_that_need
from analysis.runs import Run


@dataclass(frozen=True, kw_only=True)
class Group(MapGroup):
    """The images of one model, layer, readout, iterate and blur, in the order of the samples; n of them.

    ``scores[metric]``: (n,) per image, NaN where it could not be had, only metrics that were computed;
    ``nss_sums``, ``fixations``: (n,); ``observer_nss_sums``, ``observer_fixations``: (n, observers).
    """

    blur: float
    scores: dict[str, np.ndarray]
    nss_sums: np.ndarray
    fixations: np.ndarray
    observer_nss_sums: np.ndarray
    observer_fixations: np.ndarray

    @property
    def name(self) -> dict[str, Any]:
        """Its coordinates as an entry gives them: a blur is named where there is one."""
        return super().name | ({"blur": self.blur} if self.blur else {})

    def observer_nss(self) -> np.ndarray:
        """NSS of each observer's own fixations, mean over them, (observers,); NaN for one without any."""
        counts = self.observer_fixations.sum(axis=0)
        sums = self.observer_nss_sums.sum(axis=0)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def image_metrics() -> dict[str, Metric]:
    """The metrics that an image has; ``nss`` is always computed."""
    return metrics_that_need(FIXATIONS, DENSITY)


def groups(run: Run) -> Iterator[Group]:
    """The groups of a run in the order of its rows; one model's rows are held at a time."""
    for model in run.values("model"):
        yield from _groups_of(run.rows(where=pc.field("model") == model))


def summarise(run: Run) -> list[Entry]:
    """All entries of ``summary.json``, each with a 95 % bootstrap interval over images.

    Every metric is the mean over images; ``nss_fixation_mean`` is the mean over all fixations. ``n`` counts images.
    """
    return [entry for group in groups(run) for entry in summarise_group(group)]


def summarise_group(group: Group) -> list[Entry]:
    """The entries of one group."""
    ratios = {"nss": (group.scores["nss"], np.ones(len(group.ids)))}
    ratios["nss_fixation_mean"] = (group.nss_sums, group.fixations)
    for metric, values in group.scores.items():
        known = np.isfinite(values)
        ratios[metric] = (values[known], np.ones(int(known.sum())))
    return [_entry(group, metric, *ratio) for metric, ratio in ratios.items() if len(ratio[0])]


def _entry(group: Group, metric: str, numerators: np.ndarray, denominators: np.ndarray) -> Entry:
    """The ratio of two sums over images, and its interval."""
    n = len(numerators)
    weights = resamples(n)
    drawn = (weights * numerators).sum(axis=1) / (weights * denominators).sum(axis=1)
    return entry_of(group.name, metric, float(numerators.sum() / denominators.sum()), interval(drawn), n)


def _groups_of(table: pa.Table) -> Iterator[Group]:
    """Split one model's rows by layer, readout, iterate and blur."""
    stored = [name for name in image_metrics() if name in table.column_names]
    columns = {name: floats(table[name]) for name in (*stored, "nss_sum", "fixations")}
    observer_nss_sums, observer_fixations = (stacked(table[f"observer_{name}"]) for name in ("nss_sum", "fixations"))
    ids, positions = table["id"].to_pylist(), table["position"].to_numpy()
    degenerate = table["degenerate"].to_numpy()
    for place, rows in rows_by(table, (*COORDINATES, "blur")).items():
        scores = {metric: columns[metric][rows] for metric in stored}
        yield Group(
            **dict(zip((*COORDINATES, "blur"), place, strict=True)),
            ids=[ids[row] for row in rows],
            positions=positions[rows],
            scores={metric: values for metric, values in scores.items() if np.isfinite(values).any()},
            nss_sums=columns["nss_sum"][rows],
            fixations=columns["fixations"][rows],
            observer_nss_sums=observer_nss_sums[rows],
            observer_fixations=observer_fixations[rows],
            degenerate=int(degenerate[rows].sum()),
        )
