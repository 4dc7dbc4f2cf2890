"""From images and fixations to rows to a summary: every number again by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from analysis.engine import Local, evaluate
from analysis.evaluations.fixation_summary import groups, image_metrics, summarise
from analysis.evaluations.fixations import FixationEvaluation
from analysis.metrics.fixations import (
    auc_judd,
    cc,
    fixation_density,
    information_gain,
    kl,
    shuffled_auc,
    sim,
)
from analysis.placed_map import DenseMap, centre_map, points_on
from analysis.runs import Run
from analysis.saliency import Reading, normalise_map
from analysis.source_factors import source_factors
from vars_core.data.fixation_table import read_fixation_folder
from vars_core.data.fixations import FixationSet
from vars_core.decoding import picture_size
from vars_core.images import decode_image

from ..made import MadeBackend
from .made import Rows, made_rows, make_table

SIGMA = 5.0
IMAGES = 6
METRICS = tuple(image_metrics())


def evaluation_of(found: FixationSet, **options: Any) -> FixationEvaluation:
    sizes = {stimulus.id: picture_size(stimulus.path) for stimulus in found.stimuli}
    readings = {"made/model": Reading(("0.0", "0.1"), ("energy", "gap"))}
    return FixationEvaluation(found, sizes, readings, sigma=SIGMA, **options)


def run_of(found: FixationSet, out: Path, *, batch_size: int = 4, workers: int = 2, **options: Any) -> Run:
    run = Run.open(out, {})
    backend: Any = MadeBackend()
    evaluate(evaluation_of(found, **options), [backend], run, Local(workers), batch_size=batch_size)
    return run


def rows_without_time(run: Run) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in run.rows().to_pylist()]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> FixationSet:
    """Six images, one of them black, one that nobody looked at inside its frame."""
    rows: Rows = [row for row in made_rows(IMAGES) if row[0] != "image_5.png"]
    rows += [("image_5.png", "anna", -4.0, 3.0), ("image_5.png", "bo", 3.0, float("nan"))]
    root = make_table(tmp_path_factory.mktemp("data"), rows, IMAGES)
    Image.new("RGB", (56, 40)).save(root / "stimuli/image_3.png")
    return read_fixation_folder(root)


@pytest.fixture(scope="module")
def run(found: FixationSet, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(found, tmp_path_factory.mktemp("run") / "run", blurs=(0.0, 3.0))


def test_there_is_one_row_per_image_map_iterate_and_blur_two_floors_and_a_ceiling(run: Run) -> None:
    rows = run.rows(["id", "model", "layer", "readout", "iteration", "blur"]).to_pylist()
    keys = {tuple(row.values()) for row in rows}
    assert len(keys) == len(rows) == 5 * (2 * 2 * 3 * 2 + 3) + 1
    assert {row["iteration"] for row in rows if row["model"] == "made/model"} == {0, 1, 2}


def test_an_image_nobody_looked_at_is_a_row_that_says_so_and_enters_no_mean(run: Run) -> None:
    (row,) = [row for row in run.rows().to_pylist() if row["id"] == "image_5.png"]
    assert (row["fixations"], row["outside"], row["not_numbers"]) == (0, 1, 1)
    assert (row["model"], row["nss"], row["error"]) == (None, None, None)
    assert {entry["n"] for entry in summarise(run)} == {5}


def test_each_models_row_scores_the_map_it_names(found: FixationSet, run: Run) -> None:
    evaluation, backend = evaluation_of(found), MadeBackend()
    for row in run.rows().to_pylist():
        if row["model"] != backend.name:
            continue
        stimulus = found.stimuli[row["position"]]
        image = decode_image(stimulus.path)
        height, width = image.shape[:2]
        points, kept = points_on(stimulus.fixations.xs, stimulus.fixations.ys, height, width)
        batch, (placement,) = backend.prepare([image])
        raw = (
            backend.maps(batch, ("energy", "gap"), (row["layer"],))[row["layer"]]
            .maps[row["readout"]][row["iteration"], 0]
            .numpy()
        )
        normalised, degenerate = normalise_map(raw.astype(np.float64))
        whole = source_factors(placement, raw.shape).place(normalised)
        if row["blur"]:
            whole = gaussian_filter(whole, row["blur"], mode="nearest", truncate=4)
        placed = DenseMap(whole.round(12))
        share = np.full(placed.shape, 1 / placed.pixels) if degenerate else placed.array / placed.array.sum()
        density = 0.99 * share + 0.01 / placed.pixels
        truth = fixation_density(points, (height, width), SIGMA)
        z = placed.z_at(points)
        at = points.rows, points.columns
        expected = {
            "nss": z.mean(),
            "auc_judd": auc_judd(placed, points),
            "sauc": shuffled_auc(placed, points, evaluation.pool.others(stimulus.id, (height, width))),
            "cc": cc(placed, truth),
            "sim": sim(density, truth),
            "kl": kl(density, truth),
            "ig": information_gain(density[at], centre_map(height, width).density[at]).mean(),
        }
        assert {name: row[name] for name in METRICS} == pytest.approx(expected, rel=1e-6, abs=1e-7)
        assert row["nss"] == pytest.approx(z.mean(), abs=1e-9)
        assert row["degenerate"] == degenerate
        assert (row["fixations"], row["nss_sum"]) == (len(points), pytest.approx(z.sum(), abs=1e-8))
        assert row["outside"] == (~kept).sum()
        people = stimulus.fixations.observers[kept]
        assert row["observer_fixations"] == np.bincount(people, minlength=3).tolist()
        assert row["observer_nss_sum"] == pytest.approx(np.bincount(people, weights=z, minlength=3), abs=1e-8)


def test_a_black_images_constant_map_scores_as_chance_and_is_flagged(run: Run) -> None:
    rows = [row for row in run.rows().to_pylist() if row["id"] == "image_3.png" and row["model"] == "made/model"]
    assert rows
    for row in rows:
        assert (row["degenerate"], row["nss"], row["cc"], row["auc_judd"], row["sauc"]) == (True, 0, 0, 0.5, 0.5)
    group = next(group for group in groups(run) if group.model == "made/model")
    assert group.degenerate == 1


def test_the_centre_gains_no_information_over_itself(run: Run) -> None:
    values = {(entry["model"], entry["metric"]): entry["value"] for entry in summarise(run)}
    assert values["baseline:centre", "ig"] == 0


def test_people_predict_one_another_better_than_the_floors_and_a_map_of_noise_do(run: Run) -> None:
    values = {(entry["model"], entry["metric"]): entry["value"] for entry in summarise(run)}
    for metric in ("nss", "nss_fixation_mean", "auc_judd", "sauc", "cc", "sim", "ig"):
        others = [value for (model, name), value in values.items() if name == metric and model != "human"]
        assert values["human", metric] > max(others)


def test_the_human_row_is_the_mean_over_observers_left_out_one_by_one(found: FixationSet, run: Run) -> None:
    for row in run.rows().to_pylist():
        if row["model"] != "human":
            continue
        stimulus = found.stimuli[row["position"]]
        points, kept = points_on(stimulus.fixations.xs, stimulus.fixations.ys, row["height"], row["width"])
        people = stimulus.fixations.observers[kept]
        scores, areas = [], []
        for observer in np.unique(people):
            own = people == observer
            others = DenseMap(fixation_density(points.keep(~own), (row["height"], row["width"]), SIGMA))
            scores.append(others.z_at(points.keep(own)).mean())
            areas.append(auc_judd(others, points.keep(own)))
        assert row["nss"] == pytest.approx(np.mean(scores), abs=1e-8)
        assert row["auc_judd"] == pytest.approx(np.mean(areas), abs=1e-9)
        assert all(row[metric] is not None for metric in METRICS)


def test_the_summary_follows_from_the_rows_alone(run: Run) -> None:
    rows = run.rows().to_pylist()
    entries = summarise(run)
    for entry in entries:
        own = [
            row
            for row in rows
            if all(row[key] == entry[key] for key in ("model", "layer", "readout", "iteration"))
            and row["blur"] == entry.get("blur", 0)
        ]
        if entry["metric"] == "nss_fixation_mean":
            expected = sum(row["nss_sum"] for row in own) / sum(row["fixations"] for row in own)
        else:
            expected = np.mean([row[entry["metric"]] for row in own])
        assert entry["value"] == pytest.approx(expected, abs=1e-12)
        low, high = entry["ci95"]
        assert low <= entry["value"] <= high
    assert {entry["metric"] for entry in entries} == {*METRICS, "nss_fixation_mean"}
    plain = next(entry for entry in entries if entry["model"] == "human")
    assert set(plain) == {"model", "layer", "readout", "iteration", "metric", "value", "ci95", "n"}


def test_nss_alone_is_the_same_nss(found: FixationSet, run: Run, tmp_path: Path) -> None:
    alone = run_of(found, tmp_path / "run", metrics=("nss",), blurs=(0.0, 3.0))
    columns = ("id", "model", "layer", "readout", "iteration", "blur", "nss", "nss_sum")
    pairs = zip(alone.rows(columns).to_pylist(), run.rows(columns).to_pylist(), strict=True)
    assert all(one == other for one, other in pairs)
    assert alone.rows(["kl"])["kl"].null_count == len(alone.rows(["kl"]))
    assert {entry["metric"] for entry in summarise(alone)} == {"nss", "nss_fixation_mean"}


def test_neither_interruption_nor_threads_change_the_rows_or_the_summary(
    found: FixationSet, run: Run, tmp_path: Path
) -> None:
    other = run_of(found, tmp_path / "run", workers=1, blurs=(0.0, 3.0))
    other.part_path(0).unlink()
    again = run_of(found, tmp_path / "run", blurs=(0.0, 3.0))
    assert rows_without_time(again) == rows_without_time(run)
    assert json.dumps(summarise(again)) == json.dumps(summarise(run))


def test_a_limit_scores_fewer_images_against_the_same_other_fixations(
    found: FixationSet, run: Run, tmp_path: Path
) -> None:
    few = run_of(found, tmp_path / "run", limit=2, blurs=(0.0, 3.0))
    first = [row for row in rows_without_time(run) if row["position"] < 2]
    for one, other in zip(rows_without_time(few), first, strict=True):
        assert {k: v for k, v in one.items() if not isinstance(v, float)} == {
            k: v for k, v in other.items() if not isinstance(v, float)
        }
        assert one["sauc"] == pytest.approx(other["sauc"], abs=1e-6)


def test_an_image_that_cannot_be_decoded_is_an_error_row_and_the_rest_is_scored(tmp_path: Path) -> None:
    root = make_table(tmp_path / "data", made_rows(3), 3)
    found = read_fixation_folder(root)
    sizes = evaluation_of(found)
    (root / "stimuli/image_1.png").write_bytes(b"broken")
    run = Run.open(tmp_path / "run", {})
    backend: Any = MadeBackend()
    evaluate(sizes, [backend], run, Local(1), batch_size=2)
    failed = [row for row in run.rows().to_pylist() if row["error"]]
    assert [(row["position"], row["id"]) for row in failed] == [(1, "image_1.png")]
    assert {entry["n"] for entry in summarise(run)} == {2}


def test_one_image_and_one_observer_leave_no_crossvalidation_and_no_ceiling(tmp_path: Path) -> None:
    rows: Rows = [("image_0.png", "anna", 20.0, 20.0), ("image_0.png", "anna", 30.0, 10.0)]
    run = run_of(read_fixation_folder(make_table(tmp_path / "data", rows, 1)), tmp_path / "run")
    assert {row["model"] for row in run.rows().to_pylist()} == {"baseline:centre", "made/model"}
    assert all(entry["metric"] != "sauc" for entry in summarise(run))
