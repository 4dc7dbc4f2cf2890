"""``python -m analysis robustness`` on trees in each published layout: numbers by hand, bad input, continuing."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from analysis.__main__ import app
from analysis.commands import robustness as command
from analysis.commands.options import load_backends
from analysis.evaluations import robustness
from analysis.evaluations.robustness import RobustnessEvaluation
from analysis.evaluations.suites import CORRUPTED, open_suite
from analysis.evaluations.table2 import ROWS
from analysis.metrics.robustness import ALEXNET
from analysis.runs import Run
from vars_core.errors import InputError
from vars_core.images import decode_image

from .made import IDS, MadeClassifier, class_folders, imagenet_c, write_picture


@pytest.fixture(autouse=True)
def made_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made classifier answers for any model asked for."""
    monkeypatch.setattr(command, "load_backends", lambda requests, device: [MadeClassifier() for _ in requests])


def run(out: Path, *arguments: object) -> Result:
    given = ["robustness", "--out", str(out), "--model", "rvt_nano/self", "--checks", "0", *map(str, arguments)]
    return CliRunner().invoke(app, given)


def summary_of(out: Path) -> dict[str, float]:
    entries = json.loads((out / "summary.json").read_text())
    return {entry["metric"]: entry["value"] for entry in entries if "corruption" not in entry}


def test_clean_images_in_class_folders_are_counted(tmp_path: Path) -> None:
    data = class_folders(tmp_path / "clean", {0: [0, 0, 5], 9: [9, 9, 9, 9, 3]})
    done = run(tmp_path / "run", "--suite", "clean", "--data", data)
    assert done.exit_code == 0, done.output
    assert summary_of(tmp_path / "run") == {"clean": pytest.approx(100 * 6 / 8)}
    assert "| made/classifier | 75.00 |" in done.stdout


def test_own_classes_alone_compete_on_imagenet_a_and_r(tmp_path: Path) -> None:
    """Grey 255 says class 0, then 3: where the data have no class 0, the answer is 3."""
    data = class_folders(tmp_path / "r", {3: [255, 3], 5: [255, 5, 5]})
    done = run(tmp_path / "run", "--suite", "imagenet-r", "--data", f"imagenet-r={data}")
    assert done.exit_code == 3, "two class folders are not the benchmark's 200"
    assert "imagenet-r has 200 classes, class folders here: 2" in done.stderr
    assert summary_of(tmp_path / "run") == {"imagenet_r": pytest.approx(80.0)}
    clean = run(tmp_path / "clean", "--suite", "clean", "--data", data)
    assert clean.exit_code == 0
    assert summary_of(tmp_path / "clean") == {"clean": pytest.approx(60.0)}


def test_mce_of_an_imagenet_c_tree_is_the_one_by_hand(tmp_path: Path) -> None:
    wrong = {("fog", 1): 2, ("fog", 5): 4, ("contrast", 3): 1}
    tree = imagenet_c(tmp_path / "c", wrong)
    clean = class_folders(tmp_path / "clean", {7: [7, 7, 7, 9]})
    arguments = ("--suite", "imagenet-c,clean", "--data", f"imagenet-c={tree}", "--data", f"clean={clean}")
    done = run(tmp_path / "run", *arguments)
    assert done.exit_code == 0, done.output
    errors = dict.fromkeys(ALEXNET, 0.0) | {"fog": (2 / 4 + 4 / 4) / 5, "contrast": (1 / 4) / 5}
    values = summary_of(tmp_path / "run")
    assert values["mce"] == pytest.approx(100 * np.mean([errors[name] / ALEXNET[name] for name in ALEXNET]))
    relative = [(errors[name] - 0.25) / (ALEXNET[name] - 0.435) for name in ALEXNET]
    assert values["relative_mce"] == pytest.approx(100 * np.mean(relative))
    assert values["accuracy"] == pytest.approx(100 * (1 - (0.3 + 0.05) / 15))
    assert values["clean"] == pytest.approx(75)
    report = (tmp_path / "run/report.html").read_text()
    assert "paper: VARS-SD" in report and "58.3" in report
    at = {
        (entry["corruption"], entry.get("severity")): entry["value"]
        for entry in json.loads((tmp_path / "run/summary.json").read_text())
        if entry["metric"] == "error_imagenet-c"
    }
    assert at["fog", None] == pytest.approx(30) and at["fog", 5] == pytest.approx(100)


