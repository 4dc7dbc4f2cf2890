"""``python -m analysis robustness-table``: finished robustness runs as one table in markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.evaluations.robustness_table import table_lines
from analysis.runs import Run


def robustness_table(
    run: Annotated[list[Path], typer.Option(help="Folder of a finished robustness run; repeatable.")],
    against: Annotated[str | None, typer.Option(help="Model that the others are compared to. None: the first.")] = None,
) -> None:
    """Print accuracy by suite and budget, the paired differences between models, and the errors by corruption.

    Below the tables stand the commands, the data and the hashes of the weights that the numbers belong to.
    """
    for line in table_lines([Run.read(folder) for folder in run], against):
        print(line)
