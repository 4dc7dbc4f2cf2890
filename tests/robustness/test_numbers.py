"""mCE and its relatives, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.models import AlexNet_Weights

from analysis.metrics.robustness import (
    ALEXNET,
    ALEXNET_CLEAN,
    Estimate,
    Predictions,
    accuracy,
    mce,
    mean_corruption_accuracy,
    paired_difference,
    relative_mce,
)


def predictions(errors: dict[str, float], pictures: int = 20) -> Predictions:
    """Every corruption at five severities; of each one's pictures a share is wrong."""
    rows = [
        (index >= round(share * pictures), f"p{index}", name, severity)
        for name, share in errors.items()
        for severity in range(1, 6)
        for index in range(pictures)
    ]
    correct, names, corruptions, severities = zip(*rows, strict=True)
    return Predictions(np.array(correct), np.array(names), np.array(corruptions, object), np.array(severities))


def clean(share: float, pictures: int = 20) -> Predictions:
    correct = np.arange(pictures) >= round(share * pictures)
    names = np.array([f"p{index}" for index in range(pictures)])
    return Predictions(correct, names, np.array([None] * pictures, object), np.zeros(pictures))


def test_a_model_that_is_always_wrong_has_the_mean_of_one_over_alexnets_errors() -> None:
    found = mce(predictions(dict.fromkeys(ALEXNET, 1.0)))
    assert found is not None
    assert found.value == pytest.approx(np.mean([1 / error for error in ALEXNET.values()]))
    assert (found.low, found.high, found.images) == (pytest.approx(found.value), pytest.approx(found.value), 20)


def test_each_corruption_counts_against_its_own_error() -> None:
    errors = dict.fromkeys(ALEXNET, 0.0) | {"fog": 0.5, "snow": 0.25}
    found = mce(predictions(errors))
    assert found is not None
    assert found.value == pytest.approx((0.5 / 0.819324 + 0.25 / 0.866816) / 15)
    mean = mean_corruption_accuracy(predictions(errors))
    assert mean is not None and mean.value == pytest.approx(1 - 0.75 / 15)
    assert mean.low <= mean.value <= mean.high


def test_relative_mce_takes_the_clean_errors_off_both() -> None:
    errors = dict.fromkeys(ALEXNET, 0.4) | {"fog": 0.9}
    found = relative_mce(predictions(errors), clean(0.25))
    expected = [(errors[name] - 0.25) / (ALEXNET[name] - ALEXNET_CLEAN) for name in ALEXNET]
    assert found is not None and found.value == pytest.approx(np.mean(expected))
    assert relative_mce(predictions(errors)) is None


def test_a_missing_corruption_or_severity_leaves_no_mce() -> None:
    assert mce(predictions({name: 0.5 for name in ALEXNET if name != "fog"})) is None
    whole = predictions(dict.fromkeys(ALEXNET, 0.5))
    kept = ~((whole.corruptions == "snow") & (whole.severities == 3))
    assert mce(Predictions(*(values[kept] for values in vars(whole).values()))) is None


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 60), seed=st.integers(0, 999))
def test_accuracy_lies_in_its_interval_which_shrinks_with_more_images(n: int, seed: int) -> None:
    correct = np.random.default_rng(seed).random(n) < 0.6
    names = np.arange(n).astype(str)
    one = accuracy(Predictions(correct, names, np.array([None] * n, object), np.zeros(n)))
    more = accuracy(
        Predictions(
            np.tile(correct, 9), np.arange(9 * n).astype(str), np.array([None] * 9 * n, object), np.zeros(9 * n)
        )
    )
    assert one is not None and more is not None
    assert 0 <= one.low <= one.value <= one.high <= 1
    assert more.value == pytest.approx(one.value) and more.high - more.low < one.high - one.low


def test_wilsons_interval_of_eight_of_ten() -> None:
    found = accuracy(Predictions(np.arange(10) < 8, np.arange(10), np.array([None] * 10, object), np.zeros(10)))
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))


def test_alexnets_clean_error_is_the_one_that_torchvision_records_for_its_weights() -> None:
    recorded = AlexNet_Weights.IMAGENET1K_V1.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    assert pytest.approx(1 - recorded / 100, abs=5e-4) == ALEXNET_CLEAN


def test_a_paired_difference_counts_each_photograph_once_and_ignores_the_others() -> None:
    """Two variants of a, one of b; c was seen by one model alone."""

    def predicted(correct: list[bool], pictures: list[str]) -> Predictions:
        none = np.array([None] * len(pictures), dtype=object)
        return Predictions(np.array(correct), np.array(pictures), none, np.zeros(len(pictures)))

    one = predicted([True, True, False, True], ["a", "a", "b", "c"])
    other = predicted([False, True, False], ["b", "a", "a"])
    found = paired_difference(one, other)
    assert found is not None and found.images == 2
    assert found.value == pytest.approx((0.5 + 0.0) / 2)
    assert found.high - found.value == pytest.approx(1.959964 * np.std([0.5, 0.0], ddof=1) / np.sqrt(2))
    assert paired_difference(one, one) == Estimate(0.0, 0.0, 0.0, 3)
