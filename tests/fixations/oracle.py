"""The rule that splits gaze into fixations, sample by sample, written from the text of SPEC §7: slow and literal.

Where the text is silent on the end of a trial, so is the original tool's reader: a rest of at most 12 samples after the
last saccade belongs to it.
"""

from __future__ import annotations

import math


def fixations_of(gaze: list[tuple[float, float]]) -> list[tuple[float, float, int, int]]:
    """(x, y, first sample, samples) of every fixation. Samples without a number are taken out and keep their times."""
    known = [i for i, (x, y) in enumerate(gaze) if not (math.isnan(x) or math.isnan(y))]
    if len(known) < len(gaze):
        found = fixations_of([gaze[i] for i in known])
        return [(x, y, known[a], known[a + n - 1] - known[a] + 1) for x, y, a, n in found]
    n = len(gaze)
    if n == 0:
        return []

    # position change between samples
    change = [0.0]
    for i in range(1, n):
        dx, dy = gaze[i][0] - gaze[i - 1][0], gaze[i][1] - gaze[i - 1][1]
        change.append(math.sqrt(dx * dx + dy * dy))

    # 4-sample moving average
    smooth = []
    for i in range(n):
        total = 0.0
        for j in range(i - 3, i + 1):
            total += change[j] if j >= 0 else 0.0
        smooth.append(total / 4)

    # summed over 5 samples, divided by 4/240 s, as velocity; difference of successive velocities
    difference = [0.0] * n
    for k in range(1, n - 5):
        now = after = 0.0
        for j in range(5):
            now += smooth[k + j]
            after += smooth[k + 1 + j]
        difference[k] = after / (4 / 240) - now / (4 / 240)

    limit = 34 * 6
    in_saccade = [False] * n
    k = 0
    while k < n:
        if not difference[k] > limit:
            k += 1
            continue
        first = k
        while k < n and difference[k] > limit:
            k += 1
        last = k - 1
        if last - first + 1 < 3:  # a saccade of at least 3 samples
            continue
        # ends where the difference has fallen below minus the threshold and returned, searched for at most 25 samples
        end = None
        for step in range(1, 26):
            at = last + step
            if at + 1 > n - 2:
                break
            if difference[at] < -limit and not (difference[at + 1] < -limit):
                end = at
                break
        if end is None and all(value == 0 for value in difference[last + 1 :]):  # the trial ends in it
            end = n - 1
        if end is not None:
            for i in range(first, end + 1):
                in_saccade[i] = True

    # fixations shorter than 12 samples between two saccades are merged into the saccade
    for first, last in _rests(in_saccade):
        between = first > 0 and last < n - 1 and last - first + 1 < 12
        at_the_end = first > 0 and last == n - 1 and last - first + 1 <= 12
        if between or at_the_end:
            for i in range(first, last + 1):
                in_saccade[i] = True

    return [
        (_median([gaze[i][0] for i in range(a, b + 1)]), _median([gaze[i][1] for i in range(a, b + 1)]), a, b - a + 1)
        for a, b in _rests(in_saccade)
    ]


def _rests(in_saccade: list[bool]) -> list[tuple[int, int]]:
    rests, start = [], None
    for i, moving in enumerate([*in_saccade, True]):
        if not moving and start is None:
            start = i
        if moving and start is not None:
            rests.append((start, i - 1))
            start = None
    return rests


def _median(values: list[float]) -> float:
    known = sorted(values)
    middle = len(known) // 2
    return known[middle] if len(known) % 2 else (known[middle - 1] + known[middle]) / 2
