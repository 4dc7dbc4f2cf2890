"""``python -m analysis domain-table``: a run over domains as the paper's table 3."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.provenance import conditions
from analysis.runs import Run


def domain_table(
    run: Annotated[Path, typer.Option(help="Folder of a run over domains; it may be unfinished.")],
) -> None:
    """Print the table of a run over domains in markdown, beside the paper's, with the conditions it holds under."""
    from analysis.evaluations.domain_table import domain_lines
    from analysis.evaluations.domains import summarise

    opened = Run.read(run)
    for line in [*domain_lines(opened, summarise(opened)), *(f"- {line}" for line in conditions(opened.facts))]:
        print(line)
