"""Counting equals looking at every pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.metrics.bootstrap import interval, resamples
from analysis.metrics.levels import levels
from analysis.metrics.segmentation import (
    CURVE_THRESHOLDS,
    Counts,
    GroundTruth,
    count_map,
    count_mask,
    cut_map,
    fraction_of_pixels,
    iou,
    mask_at,
)
from analysis.placed_map import PlacedMap, centre_map, placed
from analysis.saliency import normalise_map
from analysis.source_factors import single_factors
from vars_core.data.masks import BACKGROUND, FOREGROUND, VOID
from vars_core.errors import InputError
from vars_core.images import Placement

SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9)
TIES = st.sampled_from([0.0, 0.29, 0.3, 0.30000001, 0.31, 0.57, 0.58, 1.0])


@st.composite
def maps_and_truths(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """A map in [0, 1] whose values often lie exactly on a threshold or one step beside it, and any ground truth."""
    shape = draw(SHAPES)
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    values = draw(hnp.arrays(np.float64, shape, elements=st.one_of(TIES, st.floats(0, 1)))).astype(dtype)
    nudge = draw(st.sampled_from([None, 0.0, 1.0]))
    if nudge is not None:
        values = np.nextafter(values, dtype(nudge))
    truth = draw(hnp.arrays(np.uint8, shape, elements=st.sampled_from([BACKGROUND, FOREGROUND, VOID])))
    return values, truth


def counted_pixel_by_pixel(mask: np.ndarray, truth: np.ndarray) -> Counts:
    """The definition, spelled out."""
    tp = fp = fn = tn = void = 0
    for claimed, is_there in zip(mask.ravel().tolist(), truth.ravel().tolist(), strict=True):
        if is_there == VOID:
            void += 1
        elif claimed and is_there == FOREGROUND:
            tp += 1
        elif claimed:
            fp += 1
        elif is_there == FOREGROUND:
            fn += 1
        else:
            tn += 1
    return Counts(tp, fp, fn, tn, void)


@settings(deadline=None, max_examples=150)
@given(maps_and_truths())
def test_a_mask_is_counted_as_pixel_by_pixel(case: tuple[np.ndarray, np.ndarray]) -> None:
    values, truth = case
    mask = mask_at(values, 0.3)
    assert count_mask(mask, truth) == counted_pixel_by_pixel(mask, truth)


def at_thresholds(values: np.ndarray, truth: np.ndarray, thresholds: np.ndarray) -> Counts:
    return GroundTruth(truth).counts(levels(values, thresholds), len(thresholds))


@settings(deadline=None, max_examples=150)
@given(maps_and_truths(), st.lists(st.floats(0, 1), max_size=5))
def test_one_pass_over_a_map_equals_a_mask_per_threshold(
    case: tuple[np.ndarray, np.ndarray], more: list[float]
) -> None:
    values, truth = case
    thresholds = np.union1d(CURVE_THRESHOLDS, more)
    counts = at_thresholds(values, truth, thresholds)
    for k, threshold in enumerate(thresholds):
        mask = np.array([[value >= values.dtype.type(threshold) for value in line] for line in values])
        at = Counts(counts.tp[k], counts.fp[k], counts.fn[k], counts.tn[k], counts.void)
        assert at == counted_pixel_by_pixel(mask, truth), threshold


def test_a_value_on_the_threshold_is_foreground_in_either_precision() -> None:
    for dtype in (np.float32, np.float64):
        tie = np.array([[0.3, np.nextafter(dtype(0.3), dtype(0))]], dtype)
        assert mask_at(tie, 0.3).tolist() == [[True, False]]
        counts = at_thresholds(tie, np.full((1, 2), FOREGROUND, np.uint8), CURVE_THRESHOLDS)
        assert counts.tp[29:32].tolist() == [2, 1, 0]


def test_every_hundredth_is_reached_from_its_own_value_on_whatever_the_product_rounds_to() -> None:
    edges = CURVE_THRESHOLDS.astype(np.float32)
    around = [np.nextafter(edges, np.float32(to)) for to in (-1, 2)]
    values = np.concatenate([edges, *around, np.random.default_rng(0).random(10_000, np.float32)]).clip(0, 1)
    counts = at_thresholds(values[None], np.full((1, len(values)), FOREGROUND, np.uint8), CURVE_THRESHOLDS)
    assert counts.tp.tolist() == [np.count_nonzero(values >= edge) for edge in edges]
    assert not counts.fp.any()


def test_many_thresholds_in_one_cell_are_told_apart() -> None:
    thresholds = np.array([0.5, 0.5 + 1e-6, 0.5 + 2e-6, 0.5 + 3e-6, 1.0])
    values = np.array([[0.5, 0.5 + 2e-6, 0.5 + 2.5e-6, 0.999]])
    counts = at_thresholds(values, np.full((1, 4), FOREGROUND, np.uint8), thresholds)
    assert counts.tp.tolist() == [4, 3, 3, 1, 0]
    assert counts.fp.tolist() == [0] * 5


@pytest.mark.parametrize("shape", [(37, 53), (300, 451)])
@pytest.mark.parametrize("kind", ["layer", "prior"])
def test_a_placed_map_is_counted_as_its_masks_are(kind: str, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    if kind == "layer":
        one: PlacedMap = placed(rng.random((14, 14)), single_factors(Placement(*shape, 112), (14, 14)))
    else:
        one = centre_map(*shape)
    for _ in range(2):  # a prior's levels are remembered; no truth may be
        regions = rng.choice(np.array([BACKGROUND, FOREGROUND, VOID], np.uint8), shape)
        counts = count_map(one, GroundTruth(regions), CURVE_THRESHOLDS)
        for k in (0, 1, 30, 57, 99, 100):
            at = Counts(counts.tp[k], counts.fp[k], counts.fn[k], counts.tn[k], counts.void)
            assert at == count_mask(cut_map(one, CURVE_THRESHOLDS[k]), regions)


def test_more_thresholds_than_a_byte_can_tell_apart_are_refused() -> None:
    with pytest.raises(InputError, match="at most 126 thresholds at once, got 127"):
        levels(np.zeros((2, 2)), np.linspace(0, 1, 127))


def test_a_degenerate_map_claims_nothing_above_zero() -> None:
    normalised, degenerate = normalise_map(np.full((3, 4), 7.0))
    assert degenerate
    truth = np.array([[1, 1, 0, 2]] * 3, np.uint8)
    assert count_mask(mask_at(normalised, 0.3), truth) == Counts(tp=0, fp=0, fn=6, tn=3, void=3)
    assert count_mask(mask_at(normalised, 0.0), truth) == Counts(tp=6, fp=3, fn=0, tn=0, void=3)


@pytest.mark.parametrize(
    ("tp", "fp", "fn", "expected"), [(0, 0, 0, 1.0), (0, 5, 0, 0.0), (0, 0, 5, 0.0), (3, 2, 1, 0.5)]
)
def test_iou_of_empty_masks_follows_the_rule(tp: int, fp: int, fn: int, expected: float) -> None:
    assert iou(tp, fp, fn) == expected


def test_fractions_are_of_all_counted_pixels() -> None:
    assert fraction_of_pixels(25, 200) == 0.125
    assert fraction_of_pixels(0, 0) == 0


def test_resamples_are_repeatable_and_keep_the_number_of_images() -> None:
    counts = resamples(37)
    assert np.array_equal(counts, resamples(37))
    assert set(counts.sum(axis=1)) == {37.0}
    low, high = interval(counts @ np.arange(37) / 37)
    assert low < np.arange(37).mean() < high
    # The standard error of the mean of 0..36 is 10.68 / sqrt(37) = 1.755.
    assert (high - low) / (2 * 1.96) == pytest.approx(1.755, rel=0.1)
