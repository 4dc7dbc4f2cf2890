"""``python -m analysis table``: a finished run's summary as a markdown table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from vars_core.errors import InputError


def table(
    run: Annotated[Path, typer.Option(help="Folder of a finished run.")],
    metric: Annotated[list[str] | None, typer.Option(help="Metric to show; repeatable. None: all of them.")] = None,
    digits: Annotated[int, typer.Option(help="Decimals.")] = 3,
) -> None:
    """Print every model, floor and ceiling of a run at its last iterate, with 95 % intervals where the run has them."""
    path = run / "summary.json"
    if not path.is_file():
        raise InputError(f"no summary.json in {run}: expected the folder of a finished run")
    summary = json.loads(path.read_text())
    metrics = metric or list(dict.fromkeys(entry["metric"] for entry in summary))
    last: dict[tuple[str, str, str], dict[str, dict[str, Any]]] = {}
    for entry in summary:
        place = (entry["model"], entry["layer"] or "—", entry["readout"] or "—")
        shown = last.setdefault(place, {}).get(entry["metric"])
        if shown is None or (entry["iteration"] or 0) > (shown["iteration"] or 0):
            last[place][entry["metric"]] = entry
    print("| model | layer | readout | t | " + " | ".join(metrics) + " |")
    print("|---|---|---|---|" + "---|" * len(metrics))
    for (model, layer, readout), entries in last.items():
        iteration = next(iter(entries.values()))["iteration"]
        cells = [_cell(entries.get(name), digits) for name in metrics]
        print(
            f"| {model} | {layer} | {readout} | {'—' if iteration is None else iteration} | " + " | ".join(cells) + " |"
        )


def _cell(entry: dict[str, Any] | None, digits: int) -> str:
    if entry is None or entry["value"] is None:
        return "—"
    text = f"{entry['value']:.{digits}f}"
    if not entry["ci95"]:
        return text
    low, high = entry["ci95"]
    return f"{text} [{low:.{digits}f}, {high:.{digits}f}]"
