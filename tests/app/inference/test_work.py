"""The queue: batches, order, refusal, cancellation, and never another one's answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from app.inference.models import ModelShelf
from app.inference.tasks import EveryMap
from app.inference.traced import ModelFacts, Traced
from app.inference.work import MAX_BATCH, BusyError, ModelQueue
from vars_core.backend import Backend
from vars_core.errors import InputError

MODEL = "rvt_nano/vars_d"


@pytest.fixture(scope="module")
def shelf() -> ModelShelf:
    torch.manual_seed(0)
    return ModelShelf("cpu")


class Held:
    """A picture that makes the worker wait: whatever is submitted meanwhile stays in the queue."""

    def __init__(self, queue: ModelQueue, model: str = MODEL) -> None:
        self.started, self.released = threading.Event(), threading.Event()
        self.future = queue.ask(model, self, EveryMap())

    def __call__(self, size: int) -> np.ndarray:
        self.started.set()
        assert self.released.wait(60)
        return np.zeros((size, size, 3), np.uint8)

    def __enter__(self) -> Held:
        assert self.started.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.future.result(60)


def coloured(value: int) -> Any:
    def make(size: int) -> np.ndarray:
        return np.random.default_rng(value).integers(0, 255, (size, size, 3), dtype=np.uint8)

    return make


@pytest.fixture
def queue(shelf: ModelShelf) -> Any:
    made = ModelQueue(shelf, size=20)
    yield made
    made.close()


def test_requests_that_arrive_together_run_as_batches(queue: ModelQueue) -> None:
    with Held(queue):
        futures = [queue.ask(MODEL, coloured(i), EveryMap()) for i in range(MAX_BATCH + 2)]
    for future in futures:
        future.result(60)
    assert list(queue.batches) == [1, MAX_BATCH, 2]


@dataclass(frozen=True)
class ThreadsUsed:
    """How many threads of the processor a model runs on."""

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[int]:
        return [torch.get_num_threads()] * len(batch)


@pytest.mark.parametrize(("threads", "used"), [(0, max(1, torch.get_num_threads() - 1)), (3, 3)])
def test_models_leave_one_core_to_the_server_unless_told_otherwise(shelf: ModelShelf, threads: int, used: int) -> None:
    before = torch.get_num_threads()
    queue = ModelQueue(shelf, size=2, threads=threads)
    assert queue.ask(MODEL, coloured(0), ThreadsUsed()).result(60) == used
    queue.close()
    assert torch.get_num_threads() == before


def test_each_request_gets_the_answer_to_its_own_picture(queue: ModelQueue) -> None:
    alone = [queue.ask(MODEL, coloured(i), EveryMap()).result(60) for i in range(5)]
    with Held(queue):
        futures = [queue.ask(MODEL, coloured(i), EveryMap()) for i in range(5)]
    for single, future in zip(alone, futures, strict=True):
        together = future.result(60)
        np.testing.assert_allclose(together.logits, single.logits, atol=1e-4)
        for ours, theirs in zip(together.layers, single.layers, strict=True):
            np.testing.assert_allclose(ours.maps["stream"], theirs.maps["stream"], rtol=1e-3, atol=1e-3)
    assert not np.allclose(alone[0].logits, alone[1].logits, atol=1e-3)


def test_a_full_queue_refuses_with_a_sentence(shelf: ModelShelf) -> None:
    queue = ModelQueue(shelf, size=2)
    with Held(queue):
        kept = [queue.ask(MODEL, coloured(i), EveryMap()) for i in range(2)]
        with pytest.raises(BusyError, match="2 requests are waiting; please try again"):
            queue.ask(MODEL, coloured(3), EveryMap())
    assert all(isinstance(future.result(60), Traced) for future in kept)
    queue.close()


def test_a_cancelled_request_is_never_computed_and_frees_its_place(shelf: ModelShelf) -> None:
    queue = ModelQueue(shelf, size=1)
    asked: list[int] = []

    def watched(size: int) -> np.ndarray:
        asked.append(size)
        return np.zeros((size, size, 3), np.uint8)

    with Held(queue):
        gone = queue.ask(MODEL, watched, EveryMap())
        assert gone.cancel()
        kept = queue.ask(MODEL, coloured(1), EveryMap())
    kept.result(60)
    queue.close()
    assert asked == []


def test_one_bad_picture_fails_with_its_reason_and_the_queue_goes_on(queue: ModelQueue) -> None:
    def broken(size: int) -> np.ndarray:
        raise InputError("this picture is broken")

    with pytest.raises(InputError, match="broken"):
        queue.ask(MODEL, broken, EveryMap()).result(60)
    assert queue.ask(MODEL, coloured(0), EveryMap()).result(60).logits.shape == (200,)


def test_an_unknown_model_is_refused_at_once_and_names_the_nearest(queue: ModelQueue) -> None:
    with pytest.raises(InputError, match="rvt_nano/vars_d"):
        queue.ask("rvt_nano/vars_x", coloured(0), EveryMap())
    with pytest.raises(InputError, match="timm has no model"):
        queue.ask("timm/resnet51x", coloured(0), EveryMap())


@dataclass(frozen=True)
class InTwoParts:
    """A patient task that waits between its parts for ``go``, and adds to ``told`` what becomes of it."""

    told: list[str] = field(compare=False)
    begun: threading.Event = field(compare=False)
    go: threading.Event = field(compare=False)

    def __call__(
        self, backend: Backend, batch: Tensor, facts: ModelFacts, before: Callable[[], None] = lambda: None
    ) -> list[str]:
        self.begun.set()
        assert self.go.wait(60)
        try:
            before()
        except Exception:
            self.told.append("left")
            raise
        self.told.append("patient")
        return ["patient"] * len(batch)


@dataclass(frozen=True)
class Telling:
    """A task that adds its name to ``told``."""

    name: str
    told: list[str] = field(compare=False)

    def __call__(self, backend: Backend, batch: Tensor, facts: ModelFacts) -> list[str]:
        self.told.append(self.name)
        return [self.name] * len(batch)


@pytest.fixture
def halved() -> InTwoParts:
    return InTwoParts([], threading.Event(), threading.Event())


def test_who_waits_for_a_map_goes_before_the_patient_who_came_first(queue: ModelQueue, halved: InTwoParts) -> None:
    halved.go.set()
    with Held(queue):
        patient = queue.ask_patiently(MODEL, coloured(0), halved)
        visitor = queue.ask(MODEL, coloured(1), Telling("visitor", halved.told))
    assert (patient.result(60), visitor.result(60)) == ("patient", "visitor")
    assert halved.told == ["visitor", "patient"]


def test_who_waits_for_a_map_goes_between_the_layers_of_the_patient(queue: ModelQueue, halved: InTwoParts) -> None:
    patient = queue.ask_patiently(MODEL, coloured(0), halved)
    assert halved.begun.wait(60)
    visitors = [queue.ask(MODEL, coloured(i), Telling(f"visitor {i}", halved.told)) for i in range(2)]
    halved.go.set()
    assert patient.result(60) == "patient"
    assert halved.told == ["visitor 0", "visitor 1", "patient"]
    assert [visitor.result(60) for visitor in visitors] == ["visitor 0", "visitor 1"]


def test_the_patient_are_not_put_off_for_ever(
    queue: ModelQueue, halved: InTwoParts, monkeypatch: pytest.MonkeyPatch
) -> None:
    halved.go.set()
    with Held(queue):
        monkeypatch.setattr("app.inference.work.PATIENCE", 0.0)
        patient = queue.ask_patiently(MODEL, coloured(0), halved)
        visitor = queue.ask(MODEL, coloured(1), Telling("visitor", halved.told))
    assert (patient.result(60), visitor.result(60)) == ("patient", "visitor")
    assert halved.told == ["patient", "visitor"]


def test_what_is_computed_for_nobody_any_longer_is_left(queue: ModelQueue, halved: InTwoParts) -> None:
    patient = queue.ask_patiently(MODEL, coloured(0), halved)
    assert halved.begun.wait(60)
    assert patient.cancel()
    halved.go.set()
    assert queue.ask(MODEL, coloured(1), Telling("visitor", halved.told)).result(60) == "visitor"
    assert halved.told == ["left", "visitor"]


def test_maps_that_were_asked_for_patiently_are_the_same(queue: ModelQueue) -> None:
    patient, waited_for = (ask(MODEL, coloured(3), EveryMap()).result(60) for ask in (queue.ask_patiently, queue.ask))
    for ours, theirs in zip(patient.layers, waited_for.layers, strict=True):
        for readout, maps in theirs.maps.items():
            np.testing.assert_array_equal(ours.maps[readout], maps)


def test_closing_cancels_what_waits(shelf: ModelShelf) -> None:
    queue = ModelQueue(shelf, size=5)
    with Held(queue) as held:
        waiting: Future[Traced] = queue.ask(MODEL, coloured(0), EveryMap())
        closing = threading.Thread(target=queue.close)
        closing.start()
        while not waiting.cancelled():
            pass
        held.released.set()
    closing.join(60)
    assert waiting.cancelled()


def test_a_model_is_warmed_up_when_nobody_waits(queue: ModelQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    warmed = threading.Event()

    def noted(who: str) -> Any:
        def picture(size: int) -> np.ndarray:
            order.append(who)
            if who == "warm-up":
                warmed.set()
            return np.full((size, size, 3), 128, np.uint8)

        return picture

    monkeypatch.setattr("app.inference.work.grey", noted("warm-up"))
    with Held(queue):
        queue.warm("rvt_nano/self")
        visitor = queue.ask(MODEL, noted("visitor"), EveryMap())
        assert len(queue) == 1  # a warm-up takes nobody's place
    visitor.result(60)
    assert warmed.wait(60)
    queue.ask(MODEL, coloured(2), EveryMap()).result(60)
    assert order == ["visitor", "warm-up"]
    assert list(queue.batches) == [1, 1, 1]  # visitors' alone


def test_a_model_that_cannot_be_warmed_up_stops_nobody(queue: ModelQueue) -> None:
    queue.warm("rvt_nano/nothing")
    assert queue.ask(MODEL, coloured(1), EveryMap()).result(60).layers
