"""The metrics: explicit loops, scikit-learn where both must agree, closed forms, edge cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from scipy.special import rel_entr
from sklearn.metrics import roc_auc_score

from analysis.metrics.fixations import (
    auc_judd,
    cc,
    fixation_counts,
    fixation_density,
    information_gain,
    kl,
    nss,
    rank_auc,
    shuffled_auc,
    shuffled_auc_splits,
    sim,
)
from analysis.metrics.fixations.density import blur_columns
from analysis.placed_map import DenseMap, Pixels, points_on

cases = st.tuples(st.integers(2, 12), st.integers(2, 12), st.integers(1, 15), st.integers(0, 2**16), st.booleans())


def made(case: tuple[int, int, int, int, bool]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A map, with many equal values where the last of ``case`` is set, and fixated pixels, repetitions among them."""
    height, width, n, seed, ties = case
    generator = np.random.default_rng(seed)
    values = generator.integers(0, 4, (height, width)).astype(float) if ties else generator.normal(size=(height, width))
    return values, generator.integers(0, height, n), generator.integers(0, width, n)


@settings(deadline=None, max_examples=80)
@given(case=cases)
def test_nss_is_what_an_explicit_loop_finds(case: tuple[int, int, int, int, bool]) -> None:
    values, rows, columns = made(case)
    pixels = [float(value) for line in values for value in line]
    mean = sum(pixels) / len(pixels)
    std = (sum((value - mean) ** 2 for value in pixels) / len(pixels)) ** 0.5
    expected = [(values[r][c] - mean) / std if std else 0.0 for r, c in zip(rows, columns, strict=True)]
    placed, points = DenseMap(values), Pixels(rows, columns)
    np.testing.assert_allclose(placed.z_at(points), expected, rtol=1e-9, atol=1e-9)
    assert nss(placed, points) == pytest.approx(sum(expected) / len(expected), abs=1e-9)


@settings(deadline=None, max_examples=80)
@given(case=cases)
def test_auc_judd_is_scikit_learns_area_with_fixations_weighted_by_how_often_they_occur(
    case: tuple[int, int, int, int, bool],
) -> None:
    values, rows, columns = made(case)
    counts = fixation_counts(Pixels(rows, columns), values.shape).ravel()
    if (counts > 0).all():
        assert np.isnan(auc_judd(DenseMap(values), Pixels(rows, columns))) or values.std() == 0
        return
    expected = roc_auc_score(counts > 0, values.ravel(), sample_weight=np.where(counts > 0, counts, 1.0))
    assert auc_judd(DenseMap(values), Pixels(rows, columns)) == pytest.approx(expected, abs=1e-12)


def trapezoid(values: np.ndarray, fixated: np.ndarray) -> float:
    """AUC-Judd as the toolbox of the MIT saliency benchmark computes it (Bylinskii et al. 2019), without its jitter:
    thresholds are the values at the fixated pixels alone, and the points between are joined by straight lines."""
    n = len(fixated)
    above = [(values >= value).sum() for value in np.sort(fixated)[::-1]]
    true_positive = [0.0, *(np.arange(1, n + 1) / n), 1.0]
    false_positive = [0.0, *((at_least - rank) / (values.size - n) for rank, at_least in enumerate(above, 1)), 1.0]
    return float(np.trapezoid(true_positive, false_positive))


@settings(deadline=None, max_examples=80)
@given(case=cases)
def test_the_toolbox_trapezoid_exceeds_the_exact_area_by_the_last_false_positive_rate_over_2n(
    case: tuple[int, int, int, int, bool],
) -> None:
    values, rows, columns = made((*case[:4], False))
    pixels = np.unique(rows * values.shape[1] + columns)
    rows, columns = pixels // values.shape[1], pixels % values.shape[1]
    if len(rows) == values.size:
        return
    negatives = np.delete(values.ravel(), pixels)
    beyond = (negatives >= values[rows, columns].min()).mean()
    difference = trapezoid(values, values[rows, columns]) - auc_judd(DenseMap(values), Pixels(rows, columns))
    assert difference == pytest.approx(beyond / (2 * len(rows)), abs=1e-12)


def test_a_map_that_peaks_at_its_fixations_alone_has_area_one_and_its_negative_zero() -> None:
    values = np.zeros((10, 10))
    rows, columns = np.array([1, 5]), np.array([2, 7])
    values[rows, columns] = 1
    assert (auc_judd(DenseMap(values), Pixels(rows, columns)), auc_judd(DenseMap(-values), Pixels(rows, columns))) == (
        1.0,
        0.0,
    )


