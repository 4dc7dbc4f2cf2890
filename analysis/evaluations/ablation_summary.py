"""The summary of an ablation run, from its rows alone: every metric under every setting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.evaluations.grouping import Entry, entry_of
from analysis.evaluations.robustness import predictions_in
from analysis.evaluations.suites import CLEAN, CORRUPTED
from analysis.metrics.bootstrap import interval, resamples
from analysis.metrics.robustness import Estimate
from analysis.metrics.segmentation import Counts
from analysis.metrics.table import METRICS
from analysis.runs import Run

SETTING = ("num_steps", "lam_factor", "trained")
"""What names a setting in a row and in an entry: T, λ as a multiple of the trained one, whether trained so."""

PREDICTED = ("clean", "corrupted_accuracy")
MEANS = ("nss", "correlation", "trained_correlation")
"""Metrics whose value is the mean over images of a column of their name."""
POOLED_IOU, COST_OF_IMAGE = "iou_pooled", "milliseconds"

SHOWN = (*PREDICTED, MEANS[0], POOLED_IOU, *MEANS[1:], COST_OF_IMAGE)
"""The metrics, in the order of the summary."""

PLACE = ("layer", "readout", "iteration")


def summarise(run: Run) -> list[Entry]:
    """Entries of every model and setting, in percent where they are shares, with 95 % intervals over images.

    An entry of a setting names it (`SETTING`). The trained setting's entries stand there once more without, as every
    run has them; baselines have no setting.
    """
    entries: list[Entry] = []
    for model in run.values("model"):
        table = run.rows(where=pc.field("model") == model)
        own = True  # of the first setting, the trained one
        for setting, rows in settings_in(table):
            for entry in entries_of(model, rows):
                entries += [entry] if own else []
                entries += [entry | setting] if setting else []
            own = False
    return entries


def settings_in(table: pa.Table) -> Iterator[tuple[Entry, pa.Table]]:
    """Each setting of one model's rows, in order of first appearance: its columns (none for a baseline), its rows."""
    keys = list(zip(*(table[name].to_pylist() for name in SETTING), strict=True))
    for key in dict.fromkeys(keys):
        chosen = [row for row, other in enumerate(keys) if other == key]
        yield {} if key[2] is None else dict(zip(SETTING, key, strict=True)), table.take(chosen)


def entries_of(model: str, rows: pa.Table) -> Iterator[Entry]:
    """The metrics of one model under one setting, in their order."""
    values = {**dict(_predicted(rows)), **dict(_maps(rows)), **dict(_cost(rows))}
    for name in SHOWN:
        if name in values:
            place, value, bounds, n = values[name]
            yield entry_of({"model": model, **place}, name, value, bounds, n, METRICS[name].scale)


Found = tuple[str, tuple[Entry, float, tuple[float, float] | None, int]]
"""(metric, (place, value, interval, images)), shares in [0, 1]."""


def _predicted(rows: pa.Table) -> Iterator[Found]:
    predictions = predictions_in(rows.filter(pc.is_valid(rows["suite"])))
    for suite, name in zip((CLEAN, CORRUPTED), PREDICTED, strict=True):
        metric = METRICS[name]
        assert metric.function is not None
        estimate: Estimate | None = (
            metric.function(predictions[suite], predictions.get(CLEAN)) if suite in predictions else None
        )
        if estimate is not None:
            yield name, (dict.fromkeys(PLACE), estimate.value, (estimate.low, estimate.high), estimate.images)


def _maps(rows: pa.Table) -> Iterator[Found]:
    for name in MEANS:
        scored = rows.filter(pc.is_valid(rows[name]))
        if len(scored):  # an image counts once, however many corruptions of it there are
            values, images = scored[name].to_numpy(), scored["position"].to_numpy()
            means = np.array([values[images == image].mean() for image in np.unique(images)])
            drawn = resamples(len(means)) @ means / len(means)
            yield name, (_place(scored), float(means.mean()), interval(drawn), len(means))
    masks = rows.filter(pc.is_valid(rows["tp"]))
    if len(masks):
        weights = np.vstack([np.ones((1, len(masks))), resamples(len(masks))])
        counts = Counts(*(weights @ masks[name].to_numpy().astype(np.float64) for name in ("tp", "fp", "fn", "tn")))
        metric = METRICS[POOLED_IOU]
        assert metric.function is not None
        shares = metric.function(counts)
        yield metric.name, (_place(masks), float(shares[0]), interval(shares[1:]), len(masks))


def _cost(rows: pa.Table) -> Iterator[Found]:
    seconds = rows["seconds"].drop_null().to_numpy()
    if len(seconds):
        yield COST_OF_IMAGE, (dict.fromkeys(PLACE), 1000 * float(seconds.min()), None, len(seconds))


def _place(rows: pa.Table) -> Entry:
    return {name: rows[name][0].as_py() for name in PLACE}
