"""``python -m analysis domains --data PACS --model … --out RUN``: the paper's table 3 on anybody's data and models."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.commands.evaluating import CheckpointOption, DataOption, DeviceOption
from analysis.commands.options import parse_models
from analysis.evaluations.frame import EXIT_WITH_ERROR_ROWS
from analysis.provenance import conditions
from analysis.runs import Run, read_summary
from vars_core.errors import InputError, nearest
from vars_core.training.options import with_parameters
from vars_core.training.recipe import chosen_recipe, recipe_parameters

if TYPE_CHECKING:
    from analysis.evaluations.domains import DomainJob, Tuning
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
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many fine-tunings; the rest later.")] = None,
    **values: Any,
) -> None:
    """Fine-tune on all domains but one and test on that one, all ways; resumable fine-tuning by fine-tuning."""
    requests = parse_models(model, checkpoint or [])
    from analysis.evaluations.domains import Tuning, domain_jobs, unfinished
    from vars_core.data.domains import open_domains
    from vars_core.data.labelled import digest
    from vars_core.embedded import embedded_weights

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
        weights={request.spec: request.checkpoint or embedded_weights(request.spec) for request in requests},
        recipe=chosen_recipe(preset, values),
        held_out=held_out,
        cache=cache,
        cache_size=cache_size,
        device=device,
    )
    run = Run.open(
        out,
        {
            "evaluation": "domains",
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
        held_out=_chosen_by(opened, held_out),
    )
    _confirm(run, tuning)
    jobs = domain_jobs(list(tuning.weights), targets, seeds)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    _work(run, jobs, unfinished(run, jobs)[:limit], opened, tuning)
    if any(error is not None for error in run.rows(["error"])["error"].to_pylist()):
        raise typer.Exit(EXIT_WITH_ERROR_ROWS)


with_parameters(domains, recipe_parameters())


def domain_table(
    run: Annotated[Path, typer.Option(help="Folder of a run over domains; it may be unfinished.")],
) -> None:
    """Print the table of a run over domains in markdown, beside the paper's, with the conditions it holds under."""
    from analysis.evaluations.domain_table import domain_lines

    opened = Run.read(run)
    for line in [*domain_lines(opened, read_summary(run)), *(f"- {line}" for line in conditions(opened.facts))]:
        print(line)


def _chosen_by(opened: Sequence[Domain], held_out: float) -> str:
    """What the weights are chosen by, in words."""
    official = [domain.name for domain in opened if domain.official]
    if len(official) == len(opened):
        return "the official validation pictures of the source domains"
    if official:
        raise InputError(f"expected split files for all domains or for none, only {', '.join(official)} has them")
    return f"{held_out:.0%} of every class of the source domains, drawn with the seed"


def _confirm(run: Run, tuning: Tuning) -> None:
    """Record the weights and the machine, or refuse other weights than those the run was started with."""
    from vars_core.backend import choose_device
    from vars_core.checkpoints import file_hash
    from vars_core.training.distributed import World
    from vars_core.training.run import hardware

    size = tuning.recipe.image_size
    described = {
        name: {"checkpoint": None if file is None else file_hash(file), "image_size": size}
        for name, file in tuning.weights.items()
    }
    run.confirm("models", described)
    run.confirm("hardware", hardware(choose_device(tuning.device), World()))


def _work(
    run: Run, jobs: Sequence[DomainJob], waiting: Sequence[DomainJob], opened: Sequence[Domain], tuning: Tuning
) -> None:
    """Do what waits; summary and report are written anew after each, so that a run can be read while it goes on."""
    from analysis.evaluations.domain_table import domain_report
    from analysis.evaluations.domains import run_job, summarise, unfinished

    began = time.perf_counter()
    for count, job in enumerate([None, *waiting]):
        if job is not None:
            rows = run_job(run, job, opened, tuning)
            right = sum(row["label"] == row["predicted"] for row in rows) / len(rows)
            left = (time.perf_counter() - began) / count * (len(waiting) - count) / 60
            print(
                f"{job.name}: top-1 {right:.2%}, on the sources {rows[0]['source_top1']:.2%}; {left:.0f} minutes left"
            )
        elif len(unfinished(run, jobs)) == len(jobs):
            continue  # nothing to summarise yet
        summary = summarise(run)
        run.write_summary(summary)
        run.write_text("report.html", domain_report(run, summary, len(jobs) - len(unfinished(run, jobs)), len(jobs)))
