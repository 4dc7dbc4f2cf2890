"""The two ways that the benchmark times agree on what they compute."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.commands.benchmark_fixations import tasks


def test_both_ways_of_every_benchmark_line_give_the_same_scores() -> None:
    lines: Any = tasks()
    five, splits, everybody, many = lines
    np.testing.assert_allclose(five.ours(), five.plain(), rtol=1e-9)
    np.testing.assert_allclose(many.ours(), many.plain(), rtol=1e-9)
    exact = everybody.ours()
    np.testing.assert_allclose([splits.ours(), splits.plain()], exact, atol=0.02)
