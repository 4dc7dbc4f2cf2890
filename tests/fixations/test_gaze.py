"""Raw gaze → fixations, against the slow oracle and on trials whose answer is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vars_core.data.gaze import THRESHOLD, GazeFixations, detect_fixations, find_saccades, velocity_difference

from .made import gaze_of
from .oracle import fixations_of


def agrees_with_the_oracle(gaze: np.ndarray) -> GazeFixations:
    found = detect_fixations(gaze)
    expected = np.array(fixations_of([tuple(row) for row in gaze.tolist()])).reshape(-1, 4)
    np.testing.assert_array_equal(found.starts, expected[:, 2])
    np.testing.assert_array_equal(found.lengths, expected[:, 3])
    np.testing.assert_allclose(found.xs, expected[:, 0], rtol=1e-12)
    np.testing.assert_allclose(found.ys, expected[:, 1], rtol=1e-12)
    return found


def test_two_rests_and_a_saccade_are_two_fixations_at_their_medians() -> None:
    found = agrees_with_the_oracle(gaze_of((100, 200, 120), (400, 260, 150)))
    np.testing.assert_allclose(np.stack([found.xs, found.ys], axis=1), [(100, 200), (400, 260)], atol=0.3)
    assert found.start_s[0] == 0
    assert found.start_s[1] == found.starts[1] / 240
    assert 110 <= found.starts[1] <= 135
    assert found.duration_s[1] == (278 - found.starts[1]) / 240


def test_a_trial_without_a_saccade_is_one_fixation() -> None:
    found = agrees_with_the_oracle(gaze_of((300, 310, 700)))
    assert (len(found.xs), found.starts[0], found.lengths[0]) == (1, 0, 700)


def test_a_trial_ending_in_a_saccade_has_no_fixation_after_it() -> None:
    gaze = np.concatenate([gaze_of((100, 100, 200), (300, 200, 200)), np.tile([[0.0, 0.0]], (8, 1))])
    gaze[-8:] = gaze[-9] + np.arange(1, 9)[:, None] ** 2 * 4.0
    found = agrees_with_the_oracle(gaze)
    assert len(found.xs) == 2
    (_, _), (start, end) = find_saccades(gaze)
    assert end == len(gaze) - 1
    assert found.starts[1] + found.lengths[1] == start


def test_a_trial_of_negative_samples_alone_is_one_fixation_outside_every_image() -> None:
    found = agrees_with_the_oracle(np.full((500, 2), -2048.0))
    assert found.xs.tolist() == [-2048]


def test_a_blink_splits_a_fixation_and_is_found_outside() -> None:
    gaze = gaze_of((200, 200, 400))
    gaze[180:230] = -2048
    found = agrees_with_the_oracle(gaze)
    assert [x < 0 for x in found.xs] == [False, True, False]


def test_samples_without_a_number_are_as_if_they_had_not_been_and_times_stay() -> None:
    plain = gaze_of((200, 150, 100), (400, 200, 120), (100, 80, 90))
    lost = np.insert(plain, [30] * 5 + [180] * 7, np.nan, axis=0)
    before, found = detect_fixations(plain), agrees_with_the_oracle(lost)
    assert found.xs.tolist() == before.xs.tolist()
    assert (found.starts - before.starts).tolist() == [0, 5, 12]
    assert (found.lengths - before.lengths).tolist() == [5, 7, 0]
    assert not len(detect_fixations(np.full((50, 2), np.nan)).xs)


@pytest.mark.parametrize("samples", range(9))
def test_trials_too_short_for_a_velocity_hold_one_fixation_or_none(samples: int) -> None:
    found = agrees_with_the_oracle(np.random.default_rng(samples).uniform(0, 500, (samples, 2)))
    assert len(found.xs) == min(samples, 1)


def test_a_rest_below_twelve_samples_between_two_saccades_is_part_of_them() -> None:
    counts = [len(agrees_with_the_oracle(gaze_of((100, 100, 100), (300, 100, n), (500, 100, 100))).xs) for n in (2, 60)]
    assert counts == [2, 3]


def test_a_rest_after_the_last_saccade_counts_from_thirteen_samples_on() -> None:
    gaze = gaze_of((100, 100, 100), (300, 100, 100), noise=0.0)
    ((_, end),) = find_saccades(gaze)
    found = {after: len(agrees_with_the_oracle(gaze[: end + 1 + after]).xs) for after in (12, 13)}
    assert found == {12: 1, 13: 2}


def test_the_difference_of_velocities_is_that_of_the_smoothed_steps_five_samples_apart() -> None:
    gaze = np.random.default_rng(3).uniform(0, 300, (40, 2))
    steps = np.concatenate([[0], np.hypot(*np.diff(gaze, axis=0).T)])
    smooth = np.convolve(steps, np.ones(4) / 4)[:40]
    expected = np.zeros(40)
    expected[1:35] = 60 * (smooth[6:40] - smooth[1:35])
    np.testing.assert_allclose(velocity_difference(gaze), expected, atol=1e-8)


pieces = st.lists(
    st.tuples(
        st.sampled_from(["rest", "rest", "jump", "blink", "lost", "drift"]),
        st.integers(1, 60),
        st.integers(0, 1000),
        st.integers(0, 700),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=150)
@given(pieces=pieces, noise=st.sampled_from([0.0, 0.3, 3.0, 40.0]), seed=st.integers(0, 2**16))
def test_any_gaze_is_split_as_the_oracle_splits_it(pieces: list[Any], noise: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    place, parts = np.array([400.0, 300.0]), []
    for kind, samples, x, y in pieces:
        target = np.array([x, y], dtype=float)
        if kind == "blink":
            parts.append(np.full((samples, 2), -2048.0))
            continue
        if kind == "lost":
            parts.append(np.full((samples, 2), np.nan))
            continue
        travel = {"rest": 0, "jump": min(samples, 10), "drift": samples}[kind]
        path = place + np.linspace(0, 1, travel)[:, None] * (target - place) if travel else np.tile(place, (samples, 1))
        parts.append(path + generator.normal(0, noise, path.shape))
        place = target if travel else place
    agrees_with_the_oracle(np.concatenate(parts))


@settings(deadline=None, max_examples=100)
@given(steps=st.lists(st.sampled_from([0, 0, 0, 1, 5, 20, 60, -60, -20]), max_size=150))
def test_any_walk_is_split_as_the_oracle_splits_it(steps: list[int]) -> None:
    x = np.cumsum([0, *steps]).astype(float)
    gaze = np.stack([x, np.zeros(len(x))], axis=1)
    found = agrees_with_the_oracle(gaze)
    saccades = find_saccades(gaze)
    assert sum(found.lengths) + sum(end - start + 1 for start, end in saccades) == len(gaze)
    assert not saccades or velocity_difference(gaze).max() > THRESHOLD
