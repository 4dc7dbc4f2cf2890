"""One bounded queue for all work on the models: one worker, equal tasks for the same model run as a batch."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from app.inference.models import ModelShelf
from app.inference.tasks import EveryMap, Task
from app.inference.traced import Traced
from vars_core.errors import InputError

R = TypeVar("R")

MAX_BATCH = 8
"""Images of one model run. More would make the first of them wait longer than they save."""


class BusyError(InputError):
    """The queue is full: the request was refused, nothing is wrong with it."""


def grey(size: int) -> np.ndarray:
    """What a model is warmed up on."""
    return np.full((size, size, 3), 128, np.uint8)


@dataclass
class Job(Generic[R]):
    """A picture that waits for a model. ``picture(size)`` gives the uint8 (size, size, 3) that the model looks at."""

    model: str
    picture: Callable[[int], np.ndarray]
    task: Task[R]
    future: Future[R] = field(default_factory=Future)

    def runs_with(self, other: Job[Any]) -> bool:
        """Whether both may be in one batch."""
        return (self.model, self.task) == (other.model, other.task)


class ModelQueue:
    """Runs jobs in the order they came, one batch at a time, so that requests never compete for the cores.

    A job that is cancelled while it waits is never computed. `submit` refuses when ``size`` jobs wait. Models run on
    ``threads`` of the processor, 0 for all but one: where the server's own work interrupts one of a model's threads,
    all others wait for it, and two cores answer later than one.
    """

    def __init__(self, shelf: ModelShelf, size: int, threads: int = 0) -> None:
        self._shelf = shelf
        self._threads = threads or max(1, torch.get_num_threads() - 1)
        self._size = size
        self._waiting: deque[Job[Any]] = deque()
        self._cold: deque[str] = deque()  # models to run once, when nobody waits
        self._changed = threading.Condition()
        self._closed = False
        self.batches: deque[int] = deque(maxlen=1000)  # sizes of the latest batches, for /health and the load test
        self._thread = threading.Thread(target=self._work, name="model-queue", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """How many jobs wait for their run."""
        with self._changed:
            return sum(not job.future.cancelled() for job in self._waiting)

    def submit(self, model: str, picture: Callable[[int], np.ndarray]) -> Future[Traced]:
        """Queue one picture for every map of a model; see `ask`."""
        return self.ask(model, picture, EveryMap())

    def ask(self, model: str, picture: Callable[[int], np.ndarray], task: Task[R]) -> Future[R]:
        """Queue one picture. Raises BusyError at once when the queue is full, InputError for an unknown model."""
        self._shelf.check(model)
        job = Job(model, picture, task)
        with self._changed:
            if self._closed:
                raise BusyError("the server is shutting down")
            self._waiting = deque(job for job in self._waiting if not job.future.cancelled())
            if len(self._waiting) >= self._size:
                raise BusyError(f"the server is busy: {self._size} requests are waiting; please try again in a moment")
            self._waiting.append(job)
            self._changed.notify()
        return job.future

    def warm(self, model: str) -> None:
        """Run a model once when nobody waits, so that its first visitor does not wait for what a first run sets up."""
        with self._changed:
            self._cold.append(model)
            self._changed.notify()

    def close(self) -> None:
        """Stop after the running batch; jobs that still wait are cancelled."""
        with self._changed:
            self._closed = True
            for job in self._waiting:
                job.future.cancel()
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(timeout=10)

    def _work(self) -> None:
        torch.set_num_threads(self._threads)  # of this thread alone
        while batch := self._take():
            running = [job for job in batch if job.future.set_running_or_notify_cancel()]
            if not running:
                continue
            try:
                results = self._run(running)
            except Exception as error:
                for job in running:
                    job.future.set_exception(error)
            else:
                for job, result in zip(running, results, strict=True):
                    job.future.set_result(result)

    def _take(self) -> list[Job[Any]]:
        """The oldest job and those that run with it, at most `MAX_BATCH`; an empty list once closed.

        Where nobody waits, a model that is to be warmed up.
        """
        with self._changed:
            while not (self._waiting or self._cold or self._closed):
                self._changed.wait()
            if self._closed:
                return []
            if not self._waiting:
                return [Job(self._cold.popleft(), grey, EveryMap())]
            oldest = self._waiting[0]
            batch = [job for job in self._waiting if job.runs_with(oldest)][:MAX_BATCH]
            taken = {id(job) for job in batch}
            self._waiting = deque(job for job in self._waiting if id(job) not in taken)
            return batch

    def _run(self, jobs: list[Job[Any]]) -> Sequence[Any]:
        backend = self._shelf.backend(jobs[0].model)
        facts = self._shelf.facts(jobs[0].model)
        batch, _ = backend.prepare([job.picture(facts.image_size) for job in jobs])
        answers = jobs[0].task(backend, batch, facts)
        if jobs[0].picture is not grey:
            self.batches.append(len(jobs))
        return answers
