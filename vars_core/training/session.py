"""From what was asked for on the command line to a run: open the data, build the model, start, resume or fine-tune."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vars_core.backend import choose_device
from vars_core.data.labelled import Joined, LabelledImages, identity
from vars_core.data.open import open_split
from vars_core.errors import InputError
from vars_core.registry import create_model
from vars_core.resample import resample_to
from vars_core.training.checkpoint import read_training_state
from vars_core.training.data import decoded
from vars_core.training.distributed import World, joined_world
from vars_core.training.feed import ArrayFeed, Feed
from vars_core.training.initial import start_from
from vars_core.training.loop import train
from vars_core.training.recipe import Recipe
from vars_core.training.run import LAST, Job, Run
from vars_core.training.stream import StreamFeed

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What a caller wants trained. ``options`` go to ``create_model`` (num_steps, solver, lam)."""

    model: str
    recipe: Recipe
    data: tuple[Path, ...]
    out: Path
    seed: int = 0
    device: str = "auto"
    resume: bool = False
    init: Path | None = None
    num_classes: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    held_out: float | None = None
    cache: Path = Path(".work/decoded")
    cache_size: int = 64
    workers: int = 2
    compile: bool = False
    save_minutes: float = 5.0
    evaluate_every: int = 1
    keep_best: bool = False
    command: str = ""


def run_request(request: Request) -> Run:
    """Do what ``request`` says and return the finished run; raises :class:`InputError` where it cannot be done."""
    with joined_world(choose_device(request.device)) as world:
        return _train_in(world, request)


def _train_in(world: World, request: Request) -> Run:
    device = own_device(request.device, world)
    resume = _earlier_state(request)
    pictures = [open_split(folder, request.held_out, request.seed) for folder in request.data]
    train_source, val_source = (_joined(half) for half in zip(*pictures, strict=True))
    num_classes = request.num_classes or len(train_source.classes)
    if num_classes < len(train_source.classes):
        raise InputError(f"the data has {len(train_source.classes)} classes, a head of {num_classes} was asked for")
    feed = make_feed(request, train_source, val_source, device, world)
    job = Job(
        model=request.model,
        num_classes=num_classes,
        recipe=request.recipe,
        build=partial(_build, request, num_classes),
        transfer=resample_to,
        initialise=partial(_initialise, request),
        out=request.out,
        seed=request.seed,
        device=device,
        compile=request.compile,
        save_minutes=request.save_minutes,
        evaluate_every=request.evaluate_every,
        keep_best=request.keep_best,
        facts={
            "commands": [request.command],
            "classes": list(train_source.classes),
            "options": dict(request.options),
            "data": ", ".join(folder.resolve().name for folder in request.data),
            "train_count": len(train_source),
            "val_count": len(val_source),
        },
    )
    return train(job, feed, world, resume)


def own_device(name: str, world: World) -> torch.device:
    """The device called ``name`` ("auto": the best there is); each process of a machine takes its own accelerator."""
    device = choose_device(name)
    if device.type == "cuda" and world.size > 1:
        device = torch.device("cuda", world.local_rank)
        torch.cuda.set_device(device)
    return device


def make_feed(
    request: Request, train_source: LabelledImages, val_source: LabelledImages, device: torch.device, world: World
) -> Feed:
    """The recipe's pipeline over both halves of the data; for an array, the first process decodes."""
    recipe = request.recipe
    if recipe.augmentation.pipeline == "stream":
        return StreamFeed(train_source, val_source, recipe, request.seed, device, request.workers, world)

    def tell(done: int, total: int) -> None:
        if done % 10_000 == 0:
            logger.info("decoding pictures once: %d of %d", done, total)

    if not world.leads:
        world.barrier()
    train_array = decoded(train_source, request.cache, request.cache_size, tell)
    val_array = decoded(val_source, request.cache, request.cache_size, tell)
    if world.leads:
        world.barrier()
    return ArrayFeed(train_array, val_array, recipe, request.seed, device, identity(train_source), world)


def _joined(sources: tuple[LabelledImages, ...]) -> LabelledImages:
    return sources[0] if len(sources) == 1 else Joined(sources)


def _build(request: Request, num_classes: int, image_size: int) -> nn.Module:
    return create_model(request.model, num_classes=num_classes, image_size=image_size, **request.options)


def _initialise(request: Request, model: nn.Module) -> None:
    """The weights asked for with ``init``."""
    if request.init is not None:
        start_from(model, request.init)


def _earlier_state(request: Request) -> dict[str, Any] | None:
    """The checkpoint to continue from; None for a fresh run. What decides the weights must be what it was."""
    path = request.out / LAST
    if not request.resume:
        if path.exists():
            raise InputError(f"{path} exists already: continue with --resume or choose another folder")
        return None
    if not path.exists():
        logger.info("no checkpoint in %s yet: starting from the beginning", request.out)
        return None
    state = read_training_state(path)
    asked = {
        "model": request.model,
        "seed": request.seed,
        "recipe": request.recipe.as_dict(),
        "options": dict(request.options),
    }
    recipe = Recipe.from_dict(state["recipe"])
    options = state["facts"].get("options", {})
    stored = {"model": state["spec"], "seed": state["seed"], "recipe": recipe.as_dict(), "options": options}
    differing = [key for key in asked if asked[key] != stored[key]]
    if differing:
        key = differing[0]
        raise InputError(f"{path} was trained with {key} {stored[key]}, now {asked[key]} was asked for")
    return state
