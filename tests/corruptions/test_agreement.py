"""Agreement of maps under corruption: the measure on made maps, the rows and the table on a tiny backend."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.corruptions.tree import find_images
from analysis.evaluations.agreement import AgreementEvaluation, PictureFile, over_images, table_by
from analysis.evaluations.frame import Plan, run_evaluation
from analysis.metrics.agreement import map_agreement
from analysis.runs import Run, read_summary
from vars_core.backend import Backend
from vars_core.errors import InputError
from vars_core.preprocessing import Preprocessing

from .made import made_photograph


class GreyBackend:
    """Its map is the picture's own brightness in 8 × 8 cells; the start of its solver is flat."""

    name, default_layer, default_readout, image_size = "made/grey", "0.1", "energy", 64
    checkpoint_hash, num_steps, device, preprocessing = None, 1, "cpu", Preprocessing()

    def prepare(self, images: list[np.ndarray], policy: str = "whole") -> tuple[torch.Tensor, list[None]]:
        squares = [np.array(Image.fromarray(image).resize((64, 64), Image.Resampling.BOX)) for image in images]
        return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float(), [None] * len(images)

    def maps(self, batch: torch.Tensor, readouts: tuple[str, ...], layers: tuple[str, ...]) -> dict[str, object]:
        grey = torch.nn.functional.avg_pool2d(batch.mean(1), 8)
        return {layers[0]: SimpleNamespace(maps={readouts[0]: torch.stack([torch.zeros_like(grey), grey])})}


def test_a_map_agrees_fully_with_itself_and_not_at_all_with_its_negative() -> None:
    ramp = np.arange(196, dtype=np.float32).reshape(14, 14)
    itself, negative = map_agreement(ramp, ramp), map_agreement(-ramp, ramp)
    assert (itself.correlation, itself.ssim, itself.degenerate) == (pytest.approx(1), pytest.approx(1), False)
    assert negative.correlation == pytest.approx(-1)
    assert negative.ssim < 0


