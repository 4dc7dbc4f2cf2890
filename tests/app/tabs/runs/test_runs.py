"""The runs of the server: what is read of them, what is shown, and what is never read."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.runs import Run, read_summary
from analysis.saliency import MapKey
from app.library import run_library
from app.library.run_images import image_ref, image_refs
from app.library.run_library import RunLibrary, StoredRun
from app.tabs.runs import files as run_files
from app.tabs.runs import rows as run_rows
from app.tabs.runs import words as runs
from app.tabs.runs.opening_page import score_values
from app.tabs.runs.view import Sight, Wish, look_at, settled
from app.views.numbers import written
from tests.app.made_runs import MODEL, fixation_run, row_of, segmentation_run
from vars_core.errors import InputError


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two finished runs, an unfinished and a broken one, and what is no run."""
    folder = tmp_path_factory.mktemp("served")
    segmentation_run(folder / "runs/masks", folder / "data/voc", missing=1)
    fixation_run(folder / "runs/gaze", folder / "data/gaze")
    segmentation_run(folder / "runs/stopped", folder / "data/other", 2)
    (folder / "runs/stopped/summary.json").unlink()
    (folder / "runs/broken").mkdir()
    (folder / "runs/broken/run.json").write_text('{"settings": {"evaluation": "segmentation"')
    (folder / "runs/holiday").mkdir()
    (folder / "runs/holiday/cat.jpg").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def library(root: Path) -> RunLibrary:
    return RunLibrary(root / "runs")


def seen(library: RunLibrary, name: str = "masks", **wish: str) -> Sight:
    return look_at(library, name, Wish(**wish))


def anywhere(_: str) -> bool:
    return True


def test_the_list_names_every_run_and_what_is_wrong_with_one(library: RunLibrary, root: Path) -> None:
    found = {entry["run"]: entry for entry in runs.described(library)}
    assert list(found) == ["broken", "gaze", "masks", "stopped"]
    assert found["masks"] | {"date": ""} == {
        "run": "masks",
        "kind": "segmentation",
        "models": [MODEL],
        "images": 4,
        "date": "",
        "finished": True,
    }
    assert found["gaze"]["kind"] == "fixations" and found["gaze"]["images"] == 3
    assert not found["stopped"]["finished"]
    assert "not the run.json of a run" in found["broken"]["problem"] and str(root) not in found["broken"]["problem"]
    labels = [runs.choice(entry)[0] for entry in found.values()]
    assert (
        labels[0] == "broken · cannot be read"
        and labels[3] == "stopped · segmentation · 1 model · 2 images · not finished"
    )


def test_the_folder_may_be_one_run_itself(root: Path) -> None:
    assert RunLibrary(root / "runs/gaze").names == ["gaze"]
    assert RunLibrary(None).names == []
    with pytest.raises(InputError, match="started without runs"):
        RunLibrary(None).open("gaze")


@pytest.mark.parametrize("name", ["../runs/masks", "masks/../masks", "holiday", "/", "", "masks\0", "m" * 1000])
def test_only_names_listed_at_the_start_are_opened(library: RunLibrary, name: str) -> None:
    with pytest.raises(InputError, match="no run"):
        library.open(name)


def test_links_that_lead_out_are_refused(root: Path, tmp_path: Path) -> None:
    elsewhere = segmentation_run(tmp_path / "elsewhere", tmp_path / "voc", 2)
    runs_folder = tmp_path / "runs"
    for name, linked in (("whole", None), ("facts", "run.json"), ("summary", "summary.json"), ("rows", "rows")):
        if linked is None:
            runs_folder.mkdir()
            (runs_folder / name).symlink_to(elsewhere)
            continue
        (runs_folder / name).mkdir()
        for part in ("run.json", "summary.json", "rows"):
            if part == linked:
                (runs_folder / name / part).symlink_to(elsewhere / part)
            elif part == "rows":
                (runs_folder / name / part).mkdir()
            else:
                (runs_folder / name / part).write_bytes((elsewhere / part).read_bytes())
    library = RunLibrary(runs_folder)
    assert library.names == ["facts", "rows", "summary"]
    for name in ("facts", "summary"):
        with pytest.raises(InputError, match="leads out of the folder"):
            library.open(name)
    with pytest.raises(InputError, match="leads out of the folder"):
        seen(library, "rows")


