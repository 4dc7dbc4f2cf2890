"""``python -m vars_core.training --preset nano --model rvt_nano/vars_d --data DIR --out DIR``."""

from __future__ import annotations

import logging
from typing import Annotated, Any

import typer

from vars_core.command import command_line, run_commands
from vars_core.training.options import given, parameters, with_parameters
from vars_core.training.recipe import PRESETS, chosen_recipe, recipe_parameters
from vars_core.training.request import Request

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def main(
    *,
    preset: Annotated[str, typer.Option(help=", ".join(PRESETS))] = "nano",
    **values: Any,
) -> None:
    """Train a model, or continue a run."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    recipe = chosen_recipe(preset, values)
    carry_out(Request(recipe=recipe, command=command_line(), **given(Request, values)))


def carry_out(request: Request) -> None:
    """Do what was asked for; what stops it is a sentence and an exit status."""
    from vars_core.training.run import LAST, Diverged  # torch takes seconds to import: not for --help
    from vars_core.training.session import run_request

    try:
        run_request(request)
    except Diverged as error:
        typer.echo(f"stopped: {error}", err=True)
        raise typer.Exit(3) from None
    except OSError as error:
        last = request.out / LAST
        kept = f"{last} holds the last good checkpoint" if last.is_file() else "nothing was saved yet"
        typer.echo(f"stopped: {error}; {kept}", err=True)
        raise typer.Exit(4) from None


app.command("train")(with_parameters(main, [*parameters(Request), *recipe_parameters()]))

if __name__ == "__main__":
    run_commands(app)
