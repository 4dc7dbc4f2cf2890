"""Pictures show what was counted."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from analysis.drawing import (
    FN_COLOUR,
    FP_COLOUR,
    TP_COLOUR,
    data_uri,
    error_overlay,
    heat_overlay,
    mask_overlay,
    thumbnail,
)
from vars_core.data.masks import BACKGROUND, FOREGROUND, VOID

IMAGE = np.full((1, 6, 3), 100, np.uint8)


def test_each_kind_of_pixel_has_its_colour_and_void_stays_bare() -> None:
    truth = np.array([[FOREGROUND, BACKGROUND, FOREGROUND, BACKGROUND, VOID, VOID]], np.uint8)
    mask = np.array([[True, True, False, False, True, False]])
    painted = error_overlay(IMAGE, mask, truth, opacity=1.0)
    assert [tuple(pixel) for pixel in painted[0]] == [
        TP_COLOUR, FP_COLOUR, FN_COLOUR, (100, 100, 100), (100, 100, 100), (100, 100, 100)
    ]  # fmt: skip


def test_nothing_is_painted_into_the_photograph_itself() -> None:
    before = IMAGE.copy()
    mask = np.array([[True, False, True, False, True, False]])
    error_overlay(IMAGE, mask, mask.astype(np.uint8))
    mask_overlay(IMAGE, mask)
    heat_overlay(IMAGE, np.linspace(0, 1, 6)[None])
    assert np.array_equal(IMAGE, before)


def test_the_hottest_place_is_the_brightest() -> None:
    painted = heat_overlay(np.zeros((1, 3, 3), np.uint8), np.array([[0.0, 0.5, 1.0]]), opacity=1.0)
    brightness = painted.astype(int).sum(axis=2)[0]
    assert brightness[0] < brightness[1] < brightness[2]


def test_a_thumbnail_fits_and_a_data_address_holds_the_picture() -> None:
    picture = np.zeros((60, 120, 3), np.uint8)
    picture[:, 60:] = (250, 10, 10)
    small = thumbnail(picture, longest=40)
    assert small.shape == (20, 40, 3)
    assert thumbnail(small, longest=40) is small
    kind, _, content = data_uri(small).partition(",")
    assert kind == "data:image/jpeg;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.abs(decoded[10, 35].astype(int) - (250, 10, 10)).max() < 12