def test_notes_on_the_data_are_shown_wherever_a_run_keeps_them() -> None:
    note = {"what": "hidden files left out", "count": 2, "names": ["._a", "._b"]}
    assert runs.notes_of({"data": {"notes": [note]}}) == runs.notes_of({"data": {}, "notes": [note]}) == [note]


@pytest.mark.parametrize(
    "facts",
    [
        {"settings": []},
        {"settings": {}, "data": 3},
        {"settings": {"limit": "all"}},
        {"settings": {}, "models": {"a": None}},
        {"settings": {}, "data": {"notes": ["oh"]}},
        {"settings": {}, "notes": ["oh"]},
        {"settings": {}, "data": {"samples": "many"}},
    ],
)
def test_facts_of_other_types_get_a_sentence(tmp_path: Path, facts: dict[str, Any]) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.json").write_text(json.dumps(facts))
    with pytest.raises(InputError, match="run 'run' cannot be shown: expected"):
        RunLibrary(tmp_path).open("run")


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '[{"model": "a"}]', "[" * 100_000])
def test_a_broken_summary_gets_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.json").write_text('{"settings": {}}')
    (tmp_path / "run/summary.json").write_text(text)
    with pytest.raises(InputError, match="expected a list of entries"):
        RunLibrary(tmp_path).open("run")


def test_torn_rows_get_a_sentence(tmp_path: Path) -> None:
    segmentation_run(tmp_path / "runs/one", tmp_path / "data", 2)
    (tmp_path / "runs/one/rows/part-000000.parquet").write_bytes(b"torn")
    with pytest.raises(InputError, match="rows of this run cannot be read"):
        seen(RunLibrary(tmp_path / "runs"), "one")


def test_too_large_a_text_is_not_read(library: RunLibrary, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setattr(run_library, "MAX_JSON", 100)
    with pytest.raises(InputError, match="at most 100 bytes"):
        RunLibrary(root / "runs").open("masks")


def test_a_run_is_read_once_and_again_when_it_has_written(root: Path, tmp_path: Path) -> None:
    segmentation_run(tmp_path / "one", tmp_path / "data", 2)
    library = RunLibrary(tmp_path)
    first = library.open("one")
    assert library.open("one") is first
    assert library.scores("one", MODEL, MapKey("0.1", "energy", 2)) is library.scores(
        "one", MODEL, MapKey("0.1", "energy", 2)
    )
    Run.read(tmp_path / "one").write_summary([])
    assert library.open("one").summary == []


def test_every_image_has_the_iou_of_its_stored_counts(library: RunLibrary, root: Path) -> None:
    sight = seen(library, layer="0.1", readout="energy", t="1")
    assert sight.view.key == MapKey("0.1", "energy", 1)
    assert sight.scores.ids == ("2007_000000", "2007_000002", "2007_000003")
    for i, name in enumerate(sight.scores.ids):
        row = row_of(root / "runs/masks", name, 1)
        union = row["tp"] + row["fp"] + row["fn"]
        assert sight.scores.values["iou"][i] == pytest.approx(100 * row["tp"] / union)
        assert sight.scores.values["fp"][i] == pytest.approx(100 * row["fp"] / (union + row["tn"]))
    assert [(position, name) for position, name, _ in sight.scores.errors] == [(1, "2007_000001")]


def test_fixation_scores_are_the_stored_ones_and_only_computed_metrics_are_offered(
    library: RunLibrary, root: Path
) -> None:
    sight = seen(library, "gaze", layer="0.1", readout="energy", t="0")
    assert list(sight.scores.values) == ["nss", "kl"]
    rows = [row_of(root / "runs/gaze", name, 0) for name in sight.scores.ids]
    assert sight.scores.values["kl"].tolist() == [row["kl"] for row in rows]


@pytest.mark.parametrize(("metric", "order", "sign"), [("nss", "best", -1), ("nss", "worst", 1), ("kl", "best", 1)])
def test_best_first_means_lowest_first_where_lower_is_better(
    library: RunLibrary, metric: str, order: str, sign: int
) -> None:
    sight = seen(library, "gaze", metric=metric, order=order)
    values = sight.scores.values[metric][run_rows.ranked(sight)]
    assert np.array_equal(values, sign * np.sort(sign * values))


def test_a_wish_that_the_run_cannot_meet_is_met_as_far_as_it_can(library: RunLibrary) -> None:
    view = seen(library, model="gone", layer="9.9", readout="other", t="77", metric="cc", order="up").view
    assert (view.model, view.key, view.metric, view.order) == (MODEL, MapKey("0.1", "stream", 2), "iou", "best")
    floor = seen(library, model="baseline:centre", layer="0.1", t="1")
    assert floor.view.key is None and len(floor.scores.ids) == 3
    assert settled(library.open("stopped"), Wish()) is None
    with pytest.raises(InputError, match="has not finished"):
        seen(library, "stopped")


def test_longer_runs_are_cut_and_say_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_library, "MAX_IMAGES", 2)
    sight = seen(RunLibrary(root / "runs"))
    assert sight.scores.cut and len(sight.scores.ids) == 1 and len(sight.scores.errors) == 1
    assert "Only the first" in run_rows.failures_words(sight.scores)


