"""Every figure of the paper is drawn from what the models compute, and says of which weights."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.ablation import STEPS, Setting, agreement_points, resolved, settings
from analysis.painting import painting
from analysis.paper_figures.maps import iterates
from analysis.paper_figures.marks import Dot, Raster, Text
from analysis.paper_figures.studio import Studio, described
from analysis.paper_figures.table import FIGURES
from vars_core import Backend, load_model
from vars_core.data.fixations import Fixations, Stimulus
from vars_core.errors import InputError


@cache
def photograph() -> np.ndarray:
    ys, xs = np.mgrid[:90, :120]
    rings = np.stack([127 + 120 * np.sin(np.hypot(ys - 40, xs - 60) / period) for period in (5, 9, 14)], axis=-1)
    return rings.astype(np.uint8)


@cache
def studio() -> Studio:
    backends = [Backend(load_model(f"rvt_nano/{mixer}"), "cpu") for mixer in ("self", "vars_d", "vars_sd", "vars_s")]
    fixations = Fixations.of(([0.0, 60.0, 500.0], [0.0, 45.0, 10.0], [0, 0, 1], [0.0] * 3, [0.1] * 3))
    return Studio(backends, {"rings": photograph()}, [(Stimulus("rings", Path("rings.png"), fixations), photograph())])


def words(canvas) -> str:
    return "\n".join(mark.text for mark in canvas.marks if isinstance(mark, Text))


@pytest.mark.parametrize("number", FIGURES)
def test_a_figure_names_itself_its_weights_and_its_input(number: int) -> None:
    canvas = FIGURES[number](studio())
    said = words(canvas)
    assert canvas.title.startswith(f"Figure {number}.")
    sha = studio().with_dictionary[0 if number not in (8, 10) else {8: 2, 10: 1}[number]].checkpoint_hash
    assert sha is not None and f"weights {sha[:16]}" in said and "input 112 px" in said.replace("\n", " ")
    for mark in canvas.marks:
        if isinstance(mark, Raster | Text):
            assert 0 <= mark.x <= canvas.width and 0 <= mark.y <= canvas.height
    if number in (4, 12):  # two of three fixations lie in the picture
        assert sum(isinstance(mark, Dot) for mark in canvas.marks) == 2


def test_iterates_are_the_model_s_own() -> None:
    backend = studio().backends[1]
    canvas = iterates(studio(), "one", [backend], 1)
    batch, _ = backend.prepare([photograph()])
    readout = backend.default_readout
    recorded = backend.trace(batch, (readout,), ["0.3"]).layers[0].maps[readout][:, 0].numpy()
    drawn = [m for m in canvas.marks if isinstance(m, Raster) and m.title.startswith("t = ")]
    assert len(drawn) == 4
    for picture, values in zip(drawn, recorded, strict=True):
        assert np.array_equal(picture.pixels, studio().overlay(photograph(), values, backend, "").pixels)


def test_untrained_weights_and_flat_maps_are_said() -> None:
    backend = Backend(load_model("rvt_tiny/vars_d"), "cpu")
    assert "weights untrained, layer 0.9, readout gap, iterate 2, input 224 px" in described(backend, "0.9", "gap", "2")
    flat = studio().overlay(photograph(), np.ones((4, 4), np.float32), backend, "x")
    assert flat.title == "x: constant: nothing to show"


def test_a_diagram_draws_its_maps_in_the_colours_of_its_bar() -> None:
    usual, chosen = (
        [mark.pixels for mark in FIGURES[1](replace(studio(), painting=painting(name, "smooth"))).marks if is_map(mark)]
        for name in ("viridis", "cividis")
    )
    assert len(usual) == 4 and not any(np.array_equal(*pair) for pair in zip(usual, chosen, strict=True))


def is_map(mark: object) -> bool:
    return isinstance(mark, Raster) and mark.title.startswith(("self: ", "vars_d: "))


def test_another_t_and_lambda_change_a_copy_alone() -> None:
    backend = studio().backends[1]
    batch, _ = backend.prepare([photograph()])
    before = backend.logits(batch)
    other = resolved(backend, Setting(7, 2.0))
    assert other.num_steps == 7 and other.trace(batch, ("energy",), ["0.0"]).layers[0].num_steps == 7
    assert not torch.equal(other.logits(batch), before)
    assert torch.equal(backend.logits(batch), before) and backend.num_steps == 3
    assert torch.equal(resolved(backend, Setting(3)).logits(batch), before)
    with pytest.raises(InputError, match="solve for codes"):
        resolved(studio().backends[0], Setting(1))


def test_the_trained_setting_agrees_with_itself() -> None:
    points = list(agreement_points(studio().backends[3], [photograph()]))
    assert len(points) == 2 * len(settings(3)) and {p.setting.num_steps for p in points if p.setting} == set(STEPS)
    own = {point.metric: point.value for point in points if point.setting == Setting(3)}
    assert own["same_class"] == 100 and own["trained_correlation"] == pytest.approx(1)
    assert min(point.value for point in points if point.metric == "trained_correlation") < 0.999


def test_the_command_leaves_out_what_needs_fixations_and_says_so(tmp_path: Path) -> None:
    asked = ["figures", "--out", str(tmp_path), "--limit", "1", "--figure", "2", "--figure", "4", "--format", "svg"]
    result = CliRunner().invoke(app, [*asked, "--model", "rvt_nano/vars_d"])
    assert result.exit_code == 0, result.output
    assert [path.name for path in tmp_path.iterdir()] == ["figure_2.svg"]
    assert "figure 4 is left out" in result.output


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--figure", "13"], 'expected --figure 1 to 12 or "all"'),
        (["--format", "gif"], "expected --format out of"),
        (["--images", "nowhere"], "expected a folder of photographs"),
        (["--figure", "9", "--model", "rvt_nano/self", "--limit", "1"], "with the mixer vars_d for figure 9"),
    ],
)
def test_bad_questions_are_answered_with_a_sentence(tmp_path: Path, options: list[str], sentence: str) -> None:
    result = CliRunner().invoke(app, ["figures", "--out", str(tmp_path), *options])
    assert isinstance(result.exception, InputError) and sentence in str(result.exception)
