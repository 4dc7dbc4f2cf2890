"""What the Attention tab computes, without gradio."""

from __future__ import annotations

import numpy as np
import pytest

from app.tabs.attention import words
from app.tabs.attention.export import export
from app.views.answers import predictions
from app.views.look import Look
from app.views.weights import UNTRAINED, model_words
from tests.app.made import facts, subject, traced
from vars_core.embedded import embedded_card
from vars_core.errors import InputError


def test_the_attention_view_offers_every_layer_and_the_strip() -> None:
    sent = words.view(subject(), traced())
    assert [layer["name"] for layer in sent["panels"][0]["layers"]] == ["0.0", "0.1"]
    assert sent["strip"] is True


def test_a_model_without_attention_layers_says_so() -> None:
    result = traced()
    bare = type(result)(result.model, result.logits, (), {})
    assert "no attention layers" in words.view(subject(), bare)["words"]
    with pytest.raises(InputError, match="no map to show"):
        bare.layer("0.0")


def test_untrained_weights_are_called_untrained_and_predict_nothing() -> None:
    assert UNTRAINED in model_words(facts())
    assert "untrained" in words.prediction_words(traced(), None)


def test_weights_that_come_with_the_project_say_what_they_reach_as_their_card_does() -> None:
    card = embedded_card("rvt_nano/vars_d")
    assert card is not None
    known = model_words(traced(checkpoint_hash=card["sha256"]).model)
    assert f"200 classes, top-1 {100 * card['evaluation']['top1']:.1f}% on 10,000 images" in known
    assert "top-1" not in model_words(traced(checkpoint_hash="a" * 64).model)


def test_trained_weights_show_their_hash_and_the_five_likeliest_classes() -> None:
    result = traced(checkpoint_hash="a" * 64)
    assert "aaaaaaaaaaaa" in model_words(result.model)
    names = [f"<{i}>" for i in range(200)]
    best = predictions(result, names)
    assert [name for name, _ in best] == [f"<{i}>" for i in np.argsort(-result.logits)[:5]]
    assert 0 < sum(probability for _, probability in best) < 1
    assert "&lt;" in words.prediction_words(result, names)


def test_charts_show_energy_sparsity_and_change_per_iterate() -> None:
    figures = words.step_figures(traced().layer("0.0"))
    assert figures is not None
    for figure, expected in zip(figures, ([0, 1, 2, 3], [0, 0.1, 0.2, 0.3], [2, 4, 6]), strict=True):
        assert list(figure.data[0].y) == pytest.approx(expected)
    assert list(figures[2].data[0].x) == [1, 2, 3], "nothing has moved at t = 0"
    assert words.step_figures(traced(steps=0).layer("0.0")) is None


def test_the_attention_export_holds_the_raw_map_and_what_reproduces_it() -> None:
    result, shown = traced(), subject()
    made = export(shown, result, Look("0.0", "gap", 2, 0.5, "shared"))
    assert np.array_equal(made.arrays["map"], result.map("0.0", "gap", 2))
    view = {"layer": "0.0", "readout": "gap", "t": 2, "opacity": 0.5, "scale": "shared"}
    assert made.settings["view"] == {**view, "colours": "viridis", "tokens": "smooth"}
    assert made.settings["photograph"]["ref"] == "upload:made"
    assert made.figure().ndim == 3
