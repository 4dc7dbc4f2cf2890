"""The command line: ``python -m analysis COMMAND``; each command lives in ``analysis/commands``."""

from __future__ import annotations

import os
from importlib import import_module

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's: it is parts of a run that are computed at once

import typer

from analysis.commands.animate import animate
from analysis.commands.attack_check import attack_check
from analysis.commands.benchmark import benchmark
from analysis.commands.benchmark_corruptions import benchmark_corruptions
from analysis.commands.benchmark_fixations import benchmark_fixations
from analysis.commands.corrupt import corrupt
from analysis.commands.domains import domain_table
from analysis.commands.dynamics import dynamics
from analysis.commands.figures import figures
from analysis.commands.readouts import readouts
from analysis.commands.robustness_table import robustness_table
from analysis.commands.sheet import sheet
from analysis.commands.sizes import sizes
from analysis.commands.table import table
from analysis.evaluations.table import EVALUATIONS
from vars_core.command import run_commands

OTHERS = (
    corrupt,
    dynamics,
    figures,
    animate,
    attack_check,
    domain_table,
    robustness_table,
    readouts,
    sheet,
    table,
    sizes,
    benchmark,
    benchmark_corruptions,
    benchmark_fixations,
)
"""Commands that are no evaluation."""


def about() -> None:
    """VARS Studio: measure recurrent sparse attention."""


def command_line() -> typer.Typer:
    """Every evaluation of the table (its command is the function of its name in its module), then the others."""
    made = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    made.callback()(about)
    for name in EVALUATIONS:
        made.command()(getattr(import_module(f"analysis.commands.{name}"), name))
    for command in OTHERS:
        made.command()(command)
    return made


app = command_line()


def main() -> None:
    """``python -m analysis``."""
    run_commands(app)


if __name__ == "__main__":
    main()
