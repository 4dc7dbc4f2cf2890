"""``vars-studio``: the page, the measurements and the training as one command, made of their own command lines."""

from __future__ import annotations

from typing import Annotated

import typer

from analysis.__main__ import app as analysis
from app.command import page
from vars_core.command import run_commands
from vars_core.training.__main__ import app as training
from vars_core.version import VERSION


def show_version(asked: bool) -> None:
    """``--version``."""
    if asked:
        typer.echo(f"vars-studio {VERSION}")
        raise typer.Exit


def about(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """VARS Studio: see, measure and train recurrent sparse attention."""


def command_line() -> typer.Typer:
    """Every command of ``app.py``, ``python -m analysis`` and ``python -m vars_core.training`` under its own name."""
    made = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    made.callback()(about)
    for line in (page, analysis, training):
        made.registered_commands.extend(line.registered_commands)
    return made


def main() -> None:
    """``vars-studio``."""
    run_commands(command_line())


if __name__ == "__main__":
    main()
