"""Maps without forming them, observers without filtering, other images' fixations: exact against the plain way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from analysis.metrics.fixations import fixation_counts, fixation_density
from analysis.metrics.fixations.density import ROWS_AT_ONCE
from analysis.metrics.fixations.human import Observers
from analysis.metrics.fixations.pool import FixationPool
from analysis.placed_map import DenseMap, Pixels
from analysis.source_factors import source_factors
from vars_core.images import Placement


@settings(deadline=None, max_examples=60)
@given(
    height=st.integers(2, 90),
    width=st.integers(2, 90),
    grid=st.sampled_from([(1, 1), (7, 7), (14, 14), (3, 5)]),
    size=st.sampled_from([16, 28, 112]),
    policy=st.sampled_from(["whole", "center"]),
    blur=st.sampled_from([0.0, 0.7, 4.0]),
    offset=st.sampled_from([0.0, 1.0, 1e4]),
    seed=st.integers(0, 999),
)
def test_values_mean_and_spread_without_the_map_are_those_of_the_map(
    height: int,
    width: int,
    grid: tuple[int, int],
    size: int,
    policy: str,
    blur: float,
    offset: float,
    seed: int,
) -> None:
    generator = np.random.default_rng(seed)
    maps = generator.normal(offset, 1, (3, *grid))
    rows, columns = generator.integers(0, height, 20), generator.integers(0, width, 20)
    factors = source_factors(Placement(height, width, size, policy), grid, blur)
    placed = np.stack([factors.place(one) for one in maps])
    means, stds = factors.mean_and_std(maps)
    scale = max(1.0, offset)
    np.testing.assert_allclose(factors.at(maps, rows, columns), placed[:, rows, columns], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(means, placed.mean(axis=(1, 2)), rtol=1e-9, atol=1e-12 * scale)
    np.testing.assert_allclose(stds, placed.std(axis=(1, 2)), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("height", "width"), [(600, 800), (300, 90), (50, 61)])
@pytest.mark.parametrize("policy", ["whole", "center"])
def test_the_factors_place_a_map_where_the_placement_does(height: int, width: int, policy: str) -> None:
    placement = Placement(height, width, 112, policy)
    small = np.random.default_rng(0).random((14, 14))
    expected = placement.to_source(small)
    tolerance = 1e-5 if policy == "whole" else 1e-3  # OpenCV remaps in steps of 1/32 pixel
    np.testing.assert_allclose(source_factors(placement, (14, 14)).place(small), expected, atol=tolerance)


def test_a_blur_in_the_factors_is_a_blur_of_the_map() -> None:
    placement = Placement(60, 80, 28)
    small = np.random.default_rng(1).random((7, 7))
    plain = source_factors(placement, (7, 7)).place(small)
    blurred = source_factors(placement, (7, 7), 5.0).place(small)
    np.testing.assert_allclose(blurred, gaussian_filter(plain, 5.0, mode="nearest", truncate=4), atol=1e-12)


def looked_at(seed: int, n: int = 30, people: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 40, n), generator.integers(0, 56, n), generator.integers(0, people, n)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sigma", [1.0, 6.0, 35.0])
def test_leaving_one_observer_out_is_filtering_the_others_fixations(seed: int, sigma: float) -> None:
    rows, columns, people = looked_at(seed)
    observers = Observers(Pixels(rows, columns), people, (40, 56), sigma)
    left_out = list(observers.left_out())
    assert [one.observer for one in left_out] == sorted(set(people.tolist()))
    scores = []
    for one in left_out:
        own = people == one.observer
        rest = Pixels(rows[~own], columns[~own])
        density = gaussian_filter(fixation_counts(rest, (40, 56)), sigma, mode="nearest")
        filtered = DenseMap(density / density.sum())
        np.testing.assert_array_equal(one.points.rows, rows[own])
        np.testing.assert_allclose(one.others.z_at(one.points), filtered.z_at(one.points), rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(one.others.at(one.points), filtered.at(one.points), rtol=1e-9)
        np.testing.assert_allclose(one.others.array, filtered.array, atol=1e-14)
        assert (one.others.mean, one.others.std) == pytest.approx((filtered.mean, filtered.std))
        scores.append(filtered.z_at(one.points).mean())
    assert observers.left_out_nss() == pytest.approx(np.mean(scores), rel=1e-7)


@pytest.mark.parametrize("sigma", [2.0, 9.0])
def test_blurs_that_reach_a_few_rows_alone_add_up_to_the_filtered_map(sigma: float) -> None:
    """On more rows than are formed at once, with a stretch that no blur reaches."""
    shape = (5 * ROWS_AT_ONCE // 2, 40)
    generator = np.random.default_rng(0)
    points = Pixels(generator.choice([0, 1, 30, 63, 64, 65, shape[0] - 1], 25), generator.integers(0, 40, 25))
    density = gaussian_filter(fixation_counts(points, shape), sigma, mode="nearest")
    np.testing.assert_allclose(fixation_density(points, shape, sigma), density / density.sum(), rtol=1e-12, atol=1e-18)


def test_one_observer_alone_has_nobody_to_be_predicted_by() -> None:
    rows, columns, people = looked_at(0, people=1)
    observers = Observers(Pixels(rows, columns), people, (40, 56), 5.0)
    assert (observers.left_out_nss(), list(observers.left_out()), observers.halves()) == (None, [], None)


def test_the_halves_share_no_observer_and_leave_none_out() -> None:
    rows, columns, people = looked_at(2)
    halves = Observers(Pixels(rows, columns), people, (40, 56), 5.0).halves()
    assert halves is not None
    for half, members in zip(halves, ([0, 2], [1, 3]), strict=True):
        own = np.isin(people, members)
        density = gaussian_filter(fixation_counts(Pixels(rows[own], columns[own]), (40, 56)), 5.0, mode="nearest")
        np.testing.assert_allclose(half.array, density / density.sum(), atol=1e-14)


def pool_of_three() -> tuple[FixationPool, dict[str, tuple[np.ndarray, np.ndarray]]]:
    generator = np.random.default_rng(5)
    sizes = {"a": (40, 56), "b": (20, 28), "c": (40, 56)}
    points = {
        name: (generator.uniform(-3, w + 3, 25), generator.uniform(-3, h + 3, 25)) for name, (h, w) in sizes.items()
    }
    points["b"][0][3] = np.nan
    return FixationPool(points, sizes, sigma=4.0), points


def test_other_images_fixations_are_brought_to_this_images_size_without_its_own() -> None:
    pool, points = pool_of_three()
    others = pool.others("a", (40, 56))
    xs = np.concatenate([2 * points["b"][0], points["c"][0]])
    ys = np.concatenate([2 * points["b"][1], points["c"][1]])
    kept = (xs >= 0) & (xs < 56) & (ys >= 0) & (ys < 40)
    assert sorted(zip(others.rows.tolist(), others.columns.tolist(), strict=True)) == sorted(
        zip(ys[kept].astype(int).tolist(), xs[kept].astype(int).tolist(), strict=True)
    )


def test_the_centre_bias_is_the_filtered_map_of_the_others_fixations() -> None:
    pool, _ = pool_of_three()
    expected = gaussian_filter(fixation_counts(pool.others("a", (40, 56)), (40, 56)), 4.0, mode="nearest")
    found = pool.centre_bias("a", (40, 56))
    assert found is not None
    np.testing.assert_allclose(found, expected / expected.sum(), atol=1e-12)


def test_an_image_alone_has_no_others() -> None:
    pool = FixationPool({"a": (np.array([1.0]), np.array([2.0]))}, {"a": (10, 10)}, 2.0)
    assert pool.centre_bias("a", (10, 10)) is None
    assert len(pool.others("a", (10, 10))) == 0
