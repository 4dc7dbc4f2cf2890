"""Every corruption takes every size and shape, leaves its input alone, and keeps grey grey where the recipe does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.corruptions import NAMES, SEVERITIES, TEST, VALIDATION, corrupt

from .made import made_photograph

COLOURING = {"gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise", "frost", "spatter"}
"""Noise is drawn for every channel; frost, water and mud have colours."""


def test_there_are_fifteen_test_and_four_validation_corruptions() -> None:
    assert (len(TEST), len(VALIDATION), len(set(NAMES))) == (15, 4, 19)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=6)
@given(height=st.integers(32, 150), width=st.integers(32, 150), severity=st.sampled_from(SEVERITIES))
def test_any_size_comes_back_in_its_own_size_and_leaves_the_input_alone(
    name: str, height: int, width: int, severity: int
) -> None:
    image = made_photograph(height, width)
    before = image.copy()
    out = corrupt(image, name, severity, "a")
    assert (out.shape, out.dtype) == (image.shape, np.uint8)
    assert np.array_equal(image, before)
    assert not np.shares_memory(out, image)
    assert not np.array_equal(out, image)


@pytest.mark.parametrize("shape", [(32, 32), (32, 2000), (3000, 40), (255, 257)])
@pytest.mark.parametrize("severity", [1, 5])
def test_extreme_shapes(shape: tuple[int, int], severity: int) -> None:
    image = made_photograph(*shape)
    assert all(corrupt(image, name, severity, "a").shape == image.shape for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_twelve_megapixels(name: str) -> None:
    image = np.tile(made_photograph(300, 400), (10, 10, 1))
    assert corrupt(image, name, 3, "a").shape == (3000, 4000, 3)


@pytest.mark.parametrize("name", NAMES)
def test_a_view_with_other_strides_gives_the_same_as_its_copy(name: str) -> None:
    image = made_photograph(60, 70)[::-1, ::-1, ::-1]
    assert np.array_equal(corrupt(image, name, 2, "a"), corrupt(image.copy(), name, 2, "a"))


@pytest.mark.parametrize("name", sorted(set(NAMES) - COLOURING - {"saturate"}))
def test_grey_stays_grey(name: str) -> None:
    grey = np.repeat(made_photograph(64, 80)[..., :1], 3, axis=2)
    for severity in SEVERITIES:
        out = corrupt(grey, name, severity, "a")
        assert np.array_equal(out[..., 0], out[..., 1])
        assert np.array_equal(out[..., 0], out[..., 2])


def test_saturate_leaves_grey_alone_until_it_adds_saturation() -> None:
    # A grey pixel's hue counts as red: severities 4 and 5 add to S, and the recipe then turns grey reddish.
    grey = np.full((32, 32, 3), 200, np.uint8)
    assert all(np.array_equal(corrupt(grey, "saturate", s), grey) for s in (1, 2, 3))
    assert corrupt(grey, "saturate", 4)[0, 0].tolist() == [200, 180, 180]
    assert corrupt(grey, "saturate", 5)[0, 0].tolist() == [200, 160, 160]


@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_pictures_survive_everything(level: int) -> None:
    plain = np.full((40, 50, 3), level, np.uint8)
    for name in NAMES:
        assert corrupt(plain, name, 5, "a").shape == plain.shape
