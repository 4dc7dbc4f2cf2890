"""Asking for a dictionary is a job in the queue like any other: bounded, batched with its like, cached, cancelled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from app.inference.atoms import DictionaryOf, LayerAtoms
from app.inference.models import EMBEDDED
from app.inference.tasks import EveryMap, ShownMap
from app.inference.work import BusyError
from app.services import Services
from app.serving.sessions import size_of
from app.serving.settings import Settings
from tests.app.inference.test_work import Held, coloured
from tests.app.made import subject
from vars_core.errors import InputError

MODEL = "rvt_nano/vars_sd"


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    made = Services(Settings(port=0, device="cpu", queue_size=8))
    yield made
    made.close()


def test_equal_tasks_run_as_one_batch_and_others_wait(services: Services) -> None:
    queue = services.queue
    before = len(queue.batches)
    tasks = [DictionaryOf("0.1"), EveryMap(), DictionaryOf("0.1"), DictionaryOf("0.0"), EveryMap()]
    with Held(queue, MODEL):
        futures = [queue.ask(MODEL, coloured(i), task) for i, task in enumerate(tasks)]
    answers = [future.result(60) for future in futures]
    assert list(queue.batches)[before:] == [1, 2, 2, 1]
    assert [isinstance(answer, LayerAtoms) for answer in answers] == [True, False, True, True, False]
    assert [answers[0].layer, answers[3].layer] == ["0.1", "0.0"]


@pytest.mark.parametrize("model", EMBEDDED)
def test_the_map_that_is_shown_first_is_the_one_among_all_maps(services: Services, model: str) -> None:
    seen, wish = subject(), ShownMap("0.1", "contribution")
    first = services.shown_map("first", seen, model, wish).result(60)
    assert [(layer.name, list(layer.maps)) for layer in first.layers] == [("0.1", ["contribution"])]
    every = services.other_maps("first", seen, model).result(60)
    assert first.grids == every.grids == {layer.name: layer.grid for layer in every.layers}
    np.testing.assert_array_equal(first.logits, every.logits)
    np.testing.assert_array_equal(first.layers[0].maps["contribution"], every.layer("0.1").maps["contribution"])
    assert services.shown_map("first", seen, model, wish).result(60) is every  # nothing is missing any more


def test_the_map_that_is_shown_first_is_the_usual_layers_where_the_model_lacks_the_one_asked_for(
    services: Services,
) -> None:
    for wanted in (None, "9.9"):
        (layer,) = services.answer("usual", subject(), MODEL, ShownMap(wanted, "energy")).result(60).layers
        assert layer.name == services.models.facts(MODEL).default_layer
    with pytest.raises(InputError, match="unknown readout 'nothing'"):
        ShownMap(None, "nothing")


def test_each_picture_gets_its_own_dictionary(services: Services) -> None:
    queue = services.queue
    alone = [queue.ask(MODEL, coloured(i), DictionaryOf("0.1")).result(60) for i in range(2)]
    with Held(queue, MODEL):
        futures = [queue.ask(MODEL, coloured(i), DictionaryOf("0.1")) for i in range(2)]
    for single, future in zip(alone, futures, strict=True):
        together = future.result(60)
        np.testing.assert_allclose(together.atoms, single.atoms, atol=1e-4)
        np.testing.assert_allclose(together.use, single.use, rtol=1e-3, atol=1e-3)
    assert not np.allclose(alone[0].use, alone[1].use, rtol=0.1)


def test_a_session_asks_once_and_another_session_for_itself(services: Services) -> None:
    shown = subject()
    first = services.answer("one", shown, MODEL, DictionaryOf("0.1")).result(60)
    assert services.answer("one", shown, MODEL, DictionaryOf("0.1")).result(60) is first
    assert services.answer("two", shown, MODEL, DictionaryOf("0.1")).result(60) is not first
    assert services.answer("one", shown, MODEL, DictionaryOf("0.0")).result(60).layer == "0.0"
    arrays = first.atoms.nbytes + first.use.nbytes + first.active.nbytes
    assert arrays <= size_of(first) < arrays + 1000


def test_a_layer_without_a_dictionary_and_one_that_is_not_there_are_sentences(services: Services) -> None:
    with pytest.raises(InputError, match="expected a layer that reconstructs with a dictionary"):
        services.answer(None, subject(), "rvt_nano/self", DictionaryOf("0.1")).result(60)
    with pytest.raises(InputError, match=r"no layer 7\.7"):
        services.answer(None, subject(), MODEL, DictionaryOf("7.7")).result(60)


def test_a_cancelled_dictionary_leaves_the_queue_and_a_full_queue_refuses(services: Services) -> None:
    with Held(services.queue, MODEL):
        waiting = [services.answer(None, subject(i), MODEL, DictionaryOf("0.1")) for i in range(8)]
        with pytest.raises(BusyError, match="please try again"):
            services.answer(None, subject(9), MODEL, DictionaryOf("0.1"))
        assert all(future.cancel() for future in waiting)
        assert services.answer(None, subject(9), MODEL, DictionaryOf("0.1")).cancel()
