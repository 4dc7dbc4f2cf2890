"""``python -m analysis table``: a finished run's summary as a markdown table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis import markdown
from analysis.markdown import with_interval
from analysis.provenance import conditions
from analysis.runs import Run, read_summary
from analysis.summary_table import last_iterates


def table(
    run: Annotated[Path, typer.Option(help="Folder of a finished run.")],
    metric: Annotated[list[str] | None, typer.Option(help="Metric to show; repeatable. None: all of them.")] = None,
    digits: Annotated[int, typer.Option(help="Decimals.")] = 3,
) -> None:
    """Print every model, floor and ceiling of a run at its last iterate, with 95 % intervals where the run has them.

    Below the table stand the command, the data and the hashes of the weights that the numbers belong to.
    """
    summary = read_summary(run)
    metrics = metric or list(dict.fromkeys(entry["metric"] for entry in summary))
    rows = []
    for (model, layer, readout), entries in last_iterates(summary).items():
        iteration = next(iter(entries.values()))["iteration"]
        names = (model, layer or "—", readout or "—", "—" if iteration is None else iteration)
        rows.append((*map(str, names), *(with_interval(entries.get(name), digits, "—") for name in metrics)))
    heads = ("model", "layer", "readout", "t", *metrics)
    conditioned = (f"- {line}" for line in conditions(Run.read(run).facts))
    print("\n".join([*markdown.table(heads, rows, left=len(heads)), "", *conditioned]))
