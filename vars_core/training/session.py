"""From what was asked for on the command line to a run: open the data, build the model, start, resume or fine-tune."""

from __future__ import annotations

import logging
from typing import Any

import torch

from vars_core.backend import choose_device
from vars_core.data.class_labels import named
from vars_core.data.labelled import JoinedImages, LabelledImages, identity
from vars_core.data.open import open_split
from vars_core.errors import InputError
from vars_core.training.checkpoint import read_training_state
from vars_core.training.data import decoded
from vars_core.training.distributed import World, joined_world
from vars_core.training.feed import ArrayFeed, Feed
from vars_core.training.loop import train
from vars_core.training.recipe import Recipe
from vars_core.training.request import Request
from vars_core.training.run import LAST, TrainingRun
from vars_core.training.stream import StreamFeed

logger = logging.getLogger(__name__)


def run_request(request: Request) -> TrainingRun:
    """Do what ``request`` says and return the finished run; raises `InputError` where it cannot be done."""
    if request.threads is not None:
        torch.set_num_threads(request.threads)
    with joined_world(choose_device(request.device)) as world:
        return _train_in(world, request)


def _train_in(world: World, request: Request) -> TrainingRun:
    device = own_device(request.device, world)
    resume = _earlier_state(request)
    pictures = [open_split(folder, request.held_out, request.seed) for folder in request.data]
    train_source, val_source = (_joined(half) for half in zip(*pictures, strict=True))
    num_classes = request.num_classes or len(train_source.classes)
    if num_classes < len(train_source.classes):
        raise InputError(f"the data has {len(train_source.classes)} classes, a head of {num_classes} was asked for")
    empty = [name for label, name in enumerate(train_source.classes) if not (train_source.labels == label).any()]
    if empty:
        logger.warning(
            "%d of %d classes have no picture to train on: %s", len(empty), len(train_source.classes), named(empty)
        )
    feed = make_feed(request, train_source, val_source, device, world)
    return train(request, feed, world, resume)


def own_device(name: str, world: World) -> torch.device:
    """The device called ``name`` ("auto": the best there is); each process of a machine takes its own accelerator."""
    device = choose_device(name)
    if device.type == "cuda" and world.size > 1:
        device = torch.device("cuda", world.local_rank)
        torch.cuda.set_device(device)
    return device


def make_feed(
    request: Request, train_source: LabelledImages, val_source: LabelledImages, device: torch.device, world: World
) -> Feed[Any]:
    """The recipe's pipeline over both halves of the data; for an array, the first process decodes."""
    recipe, name = request.recipe, identity(train_source)
    if recipe.augmentation.pipeline == "stream":
        return StreamFeed(train_source, val_source, recipe, request.seed, device, name, world, request.workers)

    def tell(done: int, total: int) -> None:
        if done % 10_000 == 0:
            logger.info("decoding pictures once: %d of %d", done, total)

    if not world.leads:
        world.barrier()
    train_array = decoded(train_source, request.cache, request.cache_size, tell)
    val_array = decoded(val_source, request.cache, request.cache_size, tell)
    if world.leads:
        world.barrier()
    return ArrayFeed(train_array, val_array, recipe, request.seed, device, name, world)


def _joined(sources: tuple[LabelledImages, ...]) -> LabelledImages:
    return sources[0] if len(sources) == 1 else JoinedImages(sources)


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
        "options": request.options,
    }
    recipe = Recipe.from_dict(state["recipe"])
    options = state["facts"].get("options", {})
    stored = {"model": state["spec"], "seed": state["seed"], "recipe": recipe.as_dict(), "options": options}
    differing = [key for key in asked if asked[key] != stored[key]]
    if differing:
        key = differing[0]
        raise InputError(f"{path} was trained with {key} {stored[key]}, now {asked[key]} was asked for")
    return state