@settings(deadline=None, max_examples=50)
@given(case=cases, negatives=st.lists(st.integers(-3, 3), min_size=1, max_size=30))
def test_shuffled_auc_counts_every_pair(case: tuple[int, int, int, int, bool], negatives: list[int]) -> None:
    values, rows, columns = made(case)
    generator = np.random.default_rng(len(negatives))
    other_rows = generator.integers(0, values.shape[0], len(negatives))
    other_columns = generator.integers(0, values.shape[1], len(negatives))
    pairs = [
        1.0 if p > q else 0.5 if p == q else 0.0
        for p in values[rows, columns]
        for q in values[other_rows, other_columns]
    ]
    found = shuffled_auc(DenseMap(values), Pixels(rows, columns), Pixels(other_rows, other_columns))
    assert found == pytest.approx(sum(pairs) / len(pairs), abs=1e-12)
    assert rank_auc(np.array([1.0]), np.array(negatives, float)) == np.mean([n < 1 or (n == 1) / 2 for n in negatives])


def test_random_splits_estimate_the_shuffled_auc_over_all_other_fixations() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(60, 80))
    placed, points = DenseMap(values), Pixels(generator.integers(0, 60, 40), generator.integers(0, 80, 40))
    others = [Pixels(generator.integers(0, 60, 50), generator.integers(0, 80, 50)) for _ in range(20)]
    everybody = Pixels(np.concatenate([o.rows for o in others]), np.concatenate([o.columns for o in others]))
    exact = shuffled_auc(placed, points, everybody)
    splits = shuffled_auc_splits(placed, points, others, images=10, splits=100, draws=40)
    assert splits == pytest.approx(exact, abs=0.01)
    assert splits == shuffled_auc_splits(placed, points, others, images=10, splits=100, draws=40)
    often = Pixels(np.tile(points.rows, 30), np.tile(points.columns, 30))
    all_of_them = shuffled_auc_splits(placed, often, others, images=20, splits=2)
    assert all_of_them == pytest.approx(exact, abs=1e-12), "as many negatives as there are: nothing is left to chance"


def test_cc_is_one_for_any_rising_line_minus_one_for_a_falling_one_and_zero_for_independent_axes() -> None:
    down, across = np.mgrid[0:7, 0:9].astype(float)
    assert cc(DenseMap(3 * down + 2), down) == pytest.approx(1, abs=1e-12)
    assert cc(DenseMap(-down), down) == pytest.approx(-1, abs=1e-12)
    assert cc(DenseMap(across), down) == pytest.approx(0, abs=1e-12)
    assert cc(DenseMap(down), down**2) == pytest.approx(np.corrcoef(down.ravel(), down.ravel() ** 2)[0, 1], abs=1e-12)


def test_sim_and_kl_of_two_half_planes_have_their_closed_forms() -> None:
    left = np.zeros((4, 8))
    left[:, :4] = 1 / 16
    mixed = np.where(np.arange(8) < 4, 0.75, 0.25) / 16 * np.ones((4, 1))
    uniform = np.full((4, 8), 1 / 32)
    assert sim(left, left) == pytest.approx(1)
    assert sim(left, left[:, ::-1]) == 0
    assert sim(mixed, left) == pytest.approx(0.75)
    assert kl(left, left) == 0
    assert kl(uniform, left) == pytest.approx(np.log(2), abs=1e-12)
    assert kl(mixed, left) == pytest.approx(np.log(4 / 3), abs=1e-12)
    assert kl(mixed, uniform) == pytest.approx(0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25), abs=1e-12)
    assert kl(left, uniform) == np.inf


def test_densities_of_a_whole_photograph_are_compared_as_the_formulas_say() -> None:
    """On more pixels than are looked at together, many of which nobody looked near."""
    generator = np.random.default_rng(0)
    truth, predicted = generator.random((2, 150, 400))
    truth[truth < 0.6] = 0
    truth, predicted = truth / truth.sum(), predicted / predicted.sum()
    assert sim(predicted, truth) == pytest.approx(np.minimum(predicted, truth).sum(), rel=1e-12)
    assert kl(predicted, truth) == pytest.approx(rel_entr(truth, predicted).sum(), rel=1e-12)
    assert cc(DenseMap(predicted), truth) == pytest.approx(
        np.corrcoef(predicted.ravel(), truth.ravel())[0, 1], rel=1e-9
    )
    values = np.where(predicted < np.median(predicted), predicted, np.median(predicted))  # half of them equal
    points, others = (Pixels(generator.integers(0, 150, n), generator.integers(0, 400, n)) for n in (90, 20_000))
    chosen, rest = (values[one.rows, one.columns] for one in (points, others))
    labels = np.r_[np.ones(90), np.zeros(20_000)]
    assert shuffled_auc(DenseMap(values), points, others) == pytest.approx(
        roc_auc_score(labels, np.r_[chosen, rest]), rel=1e-12
    )


