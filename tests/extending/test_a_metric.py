"""A metric is one entry of `analysis.metrics.table.METRICS`: the command computes it, the report and the Runs tab show
it, sorted in its direction, and none of them is touched for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.__main__ import main
from analysis.metrics.fixations.truth import FixationTruth
from analysis.metrics.table import FIXATIONS, METRICS, Metric
from analysis.placed_map import PlacedMap
from analysis.runs import Run, read_summary
from app.library.run_library import RunLibrary
from app.tabs.runs.view import Wish, look_at, metrics_of

from ..fixations.made import made_rows, make_table


def rank_missed(placed: PlacedMap, truth: FixationTruth) -> float:
    """The share of pixels above the map's value at a fixation, mean over fixations: 0 at best."""
    ordered = np.concatenate(list(placed.sorted_bands()))
    reached = np.searchsorted(np.sort(ordered), placed.ranked_at(truth.points), side="right")
    return float(1 - reached.mean() / placed.pixels)


MISSED = Metric(
    name="missed",
    title="Missed share",
    unit="",
    higher_is_better=False,
    needs=FIXATIONS,
    function=rank_missed,
    source="share of pixels above the value at a fixation",
    image="missed",
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of the command without a model, with the made metric in the table."""
    monkeypatch.setitem(METRICS, MISSED.name, MISSED)
    data = make_table(tmp_path / "data", made_rows(4), 4)
    arguments = ("--data", data, "--layout", "table", "--metrics", "nss,missed", "--out", tmp_path / "runs/first")
    monkeypatch.setattr("sys.argv", ["analysis", "fixations", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    return tmp_path / "runs/first"


def test_the_command_computes_it_and_the_report_shows_it(run: Path) -> None:
    values = {entry["model"]: entry["value"] for entry in read_summary(run) if entry["metric"] == "missed"}
    assert set(values) == {"baseline:centre", "baseline:crossval", "human"}
    assert values["human"] < values["baseline:centre"] < 0.5, "people miss less than a prior"
    rows = Run.read(run).rows(["model", "missed"]).to_pylist()
    assert all(0 <= row["missed"] <= 1 for row in rows)
    report = (run / "report.html").read_text()
    assert "Missed share" in report and MISSED.source in report


def test_the_runs_tab_lists_it_and_sorts_in_its_direction(run: Path) -> None:
    library = RunLibrary(run.parent)
    assert metrics_of(library.open("first"))["missed"] is MISSED
    sight = look_at(library, "first", Wish(model="baseline:centre", metric="missed", order="best"))
    order = sight.scores.order("missed", worst_first=False, higher_is_better=MISSED.higher_is_better)
    best_first = sight.scores.values["missed"][order]
    assert best_first.tolist() == sorted(best_first), "lower is better"