def test_a_missing_severity_and_an_empty_corruption_are_named_and_leave_no_mce(tmp_path: Path) -> None:
    tree = imagenet_c(tmp_path / "c", {})
    for path in (tree / "snow/2").rglob("*.png"):
        path.unlink()
    (tree / "frost").rename(tmp_path / "frost")
    done = run(tmp_path / "run", "--suite", "imagenet-c", "--data", f"imagenet-c={tree}")
    assert done.exit_code == 3
    assert "corruptions and severities without a picture: 6 (snow/2, frost/1" in done.stderr
    assert set(summary_of(tmp_path / "run")) == {"accuracy"}


def test_folders_that_are_no_wordnet_ids_and_broken_pictures_are_named_and_counted(tmp_path: Path) -> None:
    data = class_folders(tmp_path / "clean", {1: [1, 1]})
    write_picture(data / "goldfish" / "a.png", 1)
    (data / IDS[1] / "broken.png").write_bytes(b"no picture")
    (data / IDS[2]).mkdir()
    done = run(tmp_path / "run", "--suite", "clean", "--data", data)
    assert done.exit_code == 3
    assert "named by no WordNet id, left out: 1 (clean/goldfish)" in done.stderr
    assert f"class folders without a picture: 1 (clean/{IDS[2]})" in done.stderr
    assert "1 of 3 images could not be scored" in done.stderr
    assert summary_of(tmp_path / "run") == {"clean": 100.0}
    assert (
        "broken.png cannot be decoded" in (tmp_path / "run/report.html").read_text()
        or "not a picture" in (tmp_path / "run/report.html").read_text()
    )