def test_information_gain_is_in_bits_at_the_fixations() -> None:
    uniform = np.full((4, 4), 1 / 16)
    sharp = np.full((4, 4), 0.5 / 15)
    sharp[1, 2] = 0.5
    gains = information_gain(sharp[[1, 0], [2, 0]], uniform[[1, 0], [2, 0]])
    np.testing.assert_allclose(gains, [3, np.log2(8 / 15)], atol=1e-12)


def test_a_map_without_variation_scores_as_chance_and_its_density_is_uniform() -> None:
    points, others = Pixels(np.array([0, 3]), np.array([1, 1])), Pixels(np.array([1, 1]), np.array([0, 3]))
    for values in (np.zeros((5, 6)), np.full((5, 6), 7.0), np.full((5, 6), 1.0) + 1e-10 * np.eye(5, 6)):
        flat = DenseMap(values)
        assert nss(flat, points) == 0
        assert auc_judd(flat, points) == 0.5
        assert shuffled_auc(flat, points, others) == 0.5
        assert shuffled_auc_splits(flat, points, [points]) == 0.5
        assert cc(flat, np.arange(30.0).reshape(5, 6)) == 0
        np.testing.assert_array_equal(flat.density, 1 / 30)


def test_a_single_fixation_scores_by_the_share_of_pixels_below_it() -> None:
    values = np.arange(12.0).reshape(3, 4)
    one = Pixels(np.array([2]), np.array([1]))
    assert auc_judd(DenseMap(values), one) == 9 / 11
    assert nss(DenseMap(values), one) == pytest.approx((9 - 5.5) / values.std())


def test_a_fixation_made_twice_counts_twice() -> None:
    values = np.arange(12.0).reshape(3, 4)
    placed, twice = DenseMap(values), Pixels(np.array([0, 2, 2]), np.array([0, 3, 3]))
    once = placed.z_at(Pixels(np.array([0, 2]), np.array([0, 3])))
    assert nss(placed, twice) == pytest.approx((once[0] + 2 * once[1]) / 3)
    assert auc_judd(placed, twice) == pytest.approx(2 / 3)
    assert fixation_counts(twice, (3, 4))[2, 3] == 2


def test_fixations_outside_the_frame_are_left_out_and_the_rest_falls_on_the_floor_of_its_place() -> None:
    xs = np.array([-0.01, 0.0, 3.999, 4.0, 2.5, np.nan, 1.0])
    ys = np.array([1.0, 0.0, 2.999, 1.0, -3.0, 1.0, np.inf])
    points, kept = points_on(xs, ys, 3, 4)
    assert kept.tolist() == [False, True, True, False, False, False, False]
    assert (points.rows.tolist(), points.columns.tolist()) == ([0, 2], [0, 3])


def test_without_fixations_there_is_no_score() -> None:
    nothing = Pixels(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp))
    placed = DenseMap(np.arange(6.0).reshape(2, 3))
    for score in (nss, auc_judd):
        assert np.isnan(score(placed, nothing))
    assert not fixation_density(nothing, (2, 3), 1.0).any()


@settings(deadline=None, max_examples=60)
@given(case=cases, sigma=st.floats(0.3, 20))
def test_the_fixation_density_is_the_filtered_map_of_counts(
    case: tuple[int, int, int, int, bool], sigma: float
) -> None:
    values, rows, columns = made(case)
    expected = gaussian_filter(fixation_counts(Pixels(rows, columns), values.shape), sigma, mode="nearest", truncate=4)
    found = fixation_density(Pixels(rows, columns), values.shape, sigma)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-9, atol=1e-14)
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize(("length", "sigma"), [(1, 2.0), (2, 5.0), (40, 35.0), (300, 24.0), (50, 0.4)])
def test_the_blur_of_single_points_is_scipys_at_every_place(length: int, sigma: float) -> None:
    expected = gaussian_filter1d(np.eye(length), sigma, axis=0, mode="nearest", truncate=4)
    np.testing.assert_allclose(blur_columns(length, sigma, np.arange(length)), expected, atol=1e-14)


def test_no_score_changes_the_given_array() -> None:
    values = np.random.default_rng(0).random((9, 7))
    before = values.copy()
    one = DenseMap(values)
    assert one.density.sum() == pytest.approx(1)
    auc_judd(one, Pixels(np.array([1]), np.array([1])))
    cc(one, before)
    np.testing.assert_array_equal(values, before)
