"""What the tabs compute, without gradio."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from app.library.photographs import Corruption, Subject
from app.tabs.attention import words as attention
from app.tabs.corruptions import words as corruptions
from app.views import grids
from app.views.exports import KINDS, Downloads
from app.views.look import Look
from tests.app.made import facts, photograph, subject, traced
from vars_core.errors import InputError


def test_the_attention_view_offers_every_layer_and_the_strip() -> None:
    sent = attention.view(subject(), traced())
    assert [layer["name"] for layer in sent["panels"][0]["layers"]] == ["0.0", "0.1"]
    assert sent["strip"] is True


def test_a_model_without_attention_layers_says_so() -> None:
    result = traced()
    bare = type(result)(result.model, result.logits, ())
    assert "no attention layers" in attention.view(subject(), bare)["words"]
    with pytest.raises(InputError, match="no map to show"):
        bare.layer("0.0")


def test_untrained_weights_are_called_untrained_and_predict_nothing() -> None:
    assert attention.UNTRAINED in attention.model_words(facts())
    assert "untrained" in attention.prediction_words(traced(), None)


def test_trained_weights_show_their_hash_and_the_five_likeliest_classes() -> None:
    result = traced(checkpoint_hash="a" * 64)
    assert "aaaaaaaaaaaa" in attention.model_words(result.model)
    names = [f"<{i}>" for i in range(200)]
    best = attention.predictions(result, names)
    assert [name for name, _ in best] == [f"<{i}>" for i in np.argsort(-result.logits)[:5]]
    assert 0 < sum(probability for _, probability in best) < 1
    assert "&lt;" in attention.prediction_words(result, names)


def test_every_readout_is_explained_in_one_sentence() -> None:
    assert set(attention.READOUT_WORDS) == {"stream", "contribution", "energy", "gap"}


def test_a_layer_that_the_model_lacks_becomes_its_default() -> None:
    assert attention.layer_of(traced(), "0.0") == "0.0"
    assert attention.layer_of(traced(), "3.7") == "0.1"
    assert attention.layer_of(traced(), None) == "0.1"


def test_charts_show_energy_sparsity_and_change_per_iterate() -> None:
    figures = attention.step_figures(traced().layer("0.0"))
    assert figures is not None
    for figure, expected in zip(figures, ([0, 1, 2, 3], [0, 0.1, 0.2, 0.3], [0, 2, 4, 6]), strict=True):
        assert list(figure.data[0].y) == pytest.approx(expected)
    assert attention.step_figures(traced(steps=0).layer("0.0")) is None


def test_the_attention_export_holds_the_raw_map_and_what_reproduces_it() -> None:
    result, shown = traced(), subject()
    made = attention.export(shown, result, Look("0.0", "gap", 2, 0.5, "shared"))
    assert np.array_equal(made.arrays["map"], result.map("0.0", "gap", 2))
    assert made.settings["view"] == {"layer": "0.0", "readout": "gap", "t": 2, "opacity": 0.5, "scale": "shared"}
    assert made.settings["photograph"]["ref"] == "upload:made"
    assert made.figure.ndim == 3


def test_every_kind_of_download_opens_again() -> None:
    made = attention.export(subject(), traced(), Look())
    files = {kind: KINDS[kind]("attention", made) for kind in KINDS}
    assert files["figure"].data.startswith(b"\x89PNG")
    assert json.loads(files["settings"].data)["view"]["t"] == 0
    with np.load(io.BytesIO(files["arrays"].data)) as arrays:
        assert np.array_equal(arrays["map"], made.arrays["map"])
        assert json.loads(str(arrays["settings"])) == json.loads(files["settings"].data)


def test_a_download_is_known_by_its_token_alone() -> None:
    downloads = Downloads()
    file = KINDS["settings"]("attention", attention.export(subject(), traced(), Look()))
    token = downloads.offer(file)
    assert downloads.take(token) is file
    assert downloads.take(token[:-1]) is None


def test_the_grid_is_a_table_of_pictures_by_models() -> None:
    clean = Subject(photograph())
    fog = Subject(clean.photograph, Corruption("fog", 2))
    results = [
        [traced(0), traced(1, name="rvt_nano/self", steps=0)],
        [traced(2), traced(3, name="rvt_nano/self", steps=0)],
    ]
    sent = grids.grid([clean, fog], results)
    assert sent["heads"] == ["RVT-nano · VARS-D", "RVT-nano · self-attention"]
    assert sent["rows"] == ["clean", "fog, severity 2"]
    assert len(sent["panels"]) == 4 and len(sent["images"]) == 2


def test_agreement_with_itself_is_perfect_and_unnoted() -> None:
    clean = [traced(0)]
    same = corruptions.agreement(clean[0], traced(0), Look("0.0", "stream", 1))
    assert same.correlation == pytest.approx(1) and same.ssim == pytest.approx(1)
    assert corruptions.notes(clean, [clean, [traced(1)]], Look())[0] == ""
    assert corruptions.notes(clean, [clean, [traced(1)]], Look())[1].startswith("r = ")


def test_agreement_is_drawn_against_severity_one_line_a_model() -> None:
    clean = [traced(0), traced(1, name="rvt_nano/self", steps=0)]
    rows = [[traced(10 + i), traced(20 + i, name="rvt_nano/self", steps=0)] for i in range(5)]
    correlation, ssim = corruptions.agreement_figures("fog", clean, rows, Look("0.0", "stream", 3))
    for figure in (correlation, ssim):
        assert [list(line.x) for line in figure.data] == [[1, 2, 3, 4, 5]] * 2
        assert [line.name for line in figure.data] == ["RVT-nano · VARS-D", "RVT-nano · self-attention"]


def test_the_difference_to_the_reference_panel_is_what_the_figure_shows() -> None:
    clean = Subject(photograph())
    results = [[traced(0), traced(1)]]
    made = grids.export([clean], results, Look("0.0", "stream", 0), reference="0")
    assert made.settings["view"]["reference"] == "0"
    assert np.array_equal(made.arrays["01/map"], results[0][1].map("0.0", "stream", 0))
    assert grids.panel_image(clean, results[0][0], np.zeros((14, 14)), np.zeros((14, 14)), 1.0).min() > 240


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: Look(readout="gaze"), "stream, contribution, energy, gap"),
        (lambda: Look(t=-1), "0 or more"),
        (lambda: Look(opacity=1.5), "0..1"),
        (lambda: Look(scale="log"), "map or shared"),
        (lambda: corruptions.checked("fogg", 3, 0), "'fog'"),
        (lambda: corruptions.checked("fog", 6, 0), "1, 2, 3, 4 or 5"),
        (lambda: corruptions.checked("fog", 2.5, 0), "2.5"),
        (lambda: corruptions.checked("fog", 3, None), "seed"),
        (lambda: corruptions.checked("fog", 3, -4), "seed"),
        (lambda: grids.check_models([]), "1 to 4"),
        (lambda: grids.check_models(["a"] * 5), "1 to 4"),
        (lambda: grids.check_pictures([None] * 7), "pictures"),
    ],
)
def test_a_wish_that_cannot_be_met_gets_a_sentence(wrong: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        wrong()
