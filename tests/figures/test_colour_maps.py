"""Colour maps are perceptually uniform, and tokens drawn as they are hold their own values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab

from analysis.colour_maps import COLOUR_MAPS, DEFAULT, SEQUENTIAL, SIGNED, sequential
from analysis.painting import Painting, painting, scaled
from analysis.token_drawing import TOKEN_DRAWINGS, squares
from vars_core.errors import InputError
from vars_core.images import Placement
from vars_core.preprocessing import Preprocessing


def lab(colours: np.ndarray) -> np.ndarray:
    return np.asarray(rgb2lab(colours[None])[0])


def test_there_are_four_to_choose_from_and_one_for_signs() -> None:
    assert len(SEQUENTIAL) == 4 and set(COLOUR_MAPS) - set(SEQUENTIAL) == {SIGNED.name}
    for wrong in ("jet", "signed", ""):
        with pytest.raises(InputError, match="viridis, cividis, inferno, plasma"):
            sequential(wrong)


@pytest.mark.parametrize("name", SEQUENTIAL)
def test_lightness_rises_all_the_way_and_evenly(name: str) -> None:
    lightness = lab(COLOUR_MAPS[name].colours)[:, 0]
    assert np.diff(lightness).min() > -0.05, "a 256th of the scale may fall by rounding to bytes alone"
    steps = np.diff(lightness[:: len(lightness) // 16])
    assert 0.5 * steps.mean() < steps.min() and steps.max() < 1.5 * steps.mean(), "a sixteenth of the scale"
    assert lightness[-1] - lightness[0] > 70


def test_signs_differ_in_hue_alone_and_zero_is_the_lightest_and_has_none() -> None:
    colours = lab(SIGNED.colours)
    lightness, halves = colours[:, 0], (colours[127::-1, 0], colours[128:, 0])
    assert np.abs(halves[0] - halves[1]).max() < 0.5, "both sides are equally light"
    for half in halves:
        assert np.diff(half).max() < 0.2 and half[0] > 95
        steps = np.diff(half[::16])
        assert steps.min() > 1.2 * steps.max(), "both are negative: equal steps, to rounding"
    assert np.hypot(*colours[[127, 128], 1:].T).max() < 1.5 and lightness.argmax() in (127, 128)
    assert colours[0, 2] < -40 and colours[-1, 2] > 40, "blue, and vermilion"


@given(st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=4))
def test_a_map_with_a_sign_keeps_its_zero_and_the_larger_side_reaches_its_end(values: list[float]) -> None:
    raw = np.array(values).reshape(2, 2)
    made = scaled(raw, signed=True)
    assert np.abs(made).max() in (0, pytest.approx(1))
    if made.any():
        assert np.array_equal(np.sign(made), np.sign(raw)) or np.abs(raw).min() < 1e-300
        assert scaled(raw, True, (-2e3, 1e3)) == pytest.approx(raw / 2e3)


@given(
    st.integers(1, 9), st.integers(1, 9), st.integers(10, 60), st.integers(10, 60), st.sampled_from(["whole", "center"])
)
def test_a_pixel_has_the_value_of_the_token_it_lies_in(h: int, w: int, height: int, width: int, policy: str) -> None:
    values = np.arange(h * w, dtype=np.float32).reshape(h, w)
    placement = Placement(height, width, 64, policy)
    made = squares(placement, values)
    assert made.shape == (height, width) and set(np.unique(made)) <= set(values.ravel())
    left, top, right, bottom = placement.box
    if min((bottom - top) / h, (right - left) / w) < 2:
        return  # a pixel that holds a token's middle may lie mostly in the next
    for i in range(h):
        for j in range(w):
            y, x = top + (bottom - top) * (i + 0.5) / h, left + (right - left) * (j + 0.5) / w
            assert made[int(y), int(x)] == values[i, j]


def test_what_the_patches_do_not_cover_continues_the_last_token() -> None:
    values = np.array([[1.0, 2.0]], np.float32)
    made = squares(Placement(8, 80, 100, preprocessing=Preprocessing(covered=80)), values)
    assert made[0].tolist() == [1.0] * 32 + [2.0] * 48


def test_smooth_and_squares_agree_at_the_middle_of_a_token() -> None:
    values, placement = np.random.default_rng(0).random((7, 7), np.float32), Placement(63, 63, 63)
    smooth, square = (one.place(placement, values) for one in TOKEN_DRAWINGS.values())
    assert smooth[4::9, 4::9] == pytest.approx(values, abs=1e-6) and np.array_equal(square[4::9, 4::9], values)


def test_a_painting_is_chosen_by_names_and_a_sign_is_not_a_choice() -> None:
    chosen = painting("cividis", "squares", 0.25)
    assert (chosen.colours.name, chosen.tokens.name, chosen.opacity) == ("cividis", "squares", 0.25)
    assert chosen.of(False) is COLOUR_MAPS["cividis"] and chosen.of(True) is SIGNED
    assert Painting().colours is DEFAULT
    with pytest.raises(InputError, match="smooth or squares"):
        painting("cividis", "round")
