"""``/segmentation`` and ``/fixations`` through gradio_client, against the metrics of the batch evaluations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from analysis.metrics.fixations import auc_judd, nss
from analysis.metrics.segmentation import count_mask, mask_at
from analysis.placed_map import Pixels, placed
from analysis.source_factors import single_factors, source_factors
from tests.app.made import read
from vars_core.data.masks import FOREGROUND, VOID
from vars_core.images import Placement

CAT = 300, 451


def mask_file(path: Path, labels: np.ndarray) -> Any:
    cv2.imwrite(str(path), labels)
    return handle_file(str(path))


def test_a_mask_is_counted_as_the_evaluation_counts_it(client: Client, tmp_path: Path) -> None:
    labels = np.zeros((600, 902), np.uint8)
    labels[150:450, 225:675] = 7
    labels[:60] = 255
    mask, figure, facts, arrays = client.predict(
        mask=mask_file(tmp_path / "mask.png", labels),
        readout="energy",
        iteration=1,
        threshold=0.42,
        api_name="/segmentation",
    )
    assert read(mask).shape[:2] == (600, 902) and read(figure).ndim == 3
    found = np.where(labels == 7, np.uint8(FOREGROUND), np.where(labels == 255, np.uint8(VOID), np.uint8(0)))
    with np.load(arrays) as stored:
        placement = Placement(600, 902, facts["models"][0]["image_size"])
        unit = placed(stored["map"], single_factors(placement, stored["map"].shape)).unit
        np.testing.assert_array_equal(stored["truth"], found)
        np.testing.assert_array_equal(stored["mask"], read(mask)[..., 0] == 255)
        assert stored["iou"].shape == (4, 101)
    counts = count_mask(mask_at(unit, 0.42), found)
    assert facts["counts"] == {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "tn": counts.tn, "void": counts.void}
    assert facts["iou"] == pytest.approx(100 * counts.tp / (counts.tp + counts.fp + counts.fn))
    assert facts["fp"] == pytest.approx(100 * counts.fp / (540 * 902))
    assert facts["curve"]["iou"][42] == pytest.approx(facts["iou"], abs=1e-3)
    assert facts["best"]["iou"] == pytest.approx(max(facts["curve"]["iou"]), abs=1e-3)
    assert facts["view"]["threshold"] == 0.42
    assert "451×300" in facts["truth"]["note"]


def test_what_a_masks_numbers_mean_is_said_or_judged(client: Client, tmp_path: Path) -> None:
    grey = np.zeros((300, 451), np.uint8)
    grey[100:200, 100:300] = 255
    grey[100:200, 100] = 90
    grey_file = mask_file(tmp_path / "grey.png", grey)
    with pytest.raises(AppError, match="say how masks are to be read"):
        client.predict(mask=grey_file, api_name="/segmentation")
    for values, area in (("soft>=128", 100 * 199), ("soft>=90", 100 * 200), ("labels", 100)):
        facts = client.predict(mask=grey_file, mask_values=values, api_name="/segmentation")[2]
        assert facts["counts"]["tp"] + facts["counts"]["fn"] == area
        assert facts["truth"]["mask_values"] == values
        assert f"Read as {values}, as asked" in facts["truth"]["note"]
    with pytest.raises(AppError, match="Expected masks to be read as voc, labels, binary or soft"):
        client.predict(mask=grey_file, mask_values="soft", api_name="/segmentation")


def test_without_a_truth_the_mask_has_the_photographs_size(client: Client) -> None:
    mask, _, facts, _ = client.predict(threshold=0.5, api_name="/segmentation")
    assert read(mask).shape[:2] == CAT
    assert facts["truth"] is None and "iou" not in facts
    assert facts["coverage"] == pytest.approx(100 * np.mean(read(mask)[..., 0] == 255))


def test_points_are_scored_as_the_evaluation_scores_them(client: Client) -> None:
    xs, ys = [100.5, 300, 600, 40.2], [100, 150.9, 20, 299.5]
    figure, facts, arrays = client.predict(xs=xs, ys=ys, model="rvt_nano/vars_s", api_name="/fixations")
    assert read(figure).ndim == 3
    with np.load(arrays) as stored:
        raw = stored["map"].astype(float)
        np.testing.assert_array_equal(stored["xs"], xs)
        assert np.isnan(stored["z"][2])
    factors = source_factors(Placement(*CAT, facts["models"][0]["image_size"]), raw.shape)
    whole, points = placed(raw, factors), Pixels(np.array([100, 150, 299]), np.array([100, 300, 40]))
    scores = facts["scores"]
    assert scores["nss"] == pytest.approx(nss(whole, points), abs=1e-9)
    assert scores["auc_judd"] == pytest.approx(auc_judd(whole, points), abs=1e-9)
    assert scores["nss_by_iterate"][-1] == pytest.approx(scores["nss"])
    assert scores["centre"]["nss"] != scores["nss"]
    z = [point["z"] for point in facts["points"]]
    assert z[2] is None and np.mean([z[0], z[1], z[3]]) == pytest.approx(scores["nss"])
    assert facts["fixations"]["given"] == 4 and facts["fixations"]["counted"] == 3


def test_a_table_of_observers_has_a_ceiling(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "looks.csv"
    path.write_text("x,y,observer\n100,100,ann\n110,105,bo\n,3,bo\n300,50,ann\n")
    _, facts, _ = client.predict(table=handle_file(str(path)), api_name="/fixations")
    assert facts["scores"]["human_nss"] is not None
    assert facts["fixations"]["notes"] == ["1 of 4 fixations have no number in x or y and are left out."]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({}, "Expected fixations as xs and ys"),
        ({"xs": [1, 2], "ys": [3]}, "same length"),
        ({"xs": 5, "ys": 5}, "two lists"),
        ({"xs": ["left"], "ys": [5]}, "Expected numbers in xs and ys, got 'left'"),
        ({"xs": [None], "ys": [5]}, "not one with a number"),
        ({"xs": [900, 1e30], "ys": [20, 5]}, "all lie outside: x lies between 900 and 1e"),
        ({"xs": [0.5, 0.2], "ys": [0.2, 0.1]}, "got fractions"),
        ({"xs": [5], "ys": [5], "layer": "9.9"}, "no layer '9.9'"),
    ],
)
def test_fixations_that_cannot_be_scored_get_a_sentence(client: Client, wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(AppError, match=sentence):
        client.predict(**wrong, api_name="/fixations")


def test_a_table_or_a_mask_that_is_none_gets_a_sentence(client: Client, tmp_path: Path) -> None:
    table, broken = tmp_path / "table.csv", tmp_path / "broken.png"
    table.write_text("x,z\n1,2\n")
    broken.write_bytes(b"nothing")
    with pytest.raises(AppError, match="y is missing; it has x, z"):
        client.predict(table=handle_file(str(table)), api_name="/fixations")
    with pytest.raises(AppError, match="not a picture in a format that can be read"):
        client.predict(mask=handle_file(str(broken)), api_name="/segmentation")
    with pytest.raises(AppError, match="in colour"):
        colour = np.dstack([np.arange(9, dtype=np.uint8).reshape(3, 3) * k for k in (1, 2, 3)])
        client.predict(mask=mask_file(tmp_path / "colour.png", colour), api_name="/segmentation")


def test_a_mask_of_another_shape_is_refused_with_both_sizes(client: Client, tmp_path: Path) -> None:
    square = mask_file(tmp_path / "square.png", np.ones((80, 80), np.uint8))
    with pytest.raises(AppError, match="The mask is 80×80 pixels, the photograph 451×300"):
        client.predict(mask=square, api_name="/segmentation")


@pytest.mark.parametrize("endpoint", ["/segmentation", "/fixations"])
def test_unknown_names_and_numbers_get_a_sentence(client: Client, endpoint: str) -> None:
    points = {"xs": [5], "ys": [5]} if endpoint == "/fixations" else {}
    for wrong, sentence in (
        ({"readout": "shine"}, "shine"),
        ({"iteration": 9}, r"an iterate of 0\.\.3, got 9"),
        ({"model": "rvt_nano/vars_q"}, "rvt_nano/vars_d"),
    ):
        with pytest.raises((AppError, ValueError), match=sentence):
            client.predict(**points, **wrong, api_name=endpoint)
    if endpoint == "/segmentation":
        with pytest.raises(AppError, match=r"a threshold of 0\.\.1, got 3"):
            client.predict(threshold=3, api_name=endpoint)
