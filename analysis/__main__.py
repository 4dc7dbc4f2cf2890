"""The command line: ``python -m analysis COMMAND``; each command lives in ``analysis/commands``."""

from __future__ import annotations

import sys

import typer

from analysis.commands.agreement import agreement
from analysis.commands.attack_check import attack_check
from analysis.commands.benchmark import benchmark
from analysis.commands.benchmark_corruptions import benchmark_corruptions
from analysis.commands.benchmark_fixations import benchmark_fixations
from analysis.commands.corrupt import corrupt
from analysis.commands.domains import domain_table, domains
from analysis.commands.dynamics import dynamics
from analysis.commands.fixations import fixations
from analysis.commands.readouts import readouts
from analysis.commands.robustness import robustness
from analysis.commands.segmentation import segmentation
from analysis.commands.sheet import sheet
from analysis.commands.sizes import sizes
from analysis.commands.table import table
from vars_core.errors import InputError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def about() -> None:
    """VARS Studio: measure recurrent sparse attention."""


app.command()(segmentation)
app.command()(fixations)
app.command()(benchmark_fixations)
app.command()(corrupt)
app.command()(benchmark_corruptions)
app.command()(dynamics)
app.command()(agreement)
app.command()(robustness)
app.command()(attack_check)
app.command()(domains)
app.command()(domain_table)
app.command()(readouts)
app.command()(sheet)
app.command()(table)
app.command()(sizes)
app.command()(benchmark)


def main() -> None:
    """Run a command; bad input is one sentence on stderr and exit status 2."""
    try:
        app()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
