"""``python -m analysis readouts``: runs over all input sizes, layers and readouts, and the default that follows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.provenance import conditions
from analysis.readout_table import (
    Measure,
    baseline_table,
    model_table,
    models_of,
    ranked_places,
    ranking_table,
    size_table,
)
from analysis.runs import Run, read_summary
from vars_core.errors import InputError
from vars_core.image_size import stored_size

METRICS = {"nss": ("NSS", 2), "iou_pooled": ("IoU %", 1)}

RULE = """\
The default is the place (input size, layer, readout) that is best for all models and data together: the highest mean of
the last iterate's value, standardised over the places of each model (mean 0, variance 1), over models and columns."""


def readouts(
    run: Annotated[
        list[str], typer.Option(help="NAME=RUN of fixations or segmentation, scored with all; one for each input size.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write the markdown here instead of printing it.")] = None,
) -> None:
    """Rank input sizes, layers and readouts over some runs, and put all their numbers into tables."""
    pairs = [_split(text) for text in run]
    measures: dict[str, Measure] = {}
    for name, folder in pairs:
        _read(name, folder, measures)
    columns = list(measures.values())
    models = models_of(columns)
    best = ranked_places(columns, models)
    sizes = sorted({place.size for place, _ in best}, key=lambda size: (len(size), size))
    parts = [
        RULE,
        ranking_table(columns, models),
        f"Each model at the first of these ({' '.join(best[0][0])}), in brackets the best it reaches anywhere:",
        model_table(columns, models, best[0][0]),
        "Beside them:",
        baseline_table(columns),
        *(part for size in sizes for part in (f"## At {size} px", size_table(columns, size))),
        "## Conditions",
        "\n".join(f"- {name}: {line}" for name, folder in pairs for line in conditions(Run.read(folder).facts)),
    ]
    text = "\n\n".join(parts) + "\n"
    if out is None:
        print(text)
    else:
        out.write_text(text)


def _read(name: str, folder: Path, measures: dict[str, Measure]) -> None:
    summary = read_summary(folder)
    for metric, (label, digits) in METRICS.items():
        if any(entry["metric"] == metric for entry in summary):
            described = Run.read(folder).facts["models"]
            sizes = {model: stored_size(facts["image_size"]) for model, facts in described.items()}
            measures.setdefault(name, Measure(f"{name} {label}", digits)).add(summary, metric, sizes)
            return
    raise InputError(f"{folder} holds none of the metrics {', '.join(METRICS)}")


def _split(text: str) -> tuple[str, Path]:
    name, sign, folder = text.partition("=")
    if not sign:
        raise InputError(f"expected NAME=RUN, got {text!r}")
    return name, Path(folder)
