"""What ``corrupt`` refuses, and what it says."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.corruptions import corrupt

IMAGE = np.zeros((40, 40, 3), np.uint8)


def test_an_unknown_name_offers_the_nearest_ones() -> None:
    with pytest.raises(ValueError, match=r"'gausian_noise'; nearest: 'gaussian_noise'"):
        corrupt(IMAGE, "gausian_noise", 1)


@pytest.mark.parametrize("severity", [0, 6, -1, 2.5, 3.0, "3", None, True])
def test_a_severity_is_a_whole_number_from_1_to_5(severity: object) -> None:
    with pytest.raises(ValueError, match=r"expected a severity 1, 2, 3, 4 or 5, got "):
        corrupt(IMAGE, "fog", severity)


def test_a_numpy_integer_is_a_severity() -> None:
    assert np.array_equal(corrupt(IMAGE, "fog", np.int64(2)), corrupt(IMAGE, "fog", 2))


@pytest.mark.parametrize(
    ("image", "came"),
    [
        (np.zeros((40, 40, 3), np.float32), r"float32 \(40, 40, 3\)"),
        (np.zeros((40, 40), np.uint8), r"uint8 \(40, 40\)"),
        (np.zeros((40, 40, 1), np.uint8), r"uint8 \(40, 40, 1\)"),
        (np.zeros((40, 40, 4), np.uint8), r"uint8 \(40, 40, 4\)"),
        (np.zeros((3, 40, 40), np.uint8), r"uint8 \(3, 40, 40\)"),
        (np.zeros((31, 400, 3), np.uint8), r"uint8 \(31, 400, 3\)"),
        (np.zeros((400, 31, 3), np.uint8), r"uint8 \(400, 31, 3\)"),
        (np.zeros((1, 40, 40, 3), np.uint8), r"uint8 \(1, 40, 40, 3\)"),
        ([[1, 2, 3]], "list"),
    ],
)
def test_another_type_or_shape_is_named(image: object, came: str) -> None:
    with pytest.raises(ValueError, match=rf"expected an image as a uint8 array .* at least 32 px, got {came}"):
        corrupt(image, "contrast", 1)


def test_a_folder_without_frost_photographs_is_named(tmp_path: object) -> None:
    with pytest.raises(ValueError, match="expected a folder of frost photographs, found no image in "):
        corrupt(IMAGE, "frost", 1, frost_textures=str(tmp_path))
