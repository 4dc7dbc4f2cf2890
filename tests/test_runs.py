"""A stored run: written whole or not at all, continued exactly, refused under other settings."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analysis.engine import WAITING, Item, Local, Scored, evaluate
from analysis.runs import Row, Run
from vars_core.errors import InputError

SCHEMA = pa.schema([("position", pa.int64()), ("id", pa.string()), ("value", pa.int64()), ("error", pa.string())])
SETTINGS = {"threshold": 0.3, "models": ["rvt_nano/vars_d"]}


def row(position: int, value: int | None = None, error: str | None = None) -> Row:
    return {"position": position, "id": f"image{position}", "value": value, "error": error}


@dataclass(frozen=True)
class Sample:
    id: str
    value: int | None


class Values:
    """An evaluation that reads one number per sample, and remembers what it was asked to load."""

    schema = SCHEMA

    def __init__(self, values: list[int | None]) -> None:
        self.samples = [Sample(f"image{i}", value) for i, value in enumerate(values)]
        self.loaded: list[str] = []

    def load(self, sample: Sample) -> tuple[np.ndarray, Any]:
        self.loaded.append(sample.id)
        if sample.value is None:
            raise InputError(f"{sample.id} is missing")
        return np.zeros((2, 2, 3), np.uint8), sample.value

    def policy(self, sample: Sample) -> str:
        return "whole"

    def baseline_rows(self, items: list[Item]) -> list[Row]:
        return [row(item.position, item.target) for item in items]

    def score(self, backend: Any, items: list[Item]) -> Scored:
        raise AssertionError("there is no model in these tests")


def test_rows_come_back_in_the_order_of_the_parts_and_can_be_filtered(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", SETTINGS)
    run.write_part(1, [row(2, 20)], SCHEMA)
    run.write_part(0, [row(0, 5), row(1, 7)], SCHEMA)
    assert run.rows()["value"].to_pylist() == [5, 7, 20]
    assert run.rows(["id"], where=pc.field("value") > 6)["id"].to_pylist() == ["image1", "image2"]
    assert run.values("id") == ["image0", "image1", "image2"]


def test_the_same_settings_continue_and_keep_the_first_facts(tmp_path: Path) -> None:
    first = Run.open(tmp_path / "run", SETTINGS, data={"samples": 3})
    first.write_part(0, [row(0, 1)], SCHEMA)
    before = (tmp_path / "run/run.json").read_text()
    again = Run.open(tmp_path / "run", SETTINGS, data={"samples": 3})
    assert again.complete_parts() == {0}
    assert (tmp_path / "run/run.json").read_text() == before
    assert {"command", "versions", "settings", "data"} <= set(json.loads(before))


@pytest.mark.parametrize(
    ("settings", "data", "named"),
    [
        ({**SETTINGS, "threshold": 0.4}, {"samples": 3}, "threshold = 0.3, this command has 0.4"),
        ({**SETTINGS, "extra": 1}, {"samples": 3}, "extra = null, this command has 1"),
        (SETTINGS, {"samples": 4}, "data.samples = 3, this command has 4"),
    ],
)
def test_other_settings_are_refused_and_the_difference_named(
    tmp_path: Path, settings: dict[str, Any], data: dict[str, int], named: str
) -> None:
    Run.open(tmp_path / "run", SETTINGS, data={"samples": 3}).write_part(0, [row(0, 1)], SCHEMA)
    with pytest.raises(InputError, match=named):
        Run.open(tmp_path / "run", settings, data=data)


def test_a_run_that_stored_nothing_may_be_started_anew_under_other_settings(tmp_path: Path) -> None:
    Run.open(tmp_path / "run", SETTINGS)
    assert Run.open(tmp_path / "run", {"threshold": 0.5}).facts["settings"] == {"threshold": 0.5}


def test_a_fact_learnt_later_is_compared_too(tmp_path: Path) -> None:
    first = Run.open(tmp_path / "run", SETTINGS)
    first.confirm("checkpoints", {"rvt_nano/vars_d": "aa"})
    first.write_part(0, [row(0, 1)], SCHEMA)
    again = Run.open(tmp_path / "run", SETTINGS)
    again.confirm("checkpoints", {"rvt_nano/vars_d": "aa"})
    with pytest.raises(InputError, match=r'checkpoints\.rvt_nano/vars_d = "aa", this command has "bb"'):
        again.confirm("checkpoints", {"rvt_nano/vars_d": "bb"})


def test_an_upgraded_library_is_recorded_on_continuing(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", SETTINGS)
    facts = json.loads((run.folder / "run.json").read_text())
    run.write_part(0, [row(0, 1)], SCHEMA)
    facts["versions"]["numpy"] = "1.0"
    (run.folder / "run.json").write_text(json.dumps(facts))
    again = Run.open(tmp_path / "run", SETTINGS)
    assert again.facts["versions"]["numpy"] == "1.0"
    assert again.facts["continued_under"][0]["numpy"] == np.__version__


def test_folders_that_are_no_run_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        Run.open(tmp_path / "file", SETTINGS)
    with pytest.raises(InputError, match="can be written"):
        Run.open(tmp_path / "file" / "below", SETTINGS)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"holds 'cat\.jpg'"):
        Run.open(tmp_path / "photos", SETTINGS)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/run.json").write_text("{")
    with pytest.raises(InputError, match=r"not the run\.json of a run"):
        Run.open(tmp_path / "other", SETTINGS)


def test_what_a_kill_leaves_behind_is_not_mistaken_for_rows(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", SETTINGS)
    run.write_part(0, [row(0, 1)], SCHEMA)
    (run.folder / "rows/part-000001.parquet.abc.tmp").write_bytes(b"half of a par")
    run.part_path(2).write_bytes(b"torn")
    again = Run.open(tmp_path / "run", SETTINGS)
    assert again.complete_parts() == {0}
    assert not list(again.folder.rglob("*.tmp"))


def test_continuing_loads_only_what_is_missing(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", SETTINGS)
    run.write_part(1, [row(2, 2), row(3, 3)], SCHEMA)
    evaluation = Values([0, 1, 2, 3, 4])
    progress: list[tuple[int, int]] = []
    visited = evaluate(
        evaluation, [], run, Local(2), batch_size=2, on_part=lambda done, total: progress.append((done, total))
    )
    assert visited == 3
    assert sorted(evaluation.loaded) == ["image0", "image1", "image4"]
    assert run.rows()["value"].to_pylist() == [0, 1, 2, 3, 4]
    assert progress == [(2, 3), (3, 3)]


def test_a_sample_that_cannot_be_loaded_is_a_row_and_is_tried_again(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", SETTINGS)
    evaluate(Values([0, None, 2, 3]), [], run, Local(1), batch_size=2)
    assert run.rows(["id", "error"], where=pc.is_valid(pc.field("error"))).to_pylist() == [
        {"id": "image1", "error": "image1 is missing"}
    ]
    repaired = Values([0, 1, 2, 3])
    evaluate(repaired, [], run, Local(1), batch_size=2)
    assert sorted(repaired.loaded) == ["image0", "image1"]
    assert run.rows()["value"].to_pylist() == [0, 1, 2, 3]
    assert run.rows()["error"].null_count == 4


def test_only_a_few_parts_are_under_way(tmp_path: Path) -> None:
    evaluation = Values(list(range(40)))
    lead: list[int] = []

    class Counting(Run):
        def write_part(self, part: int, rows: Any, schema: pa.Schema) -> None:
            lead.append(len(evaluation.loaded) - 2 * (part + 1))
            super().write_part(part, rows, schema)

    run = Run.open(tmp_path / "run", SETTINGS)
    evaluate(evaluation, [], Counting(run.folder, run.facts), Local(4), batch_size=2)
    assert len(run.rows()) == 40
    assert max(lead) <= 2 * (4 + WAITING)


def test_parts_are_computed_at_once_and_stored_in_order(tmp_path: Path) -> None:
    met = threading.Barrier(2)

    class Meeting(Values):
        def load(self, sample: Any) -> tuple[np.ndarray, Any]:
            met.wait(timeout=60)  # nobody goes on alone
            return super().load(sample)

    stored: list[int] = []

    class Noting(Run):
        def write_part(self, part: int, rows: Any, schema: pa.Schema) -> None:
            stored.append(part)
            super().write_part(part, rows, schema)

    run = Run.open(tmp_path / "run", SETTINGS)
    evaluate(Meeting([0, 1, 2, 3]), [], Noting(run.folder, run.facts), Local(2), batch_size=1)
    assert stored == [0, 1, 2, 3]


def test_the_summary_has_the_same_bytes_for_the_same_entries_and_no_nan(tmp_path: Path) -> None:
    run = Run.open(tmp_path / "run", SETTINGS)
    entries = [{"model": "a", "metric": "iou", "value": 1 / 3, "ci95": [0.1, float("nan")], "n": 3}]
    first = run.write_summary(entries).read_bytes()
    assert run.write_summary(entries).read_bytes() == first
    assert json.loads(first) == [{"model": "a", "metric": "iou", "value": 1 / 3, "ci95": [0.1, None], "n": 3}]
