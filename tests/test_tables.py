"""Finished runs as tables, and maps as one sheet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.paper_figures.maps import contact_sheet
from analysis.paper_figures.marks import Raster
from analysis.paper_figures.studio import Studio
from analysis.provenance import conditions
from analysis.readout_table import Measure, SizedReading, baseline_table, ranked_places, size_table
from vars_core import Backend, create_model
from vars_core.errors import InputError


def entry(model: str, layer: str | None, readout: str | None, t: int | None, value: float) -> dict[str, object]:
    place = {"model": model, "layer": layer, "readout": readout, "iteration": t}
    return place | {"metric": "nss", "value": value, "ci95": [value - 0.1, value + 0.1], "n": 3}


SUMMARY = [
    entry("baseline:centre", None, None, None, 1.2),
    entry("m", "0.0", "energy", 1, 0.5),
    entry("m", "0.0", "energy", 0, 0.25),
    entry("m", "0.1", "stream", 0, 0.75),
    entry("m", "0.1", "stream", 1, -0.5),
    entry("m", "0.1", "stream", 1, 9.9) | {"blur": 10.0},
]

FACTS = {
    "command": "python -m analysis segmentation --data /somewhere/photos --checkpoint m=/else/m.pth --out runs/a",
    "settings": {"limit": 3},
    "data": {"folder": "/somewhere/photos", "samples": 7, "names_sha256": "cd" * 32},
    "models": {
        "m": {"checkpoint": "ab" * 32, "image_size": [168, 224]},
        "fresh": {"checkpoint": None, "image_size": 112},
    },
}


def stored(folder: Path) -> Path:
    folder.mkdir()
    (folder / "summary.json").write_text(json.dumps(SUMMARY))
    (folder / "run.json").write_text(json.dumps(FACTS))
    return folder


def measure(*runs: tuple[list[dict[str, object]], int]) -> Measure:
    made = Measure("made NSS", 2)
    for summary, size in runs:
        made.add(summary, "nss", {"m": size})
    return made


def test_iterates_stand_in_order_and_baselines_apart() -> None:
    made = measure((SUMMARY, 224))
    assert baseline_table([made]).splitlines()[2] == "| baseline:centre | 1.20 |"
    lines = size_table([made], "224").splitlines()
    assert "| m | 0.0 | energy | 0.25 / 0.50 |" in lines
    assert "| m | 0.1 | stream | 0.75 / -0.50 |" in lines
    assert not any("baseline" in line for line in lines)


def test_places_are_ranked_by_their_last_iterate_over_all_sizes() -> None:
    better = [entry("m", "0.0", "energy", 0, 0.25), entry("m", "0.1", "stream", 0, 3.75)]
    ranked = ranked_places([measure((SUMMARY, 112), (better, 224))], ["m"])
    assert [place for place, _ in ranked] == [
        SizedReading("224", "0.1", "stream"),
        SizedReading("112", "0.0", "energy"),
        SizedReading("224", "0.0", "energy"),
        SizedReading("112", "0.1", "stream"),
    ]
    values = np.array([3.75, 0.5, 0.25, -0.5])
    assert [score for _, score in ranked] == pytest.approx(list((values - values.mean()) / values.std()))


def test_a_place_that_one_model_was_not_read_at_is_not_ranked() -> None:
    made = measure((SUMMARY, 112))
    made.add([entry("other", "0.0", "energy", 0, 0.5)], "nss", {"other": 112})
    assert [place for place, _ in ranked_places([made], ["m", "other"])] == [SizedReading("112", "0.0", "energy")]


def test_commands_print_the_tables_of_a_run_and_what_its_numbers_belong_to(tmp_path: Path) -> None:
    run = stored(tmp_path / "run")
    ranked = CliRunner().invoke(app, ["readouts", "--run", f"made={run}"])
    assert ranked.exit_code == 0 and "| 1 | 224x168 | 0.0 | energy | +1.00 | 0.50 |" in ranked.output
    shown = CliRunner().invoke(app, ["table", "--run", str(run), "--digits", "2"])
    assert "| m | 0.0 | energy | 1 | 0.50 [0.40, 0.60] |" in shown.output
    assert "| m | 0.1 | stream | 1 | -0.50 [-0.60, -0.40] |" in shown.output
    for line in (
        "`python -m analysis segmentation --data photos --checkpoint m=m.pth --out runs/a`",
        f"data: photos, 7 images (SHA-256 of their names {'cd' * 8}), the first 3 scored",
        f"m: weights {'ab' * 8}, input 224x168 px",
        "fresh: weights untrained, input 112 px",
    ):
        assert f"- {line}" in shown.output.splitlines()
        assert f"- made: {line}" in ranked.output.splitlines()


def test_fixation_data_are_named_with_what_is_there_of_what_is_listed() -> None:
    data = {"images_present": 350, "images_listed": 700, "fixations": 49116, "fixations_sha256": "ef" * 32}
    (line,) = conditions({"data": {"folder": "data/osie", **data}})
    assert line == f"data: osie, 350 of 700 listed images, 49116 fixations (SHA-256 {'ef' * 8})"


def test_pictures_are_counted_out_of_all_where_a_run_took_some_of_them() -> None:
    (line,) = conditions({"data": {"folder": "data/photos", "samples": 4, "of": 9}, "settings": {"limit": 4}})
    assert line == "data: photos, 4 of 9 images"


@pytest.mark.parametrize("command", [["readouts", "--run", "x"], ["table", "--run", "absent"]])
def test_what_is_no_run_is_refused_in_one_sentence(command: list[str]) -> None:
    shown = CliRunner().invoke(app, command)
    assert isinstance(shown.exception, InputError) and "expected" in str(shown.exception)


def test_a_sheet_has_a_row_a_photograph_and_a_column_an_iterate() -> None:
    photographs = {str(value): np.full((40, 60, 3), value, np.uint8) for value in (30, 200)}
    models = [Backend(create_model(f"rvt_nano/{m}", 200, image_size=64), "cpu") for m in ("self", "vars_d")]
    pictures = [mark for mark in contact_sheet(Studio(models, photographs)).marks if isinstance(mark, Raster)]
    assert len({one.y for one in pictures[:12]}) == 2 and len({one.x for one in pictures[:12]}) == 1 + 1 + 4
    assert [pictures[i].pixels[112, 112].tolist() for i in (0, 6)] == [[30] * 3, [200] * 3]
