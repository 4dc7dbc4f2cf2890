"""One bounded queue for all work on the models: one worker, equal tasks for the same model run as a batch."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

import numpy as np
import torch

from app.inference.models import ModelShelf
from app.inference.tasks import EveryMap, PatientTask, Task
from vars_core.errors import InputError

R = TypeVar("R")

MAX_BATCH = 8
"""Images of one model run. More would make the first of them wait longer than they save."""

PATIENCE = 2.0
"""Seconds by which a patient request lets later ones go first: nobody waits for it yet, but somebody soon may."""


class Forsaken(Exception):
    """Nobody waits any longer for what is being computed."""


class BusyError(InputError):
    """The queue is full: the request was refused, nothing is wrong with it."""


def grey(size: int) -> np.ndarray:
    """What a model is warmed up on."""
    return np.full((size, size, 3), 128, np.uint8)


@dataclass(eq=False)
class Job(Generic[R]):
    """A picture that waits for a model. ``picture(size)`` gives the uint8 (size, size, 3) that the model looks at.

    ``due``: when it came (`time.monotonic`), of a ``patient`` one `PATIENCE` later.
    """

    model: str
    picture: Callable[[int], np.ndarray]
    task: Task[R]
    patient: bool = False
    due: float = field(default_factory=time.monotonic)
    future: Future[R] = field(default_factory=Future)

    def runs_with(self, other: Job[Any]) -> bool:
        """Whether both may be in one batch."""
        return (self.model, self.task, self.patient) == (other.model, other.task, other.patient)


class ModelQueue:
    """Runs jobs in the order in which they are due, one batch at a time, so that they never compete for the cores.

    A patient job lets those go first that come within `PATIENCE` after it, between its layers where it runs already:
    it has a thread of its own, and one of the two threads runs at a time. A job that is cancelled while it waits is
    never computed, and a patient one that runs is left at its next layer. `ask` refuses when ``size`` jobs wait.
    Models run on ``threads`` of the processor, 0 for all but one: where the server's own work interrupts one of a
    model's threads, all others wait for it, and two cores answer later than one.
    """

    def __init__(self, shelf: ModelShelf, size: int, threads: int = 0) -> None:
        self._shelf = shelf
        self._threads = threads or max(1, torch.get_num_threads() - 1)
        self._size = size
        self._waiting: deque[Job[Any]] = deque()
        self._paused: list[Job[Any]] = []  # a patient batch that has begun, while it lets others go first
        self._cold: deque[str] = deque()  # models to run once, when nobody waits
        self._running = False
        self._changed = threading.Condition()
        self._closed = False
        self.batches: deque[int] = deque(maxlen=1000)  # sizes of the latest batches, for /health and the load test
        self._workers = [
            threading.Thread(target=self._work, args=(patient,), name="model-queue", daemon=True)
            for patient in (False, True)
        ]
        for worker in self._workers:
            worker.start()

    def __len__(self) -> int:
        """How many jobs wait for their run."""
        with self._changed:
            return sum(map(is_open, self._waiting))

    def ask(self, model: str, picture: Callable[[int], np.ndarray], task: Task[R]) -> Future[R]:
        """Queue one picture. Raises BusyError at once when the queue is full, InputError for an unknown model."""
        return self._queued(Job(model, picture, task))

    def ask_patiently(self, model: str, picture: Callable[[int], np.ndarray], task: PatientTask[R]) -> Future[R]:
        """`ask`, for what nobody waits for yet."""
        return self._queued(Job(model, picture, task, patient=True, due=time.monotonic() + PATIENCE))

    def warm(self, model: str) -> None:
        """Run a model once when nobody waits, so that its first visitor does not wait for what a first run sets up."""
        with self._changed:
            self._cold.append(model)
            self._changed.notify_all()

    def close(self) -> None:
        """Stop after the running batch; jobs that still wait are cancelled."""
        with self._changed:
            self._closed = True
            for job in self._waiting:
                job.future.cancel()
            self._waiting.clear()
            self._changed.notify_all()
        for worker in self._workers:
            worker.join(timeout=10)

    def _queued(self, job: Job[R]) -> Future[R]:
        self._shelf.check(job.model)
        with self._changed:
            if self._closed:
                raise BusyError("the server is shutting down")
            self._waiting = deque(filter(is_open, self._waiting))
            if len(self._waiting) >= self._size:
                raise BusyError(f"the server is busy: {self._size} requests are waiting; please try again in a moment")
            self._waiting.append(job)
            self._changed.notify_all()
        return job.future

    def _work(self, patient: bool) -> None:
        torch.set_num_threads(self._threads)  # of this thread alone
        while batch := self._take(patient):
            try:
                self._answer(batch)
            finally:
                self._hand_over()

    def _answer(self, batch: list[Job[Any]]) -> None:
        """Run a batch and hand out what it gives; a patient one can be cancelled until then."""
        running = [job for job in batch if (is_open(job) if job.patient else is_waited_for(job))]
        if not running:
            return
        try:
            results = self._run(running)
        except Forsaken:
            for job in running:
                job.future.cancel()
        except Exception as error:
            for job in running:
                if is_waited_for(job):
                    job.future.set_exception(error)
        else:
            for job, result in zip(running, results, strict=True):
                if is_waited_for(job):
                    job.future.set_result(result)

    def _take(self, patient: bool) -> list[Job[Any]]:
        """The job that is due first and those that run with it, at most `MAX_BATCH`; an empty list once closed.

        Waits until it is of this thread's kind and nothing runs. Where nobody waits, a model that is to be warmed up.
        """
        with self._changed:
            while True:
                if self._closed:
                    return []
                first = self._first()
                if first is not None and first.patient == patient:
                    batch = [job for job in self._waiting if job.runs_with(first)][:MAX_BATCH]
                    taken = {id(job) for job in batch}
                    self._waiting = deque(job for job in self._waiting if id(job) not in taken)
                    break
                if first is None and not self._running and self._cold and not patient:
                    batch = [Job(self._cold.popleft(), grey, EveryMap())]
                    break
                self._changed.wait()
            self._running = True
            return batch

    def _first(self) -> Job[Any] | None:
        """Whose turn it is; None while a batch runs, and where nobody waits."""
        candidates = filter(is_open, (*self._paused, *self._waiting))
        return None if self._running else min(candidates, key=lambda job: job.due, default=None)

    def _let_others_go_first(self, running: list[Job[Any]]) -> None:
        """Between the layers of a patient batch. Raises Forsaken where nobody waits for it any longer."""

        def forsaken() -> bool:
            return self._closed or not any(map(is_open, running))

        with self._changed:
            self._paused, self._running = running, False
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._running and (forsaken() or self._first() in running))
            self._paused, self._running = [], True
            if forsaken():
                raise Forsaken

    def _hand_over(self) -> None:
        with self._changed:
            self._running = False
            self._changed.notify_all()

    def _run(self, jobs: list[Job[Any]]) -> Sequence[Any]:
        backend = self._shelf.backend(jobs[0].model)
        facts = self._shelf.facts(jobs[0].model)
        batch, _ = backend.prepare([job.picture(facts.image_size) for job in jobs])
        if jobs[0].patient:
            patient = cast(PatientTask[Any], jobs[0].task)
            answers = patient(backend, batch, facts, lambda: self._let_others_go_first(jobs))
        else:
            answers = jobs[0].task(backend, batch, facts)
        if jobs[0].picture is not grey:
            self.batches.append(len(jobs))
        return answers


def is_open(job: Job[Any]) -> bool:
    """Whether nobody has cancelled it."""
    return not job.future.cancelled()


def is_waited_for(job: Job[Any]) -> bool:
    """Whether nobody has cancelled it; from now on nobody can."""
    return job.future.running() or job.future.set_running_or_notify_cancel()
