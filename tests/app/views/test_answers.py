"""What a model takes a picture for, as the page says it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from app.views import payload
from app.views.answers import Answer, answer, answers, described, predictions
from tests.app.made import photograph, traced

NAMES = [f"name {i}" for i in range(200)]


def of(logits: list[float], *, trained: bool = True) -> object:
    made = traced(checkpoint_hash="a" * 64 if trained else None)
    return dataclasses.replace(made, logits=np.array(logits, np.float32))


def test_an_answer_is_the_likeliest_class_with_its_probability() -> None:
    shown = of([0.0, np.log(3.0), 0.0])
    found = answer(shown, lambda _: NAMES)
    assert found == Answer("name 1", pytest.approx(0.6), None)
    assert found.words == "name 1 60.0 %"
    assert answer(shown, lambda _: None).name == "class 1"
    assert predictions(shown, NAMES, 1) == [("name 1", pytest.approx(0.6))]


def test_another_answer_than_to_the_clean_picture_is_said() -> None:
    """Not the map but the answer is compared: the same class with another probability is no change."""
    clean, surer, other = of([0.0, 1.0]), of([0.0, 5.0]), of([3.0, 1.0])
    rows = [[clean, clean], [surer, other]]
    found = answers(rows, lambda _: NAMES, [clean, clean])
    assert [one.changed for one in found] == [None, None, False, True]
    assert found[2].words.endswith("%, as clean") and found[3].words.endswith("%, not as clean")
    assert [one.changed for one in answers(rows, lambda _: NAMES)] == [None] * 4
    assert described(found[3]) == {"class": "name 0", "probability": pytest.approx(0.881, abs=1e-3), "changed": True}


def test_untrained_weights_have_no_answer() -> None:
    assert answer(of([1.0, 2.0], trained=False), lambda _: NAMES) is None
    assert described(None) is None
    panel = payload.panel(photograph().display, of([1.0, 2.0], trained=False), answer=None)
    assert (panel["answer"], panel["changed"]) == ("", False)


def test_a_panel_carries_the_answer_as_plain_text() -> None:
    found = Answer("<b>", 0.5, True)
    panel = payload.panel(photograph().display, of([0.0, 0.0]), answer=found)
    assert (panel["answer"], panel["changed"]) == ("<b> 50.0 %, not as clean", True)
