"""In which order the pictures come, and which process takes which of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from timm.data.distributed_sampler import RepeatAugSampler

from vars_core.errors import InputError
from vars_core.training.distributed import World
from vars_core.training.draws import seed_of
from vars_core.training.recipe import Recipe


@dataclass(frozen=True)
class Order:
    """One epoch's pictures: ``index[i]`` is the picture at place i, ``repeat[i]`` which of its copies it is."""

    index: NDArray[np.int64]
    repeat: NDArray[np.int64]


def epoch_order(count: int, seed: int, epoch: int, repeats: int = 1) -> Order:
    """The order of an epoch over ``count`` pictures: a function of the seed and the epoch alone.

    With ``repeats`` > 1, timm's repeating sampler draws each picture that often; the epoch keeps its length.
    """
    if repeats == 1:
        index = np.random.default_rng([seed, epoch]).permutation(count)
        return Order(index, np.zeros(count, dtype=np.int64))
    sampler = RepeatAugSampler(range(count), num_replicas=1, rank=0, num_repeats=repeats, selected_round=0)
    sampler.set_epoch(seed_of(seed, epoch, 2))
    index = np.fromiter(sampler, dtype=np.int64)
    order = np.argsort(index, kind="stable")
    starts = np.r_[True, np.diff(index[order]) != 0]
    place = np.arange(len(index))
    repeat = np.empty(len(index), dtype=np.int64)
    repeat[order] = place - np.maximum.accumulate(np.where(starts, place, 0))
    return Order(index, repeat)


def share(batch_size: int, rank: int, world: int) -> NDArray[np.int64]:
    """The places of a global batch that process ``rank`` of ``world`` takes, in order.

    Mixup blends the picture at place i with that at batch_size − 1 − i, so both go to the same process: then
    several processes mix exactly the pairs that one would.
    """
    if batch_size % (2 * world):
        raise InputError(f"the batch size must be a multiple of {2 * world} for {world} processes, got {batch_size}")
    place = np.arange(batch_size)
    return place[np.minimum(place, batch_size - 1 - place) % world == rank]


def batches(
    recipe: Recipe, count: int, seed: int, epoch: int, first_step: int, world: World
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """This process's batches of an epoch over ``count`` pictures: which pictures, and which copies of them."""
    number = recipe.stage_of(epoch)
    batch_size = recipe.stages[number].batch_size
    order = epoch_order(count, seed, epoch, recipe.augmentation.repeats)
    mine = share(batch_size, world.rank, world.size)
    for step in range(first_step, recipe.steps_per_epoch(count)[number]):
        yield order.index[step * batch_size + mine], order.repeat[step * batch_size + mine]
