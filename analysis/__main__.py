"""The command line: ``python -m analysis COMMAND``; each command lives in ``analysis/commands``."""

from __future__ import annotations

import os
from importlib import import_module

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's: it is parts of a run that are computed at once

import typer

from analysis.evaluations.table import EVALUATIONS
from vars_core.command import run_commands

OTHERS = (
    "corrupt",
    "dynamics",
    "figures",
    "animate",
    "attack_check",
    "domain_table",
    "robustness_table",
    "readouts",
    "sheet",
    "table",
    "sizes",
    "benchmark",
    "benchmark_corruptions",
    "benchmark_fixations",
)
"""Commands that are no evaluation."""


def about() -> None:
    """VARS Studio: measure recurrent sparse attention."""


def command_line() -> typer.Typer:
    """Every evaluation of the table, then the others: a command is the function of its name in its own module."""
    made = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    made.callback()(about)
    for name in (*EVALUATIONS, *OTHERS):
        made.command()(getattr(import_module(f"analysis.commands.{name}"), name))
    return made


app = command_line()


def main() -> None:
    """``python -m analysis``."""
    run_commands(app)


if __name__ == "__main__":
    main()
