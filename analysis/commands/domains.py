"""``python -m analysis domains --data PACS --model … --out RUN``: the paper's table 3 on anybody's data and models."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from analysis.commands.evaluating import Weights
from analysis.engine import Local
from analysis.evaluations.frame import Plan, run_evaluation
from vars_core.errors import InputError, nearest
from vars_core.training.options import given, option, parameters, with_parameters
from vars_core.training.recipe import chosen_recipe, recipe_parameters

if TYPE_CHECKING:
    from vars_core.backend import Backend
    from vars_core.data.domains import Domain


@dataclass(frozen=True, kw_only=True)
class Asked(Weights):
    """The command's options, beside those of the recipe."""

    data: Path = option("The data set's folder.")
    model: tuple[str, ...] = option("<backbone>/<mixer>; repeatable.")
    out: Path = option("Folder of the run; the same command continues one.")
    target: tuple[str, ...] = option("Domain to test on; repeatable; all by default.", ())
    seeds: int = option("Fine-tunings of every model on every target.", 2, low=1)
    held_out: float = option("Part of every class and source domain to choose weights by.", 0.2)
    preset: str = option("Recipe of the fine-tuning.", "fine-tune")
    cache: Path = option("Folder for decoded pictures.", Path(".work/decoded"))
    cache_size: int = option("Side of the decoded pictures.", 112)
    limit: int | None = option("The first so many fine-tunings; the rest later.", None, low=1)


def domains(**values: Any) -> None:
    """Fine-tune on all domains but one and test on that one, all ways; resumable fine-tuning by fine-tuning."""
    asked = Asked(**given(Asked, values))
    requests, data, held_out = asked.requests, asked.data, asked.held_out
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
    for name in asked.target:
        if name not in names:
            raise InputError(f"expected a domain of {data}, got {name!r} (nearest: {nearest(name, names)})")
    targets = [name for name in names if not asked.target or name in asked.target]
    tuning = Tuning(
        weights={
            request.spec: Path(request.checkpoint) if request.checkpoint else embedded_weights(request.spec)
            for request in requests
        },
        recipe=chosen_recipe(asked.preset, values),
        held_out=held_out,
        cache=asked.cache,
        cache_size=asked.cache_size,
        device=asked.device,
    )
    samples = fine_tunings(list(tuning.weights), targets, asked.seeds)
    plan = Plan(
        "domains",
        asked.out,
        {
            "models": list(tuning.weights),
            "targets": targets,
            "seeds": asked.seeds,
            "held_out": held_out,
            "recipe": tuning.recipe.as_dict(),
            "cache_size": asked.cache_size,
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
            "hardware": hardware(choose_device(asked.device), World()),
        },
        load=list,
        engine=Local(workers=1),  # one after another: training draws from generators that all threads share
        what="fine-tunings",
        failing="of the targets' pictures",
    )
    logging.basicConfig(level=logging.WARNING, format="%(message)s")

    def make(_: Sequence[Backend]) -> DomainGeneralisation:
        return DomainGeneralisation(samples[: asked.limit], opened, tuning, asked.out / "training", len(samples))

    raise typer.Exit(run_evaluation(plan, make))


with_parameters(domains, [*parameters(Asked), *recipe_parameters()])


def _chosen_by(opened: Sequence[Domain], held_out: float) -> str:
    """What the weights are chosen by, in words."""
    official = [domain.name for domain in opened if domain.official]
    if len(official) == len(opened):
        return "the official validation pictures of the source domains"
    if official:
        raise InputError(f"expected split files for all domains or for none, only {', '.join(official)} has them")
    return f"{held_out:.0%} of every class of the source domains, drawn with the seed"
