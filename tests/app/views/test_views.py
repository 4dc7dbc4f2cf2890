"""How maps are chosen, laid out and compared, without gradio."""

from __future__ import annotations

import numpy as np
import pytest

from app.inference.traced import READOUTS
from app.library.photographs import Corruption, Subject
from app.views import grids
from app.views.agreement import agreement, notes
from app.views.look import LAST, Look, exact
from app.views.pictures import checked
from tests.app.made import photograph, traced
from vars_core.errors import InputError
from vars_core.readouts import READOUTS as TABLE


def test_every_readout_is_explained_in_one_sentence() -> None:
    assert set(READOUTS) == {"stream", "contribution", "energy", "gap"}
    assert all(TABLE[name].words.endswith(".") for name in READOUTS)


def test_a_layer_that_the_model_lacks_becomes_its_default() -> None:
    assert traced().model.layer_or_default("0.0") == "0.0"
    assert traced().model.layer_or_default("3.7") == "0.1"
    assert traced().model.layer_or_default(None) == "0.1"


def test_the_grid_is_a_table_of_pictures_by_models() -> None:
    clean = Subject(photograph())
    fog = Subject(clean.photograph, Corruption("fog", 2))
    results = [
        [traced(0), traced(1, name="rvt_nano/self", steps=0)],
        [traced(2), traced(3, name="rvt_nano/self", steps=0)],
    ]
    sent = grids.grid([clean, fog], results, [None] * 4)
    assert sent["heads"] == ["RVT-nano · VARS-D", "RVT-nano · self-attention"]
    assert sent["rows"] == ["clean", "fog, severity 2"]
    assert len(sent["panels"]) == 4 and len(sent["images"]) == 2


def test_agreement_with_itself_is_perfect_and_unnoted() -> None:
    clean = [traced(0)]
    same = agreement(clean[0], traced(0), Look("0.0", "stream", 1))
    assert same.correlation == pytest.approx(1) and same.ssim == pytest.approx(1)
    assert notes(clean, [clean, [traced(1)]], Look())[0] == ""
    assert notes(clean, [clean, [traced(1)]], Look())[1].startswith("r = ")


def test_the_difference_to_the_reference_panel_is_what_the_figure_shows() -> None:
    clean = Subject(photograph())
    results = [[traced(0), traced(1)]]
    made = grids.export([clean], results, Look("0.0", "stream", 0), [None] * 2, reference="0")
    assert made.settings["view"]["reference"] == "0"
    assert np.array_equal(made.arrays["01/map"], results[0][1].map("0.0", "stream", 0))
    assert grids.panel_image(clean, results[0][0], np.zeros((14, 14)), np.zeros((14, 14)), Look(opacity=1)).min() > 235


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: Look(readout="gaze"), "unknown readout .gaze.: expected one of stream, contribution"),
        (lambda: Look(t=-2), "0 or more"),
        (lambda: Look(opacity=1.5), "0..1"),
        (lambda: Look(scale="log"), "map or shared"),
        (lambda: Look(colours="jet"), "viridis, cividis, inferno, plasma, got .jet."),
        (lambda: Look(colours="signed"), "got .signed."),
        (lambda: Look(tokens="round"), "smooth or squares"),
        (lambda: checked("fogg", 3, 0), "'fog'"),
        (lambda: checked("fog", 6, 0), "1, 2, 3, 4 or 5"),
        (lambda: checked("fog", 2.5, 0), "2.5"),
        (lambda: checked("fog", 3, None), "seed"),
        (lambda: checked("fog", 3, -4), "seed"),
        (lambda: exact(Look("7.7"), [traced()]), "no layer '7.7'"),
        (lambda: exact(Look(t=4), [traced()]), r"0\.\.3, got 4"),
        (lambda: exact(Look(t=1), [traced(steps=0)]), r"0\.\.0, got 1"),
        (lambda: grids.check_reference("4", 4), "none or 0..3"),
        (lambda: grids.check_models([]), "1 to 4"),
        (lambda: grids.check_models(["a"] * 5), "1 to 4"),
        (lambda: grids.check_pictures([None] * 7), "pictures"),
    ],
)
def test_a_wish_that_cannot_be_met_gets_a_sentence(wrong: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        wrong()


def test_the_last_iterate_is_the_last_of_any_of_the_models() -> None:
    assert exact(Look(t=LAST), [traced()]).t == 3
    assert exact(Look(t=LAST), [traced(steps=0), traced()]).t == 3
    assert exact(Look(t=LAST), [traced(steps=0)]).t == 0


def test_the_difference_figure_says_its_scale_and_how_the_maps_correlate() -> None:
    raw = [np.eye(4, dtype=np.float32), -np.eye(4, dtype=np.float32), np.ones((2, 2), np.float32)]
    assert grids.with_reference(raw, 0) == ["r = 1.00", "r = -1.00", "another grid"]
    assert "blue −1, white 0, vermilion +1" in grids.scale_words(shared=False, difference=True)
