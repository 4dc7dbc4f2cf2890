"""The command as a user types it: pinned numbers on the shared data, and every way of getting it wrong."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.__main__ import main

from .made import OBSERVERS, gaze_of, made_rows, make_mit1003, make_table


def run_command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["analysis", "fixations", *map(str, arguments)])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def values_of(out: Path) -> dict[tuple[str, str], dict[str, Any]]:
    return {(entry["model"], entry["metric"]): entry for entry in json.loads((out / "summary.json").read_text())}


@pytest.mark.parametrize(
    ("name", "options", "images", "count", "image_mean", "fixation_mean", "human"),
    [
        ("mit1003", ("--layout", "table", "--drop-first"), 50, 4639, 1.199531, 1.174963, 2.6752),
        ("osie", ("--layout", "osie"), 350, 49116, 0.850480, 0.844724, 3.7071),
    ],
)
def test_the_pinned_floors_and_ceilings(
    name: str,
    options: tuple[str, ...],
    images: int,
    count: int,
    image_mean: float,
    fixation_mean: float,
    human: float,
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "run"
    arguments = ("--data", shared / "data" / name, *options, "--metrics", "nss", "--out", out)
    assert run_command(monkeypatch, *arguments) == 0
    values = values_of(out)
    assert round(values["baseline:centre", "nss"]["value"], 6) == image_mean
    assert round(values["baseline:centre", "nss_fixation_mean"]["value"], 6) == fixation_mean
    assert round(values["human", "nss"]["value"], 4) == human
    assert {entry["n"] for entry in values.values()} == {images}
    said = capsys.readouterr().out
    assert f"{images} images scored with {count} fixations" in said
    if name == "osie":
        assert "350 of 700 listed images" in said
        assert "images listed but missing in stimuli: 350" in said
        (note,) = json.loads((out / "run.json").read_text())["data"]["notes"]
        assert note["count"] == len(note["names"]) == 350


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return make_table(tmp_path / "data", made_rows(4), 4)


def test_everything_that_was_left_out_is_in_the_output_the_run_and_the_report(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with (table / "fixations.csv").open("a") as file:
        file.write("gone.png,anna,1,1\nimage_0.png,bo,,3\n")
    out = tmp_path / "run"
    assert run_command(monkeypatch, "--data", table, "--layout", "table", "--sigma", 5, "--out", out) == 0
    said = capsys.readouterr().out
    report = (out / "report.html").read_text()
    facts = json.loads((out / "run.json").read_text())["data"]
    for what in (
        "images listed but missing in stimuli",
        "4 fixations dropped outside their image",
        "1 fixations dropped without a number",
    ):
        assert what in said
        assert what in report
        assert any(what in note["what"] for note in facts["notes"])
    assert "gone.png" in report
    assert "image_0.png ×1" in report
    for word in ("baseline:centre", "baseline:crossval", "human", "AUC-Judd", "Per observer", *OBSERVERS):
        assert word in report
    assert "http" not in report.split("</style>")[0]


def test_the_same_command_continues_and_other_settings_are_refused(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    arguments = ("--data", table, "--layout", "table", "--metrics", "nss", "--out", out)
    assert run_command(monkeypatch, *arguments) == 0
    first = (out / "summary.json").read_bytes()
    (out / "rows/part-000000.parquet").unlink()
    assert run_command(monkeypatch, *arguments) == 0
    assert (out / "summary.json").read_bytes() == first
    assert run_command(monkeypatch, *arguments, "--drop-first") == 2
    assert "drop_first" in capsys.readouterr().err


def test_untrained_models_are_scored_at_every_iterate_and_named_as_untrained(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    arguments = ("--data", table, "--layout", "table", "--sigma", 5, "--metrics", "nss,kl", "--out", out)
    models = ("--model", "rvt_nano/vars_d", "--model", "rvt_nano/self", "--readout", "energy", "--readout", "gap")
    assert run_command(monkeypatch, *arguments, *models, "--layer", "0.0", "--layer", "default", "--device", "cpu") == 0
    entries = json.loads((out / "summary.json").read_text())
    seen = {(e["model"], e["layer"], e["readout"], e["iteration"]) for e in entries if e["layer"]}
    layers = {layer for _, layer, _, _ in seen}
    assert len(layers) == 2
    assert {key for key in seen if key[0].endswith("vars_d")} == {
        ("rvt_nano/vars_d", layer, readout, t) for layer in layers for readout in ("energy", "gap") for t in range(4)
    }
    assert {t for model, _, _, t in seen if model.endswith("self")} == {0}
    assert "NSS per iterate" in (out / "report.html").read_text()


def test_extract_writes_what_the_reader_found_and_the_table_scores_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials = {
        (image, observer): gaze_of((200, 150, 150), (90 + 9 * i, 80, 150), (300, 200 + 8 * i, 150), seed=i)
        for i, observer in enumerate(("hp", "jw", "tu"))
        for image in ("a", "b")
    }
    root = make_mit1003(tmp_path / "mit", trials)
    written = tmp_path / "again/fixations.csv"
    assert run_command(
        monkeypatch, "--data", root, "--layout", "mit1003", "--extract", written, "--out", tmp_path / "one"
    ) == 0  # fmt: skip
    with written.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["image", "observer", "x", "y", "start_s", "duration_s"]
    assert len(rows) == 2 * 3 * 2, "three fixations a trial, the first dropped"
    (root / "ALLSTIMULI").rename(tmp_path / "again/stimuli")
    assert run_command(monkeypatch, "--data", tmp_path / "again", "--layout", "table", "--out", tmp_path / "two") == 0
    one, two = values_of(tmp_path / "one"), values_of(tmp_path / "two")
    assert one == two


def test_a_broken_trial_is_counted_and_the_command_ends_with_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gaze = gaze_of((200, 150, 150), (90, 80, 150))
    root = make_mit1003(tmp_path / "mit", {("a", "hp"): gaze, ("a", "jw"): gaze + 3, ("a", "tu"): gaze})
    (root / "DATA/tu/a.mat").write_bytes(b"no")
    (root / "DATA/jw/a.mat").rename(root / "DATA/jw/b.mat")
    assert run_command(monkeypatch, "--data", root, "--layout", "mit1003", "--out", tmp_path / "run") == 3
    said = capsys.readouterr()
    assert "trials that cannot be read: 1" in said.err
    assert "trials missing: 1 (jw/a.mat)" in said.out
    assert "images with gaze that are missing in ALLSTIMULI: 1 (b)" in said.out
    assert "observers of MIT1003 without a folder in DATA: 12" in said.out


def in_unit(factor: float, offset: float = 0.0) -> list[tuple[str, str, float, float]]:
    return [(image, observer, x * factor + offset, y * factor) for image, observer, x, y in made_rows(2)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (in_unit(1, 5000), "not one lies inside its image: x lies between 49"),
        (in_unit(1 / 100), "got fractions of its sides on 2 of 2 images (image_0.png, …): x lies between -0.01"),
        (in_unit(float("nan")), "not one of the"),
    ],
)
def test_fixations_in_another_unit_are_refused_in_a_sentence(
    rows: Any, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_table(tmp_path / "data", rows, 2)
    assert run_command(monkeypatch, "--data", root, "--layout", "table", "--out", tmp_path / "run") == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--layout", "table"), "expected --out RUN, --extract FILE or both"),
        (("--layout", "table", "--out", "{out}", "--metrics", "nss,roc"), "'roc'"),
        (("--layout", "table", "--out", "{out}", "--blur", "0,wide"), "'0,wide'"),
        (("--layout", "table", "--out", "{out}", "--blur", "-3"), "between 0 and 1000"),
        (("--layout", "table", "--out", "{out}", "--sigma", "0"), "above 0"),
        (("--layout", "table", "--out", "{out}", "--iteration", "first"), '"last" or a number'),
        (("--layout", "table", "--out", "{out}", "--model", "rvt_nano/vars_x"), "vars_x"),
        (("--layout", "osie", "--out", "{out}"), "fixations.mat"),
        (("--layout", "mit1003", "--out", "{out}"), "ALLSTIMULI"),
        (("--layout", "table", "--extract", "{out}.txt"), ".csv or .parquet"),
        (("--layout", "elsewhere", "--out", "{out}"), "elsewhere"),
    ],
)
def test_a_wrong_command_ends_with_two_and_one_sentence(
    arguments: tuple[str, ...],
    said: str,
    table: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    filled = [part.replace("{out}", str(tmp_path / "run")) for part in arguments]
    assert run_command(monkeypatch, "--data", table, *filled) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_images_that_nobody_looked_at_are_skipped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [*made_rows(2), ("image_2.png", "anna", -9.0, 4.0)]
    root = make_table(tmp_path / "data", rows, 3)
    arguments = ("--data", root, "--layout", "table", "--metrics", "nss", "--out", tmp_path / "run")
    assert run_command(monkeypatch, *arguments) == 0
    said = capsys.readouterr().out
    assert "images skipped without a fixation inside them: 1 (image_2.png)" in said
    assert "2 images scored" in said
    assert "1 images skipped" in said
    assert np.isfinite(values_of(tmp_path / "run")["human", "nss"]["value"])
