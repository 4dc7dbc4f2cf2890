"""The recipes against plain code, closed forms and counting, on made pictures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from analysis.corruptions import NAMES, SEVERITIES, corrupt
from analysis.corruptions.digital import FRACTION, displacement
from analysis.corruptions.frost_textures import FrostFolder, grow
from analysis.corruptions.generator import generator
from analysis.corruptions.glass import displace
from analysis.corruptions.noise import poisson_thresholds
from analysis.corruptions.pixels import one_sided_gaussian
from analysis.corruptions.plasma import plasma
from analysis.corruptions.reference import REFERENCES, reference
from analysis.corruptions.table import FORMULAS

from .made import made_photograph


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("name", ["gaussian_blur", "defocus_blur", "zoom_blur", "brightness", "saturate", "contrast"])
def test_what_draws_nothing_is_within_half_a_grey_level_of_the_plain_form(
    photograph: np.ndarray, name: str, severity: int
) -> None:
    plain = reference(photograph, name, severity, np.random.default_rng(0))
    difference = corrupt(photograph, name, severity).astype(float) - plain
    assert np.abs(difference).mean() < 0.5
    assert not np.array_equal(plain, photograph)


@pytest.mark.parametrize("name", sorted(name for name in REFERENCES if FORMULAS[name].draws and name != "glass_blur"))
@pytest.mark.parametrize("severity", [1, 5])
def test_what_draws_has_the_mean_and_spread_of_the_plain_form(photograph: np.ndarray, name: str, severity: int) -> None:
    plain = reference(photograph, name, severity, np.random.default_rng(0)).astype(float) - photograph
    ours = corrupt(photograph, name, severity, "a").astype(float) - photograph
    assert ours.mean() == pytest.approx(plain.mean(), abs=0.6)
    assert ours.std() == pytest.approx(plain.std(), rel=0.04)


def test_the_poisson_tables_are_the_distribution_functions() -> None:
    for photons in (60, 25, 12, 5, 3):
        levels, counts = np.arange(256)[:, None], np.arange(photons)
        expected = stats.poisson.cdf(counts, levels * photons / 255)
        assert np.abs(poisson_thresholds(photons)[:, :photons] / 2**32 - expected).max() < 1e-9


@pytest.mark.parametrize(("reach", "height", "width"), [(1, 40, 50), (2, 33, 700), (4, 64, 900)])
def test_glass_displaces_as_if_pixels_were_visited_one_by_one(reach: int, height: int, width: int) -> None:
    before = np.arange(height * width, dtype=np.uint32).reshape(height, width)
    recorded = Recorder(np.random.default_rng(3))
    fast = before.copy()
    displace(fast, reach, recorded)
    # Bands come from the bottom up, each drawing (2, rows, columns).
    shifts = np.concatenate(list(reversed(recorded.draws)), axis=1)
    slow = before.copy()
    for row in range(height - reach, reach, -1):
        for column in range(width - reach, reach, -1):
            down, across = shifts[:, row - reach - 1, column - reach - 1].tolist()
            slow[row, column] = slow[row + down, column + across]
    assert np.array_equal(fast, slow)
    assert (fast != before).mean() > 0.5


class Recorder:
    """A generator that keeps what it has drawn."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.draws = rng, list[np.ndarray]()

    def integers(self, *arguments: object, **named: object) -> np.ndarray:
        self.draws.append(self.rng.integers(*arguments, **named))
        return self.draws[-1]


def test_impulse_noise_hits_the_stated_share_half_black_half_white() -> None:
    grey = np.full((300, 300, 3), 128, np.uint8)
    for severity, amount in zip(SEVERITIES, (0.03, 0.06, 0.09, 0.17, 0.27), strict=True):
        out = corrupt(grey, "impulse_noise", severity, "a")
        assert (out == 0).mean() == pytest.approx(amount / 2, abs=0.003)
        assert (out == 255).mean() == pytest.approx(amount / 2, abs=0.003)
        assert np.isin(out, (0, 128, 255)).all()


