"""``python -m analysis benchmark``: how the comparisons are run and summed up, not how fast anything is."""

from __future__ import annotations

import itertools

import pytest
import torch

from analysis.benchmark import interleaved, ratio, spread
from analysis.commands.benchmark import benchmark
from vars_core.errors import InputError


def test_calls_run_in_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []
    ticks = itertools.count()
    seconds = interleaved(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3, clock=lambda: float(next(ticks))
    )
    assert "".join(order) == "ab" + "ba" + "ab" + "ba"
    assert seconds == {"a": [1.0] * 3, "b": [1.0] * 3}


def test_a_slow_round_leaves_the_ratio_alone() -> None:
    assert ratio([2.0, 20.0, 2.0], [1.0, 10.0, 1.0]) == spread([2.0])


def test_the_spread_is_median_and_quartiles() -> None:
    assert str(spread([1.0, 2.0, 3.0, 4.0, 100.0])) == "3.00 [2.00, 4.00]"


def test_the_command_prints_three_tables(capsys: pytest.CaptureFixture[str]) -> None:
    threads = torch.get_num_threads()
    try:
        benchmark(["rvt_nano/self", "rvt_nano/vars_d"], [1], rounds=1, reference_rounds=1, threads=1, device="cpu")
    finally:
        torch.set_num_threads(threads)
    lines = capsys.readouterr().out.splitlines()
    assert torch.__version__ in lines[0]
    assert "1 thread" in lines[0]
    assert sum(line.startswith("| model |") for line in lines) == 3
    assert sum(line.startswith("| rvt_nano/vars_d |") for line in lines) == 3


def test_an_unknown_model_is_one_sentence() -> None:
    with pytest.raises(InputError, match="nearest"):
        benchmark(["rvt_nano/vars_x"])