def test_pages_hold_all_images_once(library: RunLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_rows, "PAGE_ROWS", 2)
    sight = seen(library)
    first, second = (run_rows.page_words(sight, page, anywhere) for page in (1, 2))
    assert first.count("<tr data-position") == 2 and second.count("<tr data-position") == 1
    assert "1–2 of 3 images" in first and "3–3 of 3 images" in second
    assert 'data-page="0" disabled' in first and 'data-page="3" disabled' in second
    assert run_rows.page_words(sight, 99, anywhere) == second
    assert run_rows.page_words(sight, -5, anywhere) == first


def test_images_that_could_not_be_scored_are_counted_and_named(library: RunLibrary) -> None:
    words = run_rows.failures_words(seen(library).scores)
    assert "1 image could not be scored" in words and "2007_000001" in words and "is missing" in words


def test_the_summary_marks_baselines_and_people(library: RunLibrary) -> None:
    words = runs.summary_words(library.open("gaze"))
    assert words.count('class="floor"') == 3
    assert "Humans, one observer left out (ceiling)" in words and "Centre Gaussian (baseline)" in words
    (entry,) = [
        entry
        for entry in library.open("gaze").summary or []
        if (entry["model"], entry["layer"], entry["readout"]) == (MODEL, "0.0", "energy")
        and (entry["iteration"], entry["metric"]) == (2, "nss")
    ]
    low, high = (written(bound, 3) for bound in entry["ci95"])
    assert f"{written(entry['value'], 3)}<small>{low} to {high}</small>" in words


def test_the_chart_has_a_line_a_model_over_the_iterates(library: RunLibrary) -> None:
    sight = seen(library, "gaze", layer="0.0", readout="energy")
    figure = runs.chart(sight.stored, sight.view)
    lines = {line.name: line for line in figure.data}
    assert len(lines) == 4
    entries = read_summary(sight.stored.run.folder)
    by_step = {e["iteration"]: e["value"] for e in entries if e["layer"] == "0.0" and e["metric"] == "nss"}
    assert list(lines["RVT-nano · VARS-D"].x) == [0, 1, 2]
    assert list(lines["Centre Gaussian (baseline)"].x) == [0, 2]
    assert set(by_step) == {0, 1, 2}


def test_provenance_names_the_data_but_not_where_it_lies(library: RunLibrary, root: Path) -> None:
    facts = run_files.facts(library.open("gaze"))
    assert facts["data"]["folder"] == "gaze" and facts["data"]["fixations"] > 0
    assert facts["models"][MODEL]["checkpoint"] is None
    assert facts["summary"] == read_summary(root / "runs/gaze")
    assert str(root) not in json.dumps(facts["data"])
    assert run_files.facts(library.open("stopped"))["summary"] is None


def test_whether_the_page_has_the_same_weights_is_said() -> None:
    described = {"checkpoint": "ab" * 32}
    assert "as on this page" in runs.checkpoint_words(described, {MODEL: "ab" * 32}, MODEL)
    assert "not the weights of this page" in runs.checkpoint_words(described, {MODEL: "cd" * 32}, MODEL)
    assert "this page" not in runs.checkpoint_words(described, {}, MODEL)
    assert "no trained weights" in runs.checkpoint_words({"checkpoint": None}, {}, MODEL)


