"""What the Dynamics tab shows and says: every frame of every way, and a word where something diverges."""

from __future__ import annotations

import base64
import json
from functools import cache

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from app.inference.settling import LayerSettling, SettlingOf
from app.tabs.dynamics import words
from app.tabs.dynamics.figure import export
from app.tabs.dynamics.page import choices_update
from tests.app.made import facts, read, subject, traced
from tests.dynamics.made import embedded
from vars_core.dynamics import Rates


@cache
def settled(mixer: str = "vars_d", **rates: float) -> LayerSettling:
    backend, batch = embedded(mixer)
    asked = Rates(**{"num_steps": 8, **rates})
    return SettlingOf("1.1", 1, 2, asked)(backend, batch[:1], facts(f"rvt_nano/{mixer}"))[0]


def test_the_browser_gets_every_frame_of_every_way() -> None:
    made = settled()
    sent = json.loads(json.dumps(words.view(subject(), made)))
    assert [way["title"] for way in sent["paths"]] == ["The circuit", "ISTA", "LISTA, as trained", "Self-attention"]
    assert [len(way["objective"]) for way in sent["paths"]] == [9, 9, 9, 2]
    for way, path in zip(sent["paths"], made.settling.paths.values(), strict=True):
        codes = np.frombuffer(base64.b64decode(way["codes"]), "<f4").reshape(-1, way["lines"])
        assert codes == pytest.approx(path.codes, rel=1e-6, abs=1e-6)
        assert way["change"][0] is None
    maps = [panel["layers"][0]["maps"][words.READOUT] for panel in sent["viewer"]["panels"]]
    assert [len(one["low"]) for one in maps] == [9, 9, 9, 2]
    assert sent["trained"] == 3 and sent["notice"] == ""
    assert f"to {made.performer:.0e} of its largest value" in sent["facts"] and (made.performer or 1) < 1e-9


@pytest.mark.parametrize(
    ("rates", "sentence"),
    [
        ({"bound_factor": 0.4}, "ISTA diverges: L = "),
        ({"bound_factor": 0.8}, "a step of ISTA may raise the objective"),
        ({"beta": 1.0}, "the circuit settles at another problem's solution"),
    ],
)
def test_what_goes_wrong_is_said(rates: dict[str, float], sentence: str) -> None:
    assert sentence in words.notice(settled(**rates))
    sent = words.view(subject(), settled(**rates))
    assert sent["paths"][1]["diverges"] == ("diverges" in sentence)


def test_numbers_beyond_all_bounds_still_travel_and_are_drawn() -> None:
    made = settled(num_steps=100, bound_factor=0.05)
    assert len(made.settling.paths["ista"].objective) <= 101 and made.settling.paths["ista"].diverges
    assert "Infinity" not in json.dumps(words.view(subject(), made)["paths"])
    assert export(subject(), made, 100).figure().ndim == 3


def test_a_convolution_has_blocks_of_channels_and_its_one_step_is_no_attention() -> None:
    made = settled("vars_s")
    assert words.names(made)["attention"] == "One step" and "no attention" in words.notes(made)["attention"]
    assert "channels 16–31, channel 2" in words.fact_words(made)
    updates = choices_update(traced(), made, 50)
    assert updates["head"]["choices"][1] == ("channels 16–31", "1") and len(updates["channel"]["choices"]) == 16
    assert updates["t"]["value"] == 8 == updates["t"]["maximum"]


def test_the_endpoint_answers_with_curves_and_refuses_what_is_not_there(client: Client) -> None:
    figure, found, arrays = client.predict(layer="0.3", head=2, bound=0.4, steps=6, api_name="/dynamics")
    assert read(figure).shape[1] > 1000
    assert found["paths"]["ista"]["diverges"] and "ISTA diverges" in found["notice"] and found["grid"] == [28, 28]
    assert found["view"]["bound_factor"] == 0.4 and found["performer_difference"] < 1e-9
    with np.load(arrays) as stored:
        assert stored["ode_maps"].shape == (7, 28, 28)
        assert stored["own_objective"] == pytest.approx(found["paths"]["own"]["objective"])
    for wrong, sentence in (
        ({"model": "rvt_nano/self"}, "settles at nothing"),
        ({"head": 9}, "xpected a head of 0..3 in layer 0.3"),
        ({"steps": 500}, "T of 1..100"),
        ({"alpha": 0}, "γ ≥ 0, got 0.0"),
    ):
        with pytest.raises(AppError, match=sentence):
            client.predict(**{"layer": "0.3", **wrong}, api_name="/dynamics")
