"""Deletion and insertion, on a made model whose curves are known exactly, and as a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.__main__ import main
from analysis.evaluations.faithfulness import CENTRE, RANDOM
from analysis.metrics.faithfulness import Faithfulness, area, blurred, ranks, replaced
from vars_core.readouts import READOUTS

SIDE = 4


def linear(weights: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A model whose answer is Σ w·x over the pixels: a picture of ones has the sum of the weights."""
    return lambda pictures: (pictures.mean(1) * weights).sum((1, 2))


def test_of_a_linear_model_the_curve_is_what_the_weights_say() -> None:
    weights = np.random.default_rng(0).permutation(SIDE * SIDE).reshape(SIDE, SIDE).astype(np.float32)
    picture = np.ones((3, SIDE, SIDE), np.float32)
    curves = Faithfulness(linear(weights), picture, steps=SIDE * SIDE).curves(weights)
    gone = np.concatenate([[0], np.cumsum(np.sort(weights.ravel())[::-1])])
    assert curves.deletion == pytest.approx(weights.sum() - gone)
    assert curves.insertion == pytest.approx(np.full(SIDE * SIDE + 1, weights.sum())), "blurring ones gives ones"
    assert area(curves.deletion) == pytest.approx(weights.sum() - np.trapezoid(gone, dx=1 / (SIDE * SIDE)))


@given(st.integers(0, 10_000))
def test_no_order_deletes_faster_than_the_weights_own(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, other = rng.random((2, SIDE, SIDE)).astype(np.float32)
    picture = np.ones((3, SIDE, SIDE), np.float32)
    best, found = (
        area(Faithfulness(linear(weights), picture, steps=8).curves(one).deletion) for one in (weights, other)
    )
    assert best <= found + 1e-5


def test_pixels_go_highest_first_and_equal_ones_row_by_row() -> None:
    assert ranks(np.array([[1.0, 3.0], [2.0, 3.0]]), (2, 2)).tolist() == [[3, 0], [2, 1]]
    stages = replaced(np.ones((1, 2, 2)), np.zeros((1, 2, 2)), ranks(np.array([[1.0, 3.0], [2.0, 3.0]]), (2, 2)), 4)
    assert stages.sum((1, 2, 3)).tolist() == [4, 3, 2, 1, 0]
    assert stages[1, 0].tolist() == [[1, 0], [1, 1]]


def test_a_curve_ends_where_all_pixels_are_replaced() -> None:
    rng = np.random.default_rng(1)
    picture, saliency = rng.normal(size=(3, 16, 16)).astype(np.float32), rng.random((5, 5))
    sums = Faithfulness(lambda pictures: pictures.sum((1, 2, 3)), picture, steps=3).curves(saliency)
    assert sums.deletion[[0, -1]] == pytest.approx([picture.sum(), 0], abs=1e-3)
    assert sums.insertion[[0, -1]] == pytest.approx([blurred(picture).sum(), picture.sum()], abs=1e-3)


def test_where_no_map_has_a_say_the_model_is_asked_once() -> None:
    seen: list[int] = []

    def probability(pictures: np.ndarray) -> np.ndarray:
        seen.append(len(pictures))
        return pictures.sum((1, 2, 3))

    picture = np.ones((3, 8, 8), np.float32)
    asked = Faithfulness(probability, picture, steps=4)
    first, second = (asked.curves(one) for one in (np.eye(8), 1 - np.eye(8)))
    assert seen == [3, 2 * 3, 2 * 3] and len(first.deletion) == len(first.insertion) == 5
    assert first.deletion[-1] == second.deletion[-1] == 0 and first.insertion[-1] == first.deletion[0] == picture.sum()
    short = Faithfulness(probability, picture, steps=1).curves(np.eye(8))
    assert (short.deletion.tolist(), len(short.insertion)) == ([picture.sum(), 0], 2)


def test_the_area_of_a_straight_line_is_its_middle() -> None:
    assert area(np.linspace(1, 0, 9)) == pytest.approx(0.5)
    assert area(np.full(4, 0.25)) == pytest.approx(0.25)


def run(monkeypatch: pytest.MonkeyPatch, *command: object) -> int:
    monkeypatch.setattr("sys.argv", ["analysis", "faithfulness", *map(str, command)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_the_command_scores_every_readout_beside_the_baselines_and_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "pictures", tmp_path / "run"
    data.mkdir()
    for i in range(3):
        noise = np.random.default_rng(i).integers(0, 255, (8, 8, 3), dtype=np.uint8)
        cv2.imwrite(str(data / f"{i}.png"), cv2.resize(noise, (64, 64)))
    (data / "broken.png").write_bytes(b"no picture")
    command = ("--model", "rvt_nano/self", "--data", data, "--out", out, "--image-size", 64, "--steps", 2)
    command = (*command, "--batch-size", 2, "--device", "cpu")
    assert run(monkeypatch, *command) == 3
    said = capsys.readouterr().out
    summary = json.loads((out / "summary.json").read_text())
    assert {entry["readout"] for entry in summary} >= {CENTRE, RANDOM, "energy", "stream"}
    for entry in summary:
        assert entry["n"] == 3 and 0 <= entry["value"] <= 1
        assert entry["ci95"][0] <= entry["value"] + 1e-12 and entry["value"] - 1e-12 <= entry["ci95"][1]
    assert "| 1.1 | contribution |" in said and "3 pictures" in said
    assert "1 of 4 images could not be scored" in (out / "report.html").read_text()
    assert run(monkeypatch, *command) == 3
    again = capsys.readouterr()
    assert again.out == said and "2 pictures visited now" in again.err, "the part with the broken file is tried again"
    assert set(READOUTS) >= {entry["readout"] for entry in summary} - {CENTRE, RANDOM}
