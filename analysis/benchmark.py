"""Speed as ratios: what is compared runs in turns, so that other work on the machine disturbs all alike."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Clock = Callable[[], float]
Rounds = Sequence[float]
"""Seconds, one entry a round."""


@dataclass(frozen=True)
class Spread:
    """Median and quartiles."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.low:.2f}, {self.high:.2f}]"


def interleaved(
    calls: Mapping[str, Callable[[], object]], rounds: int, clock: Clock = time.process_time
) -> dict[str, list[float]]:
    """Seconds of each call in every round. A round runs each once, starting with another one each time.

    One round before the first is not counted: it fills caches.
    """
    names = list(calls)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for index in range(rounds + 1):
        first = index % len(names)
        for name in names[first:] + names[:first]:
            started = clock()
            calls[name]()
            if index > 0:
                seconds[name].append(clock() - started)
    return seconds


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles of at least one value."""
    low, median, high = np.percentile(values, [25, 50, 75])
    return Spread(float(median), float(low), float(high))


def ratio(numerator: Rounds, denominator: Rounds) -> Spread:
    """Of the ratios within each round: what slows a whole round down cancels."""
    return spread([above / below for above, below in zip(numerator, denominator, strict=True)])


def processor() -> str:
    """The processor's name where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
