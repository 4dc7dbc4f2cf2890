"""How far some long work is: a bar where somebody looks, now and then a line where output goes to a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def watched(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """Show on stderr how much of ``total`` is done and how long the rest will take.

    ``what``: of which there are ``total``, "images". Yields a function to call with how much is done in all; what was
    done before its first call counts for no speed.
    """
    if not sys.stderr.isatty():
        yield _Lines(total, what)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        bar = progress.add_task(what, total=total)
        yield lambda done: progress.update(bar, completed=done)


class _Lines:
    """Writes one line, at most every 30 seconds."""

    def __init__(self, total: int, what: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._what, self._clock = total, what, clock
        self._started: tuple[float, int] | None = None
        self._told = clock()

    def __call__(self, done: int) -> None:
        now = self._clock()
        if self._started is None:
            self._started = now, done
        if now - self._told < SECONDS_BETWEEN_LINES:
            return
        self._told = now
        began, before = self._started
        rest = (self._total - done) * (now - began) / (done - before) if done > before else None
        left = "" if rest is None else f", about {in_words(rest)} left"
        print(f"{done} of {self._total} {self._what}{left}", file=sys.stderr, flush=True)


def in_words(seconds: float) -> str:
    """ "40 s", "12 min", "3 h 5 min"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"