def test_text_of_a_run_is_escaped(tmp_path: Path) -> None:
    folder = segmentation_run(tmp_path / "runs/one", tmp_path / "<b>data", 2, missing=0)
    facts = json.loads((folder / "run.json").read_text())
    facts |= {
        "command": "<script>",
        "device": "<i>",
        "versions": {"<u>": "1"},
        "models": {"<m>": {"checkpoint": "<c>"}},
    }
    (folder / "run.json").write_text(json.dumps(facts))
    entries = read_summary(folder)
    (folder / "summary.json").write_text(json.dumps([entry | {"model": f"<s>{entry['model']}"} for entry in entries]))
    library = RunLibrary(tmp_path / "runs")
    stored = library.open("one")
    page = runs.provenance_words(stored, {}) + runs.summary_words(stored)
    for tag in ("<script", "<i>", "<u>", "<m>", "<c>", "<s>", "<b>"):
        assert tag not in page
    assert "&lt;script&gt;" in page


def test_files_hold_what_is_shown(library: RunLibrary) -> None:
    sight = seen(library, metric="fp", order="worst")
    lines = list(csv.DictReader(io.StringIO(run_files.images_csv(sight).data.decode())))
    assert [line["image"] for line in lines[:-1]] == [sight.scores.ids[i] for i in run_rows.ranked(sight)]
    assert float(lines[0]["fp"]) == sight.scores.values["fp"].max()
    assert lines[0]["model"] == MODEL and lines[0]["iteration"] == "2"
    assert "is missing" in lines[-1]["error"] and lines[-1]["iou"] == ""
    summary = list(csv.DictReader(io.StringIO(run_files.summary_csv(sight.stored).data.decode())))
    assert len(summary) == len(sight.stored.summary or [])
    assert float(summary[0]["value"]) == (sight.stored.summary or [])[0]["value"]
    assert json.loads(run_files.summary_json(sight.stored).data)["summary"] == sight.stored.summary
    with pytest.raises(InputError, match="has not finished"):
        run_files.summary_csv(library.open("stopped"))


def test_an_image_is_found_where_the_run_was_made(library: RunLibrary, root: Path) -> None:
    facts = library.open("masks").facts
    data = root / "data"
    assert image_ref(facts, "2007_000002", {"all": data}) == "data:all/voc/JPEGImages/2007_000002.jpg"
    assert image_ref(facts, "2007_000002", {"x": data / "gaze", "voc": data / "voc"}) == (
        "data:voc/JPEGImages/2007_000002.jpg"
    )
    assert image_ref(library.open("gaze").facts, "image_0.png", {"gaze": data / "gaze"}) == (
        "data:gaze/stimuli/image_0.png"
    )


def test_an_image_of_a_run_made_elsewhere_is_found_in_the_one_folder_that_has_it(
    library: RunLibrary, root: Path
) -> None:
    facts = dict(library.open("masks").facts)
    facts["data"] = {"folder": "/elsewhere/voc"}
    voc, other = root / "data/voc", root / "data/other"
    assert image_ref(facts, "2007_000003", {"a": voc, "b": other}) == "data:a/JPEGImages/2007_000003.jpg"
    with pytest.raises(InputError, match="2 photographs of this server may be"):
        image_ref(facts, "2007_000000", {"a": voc, "b": other})
    with pytest.raises(InputError, match="in no data folder of this server"):
        image_ref(facts, "2007_000003", {"b": other})
    with pytest.raises(InputError, match="in no data folder"):
        image_ref(facts, "2007_000003", {})


@pytest.mark.parametrize("name", ["../../../private", "\0", "/etc/passwd"])
def test_no_name_leads_out_of_a_data_folder(library: RunLibrary, root: Path, name: str) -> None:
    (root / "private.jpg").write_bytes(b"")
    assert image_refs(library.open("masks").facts, name, {"voc": root / "data/voc"}) == []


@pytest.mark.parametrize(("dropped", "first"), [(True, "drop"), (False, "keep"), (None, "usual")])
def test_an_image_is_opened_with_the_threshold_and_the_first_fixations_of_its_run(
    library: RunLibrary, dropped: bool | None, first: str
) -> None:
    def with_settings(name: str, **settings: Any) -> StoredRun:
        stored = library.open(name)
        facts = {**stored.facts, "settings": {**stored.facts["settings"], **settings}}
        return replace(stored, run=Run(stored.run.folder, facts))

    assert score_values(with_settings("masks", threshold=0.25)) == {"threshold": "0.25", "mode": "errors"}
    assert score_values(with_settings("gaze", drop_first=dropped)) == {"first": first, "points": ""}
