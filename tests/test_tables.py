"""Finished runs as tables, and maps as one sheet."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.contact_sheet import GAP, LABEL_HEIGHT, contact_sheet
from analysis.readout_table import Measure, ranked_places, table
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
]


def stored(folder: Path) -> Path:
    folder.mkdir()
    (folder / "summary.json").write_text(json.dumps(SUMMARY))
    (folder / "run.json").write_text(json.dumps({"checkpoints": {"m": "ab" * 32}}))
    return folder


def test_iterates_stand_in_order_and_baselines_first() -> None:
    lines = table([Measure("made NSS", "nss", SUMMARY)]).splitlines()
    assert lines[2] == "| baseline:centre | — | — | 1.20 |"
    assert "| m | 0.0 | energy | 0.25 / 0.50 |" in lines
    assert "| m | 0.1 | stream | 0.75 / -0.50 |" in lines


def test_places_are_ranked_by_their_last_iterate() -> None:
    ranked = ranked_places([Measure("made NSS", "nss", SUMMARY)], ["m"])
    assert [place for place, _ in ranked] == [("0.0", "energy"), ("0.1", "stream")]
    assert ranked[0][1] == pytest.approx(1.0) and ranked[1][1] == pytest.approx(-1.0)


def test_commands_print_the_tables_of_a_run(tmp_path: Path) -> None:
    run = stored(tmp_path / "run")
    shown = CliRunner().invoke(app, ["readouts", "--run", f"made={run}"])
    assert shown.exit_code == 0 and "`m` abababababab" in shown.output and "1. `0.0` / energy: +1.00" in shown.output
    shown = CliRunner().invoke(app, ["table", "--run", str(run), "--digits", "2"])
    assert "| m | 0.0 | energy | 1 | 0.50 [0.40, 0.60] |" in shown.output


@pytest.mark.parametrize("command", [["readouts", "--run", "x"], ["table", "--run", "absent"]])
def test_what_is_no_run_is_refused_in_one_sentence(command: list[str]) -> None:
    shown = CliRunner().invoke(app, command)
    assert isinstance(shown.exception, InputError) and "expected" in str(shown.exception)


def test_a_sheet_has_a_row_a_photograph_and_a_column_an_iterate() -> None:
    photographs = [np.full((40, 60, 3), value, np.uint8) for value in (30, 200)]
    models = [Backend(create_model(f"rvt_nano/{m}", 200, image_size=64), "cpu") for m in ("self", "vars_d")]
    picture = contact_sheet(photographs, models, cell=50)
    assert picture.shape == (LABEL_HEIGHT + 2 * (50 + GAP), (1 + 1 + 4) * (50 + GAP), 3)
