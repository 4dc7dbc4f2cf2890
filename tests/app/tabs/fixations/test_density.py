"""Where people looked, beside the map."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.metrics.fixations.density import fixation_density
from analysis.placed_map import points_on
from app.library.fixation_points import Points
from app.tabs.fixations import density
from app.tabs.fixations.export import export
from app.views.look import Look
from tests.app.made import photograph, subject, traced

POINTS = ((10.0, 12.0, "ann"), (40.0, 30.0, "bob"), (41.0, 30.0, "bob"), (900.0, 5.0, "bob"))


def test_the_density_is_the_evaluations_own_on_a_photograph_shown_at_its_size() -> None:
    made = density.density(photograph(), Points("upload:made", POINTS, sigma=5.0))
    assert made is not None
    inside, _ = points_on(np.array([10.0, 40.0, 41.0]), np.array([12.0, 30.0, 30.0]), 48, 64)
    np.testing.assert_array_equal(made, fixation_density(inside, (48, 64), 5.0))


def test_a_large_photograph_has_the_same_density_as_a_small_one() -> None:
    scale = 25  # 1600×1200, shown at 640×480
    points = tuple((x * scale, y * scale, name) for x, y, name in POINTS[:3])
    large = density.density(photograph(height=1200, width=1600), Points("upload:made", points, sigma=5.0 * scale))
    assert large is not None and large.shape == (480, 640)
    assert large.sum() == pytest.approx(1)
    y, x = np.unravel_index(large.argmax(), large.shape)
    assert (x / 10, y / 10) == pytest.approx((40.5, 30), abs=0.6)


@pytest.mark.parametrize("points", [Points("upload:made", POINTS), Points("upload:made", sigma=5.0)])
def test_without_a_degree_or_a_fixation_there_is_no_density(points: Points) -> None:
    assert density.density(photograph(), points) is None
    assert density.words(photograph(), points) == ""


def test_the_picture_says_its_blur_and_how_many_fixations_it_has() -> None:
    said = density.words(photograph(), Points("upload:made", POINTS, sigma=5.0))
    assert "3 fixations, each blurred by σ = 5 pixels of the photograph" in said and "viridis" in said.lower()


def test_the_density_is_taken_along() -> None:
    points = Points("upload:made", POINTS, sigma=5.0)
    look = Look("0.1", "energy", 3)
    with_people, without = (export(subject(), traced(), look, one) for one in (points, Points("upload:made", POINTS)))
    assert with_people.arrays["density"].sum() == pytest.approx(1) and "density" not in without.arrays
    assert with_people.figure().shape[1] > without.figure().shape[1]  # one more picture
