"""From a map to the image: normalised by its own range, placed by the inverse of the preprocessing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.placed_map import DenseMap, Pixels, PlacedStack, SeparableMap, centre_map, placed
from analysis.saliency import normalise_map
from analysis.source_factors import single_factors, source_factors
from vars_core.images import Placement


@settings(deadline=None, max_examples=300)
@given(hnp.arrays(st.sampled_from([np.float32, np.float64]), (3, 4), elements=st.floats(width=32)))
def test_a_normalised_map_fills_0_to_1_or_is_flagged_and_zero(values: np.ndarray) -> None:
    normalised, degenerate = normalise_map(values)
    assert normalised.dtype == values.dtype
    assert not np.isnan(normalised).any()
    if degenerate:
        assert not normalised.any()
    else:
        assert normalised.min() == 0
        assert normalised.max() == 1


@pytest.mark.parametrize(
    ("values", "degenerate"),
    [
        ([[0.0, 0.0]], True),
        ([[5.0, 5.0]], True),
        ([[1.0, 1.0 + 9e-10]], True),
        ([[1.0, 1.0 + 2e-9]], False),
        ([[-1e-30, 1e-30]], False),
        ([[5e-324, 0.0]], False),
        ([[-1.7e308, 1.7e308]], False),
        ([[0.0, np.nan]], True),
        ([[0.0, np.inf]], True),
    ],
)
def test_degenerate_means_a_range_of_at_most_a_billionth_of_the_magnitude(
    values: list[list[float]], degenerate: bool
) -> None:
    normalised, flagged = normalise_map(np.array(values))
    assert flagged is degenerate
    assert sorted(normalised.ravel()) == ([0, 0] if degenerate else [0, 1])


def test_values_that_lie_on_a_threshold_stay_there() -> None:
    normalised, _ = normalise_map(np.array([[1.0, 4.0, 11.0]], np.float32))
    assert normalised[0, 1] == np.float32(0.3)


def test_normalising_leaves_its_input_alone() -> None:
    values = np.array([[1.0, 2.0]])
    normalise_map(values)
    assert values.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("policy", ["whole", "center"])
@pytest.mark.parametrize("shape", [(480, 854), (60, 41), (7, 9)])
@pytest.mark.parametrize("grid", [(14, 14), (7, 7), (5, 9)])
def test_two_matrix_products_place_a_map_as_the_placement_does(
    policy: str, shape: tuple[int, int], grid: tuple[int, int]
) -> None:
    placement = Placement(*shape, size=112, policy=policy)
    values = np.random.default_rng(0).random(grid).astype(np.float32)
    # OpenCV rounds positions to 1/32 pixel where it remaps (policy "center").
    tolerance = 2e-6 if policy == "whole" else 2e-2
    assert np.abs(single_factors(placement, grid).place(values) - placement.to_source(values)).max() <= tolerance


def test_a_map_is_normalised_before_it_is_placed() -> None:
    values = np.zeros((5, 5), np.float32)
    values[2, 2] = 8.0
    one = placed(values, single_factors(Placement(20, 30, size=10), (5, 5)))
    assert not one.degenerate
    assert one.unit.shape == one.shape == (20, 30)
    assert one.unit.min() == 0
    # Upsampling never meets the single peak exactly, and nothing is stretched afterwards.
    assert 0.5 < one.unit.max() < 1


@settings(deadline=None, max_examples=25)
@given(
    height=st.integers(2, 60),
    width=st.integers(2, 60),
    blur=st.sampled_from([0.0, 3.0]),
    double=st.booleans(),
    seed=st.integers(0, 999),
)
def test_a_map_answers_alike_whether_its_pixels_are_formed_or_not(
    height: int, width: int, blur: float, double: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    placement, raw = Placement(height, width, 28), rng.normal(size=(3, 7, 7)).astype(np.float32)
    factors = source_factors(placement, (7, 7), blur) if double else single_factors(placement, (7, 7))
    points = Pixels(rng.integers(0, height, 9), rng.integers(0, width, 9))
    tolerance = 1e-9 if double else 1e-4
    for one in PlacedStack.of(raw, factors):
        dense = DenseMap(one.array)
        np.testing.assert_allclose(one.at(points), dense.at(points), atol=tolerance)
        assert (one.mean, one.std) == pytest.approx((dense.mean, dense.std), abs=tolerance)
        if not one.degenerate:
            np.testing.assert_allclose(one.density_at(points), one.density[points.rows, points.columns], rtol=1e-3)
        np.testing.assert_array_equal(np.sort(one.array, axis=None), np.concatenate(list(one.sorted_bands())))


def test_bands_of_a_large_map_are_the_map(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = np.random.default_rng(0).random((6, 6))
    factors = source_factors(Placement(50, 40, 24), (6, 6))
    whole = placed(raw, factors)
    gaussian = centre_map(50, 40)
    monkeypatch.setattr("analysis.placed_map.BAND_PIXELS", 5 * 40)
    banded, separable = placed(raw, factors), centre_map(50, 40)
    assert [len(band) for band in banded.bands()] == [5] * 10
    np.testing.assert_allclose(banded.array, whole.array, atol=1e-11)
    assert isinstance(separable, SeparableMap)
    np.testing.assert_allclose(separable.array, gaussian.array, rtol=1e-12)
    np.testing.assert_allclose(separable.unit, gaussian.unit, atol=1e-12)
    assert (separable.mean, separable.std) == pytest.approx((gaussian.mean, gaussian.std))


def test_what_is_decreed_is_no_flat_map() -> None:
    assert DenseMap(np.ones((2, 3))).degenerate
    everywhere = DenseMap(np.ones((2, 3)), decreed=True)
    assert not everywhere.degenerate and everywhere.unit.all()
