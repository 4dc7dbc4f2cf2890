"""The closer look without gradio: what is asked for, and what is sent."""

from __future__ import annotations

import numpy as np
import pytest

from app.inference.closer import Curves
from app.inference.traced import LayerMaps, Traced
from app.tabs.attention import closer_words
from app.tabs.attention.asked import A_CLASS, EVERY_TOKEN, ONE_TOKEN, Asked, class_choices
from app.tabs.attention.export import export, with_closer
from app.views.look import Look
from tests.app.made import facts, subject, traced
from vars_core.errors import InputError
from vars_core.targets import ClassLogit, Token


def closer(heads: int = 3) -> Traced:
    rng = np.random.default_rng(0)
    maps = {readout: rng.normal(size=(4, 14, 14)).astype(np.float32) for readout in ("contribution", "gap")}
    every = {readout: rng.normal(size=(4, heads, 14, 14)).astype(np.float32) for readout in maps}
    layer = LayerMaps("0.1", maps, heads=every)
    return Traced(facts(), rng.normal(size=200).astype(np.float32), (layer,), {layer.name: layer.grid})


@pytest.mark.parametrize(
    ("place", "token"),
    [("0,0", Token(0, 0)), ("0.999,1", Token(13, 13)), ("", Token(7, 7)), ("0.5,0.25", Token(7, 3))],
)
def test_a_place_on_the_picture_is_the_token_there(place: str, token: Token) -> None:
    result = traced()
    assert Asked(ONE_TOKEN, place).target(result, result.layer("0.1")) == token


def test_a_class_is_the_predicted_one_unless_another_is_named() -> None:
    result = traced()
    layer = result.layer("0.1")
    assert Asked(A_CLASS).target(result, layer) == ClassLogit(int(result.logits.argmax()))
    assert Asked(A_CLASS, index="7").target(result, layer) == ClassLogit(7)
    assert Asked(EVERY_TOKEN).target(result, layer) is None


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked(ONE_TOKEN, "2,0"), "within the picture"),
        (Asked(ONE_TOKEN, "left"), 'expected a place as "y,x"'),
        (Asked(ONE_TOKEN, "nan,0"), "within the picture"),
        (Asked(A_CLASS, index="200"), "expected a class 0..199"),
        (Asked(A_CLASS, index="-1"), "expected a class 0..199"),
    ],
)
def test_what_is_not_there_is_a_sentence(asked: Asked, why: str) -> None:
    result = traced()
    with pytest.raises(InputError, match=why):
        asked.target(result, result.layer("0.1"))


def test_classes_are_offered_likeliest_first_and_each_once() -> None:
    result = traced()
    choices = class_choices(result, [f"thing {i:03d}" for i in range(200)])
    assert choices[0] == ("the predicted class", "")
    assert [int(index) for _, index in choices[1:6]] == np.argsort(-result.logits)[:5].tolist()
    assert sorted(int(index) for _, index in choices[1:]) == list(range(200))
    assert [name for name, _ in choices[6:]] == sorted(name for name, _ in choices[6:])


def test_every_head_is_sent_and_other_methods_stand_beside() -> None:
    sent = closer_words.view(subject(), traced(), closer(), "For “cat”", "0.1", {"Grad-CAM": np.eye(14)})
    assert [len(layer["heads"]) for layer in sent["layers"]] == [3]
    assert [panel["title"] for panel in sent["view"]["panels"]] == ["For “cat”", "Grad-CAM"]
    assert (
        sent["view"]["panels"][1]["layers"][0]["words"] == "of layer 0.1 output, by captum; dark, the least, to bright"
    )


def test_curves_say_their_areas() -> None:
    falling, flat = np.linspace(1, 0, 5), np.full(5, 0.2)
    names = {"shown": falling, "centre": flat, "random": flat}
    deletion, _ = closer_words.curve_figures(Curves(0, names, names))
    assert [line.name for line in deletion.data] == ["shown 0.500", "centre 0.200", "random 0.200"]


def test_the_arrays_hold_every_head_and_whose_they_are() -> None:
    made = export(subject(), traced(), Look("0.1", "gap", 2))
    more = with_closer(made, Asked(ONE_TOKEN, "0.5,0.25"), closer(), "0.1", "gap", traced())
    assert more.arrays["closer/0.1/heads/gap"].shape == (4, 3, 14, 14)
    assert more.settings["closer"]["token"] == [7, 3]
