"""From images to rows to a summary: every number again by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from analysis.engine import Local, evaluate
from analysis.evaluations.segmentation import Segmentation
from analysis.evaluations.segmentation_summary import groups, summarise
from analysis.metrics.segmentation import CURVE_THRESHOLDS, count_mask
from analysis.placed_map import placed
from analysis.runs import Run
from analysis.saliency import Reading, normalise_map
from analysis.source_factors import single_factors
from vars_core.data.masks import FOREGROUND, VOID
from vars_core.data.voc import read_voc

from ..made import MadeBackend
from .made import make_voc

THRESHOLD = 0.333  # off the curve's grid


def run_of(root: Path, out: Path, *, per_head: bool = False, batch_size: int = 3, workers: int = 2) -> Run:
    backend: Any = MadeBackend()
    reading = Reading(("0.0", "0.1"), ("energy", "gap"))
    evaluation = Segmentation(read_voc(root), {backend.name: reading}, threshold=THRESHOLD, per_head=per_head)
    run = Run.open(out, {})
    evaluate(evaluation, [backend], run, Local(workers), batch_size=batch_size)
    return run


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five images, one of them black."""
    root = make_voc(tmp_path_factory.mktemp("voc"), 5)
    Image.new("RGB", (56, 40)).save(root / "JPEGImages/2007_000003.jpg")
    return root