def test_a_model_that_does_not_know_the_classes_is_refused_before_the_first_batch(tmp_path: Path) -> None:
    write_picture(tmp_path / "clean/n99999999/a.png", 1)
    done = run(tmp_path / "run", "--suite", "clean", "--data", tmp_path / "clean")
    assert isinstance(done.exception, InputError)
    assert "made/classifier has 200 classes, clean has 1: 1 of these are none" in str(done.exception)
    assert not list((tmp_path / "run/rows").iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--suite", "imagenet-q", "--data", "x"), "got 'imagenet-q'"),
        (("--suite", "imagenet-c", "--data", "x"), "expected --data imagenet-c=DIR"),
        (("--suite", "clean", "--data", "absent"), "there is none at absent"),
        (("--suite", "clean", "--data", "a", "--data", "b"), "expected one --data for clean"),
        (("--suite", "pgd", "--data", "x", "--epsilon", "much"), "--epsilon as a fraction or a number, such as 8/255"),
    ],
)
def test_bad_input_is_a_sentence(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done = run(tmp_path / "run", *arguments)
    assert isinstance(done.exception, InputError) and sentence in str(done.exception)


def test_a_stopped_run_is_continued_to_the_same_bytes(tmp_path: Path) -> None:
    tree, out = imagenet_c(tmp_path / "c", {("fog", 2): 3}), tmp_path / "run"
    arguments = ("--suite", "imagenet-c", "--data", f"imagenet-c={tree}", "--batch-size", 32)
    assert run(out, *arguments).exit_code == 0
    before = {name: (out / name).read_bytes() for name in ("summary.json", "report.html")}
    for part in (1, 4):
        Run.read(out).part_path(part).unlink()
    assert run(out, *arguments).exit_code == 0
    assert {name: (out / name).read_bytes() for name in before} == before


def test_parquet_with_its_classes_beside_it_reads_like_folders(tmp_path: Path) -> None:
    folders = class_folders(tmp_path / "clean", {0: [0, 4], 1: [1, 1]})
    files = sorted(folders.rglob("*.png"))
    table = pa.table({"image": [file.read_bytes() for file in files], "label": [0, 0, 1, 1]})
    (tmp_path / "tables").mkdir()
    pq.write_table(table, tmp_path / "tables/val.parquet")
    with (tmp_path / "tables/classes.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("label", "wnid", "name"), (0, IDS[0], "a"), (1, IDS[1], "b")])
    assert run(tmp_path / "run", "--suite", "clean", "--data", tmp_path / "tables").exit_code == 0
    assert summary_of(tmp_path / "run") == {"clean": 75.0}


def test_a_photograph_is_decoded_once_for_all_its_variants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variants = [("contrast", 1), ("contrast", 5), ("fog", 3)]
    samples = open_suite(CORRUPTED, class_folders(tmp_path, {7: [7, 8], 9: [9]}), variants=variants).samples
    assert len(samples) == 3 * len(variants)
    decoded: list[bytes] = []
    monkeypatch.setattr(robustness, "decode_image", lambda data: (decoded.append(data), decode_image(data))[1])
    evaluation = RobustnessEvaluation(samples, {}, {})
    made = [evaluation.load(sample)[0] for sample in samples]
    assert len(decoded) == 3
    for sample, image in zip(samples, made, strict=True):
        assert (RobustnessEvaluation([sample], {}, {}).load(sample)[0] == image).all()


def test_corrupting_on_the_fly_goes_by_its_own_name(tmp_path: Path) -> None:
    data = class_folders(tmp_path / "clean", {100: [100]})
    done = run(
        tmp_path / "run",
        "--suite",
        "corrupted",
        "--data",
        data,
        "--names",
        "pixelate,brightness",
        "--severities",
        "1,2",
    )
    assert done.exit_code == 0, done.output
    assert set(summary_of(tmp_path / "run")) == {"corrupted_accuracy"}  # no mCE of two corruptions
    assert "corrupted on the fly, not ImageNet-C" in done.stdout
    rows: list[dict[str, Any]] = Run.read(tmp_path / "run").rows().to_pylist()
    assert {(row["corruption"], row["correct"]) for row in rows} == {("pixelate", True), ("brightness", False)}


def test_rows_of_table_2_are_fetched_where_that_is_asked_for_and_a_missing_network_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, absent, files = command.models_of(["table2"], ["timm/resnet50=mine.pth"], None, hub=True)
    assert chosen == [spec for spec in ROWS if spec.startswith("timm/")]
    assert absent == [spec for spec in ROWS if not spec.startswith("timm/")]
    assert files == ["timm/resnet50=mine.pth", *(f"{spec}=hub" for spec in chosen if spec != "timm/resnet50")]
    monkeypatch.setattr(command, "load_backends", load_backends)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))
    data = class_folders(tmp_path / "clean", {1: [1]})
    asked = ["robustness", "--suite", "clean", "--data", data, "--out", tmp_path / "run", "--model", "table2", "--hub"]
    refused = CliRunner().invoke(app, list(map(str, asked))).exception
    assert isinstance(refused, InputError)
    assert re.match(r"the weights of timm/regnety_040 cannot be fetched: there is no network, or none", str(refused))


def test_rows_of_table_2_without_weights_are_listed_and_never_run(tmp_path: Path) -> None:
    data = class_folders(tmp_path / "clean", {1: [1]})
    weights = tmp_path / "weights"
    weights.mkdir()
    alone = CliRunner().invoke(
        app, ["robustness", "--suite", "clean", "--data", str(data), "--out", str(tmp_path / "a"), "--model", "table2"]
    )
    assert isinstance(alone.exception, InputError) and "weights for at least one" in str(alone.exception)
    (weights / "rvt_tiny_vars_d.pth").write_bytes(b"")
    done = CliRunner().invoke(
        app,
        [
            *("robustness", "--suite", "clean", "--data", str(data), "--out", str(tmp_path / "run")),
            *("--model", "table2", "--weights", str(weights)),
        ],
    )
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "run/run.json").read_text())["settings"]["models"] == ["rvt_tiny/vars_d"]
    assert "timm/resnet50: no weights, not run" in done.stderr
    assert "rvt_tiny/performer (no weights: not run)" in (tmp_path / "run/report.html").read_text()
