"""Fixations out of raw gaze: the velocity-difference rule that MIT1003 is read with (SPEC §7), without MATLAB.

The rule is the one of the data set's own tool (B. Hidalgo-Sotelo 2006, distributed with Judd et al. 2009), since
published numbers rest on it. Sample indices here are 0-based.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SAMPLING_RATE = 240.0
"""Samples per second."""
SMOOTHING = 4
"""Samples in the moving average of the position changes."""
WINDOW = 5
"""Smoothed changes that are summed into a velocity, over (WINDOW − 1) / 240 s."""
THRESHOLD = 34.0 * 6.0
"""px/s: 34 px/deg × 6 deg/s, the difference of successive velocities that marks a saccade."""
SHORTEST_SACCADE = 3
"""Successive samples above the threshold."""
LONGEST_SEARCH = 25
"""Samples after the acceleration within which the deceleration must come."""
SHORTEST_FIXATION = 12
"""Samples: 50 ms."""


@dataclass(frozen=True)
class GazeFixations:
    """n fixations of one trial in order of time: median position in pixels, first sample, number of samples, (n,)."""

    xs: np.ndarray
    ys: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    @property
    def start_s(self) -> np.ndarray:
        """Seconds from the first sample of the trial."""
        return self.starts / SAMPLING_RATE

    @property
    def duration_s(self) -> np.ndarray:
        """Seconds."""
        return self.lengths / SAMPLING_RATE


def detect_fixations(gaze: np.ndarray) -> GazeFixations:
    """Split a trial into fixations: what lies before, between and after its saccades.

    ``gaze``: (samples, 2), x and y in pixels at 240 Hz. Blinks are negative and stay what they are: a blink looks like
    a saccade away and back, and a "fixation" found there lies outside the image. A sample without a number says nothing
    and is taken out: what it interrupts is looked at as if it had not been, and keeps its own times. Returns no
    fixation for a trial without samples, one for a trial without a saccade.
    """
    gaze = np.asarray(gaze, dtype=np.float64)[:, :2]
    kept = np.flatnonzero(np.isfinite(gaze).all(axis=1))
    gaze = gaze[kept]
    edges = np.array([0, *(edge for start, end in find_saccades(gaze) for edge in (start, end + 1)), len(gaze)])
    starts, ends = edges[::2], edges[1::2]
    starts, ends = starts[starts < ends], ends[starts < ends]
    medians = [np.median(gaze[start:end], axis=0) for start, end in zip(starts, ends, strict=True)]
    xs, ys = np.array(medians).reshape(-1, 2).T
    return GazeFixations(xs, ys, kept[starts], kept[ends - 1] + 1 - kept[starts])


def find_saccades(gaze: np.ndarray) -> list[tuple[int, int]]:
    """(first sample, last sample) of each saccade of a trial (samples, 2), in order, disjoint.

    Too short a fixation belongs to the saccades around it: between two saccades one of fewer than 12 samples, and after
    the last saccade one of at most 12 (the original tool compares so there, and counts of MIT1003 depend on it).
    """
    samples = len(gaze)
    change = velocity_difference(gaze)
    saccades: list[tuple[int, int]] = []
    for start, peak_end in _runs(change > THRESHOLD):
        if peak_end - start + 1 < SHORTEST_SACCADE:
            continue
        end = _saccade_end(change, peak_end)
        if end is None:
            continue
        if saccades and start - saccades[-1][1] - 1 < SHORTEST_FIXATION:
            saccades[-1] = (saccades[-1][0], end)
        else:
            saccades.append((start, end))
    if saccades and samples - 1 - saccades[-1][1] <= SHORTEST_FIXATION:
        saccades[-1] = (saccades[-1][0], samples - 1)
    return saccades


def velocity_difference(gaze: np.ndarray) -> np.ndarray:
    """How much the velocity (px/s) over five samples changes from one sample to the next, float64 (samples,).

    0 at the first sample and at the last five, where no two full windows fit.
    """
    samples = len(gaze)
    difference = np.zeros(samples)
    if samples <= WINDOW + 1:
        return difference
    x, y = np.asarray(gaze, dtype=np.float64)[:, :2].T
    steps = np.concatenate([[0.0], np.sqrt(np.diff(x) ** 2 + np.diff(y) ** 2)])
    padded = np.concatenate([np.zeros(SMOOTHING - 1), steps])
    smooth = _window_sums(padded, SMOOTHING) / SMOOTHING
    velocity = _window_sums(smooth, WINDOW) / ((WINDOW - 1) / SAMPLING_RATE)
    difference[1 : len(velocity) - 1] = np.diff(velocity)[1:]
    return difference


def _saccade_end(change: np.ndarray, peak_end: int) -> int | None:
    """The last sample of the deceleration that follows an acceleration; None where there is none.

    The trial's last sample where the trial ends in the acceleration: no velocity changes after it.
    """
    samples = len(change)
    for sample in range(peak_end + 1, peak_end + 1 + LONGEST_SEARCH):
        if sample + 1 > samples - 2:
            break
        if change[sample] < -THRESHOLD and not change[sample + 1] < -THRESHOLD:
            return sample
    return samples - 1 if not np.any(change[peak_end + 1 :]) else None


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """(first, last) of each run of True."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return [(int(a), int(b) - 1) for a, b in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)]


def _window_sums(values: np.ndarray, width: int) -> np.ndarray:
    """Sums of ``width`` successive values, (n − width + 1,), each added up from the left: an infinite or missing value
    spoils its own windows alone."""
    count = len(values) - width + 1
    total = values[:count].copy()
    for offset in range(1, width):
        total += values[offset : offset + count]
    return total