@pytest.fixture(scope="module")
def run(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(root, tmp_path_factory.mktemp("run") / "run", per_head=True)


def test_there_is_one_row_per_image_map_and_iterate_and_two_baselines(run: Run) -> None:
    rows = run.rows(["position", "model", "layer", "readout", "iteration"]).to_pylist()
    keys = {tuple(row.values()) for row in rows}
    assert len(keys) == len(rows) == 5 * (2 * 2 * 3 + 2)
    assert {row["iteration"] for row in rows if row["model"] == "made/model"} == {0, 1, 2}
    assert {row["layer"] for row in rows if row["model"].startswith("baseline")} == {None}


def test_each_row_counts_the_map_it_names(root: Path, run: Run) -> None:
    backend = MadeBackend()
    masks = read_voc(root)
    for row in run.rows().to_pylist():
        if row["model"] != backend.name:
            continue
        image, truth = masks.load(masks.pairs[row["position"]])
        batch, (placement,) = backend.prepare([image])
        layer = backend.maps(batch, ("energy", "gap"), (row["layer"],))[row["layer"]]
        raw = layer.maps[row["readout"]][row["iteration"], 0].numpy()
        one = placed(raw, single_factors(placement, raw.shape))
        assert row["degenerate"] == one.degenerate
        assert (row["map_min"], row["map_max"]) == pytest.approx((raw.min(), raw.max()), rel=1e-6)
        counts = count_mask(one.unit >= np.float32(THRESHOLD), truth)
        assert [row[name] for name in ("tp", "fp", "fn", "tn", "void")] == [
            counts.tp, counts.fp, counts.fn, counts.tn, counts.void
        ]  # fmt: skip
        for k in (0, 30, 100):
            mask = one.unit >= np.float32(CURVE_THRESHOLDS[k])
            assert row["tp_at"][k] == (mask & (truth == FOREGROUND)).sum()
            assert row["fp_at"][k] == (mask & (truth != FOREGROUND) & (truth != VOID)).sum()


def test_a_constant_map_is_flagged_and_claims_nothing(run: Run) -> None:
    rows = [row for row in run.rows().to_pylist() if row["id"] == "2007_000003" and row["layer"] is not None]
    assert len(rows) == 12
    for row in rows:
        assert row["degenerate"]
        assert (row["tp"], row["fp"]) == (0, 0)


def test_the_best_head_is_the_one_with_the_highest_iou(root: Path, run: Run) -> None:
    backend = MadeBackend()
    masks = read_voc(root)
    image, truth = masks.load(masks.pairs[1])
    batch, (placement,) = backend.prepare([image])
    heads = backend.maps(batch, ("energy",), ("0.1",), per_head=True)["0.1"].head_maps["energy"][2, 0].numpy()
    ratios = []
    for head in heads:
        counts = count_mask(placed(head, single_factors(placement, head.shape)).unit >= np.float32(THRESHOLD), truth)
        ratios.append(counts.tp / (counts.tp + counts.fp + counts.fn))
    key = {"position": 1, "layer": "0.1", "readout": "energy", "iteration": 2}
    (row,) = [row for row in run.rows().to_pylist() if key.items() <= row.items()]
    assert row["best_head"] == int(np.argmax(ratios))
    union = row["best_head_tp"] + row["best_head_fp"] + row["best_head_fn"]
    assert row["best_head_tp"] / union == max(ratios)


def test_the_summary_is_what_the_rows_say(run: Run) -> None:
    summary = summarise(run)
    rows = run.rows().to_pylist()
    for group in groups(run):
        mine = [row for row in rows if all(row[key] == value for key, value in group.name.items())]
        entries = {e["metric"]: e for e in summary if all(e[key] == value for key, value in group.name.items())}
        tp, fp, fn, tn = (sum(row[name] for row in mine) for name in ("tp", "fp", "fn", "tn"))
        assert entries["iou_pooled"]["value"] == pytest.approx(100 * tp / (tp + fp + fn))
        assert entries["fp"]["value"] == pytest.approx(100 * fp / (tp + fp + fn + tn))
        assert entries["fn"]["value"] == pytest.approx(100 * fn / (tp + fp + fn + tn))
        per_image = [row["tp"] / (row["tp"] + row["fp"] + row["fn"]) for row in mine]
        assert entries["iou_image_mean"]["value"] == pytest.approx(100 * sum(per_image) / len(mine))
        curve = [
            sum(row["tp_at"][k] for row in mine) / sum(row["tp"] + row["fn"] + row["fp_at"][k] for row in mine)
            for k in range(len(CURVE_THRESHOLDS))
        ]
        assert entries["iou_best_threshold"]["value"] == pytest.approx(100 * max(curve))
        assert group.iou_curve() == pytest.approx(curve)
        for entry in entries.values():
            assert entry["n"] == 5
            assert entry["ci95"][0] <= entry["value"] <= entry["ci95"][1]


def test_the_oracle_over_heads_pools_the_best_head_of_every_image(run: Run) -> None:
    key = {"model": "made/model", "layer": "0.0", "readout": "gap", "iteration": 1}
    mine = [row for row in run.rows().to_pylist() if key.items() <= row.items()]
    tp, fp, fn = (sum(row[f"best_head_{name}"] for row in mine) for name in ("tp", "fp", "fn"))
    entries = [entry for entry in summarise(run) if entry["metric"] == "iou_best_head"]
    (entry,) = [entry for entry in entries if key.items() <= entry.items()]
    assert entry["value"] == pytest.approx(100 * tp / (tp + fp + fn))
    assert {entry["model"] for entry in entries} == {"made/model"}


def test_the_all_foreground_baseline_does_not_depend_on_the_threshold(run: Run) -> None:
    group = next(group for group in groups(run) if group.model == "baseline:all")
    assert np.ptp(group.iou_curve()) == 0
    assert group.fn.sum() == 0


def test_workers_and_the_order_of_work_leave_the_summary_alone(root: Path, tmp_path: Path) -> None:
    first = summarise(run_of(root, tmp_path / "a", workers=1))
    run = run_of(root, tmp_path / "b", workers=4)
    run.part_path(0).unlink()
    assert summarise(run_of(root, tmp_path / "b", workers=3)) == first


def test_the_centre_baseline_is_the_gaussian_scaled_by_its_own_range(root: Path, run: Run) -> None:
    masks = read_voc(root)
    _, truth = masks.load(masks.pairs[0])
    height, width = truth.shape
    y, x = np.mgrid[:height, :width]
    gaussian = np.exp(
        -0.5 * (((x - (width - 1) / 2) / (width / 4)) ** 2 + ((y - (height - 1) / 2) / (height / 4)) ** 2)
    )
    mask = normalise_map(gaussian)[0] >= THRESHOLD
    counts = count_mask(mask, truth)
    row = next(row for row in run.rows().to_pylist() if row["position"] == 0 and row["model"] == "baseline:centre")
    assert (row["tp"], row["fp"], row["fn"]) == (counts.tp, counts.fp, counts.fn)