@pytest.mark.parametrize("name", ["gaussian_blur", "zoom_blur", "motion_blur", "glass_blur", "elastic_transform"])
def test_moving_and_averaging_pixels_keeps_a_plain_picture(name: str) -> None:
    plain = np.full((70, 90, 3), (200, 17, 3), np.uint8)
    for severity in SEVERITIES:
        assert np.array_equal(corrupt(plain, name, severity, "a"), plain)


def test_a_disk_that_touches_its_grid_brightens_as_the_recipe_does() -> None:
    plain = np.full((60, 60, 3), 100, np.uint8)
    levels = [int(corrupt(plain, "defocus_blur", severity)[30, 30, 0]) for severity in SEVERITIES]
    assert levels[:3] == [100, 100, 100]
    # radius 8 (10): 197 (317) pixels and four lines of 7 (9) with the weight of the Gaussian's side, 0.1065
    assert levels[3:] == [int(100 * (1 + 4 * 7 * 0.1065 / 197)), int(100 * (1 + 4 * 9 * 0.1065 / 317))]


def test_motion_weights_are_whole_and_sum_exactly() -> None:
    for length, sigma in ((21, 3), (31, 12), (41, 15)):
        weights = one_sided_gaussian(length, sigma)
        assert sum(weights) == 65536
        assert weights == sorted(weights, reverse=True)
        assert weights[10] / weights[0] == pytest.approx(math.exp(-100 / (2 * sigma**2)), rel=0.02)


def test_motion_blur_spreads_a_point_along_a_line_within_45_degrees() -> None:
    image = np.zeros((101, 101, 3), np.uint8)
    image[50, 50] = 255
    for seed in range(5):
        rows, columns = np.nonzero(corrupt(image, "motion_blur", 5, "a", seed)[..., 0])
        assert 20 <= np.ptp(columns) + 1 <= 41
        assert np.ptp(rows) <= np.ptp(columns) + 1


@pytest.mark.parametrize("shape", [(224, 224), (32, 900), (900, 32), (33, 65)])
def test_plasma_spans_0_to_1(shape: tuple[int, int]) -> None:
    field = plasma(*shape, 2.0, np.random.default_rng(0))
    assert field.shape == shape
    assert (float(field.min()), float(field.max())) == (0.0, 1.0)
    assert 0.2 < field.mean() < 0.8


def test_plasma_is_rougher_where_it_decays_more_slowly() -> None:
    def roughness(decay: float) -> float:
        return float(
            np.mean([np.abs(np.diff(plasma(128, 128, decay, generator(str(i), "fog", 1, 0)))).mean() for i in range(8)])
        )

    assert roughness(1.4) > 1.5 * roughness(2.0)


@pytest.mark.parametrize(("height", "width"), [(224, 224), (224, 900), (1000, 1400)])
def test_the_elastic_field_has_the_spread_of_smoothed_uniform_noise(height: int, width: int) -> None:
    # A uniform value in ±r has variance r²/3; a Gaussian mean of such values divides it by 4π σ_y σ_x.
    alpha, reach = 21.25, 0.005 * height
    expected = alpha * reach / math.sqrt(3) / math.sqrt(4 * math.pi * 0.01 * height * 0.01 * width)
    fields = [displacement(height, width, alpha, generator(str(i), "elastic_transform", 3, 0)) for i in range(3)]
    assert np.std(fields) / FRACTION == pytest.approx(expected, rel=0.08)
    assert abs(np.mean(fields)) / FRACTION < 0.1 * expected


def test_fog_never_exceeds_the_brightest_value_of_the_picture(photograph: np.ndarray) -> None:
    dim = photograph // 2
    assert corrupt(dim, "fog", 5, "a").max() <= dim.max()


def test_jpeg_and_pixelate_shrink_what_there_is_to_say(photograph: np.ndarray) -> None:
    coarse = corrupt(photograph, "pixelate", 5)
    assert len(np.unique(coarse.reshape(-1, 3), axis=0)) <= 56 * 56
    assert np.abs(coarse.mean() - photograph.mean()) < 1


