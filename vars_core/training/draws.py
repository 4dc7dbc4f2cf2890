"""Random numbers that depend on what they are for, never on who draws them or when.

Every draw of a training run is a function of (seed, epoch, picture or step). So a resumed run draws what the
uninterrupted one would have, and two processes draw together what one would have drawn: no generator state to store.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

_STREAM = np.uint64(0x9E3779B97F4A7C15)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser (Steele, Lea & Flood 2014): a bijection of 64-bit words that scatters neighbours."""
    with np.errstate(over="ignore"):
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def keyed(*parts: int | NDArray[np.int64]) -> NDArray[np.uint64]:
    """One 64-bit word for each combination of the ``parts`` (broadcast together)."""
    word: NDArray[np.uint64] = np.zeros((), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            word = _mix((word + _STREAM) ^ np.asarray(part).astype(np.uint64))
    return word


def uniforms(count: int, *parts: int | NDArray[np.int64]) -> NDArray[np.float32]:
    """Uniform numbers in [0, 1): shape (*shape of the parts, count)."""
    word = keyed(*parts)
    with np.errstate(over="ignore"):
        words = _mix(word[..., None] + _STREAM * np.arange(1, count + 1, dtype=np.uint64))
    return (words >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)


def seed_of(*parts: int) -> int:
    """A seed in [0, 2³¹) made of the ``parts``."""
    return int(keyed(*parts) >> np.uint64(33))


@contextmanager
def everything_seeded(seed: int) -> Iterator[None]:
    """timm's transforms draw from the global generators of Python, NumPy and torch: seed all three for the block."""
    python, tensors = random.getstate(), torch.get_rng_state()
    random.seed(seed)
    torch.manual_seed(seed)
    try:
        with numpy_seeded(seed):
            yield
    finally:
        random.setstate(python)
        torch.set_rng_state(tensors)


@contextmanager
def numpy_seeded(seed: int) -> Iterator[None]:
    """timm's Mixup draws from NumPy's global generator: seed it for the block, then put back what was there."""
    state = np.random.get_state()  # noqa: NPY002 - the library's own source of randomness
    np.random.seed(seed)  # noqa: NPY002 - likewise
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002 - likewise


def seed_step(seed: int, epoch: int, step: int, rank: int) -> None:
    """Seed what the model itself draws in one step (stochastic depth, dropout)."""
    torch.manual_seed(seed_of(seed, epoch, step, rank, 1))