@settings(deadline=None, max_examples=25)
@given(scale=st.floats(0.01, 100), offset=st.floats(-50, 50), side=st.integers(3, 20), seed=st.integers(0, 99))
def test_agreement_ignores_scale_and_offset_and_is_symmetric(scale: float, offset: float, side: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.random((side, side)), rng.random((side, side))
    plain, scaled = map_agreement(first, second), map_agreement(first * scale + offset, second)
    assert (scaled.correlation, scaled.ssim) == pytest.approx((plain.correlation, plain.ssim), abs=1e-6)
    turned = map_agreement(second, first)
    assert (turned.correlation, turned.ssim) == pytest.approx((plain.correlation, plain.ssim), abs=1e-9)
    assert plain.correlation == pytest.approx(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_a_flat_map_is_flagged_and_never_nan() -> None:
    flat = map_agreement(np.full((14, 14), 3.0), np.random.default_rng(0).random((14, 14)))
    assert (flat.correlation, flat.degenerate) == (0.0, True)
    assert np.isfinite(flat.ssim)


def run_of(folder: Path, data: Path, names: tuple[str, ...] = ("contrast", "zoom_blur")) -> tuple[int, Run]:
    pictures = [PictureFile(image_id, path) for image_id, path in find_images(data).by_name().items()]
    evaluation = AgreementEvaluation(pictures, names, (1, 5), pictures_at_once=2)
    plan = Plan(
        kind="agreement",
        out=folder,
        settings={"batch_size": 1},
        data={"folder": "made", "samples": len(pictures), "of": len(pictures)},
        load=lambda: [cast(Backend, GreyBackend())],
    )
    return run_evaluation(plan, lambda backends: evaluation), Run.read(folder)


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    for name, seed in (("a", 1), ("b", 2)):
        Image.fromarray(np.roll(made_photograph(224, 224), 40 * seed, axis=1)).save(data / f"{name}.png")
    return data


def test_rows_compare_the_last_iterate_of_every_corruption_with_the_clean_map(
    tmp_path: Path, photographs: Path
) -> None:
    status, run = run_of(tmp_path / "run", photographs)
    rows = [row for row in run.rows().to_pylist() if row["id"] == "a"]
    assert status == 0
    assert [(row["corruption"], row["severity"]) for row in rows] == [
        ("contrast", 1), ("contrast", 5), ("zoom_blur", 1), ("zoom_blur", 5)
    ]  # fmt: skip
    assert {row["iteration"] for row in rows} == {1}
    # Less contrast is an offset and a scale, up to rounding; zooming moves things.
    by_key = {(row["corruption"], row["severity"]): row["correlation"] for row in rows}
    assert by_key["contrast", 1] > 0.999
    assert by_key["zoom_blur", 5] < by_key["zoom_blur", 1] < 0.999


def test_a_stopped_run_is_continued_to_the_same_bytes(tmp_path: Path, photographs: Path) -> None:
    _, run = run_of(tmp_path / "run", photographs)
    before = {name: (run.folder / name).read_bytes() for name in ("summary.json", "report.html")}
    run.part_path(1).unlink()
    run_of(tmp_path / "run", photographs)
    assert {name: (run.folder / name).read_bytes() for name in before} == before


def test_the_table_averages_over_severities_and_images() -> None:
    def entry(metric: str, value: float, **by: Any) -> dict[str, Any]:
        place = {"model": "a/b", "layer": "0.1", "readout": "energy", "iteration": 1}
        return place | {"metric": metric, "value": value, "ci95": [value - 0.1, value + 0.2], "n": 2, **by}

    summary = [
        entry(metric, value, **by)
        for metric, half in (("correlation", 1.0), ("ssim", 0.5))
        for value, by in (
            (0.5 * half, {}),
            (0.5 * half, {"corruption": "fog"}),
            (0.4 * half, {"severity": 1}),
            (0.6 * half, {"severity": 2}),
        )
    ]
    lines = table_by(summary, "corruption").splitlines()
    assert lines[2] == "| fog | 0.500 / 0.250 |"
    assert lines[3] == "| **mean** [95 %] | 0.500 [0.400, 0.700] / 0.250 [0.150, 0.450] |"
    assert "| 2 | 0.600 / 0.300 |" in table_by(summary, "severity")


def test_the_interval_draws_whole_images() -> None:
    values, images = np.repeat([0.0, 1.0], 50), np.repeat(["x", "y"], 50)
    assert over_images(values, images) == {"value": 0.5, "ci95": [0.0, 1.0], "n": len(set(images.tolist()))}


def test_the_command_runs_a_real_model_and_names_unreadable_photographs(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    Image.fromarray(made_photograph(260, 300)).save(data / "good.png")
    (data / "zbad.png").write_bytes(b"no picture")
    arguments = ["--model", "rvt_nano/vars_d", "--data", str(data), "--out", str(tmp_path / "run")]
    arguments += ["--names", "fog,contrast", "--severities", "1,5", "--device", "cpu"]
    finished = CliRunner().invoke(app, ["agreement", *arguments])
    assert finished.exit_code == 3, finished.output
    assert "1 of 2 photographs could not be scored" in finished.stderr
    assert "| fog | " in finished.stdout
    run = Run.read(tmp_path / "run")
    correlations = run.rows()["correlation"].drop_null().to_pylist()
    assert len(correlations) == 4 and all(-1 <= value <= 1 for value in correlations)
    assert run.facts["data"] == {"folder": f"{tmp_path.name}/data", "samples": 2, "of": 2}
    overall = [entry for entry in read_summary(run.folder) if not {"corruption", "severity"} & entry.keys()]
    assert [entry["metric"] for entry in overall] == ["correlation", "ssim"]
    assert overall[0]["value"] == pytest.approx(np.mean(correlations))


def test_bad_input_is_refused_before_a_model_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Image.fromarray(made_photograph(40, 40)).save(tmp_path / "a.png")
    for arguments, sentence in [
        (["--model", "rvt_nano/vars_q", "--data", ".", "--out", "run"], "vars_q"),
        (["--model", "rvt_nano/vars_d", "--data", str(tmp_path / "file"), "--out", "run"], "expected a folder"),
        (["--model", "rvt_nano/vars_d", "--data", str(tmp_path), "--out", str(tmp_path / "file")], "is a file"),
    ]:
        finished = CliRunner().invoke(app, ["agreement", *arguments])
        assert isinstance(finished.exception, InputError), finished.output
        assert sentence in str(finished.exception)
