"""An evaluation is one entry of `analysis.evaluations.table.EVALUATIONS`, a command of its name, and a class that says
what its samples are, how one is scored and summed up: running, continuing and listing it need no further line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from analysis.__main__ import command_line
from analysis.engine import Item, Scored
from analysis.evaluations.frame import Evaluation, Plan, run_evaluation
from analysis.evaluations.grouping import Entry
from analysis.evaluations.report_parts import tell_conditions, tell_failures
from analysis.evaluations.table import EVALUATIONS, Kind
from analysis.metrics.table import METRICS, Metric
from analysis.reports import Report
from analysis.runs import Row, Run, read_summary
from app.library.run_library import RunLibrary
from app.tabs.runs.view import Wish, look_at, metrics_of
from vars_core.data.listing import list_files
from vars_core.images import decode_image

LIGHT = "the mean of an image's pixels"


@dataclass(frozen=True)
class Sample:
    id: str
    path: Path


class Brightness(Evaluation):
    """How light photographs are: a baseline alone, without a model."""

    schema = pa.schema(
        [
            ("position", pa.int64()),
            ("id", pa.string()),
            ("model", pa.string()),
            ("light", pa.float64()),
            ("degenerate", pa.bool_()),
            ("error", pa.string()),
        ]
    )

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples

    def load(self, sample: Sample) -> tuple[np.ndarray, None]:
        return decode_image(sample.path), None

    def baseline_rows(self, items: Sequence[Item]) -> list[Row]:
        metric = METRICS["light"]
        assert metric.function is not None
        return [
            {"position": i.position, "id": i.sample.id, "model": "baseline:pixels", "light": metric.function(i.image)}
            for i in items
        ]

    def score(self, backend: Any, items: Sequence[Item]) -> Scored:
        return Scored(())

    def summarise(self, run: Run) -> list[Entry]:
        values = run.rows(["light"])["light"].drop_null().to_numpy()
        place = {"model": "baseline:pixels", "layer": None, "readout": None, "iteration": None}
        return [{**place, "metric": "light", "value": float(values.mean()), "ci95": None, "n": len(values)}]

    def report(self, run: Run, summary: Sequence[Entry]) -> str:
        report = Report("How light photographs are")
        tell_conditions(report, run.facts)
        tell_failures(report, run, len(self.samples))
        report.table(("model", METRICS["light"].title), [(entry["model"], entry["value"]) for entry in summary])
        return report.html()

    def lines(self, run: Run, summary: Sequence[Entry]) -> Iterable[str]:
        return [f"light {entry['value']:.1f}" for entry in summary]


def brightness(data: Annotated[Path, typer.Option()], out: Annotated[Path, typer.Option()]) -> None:
    """How light photographs are."""
    samples = [Sample(path.name, path) for path in list_files(data).files]
    described = {"folder": str(data), "samples": len(samples)}
    plan = Plan("brightness", out, {"batch_size": 2}, described, load=list)
    raise typer.Exit(run_evaluation(plan, lambda backends: Brightness(samples)))


@pytest.fixture
def photographs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five greys; the made evaluation and its metric are in their tables."""
    metric = Metric("light", "Light", LIGHT, lambda image: float(image.mean()), "mean of all pixels", image="light")
    monkeypatch.setitem(METRICS, "light", metric)
    monkeypatch.setitem(EVALUATIONS, "brightness", Kind("Brightness", (LIGHT,)))
    monkeypatch.setitem(sys.modules, "analysis.commands.brightness", sys.modules[__name__])
    data = tmp_path / "data"
    data.mkdir()
    for grey in (10, 50, 30, 40, 20):
        Image.new("RGB", (4, 4), (grey, grey, grey)).save(data / f"{grey}.png")
    return data


def run(data: Path, out: Path) -> Result:
    return CliRunner().invoke(command_line(), ["brightness", "--data", str(data), "--out", str(out)])


def test_its_command_runs_it_and_writes_summary_and_report(photographs: Path, tmp_path: Path) -> None:
    done = run(photographs, tmp_path / "run")
    assert (done.exit_code, done.stdout) == (0, "light 30.0\n")
    assert read_summary(tmp_path / "run")[0]["value"] == 30
    assert "How light photographs are" in (tmp_path / "run/report.html").read_text()


def test_a_broken_file_is_status_3_and_a_repaired_run_continues_to_the_same_bytes(
    photographs: Path, tmp_path: Path
) -> None:
    whole = run(photographs, tmp_path / "whole")
    assert whole.exit_code == 0
    content = (photographs / "30.png").read_bytes()
    (photographs / "30.png").write_bytes(b"broken")
    assert run(photographs, tmp_path / "run").exit_code == 3
    (photographs / "30.png").write_bytes(content)
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "run/rows").iterdir()}
    again = run(photographs, tmp_path / "run")
    assert again.exit_code == 0 and "2 images visited now" in again.stderr, "one part of three is computed again"
    changed = [path.name for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp]
    assert changed == ["part-000001.parquet"]
    assert (tmp_path / "run/summary.json").read_bytes() == (tmp_path / "whole/summary.json").read_bytes()


def test_the_runs_tab_shows_its_images(photographs: Path, tmp_path: Path) -> None:
    run(photographs, tmp_path / "runs/first")
    library = RunLibrary(tmp_path / "runs")
    assert list(metrics_of(library.open("first"))) == ["light"]
    sight = look_at(library, "first", Wish())
    order = sight.scores.order("light", worst_first=False, higher_is_better=True)
    assert [sight.scores.ids[at] for at in order] == ["50.png", "40.png", "30.png", "20.png", "10.png"]
