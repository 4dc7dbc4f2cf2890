"""What travels to the browser says what the arrays say."""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np
import pytest

from analysis.colour_maps import COLOUR_MAPS
from analysis.painting import Painting, scaled
from app.views import payload
from app.views.look import shared_limits
from tests.app.made import facts, photograph, subject, traced


def decoded(record: dict, grid: list[int]) -> np.ndarray:
    codes = np.frombuffer(base64.b64decode(record["data"]), "<u2").reshape(-1, *grid)
    low, high = (np.array(record[end])[:, None, None] for end in ("low", "high"))
    return low + (high - low) * codes / 65535


def test_maps_arrive_within_one_part_in_a_hundred_thousand_of_their_range() -> None:
    result = traced()
    panel = payload.panel(subject().display, result)
    for layer, sent in zip(result.layers, panel["layers"], strict=True):
        for readout, maps in layer.maps.items():
            found = decoded(sent["maps"][readout], sent["grid"])
            assert np.abs(found - maps).max() <= 1e-5 * np.ptp(maps)


def test_a_constant_map_is_flagged_and_one_that_is_not_finite_stays_json() -> None:
    result = traced()
    result.layers[0].maps["energy"][1] = 4.0
    result.layers[0].maps["energy"][2, 3, 3] = np.nan
    sent = payload.panel(subject().display, result)["layers"][0]["maps"]["energy"]
    assert sent["degenerate"] == [False, True, True, False]
    assert np.isfinite(sent["low"]).all() and np.isfinite(sent["high"]).all()


def test_a_picture_that_several_panels_show_travels_once() -> None:
    shown = subject().display
    sent = payload.viewer([payload.panel(shown, traced(i)) for i in range(3)], columns=3)
    assert len(sent["images"]) == 1
    assert [panel["image"] for panel in sent["panels"]] == [0, 0, 0]


def test_maps_that_come_later_are_of_the_same_layers_and_complete_them() -> None:
    every = traced()
    some = replace(every, layers=(replace(every.layers[1], maps={"gap": every.layers[1].maps["gap"]}),))
    whole, partial = (payload.panel(subject().display, result)["layers"] for result in (every, some))
    assert [layer["maps"] for layer in partial] == [{}, {"gap": whole[1]["maps"]["gap"]}]
    assert [(layer["name"], layer["grid"]) for layer in partial] == [("0.0", [14, 14]), ("0.1", [14, 14])]
    assert payload.more_maps([every]) == {"layers": [whole]}


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_the_browser_gets_the_colours_of_every_colour_map_to_the_byte(name: str) -> None:
    numbers = np.array(payload.colour_tables()[name], "<u4").view(np.uint8).reshape(256, 4)
    assert np.array_equal(numbers[:, :3], COLOUR_MAPS[name].colours)
    assert (numbers[:, 3] == 255).all()


def test_a_panel_says_which_pixels_of_the_input_its_maps_lie_on() -> None:
    whole = traced()
    part = replace(whole, model=replace(whole.model, covered=98))
    panels = [payload.panel(photograph().display, one) for one in (whole, part)]
    assert [(panel["size"], panel["covered"]) for panel in panels] == [(112, 112), (112, 98)]
    assert part.model.placement(48, 64).covered == 98


def test_an_overlay_without_opacity_is_the_photograph() -> None:
    picture = photograph().display
    raw = traced().map("0.0", "stream", 0)
    assert np.array_equal(Painting(opacity=0).over(picture, raw, facts().placement(*picture.shape[:2])), picture)


def test_shared_limits_span_all_maps_and_own_limits_each() -> None:
    small, large = np.array([[0.0, 1.0]]), np.array([[0.0, 4.0]])
    limits = shared_limits([small, large])
    assert limits == (0.0, 4.0)
    assert scaled(small, False, limits).max() == 0.25
    assert scaled(small, False).max() == 1.0
