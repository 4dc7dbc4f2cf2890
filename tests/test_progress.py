"""What long work says of itself where nobody watches a bar, and how two runs are compared."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from analysis.progress import _Lines, in_words
from analysis.runs import Run
from tools.compare_runs import main

SCHEMA = pa.schema([("id", pa.string()), ("value", pa.float64()), ("seconds", pa.float64()), ("error", pa.string())])


def test_a_line_comes_every_thirty_seconds_with_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    told = _Lines(100, "images", clock=lambda: now[0])
    for seconds, done in ((0, 10), (10, 20), (31, 40), (40, 50), (62, 70)):
        now[0] = seconds
        told(done)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["40 of 100 images, about 62 s left", "70 of 100 images, about 31 s left"]


def test_times_read_as_people_say_them() -> None:
    assert [in_words(seconds) for seconds in (40, 720, 11_100)] == ["40 s", "12 min", "3 h 5 min"]


def run_of(folder: Path, value: float, seconds: float) -> Path:
    run = Run.open(folder, {})
    run.write_part(0, [{"id": "a", "value": value, "seconds": seconds}, {"id": "b", "value": float("nan")}], SCHEMA)
    run.write_summary([{"value": 1.0}])
    return folder


def test_runs_are_the_same_whatever_time_they_took_and_a_last_bit_is_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_of(tmp_path / "a", 0.5, 1.0)
    assert main([str(first), str(run_of(tmp_path / "b", 0.5, 2.0))]) == 0
    assert main([str(first), str(run_of(tmp_path / "c", 0.5 + 2**-53, 1.0))]) == 1
    assert "value: 1 of 2 rows differ" in capsys.readouterr().out