def test_grown_frost_is_bright_bluish_and_never_twice_the_same() -> None:
    first, second = (grow(120, 90, generator(i, "frost", 1, 0)) for i in ("a", "b"))
    assert first.shape == (120, 90, 3)
    assert 90 < np.mean([grow(64, 64, generator(str(i), "frost", 1, 0)).mean() for i in range(30)]) < 220
    assert first[..., 2].mean() > first[..., 0].mean()
    assert not np.array_equal(first, second)


def test_frost_is_cut_from_the_photographs_of_a_folder(tmp_path: Path, photograph: np.ndarray) -> None:
    ice = np.full((50, 300, 3), (10, 120, 240), np.uint8)
    Image.fromarray(ice).save(tmp_path / "frost1.png")
    assert np.array_equal(
        FrostFolder(tmp_path)(100, 200, np.random.default_rng(0)), np.tile(ice[:1, :1], (100, 200, 1))
    )
    out = corrupt(photograph, "frost", 2, "a", frost_textures=tmp_path)
    expected = np.clip(0.8 * photograph + 0.6 * np.array([10, 120, 240]), 0, 255)
    assert np.abs(out - expected).max() <= 1
    assert not np.array_equal(out, corrupt(photograph, "frost", 2, "a"))


def test_an_unreadable_frost_photograph_is_named(tmp_path: Path, photograph: np.ndarray) -> None:
    (tmp_path / "frost1.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"frost1\.jpg is not a picture"):
        corrupt(photograph, "frost", 2, "a", frost_textures=tmp_path)


def test_snow_whitens_and_mud_darkens() -> None:
    picture = made_photograph(160, 160)

    def change(name: str, severity: int) -> float:
        return float(corrupt(picture, name, severity, "a").mean() - picture.mean())

    assert change("snow", 5) > change("snow", 1) > 20
    assert change("spatter", 5) < 0 < change("spatter", 3)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("saturate", "defocus_blur")])
def test_the_strongest_severity_is_further_from_the_picture_than_the_weakest(photograph: np.ndarray, name: str) -> None:
    weak, strong = (np.abs(corrupt(photograph, name, s, "a").astype(float) - photograph).mean() for s in (1, 5))
    assert strong > weak > 0


PINNED = {
    "gaussian_noise": (109.53, 73.56, 33.35),
    "shot_noise": (105.82, 75.52, 33.90),
    "impulse_noise": (110.07, 72.99, 11.33),
    "defocus_blur": (107.94, 61.69, 13.13),
    "glass_blur": (106.88, 62.04, 13.34),
    "motion_blur": (109.57, 61.93, 13.72),
    "zoom_blur": (107.68, 61.84, 13.33),
    "snow": (180.19, 59.00, 71.77),
    "frost": (174.17, 42.66, 65.93),
    "fog": (114.15, 28.65, 49.00),
    "brightness": (152.12, 78.14, 43.70),
    "contrast": (107.96, 23.93, 42.73),
    "elastic_transform": (107.87, 63.84, 13.57),
    "pixelate": (108.56, 63.09, 10.89),
    "jpeg_compression": (108.20, 63.01, 12.18),
    "speckle_noise": (105.76, 72.91, 27.94),
    "gaussian_blur": (108.11, 61.65, 12.76),
    "spatter": (114.96, 66.56, 6.54),
    "saturate": (81.23, 80.73, 27.19),
}
"""Mean, standard deviation and mean |change| of the made photograph at severity 3."""


@pytest.mark.parametrize("name", NAMES)
def test_a_seeded_picture_keeps_its_statistics_from_version_to_version(photograph: np.ndarray, name: str) -> None:
    out = corrupt(photograph, name, 3, "n01_7", 5).astype(float)
    assert (out.mean(), out.std(), np.abs(out - photograph).mean()) == pytest.approx(PINNED[name], abs=0.05)
