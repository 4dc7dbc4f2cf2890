"""``python -m analysis domains --data PACS --model … --out RUN``: the paper's table 3 on anybody's data and models."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.commands.evaluating import CheckpointOption, DataOption, DeviceOption
from analysis.commands.options import parse_models
from analysis.evaluations.frame import Plan, run_evaluation
from analysis.provenance import conditions
from analysis.runs import Run
from vars_core.errors import InputError, nearest
from vars_core.training.options import with_parameters
from vars_core.training.recipe import chosen_recipe, recipe_parameters

if TYPE_CHECKING:
    from vars_core.backend import Backend
    from vars_core.data.domains import Domain


def domains(
    data: DataOption,
    model: Annotated[list[str], typer.Option(help="<backbone>/<mixer>; repeatable.")],
    out: Annotated[Path, typer.Option(help="Folder of the run; the same command continues one.")],
    checkpoint: CheckpointOption = None,
    target: Annotated[list[str] | None, typer.Option(help="Domain to test on; repeatable; all by default.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Fine-tunings of every model on every target.")] = 2,
    held_out: Annotated[float, typer.Option(help="Part of every class and source domain to choose weights by.")] = 0.2,
    preset: Annotated[str, typer.Option(help="Recipe of the fine-tuning.")] = "fine-tune",
    cache: Annotated[Path, typer.Option(help="Folder for decoded pictures.")] = Path(".work/decoded"),
    cache_size: Annotated[int, typer.Option(help="Side of the decoded pictures.")] = 112,
    device: DeviceOption = "auto",
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many fine-tunings; the rest later.")] = None,
    **values: Any,
) -> None:
    """Fine-tune on all domains but one and test on that one, all ways; resumable fine-tuning by fine-tuning."""
    requests = parse_models(model, checkpoint or [])
    from analysis.evaluations.domains import DomainGeneralisation, Tuning, fine_tunings
    from vars_core.backend import choose_device
    from vars_core.checkpoints import file_hash
    from vars_core.data.domains import open_domains
    from vars_core.data.labelled import digest
    from vars_core.embedded import embedded_weights
    from vars_core.training.distributed import World
    from vars_core.training.run import hardware

    opened = open_domains(data)
    for domain in opened:
        for note in domain.images.notes:
            print(f"{domain.name}: {note.sentence()}")
    names = [domain.name for domain in opened]
    for name in target or []:
        if name not in names:
            raise InputError(f"expected a domain of {data}, got {name!r} (nearest: {nearest(name, names)})")
    targets = [name for name in names if not target or name in target]
    tuning = Tuning(
        weights={
            request.spec: Path(request.checkpoint) if request.checkpoint else embedded_weights(request.spec)
            for request in requests
        },
        recipe=chosen_recipe(preset, values),
        held_out=held_out,
        cache=cache,
        cache_size=cache_size,
        device=device,
    )
    samples = fine_tunings(list(tuning.weights), targets, seeds)
    plan = Plan(
        "domains",
        out,
        {
            "models": list(tuning.weights),
            "targets": targets,
            "seeds": seeds,
            "held_out": held_out,
            "recipe": tuning.recipe.as_dict(),
            "cache_size": cache_size,
        },
        data={
            "folder": data.resolve().name,
            "samples": sum(len(domain.images) for domain in opened),
            "names_sha256": digest(f"{d.name}/{d.images.name(i)}" for d in opened for i in range(len(d.images))),
            "classes": list(opened[0].images.classes),
        },
        facts={
            "held_out": _chosen_by(opened, held_out),
            "models": {
                name: {"checkpoint": None if file is None else file_hash(file), "image_size": tuning.recipe.image_size}
                for name, file in tuning.weights.items()
            },
            "hardware": hardware(choose_device(device), World()),
        },
        load=list,
        what="fine-tunings",
        failing="of the targets' pictures",
    )
    logging.basicConfig(level=logging.WARNING, format="%(message)s")

    def make(_: Sequence[Backend]) -> DomainGeneralisation:
        return DomainGeneralisation(samples[:limit], opened, tuning, out / "training", len(samples))

    raise typer.Exit(run_evaluation(plan, make))


with_parameters(domains, recipe_parameters())


def domain_table(
    run: Annotated[Path, typer.Option(help="Folder of a run over domains; it may be unfinished.")],
) -> None:
    """Print the table of a run over domains in markdown, beside the paper's, with the conditions it holds under."""
    from analysis.evaluations.domain_table import domain_lines
    from analysis.evaluations.domains import summarise

    opened = Run.read(run)
    for line in [*domain_lines(opened, summarise(opened)), *(f"- {line}" for line in conditions(opened.facts))]:
        print(line)


def _chosen_by(opened: Sequence[Domain], held_out: float) -> str:
    """What the weights are chosen by, in words."""
    official = [domain.name for domain in opened if domain.official]
    if len(official) == len(opened):
        return "the official validation pictures of the source domains"
    if official:
        raise InputError(f"expected split files for all domains or for none, only {', '.join(official)} has them")
    return f"{held_out:.0%} of every class of the source domains, drawn with the seed"
