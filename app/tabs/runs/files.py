"""What a visitor takes along from a run: the summary, and the images in the order of the view."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from app.library.run_library import StoredRun
from app.tabs.runs.rows import ranked
from app.tabs.runs.view import Sight
from app.tabs.runs.words import provenance
from app.views.exports import File
from vars_core.errors import InputError

ENTRY = ("model", "layer", "readout", "iteration", "blur", "metric", "value")


def facts(stored: StoredRun) -> dict[str, Any]:
    """Provenance and summary of a run, the summary None while it has not finished."""
    return {**provenance(stored), "summary": stored.summary}


def summary_json(stored: StoredRun) -> File:
    """The summary and where it comes from."""
    text = json.dumps(facts(stored), indent=1, ensure_ascii=False)
    return File("vars-run-summary.json", "application/json", text.encode())


def summary_csv(stored: StoredRun) -> File:
    """The summary, a line an entry. Raises InputError for a run that has none yet."""
    if stored.summary is None:
        raise InputError(f"the run {stored.name!r} has not finished: it has no summary yet")
    lines = (
        [*(entry.get(column) for column in ENTRY), *(entry["ci95"] or (None, None)), entry["n"]]
        for entry in stored.summary
    )
    return _table("vars-run-summary.csv", [*ENTRY, "ci95_low", "ci95_high", "n"], lines)


def images_csv(sight: Sight) -> File:
    """The images of the view in its order, then those that could not be scored."""
    scores, view = sight.scores, sight.view
    metrics = list(scores.values)
    place = [*view.place, view.key.iteration if view.key else None]
    scored = (
        [int(scores.positions[i]), scores.ids[i], *place]
        + [float(scores.values[metric][i]) for metric in metrics]
        + [bool(scores.degenerate[i]), None]
        for i in ranked(sight)
    )
    failed = ([position, name, *place, *[None] * len(metrics), None, why] for position, name, why in scores.errors)
    columns = ["position", "image", "model", "layer", "readout", "iteration", *metrics, "degenerate", "error"]
    return _table("vars-run-images.csv", columns, [*scored, *failed])


def _table(name: str, columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> File:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    return File(name, "text/csv", buffer.getvalue().encode())
