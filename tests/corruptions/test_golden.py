"""The reference's outputs and statistics (SPEC §8)."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.metrics import structural_similarity

from analysis.corruptions import NAMES, SEVERITIES, corrupt
from analysis.corruptions.table import FORMULAS

DRAWS = 30
QUIET = [name for name in NAMES if not FORMULAS[name].draws]
DRAWING = [name for name in NAMES if FORMULAS[name].draws]


@pytest.fixture(scope="module")
def outputs(shared: Path) -> dict[str, np.ndarray]:
    with np.load(shared / "golden" / "corruptions.npz") as archive:
        return dict(archive)


@pytest.fixture(scope="module")
def statistics(shared: Path) -> dict[str, dict[str, list[float]]]:
    return json.loads((shared / "golden" / "corruption_statistics.json").read_text())


@pytest.mark.parametrize("name", QUIET)
def test_what_draws_nothing_is_within_one_grey_level_of_the_reference(
    name: str, outputs: dict[str, np.ndarray]
) -> None:
    keys = [key for key in outputs if key.startswith(f"{name}.")]
    assert len(keys) == 10
    for key in keys:
        _, severity, picture = key.split(".")
        difference = corrupt(outputs[f"input.{picture}"], name, int(severity)).astype(float) - outputs[key]
        assert np.abs(difference).mean() <= 1, key


@pytest.mark.parametrize("name", DRAWING)
def test_thirty_draws_have_the_references_statistics(
    name: str, outputs: dict[str, np.ndarray], statistics: dict[str, dict[str, list[float]]]
) -> None:
    for severity in SEVERITIES:
        for picture in ("astronaut", "coffee"):
            image = outputs[f"input.{picture}"]
            measure_all = Measures(image)
            mean = np.mean([measure_all(corrupt(image, name, severity, f"{picture}-{i}")) for i in range(DRAWS)], 0)
            for value, (measure, (expected, spread)) in zip(
                mean, statistics[f"{name}.{severity}.{picture}"].items(), strict=True
            ):
                assert abs(value - expected) <= 3 * spread + 0.02 * abs(expected), (severity, picture, measure)


class Measures:
    """PSNR, mean shift, standard deviation and SSIM of corrupted versions of one image: as in the statistics file."""

    def __init__(self, image: np.ndarray) -> None:
        self.image = image.astype(np.float32)
        self.mean, self.square = (cv2.blur(values, (7, 7)) for values in (self.image, self.image**2))

    def __call__(self, corrupted: np.ndarray) -> tuple[float, float, float, float]:
        y = corrupted.astype(np.float32)
        difference = y - self.image
        psnr = 10 * np.log10(255**2 / np.mean(difference**2, dtype=np.float64))
        return float(psnr), float(difference.mean(dtype=np.float64)), float(y.std(dtype=np.float64)), self.ssim(y)

    def ssim(self, y: np.ndarray) -> float:
        """scikit-image's structural similarity (means over 7 × 7 pixels, then over all), several times as fast."""
        mean, square, product = (cv2.blur(values, (7, 7)) for values in (y, y**2, self.image * y))
        unbiased = np.float32(49 / 48)
        variances = unbiased * (self.square - self.mean**2 + square - mean**2)
        covariance = unbiased * (product - self.mean * mean)
        c1, c2 = np.float32((0.01 * 255) ** 2), np.float32((0.03 * 255) ** 2)
        numerator = (2 * self.mean * mean + c1) * (2 * covariance + c2)
        similarity = numerator / ((self.mean**2 + mean**2 + c1) * (variances + c2))
        return float(similarity[3:-3, 3:-3].mean(dtype=np.float64))


def test_the_fast_ssim_is_scikit_images(photograph: np.ndarray) -> None:
    noisy = corrupt(photograph, "gaussian_noise", 3, "a")
    expected = structural_similarity(photograph, noisy, channel_axis=-1)
    assert Measures(photograph)(noisy)[3] == pytest.approx(expected, abs=1e-4)
