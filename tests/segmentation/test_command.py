"""The command: its pins, its exit statuses, its report."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from analysis.__main__ import main
from analysis.colour_maps import COLOUR_MAPS
from analysis.commands import segmentation as command
from analysis.evaluations.segmentation import Segmentation
from vars_core.data.voc import read_voc

from ..made import MadeAttention, MadeBackend, write_image
from .made import made_labels, make_voc, write_labels


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """The exit status of ``python -m analysis segmentation ARGUMENTS``."""
    monkeypatch.setattr("sys.argv", ["analysis", "segmentation", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def summary_of(folder: Path) -> dict[tuple[Any, ...], float]:
    entries = json.loads((folder / "summary.json").read_text())
    return {
        (entry["model"], entry["layer"], entry["readout"], entry["iteration"], entry["metric"]): entry["value"]
        for entry in entries
    }


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to load a model fails the test."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("vars_core.weights.load_model", refuse)


@pytest.fixture
def made_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made backend answers for any model asked for."""
    monkeypatch.setattr(command, "load_backends", lambda requests, device: [MadeBackend() for _ in requests])


@pytest.mark.usefixtures("no_model")
def test_the_baselines_on_davis_have_their_pinned_values(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--data", shared / "data/davis_voc", "--out", tmp_path / "run") == 0
    values = summary_of(tmp_path / "run")
    pins = {
        "baseline:all": {"iou_pooled": 7.3095, "fp": 92.6905, "fn": 0.0},
        "baseline:centre": {"iou_pooled": 14.4136, "iou_image_mean": 14.2810, "fp": 38.6016, "fn": 0.6920},
    }
    printed = capsys.readouterr().out
    for model, metrics in pins.items():
        for metric, value in metrics.items():
            assert round(values[model, None, None, None, metric], 4) == value
            assert f"{value:.4f}" in printed


@pytest.mark.usefixtures("made_model")
def test_every_iterate_of_the_chosen_maps_is_in_the_summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_voc(tmp_path / "voc", 3)
    spec = "rvt_nano/vars_d"
    out = tmp_path / "run"
    more = ("--layer", "all", "--readout", "energy", "--readout", "gap", "--heads", "--limit", 2)
    assert run(monkeypatch, "--data", root, "--out", out, "--model", spec, *more) == 0
    metrics = {"iou_pooled", "iou_image_mean", "fp", "fn", "iou_best_threshold"}
    expected = {
        ("made/model", layer, readout, step, metric)
        for layer in ("0.0", "0.1")
        for readout in ("energy", "gap")
        for step in range(3)
        for metric in metrics | {"iou_best_head"}
    } | {(f"baseline:{name}", None, None, None, metric) for name in ("all", "centre") for metric in metrics}
    assert set(summary_of(out)) == expected
    facts = json.loads((out / "run.json").read_text())
    assert facts["data"]["samples"] == 2
    assert facts["models"]["made/model"]["layers"] == ["0.0", "0.1"]


def test_a_run_belongs_to_one_image_size_which_the_report_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fixed = ("--data", make_voc(tmp_path / "voc", 1), "--out", tmp_path / "run", "--model", "rvt_nano/self")
    assert run(monkeypatch, *fixed, "--image-size", "64x48") == 0
    facts = json.loads((tmp_path / "run/run.json").read_text())
    assert (facts["settings"]["image_size"], facts["models"]["rvt_nano/self"]["image_size"]) == ("64x48", [48, 64])
    assert "rvt_nano/self: input of 64x48 px." in (tmp_path / "run/report.html").read_text()
    assert run(monkeypatch, *fixed, "--image-size", 96) == 2
    assert 'image_size = "64x48", this command has "96"' in capsys.readouterr().err


@pytest.mark.usefixtures("made_model")
def test_the_same_command_again_computes_nothing_and_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, out = make_voc(tmp_path / "voc", 5), tmp_path / "run"
    arguments = ("--data", root, "--out", out, "--model", "rvt_nano/vars_d", "--batch-size", 2)
    assert run(monkeypatch, *arguments) == 0
    before = (out / "summary.json").read_bytes()
    stamps = {path: path.stat().st_mtime_ns for path in (out / "rows").iterdir()}
    assert len(stamps) == 3
    assert run(monkeypatch, *arguments, "--workers", 5) == 0
    assert (out / "summary.json").read_bytes() == before
    assert {path: path.stat().st_mtime_ns for path in (out / "rows").iterdir()} == stamps


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--threshold", "1.5"), "--threshold of 0..1, got 1.5"),
        (("--iteration", "-1"), '"last" or a number'),
        (("--image-size", "small"), "an image size such as 224 or 224x168 (width x height), got 'small'"),
        (("--split", "train"), "got 'train' (known: 'val')"),
        (("--split", "empty"), "is empty"),
        (("--layout", "pairs"), "that is --layout voc"),
        (("--model", "rvt_nano/vars_x"), "'rvt_nano/vars_d'"),
        (("--model", "rvt_nano/self", "--model", "rvt_nano/self"), "twice"),
        (("--model", "rvt_nano/self", "--checkpoint", "rvt_nano/self=absent.pth"), "none at 'absent.pth'"),
        (("--model", "rvt_nano/self", "--checkpoint", "rvt_nano/vars_d=x"), "for one of the models"),
        (("--layout", "pairs", "--split", "val"), "expected no --split with the layout pairs"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2_before_any_model(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    named: str,
) -> None:
    root = make_voc(tmp_path / "voc", 1)
    if "empty" in arguments:
        (root / "ImageSets/Segmentation/empty.txt").write_text("")
    if "val" in arguments:
        (root / "images").mkdir()
        (root / "masks").mkdir()
    assert run(monkeypatch, "--data", root, "--out", tmp_path / "run", *arguments) == 2
    said = capsys.readouterr().err.strip()
    assert named in said
    assert said.startswith("error: ")
    assert "\n" not in said
    assert not (tmp_path / "run").exists()


@pytest.mark.usefixtures("no_model")
def test_an_output_that_cannot_be_written_or_holds_another_run_is_status_2_before_any_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_voc(tmp_path / "voc", 2)
    (tmp_path / "file").write_text("")
    with_model = ("--data", root, "--model", "rvt_nano/self")
    assert run(monkeypatch, *with_model, "--out", tmp_path / "file/run") == 2
    assert "can be written" in capsys.readouterr().err
    assert run(monkeypatch, "--data", root, "--out", tmp_path / "run") == 0
    assert run(monkeypatch, *with_model, "--out", tmp_path / "run") == 2
    assert 'models = [], this command has ["rvt_nano/self"]' in capsys.readouterr().err
    (root / "ImageSets/Segmentation/val.txt").write_text("2007_000000\n")
    assert run(monkeypatch, "--data", root, "--out", tmp_path / "run") == 2
    assert "data.samples = 2, this command has 1" in capsys.readouterr().err


@pytest.mark.usefixtures("no_model")
def test_a_device_that_is_not_there_is_status_2_before_any_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_voc(tmp_path / "voc", 1)
    arguments = ("--data", root, "--model", "rvt_nano/self", "--out", tmp_path / "run")
    assert run(monkeypatch, *arguments, "--device", "abacus") == 2
    assert "device 'abacus' is not there" in capsys.readouterr().err


@pytest.mark.usefixtures("made_model")
def test_a_layer_or_iterate_that_is_not_there_is_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fixed = ("--data", make_voc(tmp_path / "voc", 1), "--model", "rvt_nano/self")
    assert run(monkeypatch, *fixed, "--out", tmp_path / "a", "--layer", "0.7") == 2
    assert "a layer of made/model, got '0.7' (nearest: '0.1', '0.0')" in capsys.readouterr().err
    assert run(monkeypatch, *fixed, "--out", tmp_path / "a", "--iteration", "3") == 2
    assert "--iteration of 0..2, got 3" in capsys.readouterr().err
    # Nothing was stored under the wrong settings, so the folder is still free for the right ones.
    assert run(monkeypatch, *fixed, "--out", tmp_path / "a") == 0


@pytest.mark.usefixtures("made_model")
def test_files_at_fault_become_rows_and_status_3_after_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = make_voc(tmp_path / "voc", 7), tmp_path / "run"
    whole = make_voc(tmp_path / "whole", 7)
    (root / "JPEGImages/2007_000001.jpg").unlink()
    (root / "SegmentationClass/2007_000002.png").write_bytes(b"no picture")
    write_labels(root / "SegmentationClass/2007_000004.png", made_labels(4, (10, 10)))
    arguments = ("--model", "rvt_nano/vars_d", "--batch-size", 3)
    assert run(monkeypatch, "--data", root, "--out", out, *arguments) == 3
    assert "3 of 7 images could not be scored" in capsys.readouterr().err
    entries = json.loads((out / "summary.json").read_text())
    assert {entry["n"] for entry in entries} == {4}
    report = (out / "report.html").read_text()
    assert "3 of 7 images could not be scored" in report
    assert "JPEGImages/2007_000001.jpg is missing" in report
    # Repaired and continued, the run is as if nothing had been wrong.
    for path in sorted(whole.rglob("*.*")):
        (root / path.relative_to(whole)).write_bytes(path.read_bytes())
    assert run(monkeypatch, "--data", root, "--out", out, *arguments) == 0
    assert run(monkeypatch, "--data", whole, "--out", tmp_path / "undisturbed", *arguments) == 0
    assert (out / "summary.json").read_bytes() == (tmp_path / "undisturbed/summary.json").read_bytes()


def test_nothing_but_faulty_files_still_ends_in_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_voc(tmp_path / "voc", 2)
    for pair in read_voc(root).pairs:
        pair.mask.unlink()
    assert run(monkeypatch, "--data", root, "--out", tmp_path / "run") == 3
    assert json.loads((tmp_path / "run/summary.json").read_text()) == []
    assert "2 of 2 images could not be scored" in (tmp_path / "run/report.html").read_text()


def test_a_pair_of_folders_is_scored_like_the_other_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_voc(tmp_path / "voc", 3)
    for pair in read_voc(root).pairs:
        for source, folder in ((pair.image, "images"), (pair.mask, "masks")):
            target = tmp_path / "pairs" / folder / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    assert run(monkeypatch, "--data", root, "--out", tmp_path / "a") == 0
    assert run(monkeypatch, "--data", tmp_path / "pairs", "--layout", "pairs", "--out", tmp_path / "b") == 0
    assert (tmp_path / "a/summary.json").read_bytes() == (tmp_path / "b/summary.json").read_bytes()


def test_files_of_one_name_in_two_subfolders_are_two_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed, folder in enumerate(("a", "b")):
        write_image(tmp_path / "pairs/images" / folder / "photo.jpg", seed, (20, 30))
        write_labels(tmp_path / "pairs/masks" / folder / "photo.png", made_labels(seed, (20, 30)))
    assert run(monkeypatch, "--data", tmp_path / "pairs", "--layout", "pairs", "--out", tmp_path / "run") == 0
    data = json.loads((tmp_path / "run/run.json").read_text())["data"]
    assert (data["samples"], data["files"]) == (2, 4)


def test_white_on_black_masks_count_white_as_foreground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_image(tmp_path / "pairs/images/a.jpg", 0, (10, 10))
    mask = Image.new("L", (10, 10))
    mask.paste(255, (0, 0, 5, 2))
    (tmp_path / "pairs/masks").mkdir()
    mask.save(tmp_path / "pairs/masks/a.png")
    assert run(monkeypatch, "--data", tmp_path / "pairs", "--layout", "pairs", "--out", tmp_path / "run") == 0
    assert summary_of(tmp_path / "run")["baseline:all", None, None, None, "iou_pooled"] == pytest.approx(10)
    assert json.loads((tmp_path / "run/run.json").read_text())["data"]["labels"] == "0 background, all else foreground"


def test_a_model_with_one_iterate_is_shown_at_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "load_backends", lambda requests, device: [MadeAttention()])
    fixed = ("--data", make_voc(tmp_path / "voc", 2), "--model", "rvt_nano/self", "--iteration", 2)
    assert run(monkeypatch, *fixed, "--out", tmp_path / "run") == 0
    assert "made/model 0.1 energy 0 " in capsys.readouterr().out
    assert "made/model 0.1 energy t=0: 2 images" in (tmp_path / "run/report.html").read_text()


def test_a_photograph_lost_since_it_was_scored_leaves_the_report_standing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, out = make_voc(tmp_path / "voc", 2), tmp_path / "run"
    assert run(monkeypatch, "--data", root, "--out", out) == 0
    before = (out / "summary.json").read_bytes()
    (root / "JPEGImages/2007_000001.jpg").unlink()
    assert run(monkeypatch, "--data", root, "--out", out) == 0
    assert (out / "summary.json").read_bytes() == before
    assert "2007_000001: JPEGImages/2007_000001.jpg is missing" in (out / "report.html").read_text()


@pytest.mark.usefixtures("made_model")
def test_the_report_opens_offline_and_holds_every_number_and_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, out = make_voc(tmp_path / "voc", 12), tmp_path / "run"
    loaded: list[str] = []
    load = Segmentation.load
    monkeypatch.setattr(Segmentation, "load", lambda self, pair: (loaded.append(pair.id), load(self, pair))[1])
    assert run(monkeypatch, "--data", root, "--out", out, "--model", "rvt_nano/vars_d", "--batch-size", 5) == 0
    assert sorted(loaded) == sorted(2 * list(dict.fromkeys(loaded))), "once to be scored, once to be shown on 5 cards"
    report = (out / "report.html").read_text()
    page = re.sub(r"<script>.*?</script>", "", report, flags=re.DOTALL)
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert "made/model has no trained weights" in page
    assert "paper: VARS-SD (VOC2012 val, the paper&#x27;s weights)" in page
    assert page.count('class="card"') == 3 * 2 * 10
    assert page.count("<img ") == 3 * 3 * 2 * 10
    for (model, *_), value in summary_of(out).items():
        assert repr(value) in page, model
    for position in range(12):
        assert f">part-{position // 5:06d}.parquet</td>" in page
    assert 'data-model="baseline:centre"' in page
    assert 'value="made/model"' in page


@pytest.mark.usefixtures("made_model")
def test_the_report_is_drawn_in_the_colours_asked_for_and_again_in_others_without_scoring_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, out, pictures = make_voc(tmp_path / "voc", 1), tmp_path / "run", {}
    for name in ("inferno", "cividis"):
        done = ("--data", root, "--out", out, "--readout", "energy", "--model", "rvt_nano/vars_d", "--colour-map", name)
        assert run(monkeypatch, *done) == 0
        assert json.loads((out / "run.json").read_text())["colour_map"] == name
        report = (out / "report.html").read_text()
        assert (
            f"Maps are drawn in {COLOUR_MAPS[name].title}, each on its own scale. {COLOUR_MAPS[name].words}" in report
        )
        first = base64.b64decode(re.findall(r'alt="map" src="data:image/webp;base64,([^"]+)"', report)[-1])
        pictures[name] = np.asarray(Image.open(io.BytesIO(first)).convert("RGB")).astype(int)
        monkeypatch.setattr(Segmentation, "score", None)  # nothing is scored a second time
    assert np.abs(pictures["inferno"] - pictures["cividis"]).mean() > 10


def test_truths_without_an_object_have_no_best_threshold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(2):
        write_image(tmp_path / f"pairs/images/{index}.jpg", index, (20, 30))
        (tmp_path / "pairs/masks").mkdir(exist_ok=True)
        Image.new("L", (30, 20)).save(tmp_path / f"pairs/masks/{index}.png")
    assert run(monkeypatch, "--data", tmp_path / "pairs", "--out", tmp_path / "run") == 0
    assert summary_of(tmp_path / "run")["baseline:all", None, None, None, "iou_pooled"] == 0
    assert not [key for key in summary_of(tmp_path / "run") if key[-1] == "iou_best_threshold"]
    assert "–" in capsys.readouterr().out
    assert (tmp_path / "run/report.html").is_file()


def test_what_was_assumed_is_printed_stored_and_reported_and_what_is_said_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_voc(tmp_path / "voc", 2)
    for values, assumed in (((), True), (("--mask-values", "voc"), False)):
        out = tmp_path / f"run_{assumed}"
        assert run(monkeypatch, "--data", root, "--out", out, *values) == 0
        sentence = (
            "masks are read as voc (0 background, 1..20 foreground, 255 void), because the layout is PASCAL VOC's"
        )
        facts = json.loads((out / "run.json").read_text())
        printed = "".join(capsys.readouterr())
        assert (f"assumed: {sentence}" in printed) == assumed
        assert (sentence in facts["assumptions"]) == assumed
        report = (out / "report.html").read_text()
        for convention in facts["conventions"]:
            assert printed.count(f"assumed: {convention}") == 1 and f"Taken for granted: {convention}." in report
        assert any("EXIF" in one for one in facts["conventions"])
        assert ("because the layout is PASCAL VOC" in report) == assumed
        assert facts["settings"]["mask_values"] == "voc"
