"""``python -m analysis readouts``: one table from runs over all layers and readouts, and the default that follows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.provenance import conditions
from analysis.readout_table import Measure, ranked_places, table
from analysis.runs import Run, read_summary
from vars_core.errors import InputError

METRICS = {"nss": ("NSS", 2), "iou_pooled": ("IoU %", 1)}


def readouts(
    run: Annotated[list[str], typer.Option(help="NAME=RUN of fixations or segmentation, scored with all; repeatable.")],
    out: Annotated[Path | None, typer.Option(help="Write the markdown here instead of printing it.")] = None,
) -> None:
    """Put every layer, readout and iterate of some runs into one table, and rank layers and readouts."""
    measures = [_read(text) for text in run]
    models = list(
        dict.fromkeys(
            entry["model"] for measure in measures for entry in measure.summary if entry["layer"] not in (None, "")
        )
    )
    beneath = "\n".join(f"- {line}" for text in run for line in _conditions(text))
    ranking = "\n".join(
        f"{place + 1}. `{layer}` / {readout}: {score:+.2f}"
        for place, ((layer, readout), score) in enumerate(ranked_places(measures, models)[:8])
    )
    text = (
        f"{beneath}\n\n{table(measures)}\n\n"
        "Layers and readouts by their mean standardised value at the last iterate, over models and columns:\n\n"
        f"{ranking}\n"
    )
    if out is None:
        print(text)
    else:
        out.write_text(text)


def _read(text: str) -> Measure:
    name, folder = _split(text)
    summary = read_summary(folder)
    for metric, (label, digits) in METRICS.items():
        if any(entry["metric"] == metric for entry in summary):
            return Measure(f"{name} {label}", metric, summary, digits)
    raise InputError(f"{folder} holds none of the metrics {', '.join(METRICS)}")


def _conditions(text: str) -> list[str]:
    name, folder = _split(text)
    return [f"{name}: {line}" for line in conditions(Run.read(folder).facts)]


def _split(text: str) -> tuple[str, Path]:
    name, sign, folder = text.partition("=")
    if not sign:
        raise InputError(f"expected NAME=RUN, got {text!r}")
    return name, Path(folder)
