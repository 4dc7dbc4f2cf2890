"""What the Segmentation tab counts, against counting pixel by pixel."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from analysis.metrics.segmentation import CURVE_THRESHOLDS, count_mask, cut_map, mask_at
from analysis.placed_map import placed
from analysis.saliency import normalise_map
from analysis.source_factors import single_factors
from app.inference.traced import LayerMaps, ModelFacts, Traced
from app.library.photographs import Photograph
from app.tabs.segmentation import words as segmentation
from app.tabs.segmentation.truth import (
    DRAWN,
    UPLOADED,
    Truth,
    Upload,
    read_drawing,
    same_shape,
    stored_truth,
    truth_of,
    truth_picture,
)
from vars_core.data.masks import BACKGROUND, FOREGROUND, VOID
from vars_core.errors import InputError
from vars_core.images import Placement

SIZE = 32


def photograph(height: int, width: int) -> Photograph:
    return Photograph("upload:x", "your photograph", height, width, np.zeros((height, width, 3), np.uint8), {})


def traced(maps: np.ndarray) -> Traced:
    """A model of one layer whose stream maps (T+1, h, w) are these."""
    facts = ModelFacts("rvt_nano/vars_d", SIZE, ("0.0",), "0.0", "stream", len(maps) - 1, None)
    layer = LayerMaps("0.0", {"stream": maps}, None, None, None)
    return Traced(facts, np.zeros(3, np.float32), (layer,), {"0.0": layer.grid})


def scores(maps: np.ndarray, truth: Truth | None) -> dict:
    height, width = (truth.height, truth.width) if truth else (20, 30)
    return segmentation.scores(photograph(height, width), traced(maps), "0.0", "stream", truth)


def naive(saliency_map: np.ndarray, truth: np.ndarray, threshold: float) -> tuple[int, int, int]:
    """(TP, FP, FN), one pixel after the other. Without NumPy's comparisons, but on the same resized map."""
    square = cv2.resize(normalise_map(saliency_map)[0].astype(np.float32), (SIZE, SIZE))
    placed = cv2.resize(square, truth.shape[::-1])
    tp = fp = fn = 0
    for y in range(truth.shape[0]):
        for x in range(truth.shape[1]):
            if truth[y, x] == VOID:
                continue
            inside = float(placed[y, x]) >= threshold
            tp += inside and truth[y, x] == FOREGROUND
            fp += inside and truth[y, x] == BACKGROUND
            fn += not inside and truth[y, x] == FOREGROUND
    return tp, fp, fn


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), percent=st.integers(0, 100), height=st.integers(2, 24), width=st.integers(2, 24))
def test_counts_are_those_of_the_single_pixels(seed: int, percent: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(2, 4, 5)).astype(np.float32)
    found = rng.choice([BACKGROUND, FOREGROUND, VOID], size=(height, width), p=[0.5, 0.3, 0.2]).astype(np.uint8)
    truth = truth_of(found, UPLOADED)
    result = scores(maps, truth)
    if not truth.given:
        return
    at = result["at"][1]
    tp, fp = at["tp"][percent], at["fp"][percent]
    # the two ways of resizing differ by rounding: only pixels that lie on the threshold may fall to either side
    below, above = (naive(maps[1], found, percent / 100 + d) for d in (-1e-5, 1e-5))
    assert above[0] <= tp <= below[0]
    assert above[1] <= fp <= below[1]
    assert result["foreground"] - tp >= below[2]
    assert result["pixels"] == np.count_nonzero(found != VOID)


def test_a_threshold_between_the_hundredths_is_counted_by_itself() -> None:
    maps, found = np.arange(18, dtype=np.float32).reshape(2, 3, 3) ** 2, np.eye(9, dtype=np.uint8)
    truth, one = truth_of(found, UPLOADED), traced(maps)
    told = segmentation.scores(photograph(9, 9), one, "0.0", "stream", truth, threshold=0.305)
    assert told["finer"]["threshold"] == 0.305
    for shown, counts in zip(segmentation.placed_maps(maps, (9, 9), one.model), told["finer"]["at"], strict=True):
        mask = cut_map(shown, 0.305)
        assert (counts["tp"], counts["fp"]) == (np.sum(mask & (found == 1)), np.sum(mask & (found == 0)))
    assert segmentation.scores(photograph(9, 9), one, "0.0", "stream", truth, threshold=0.29)["finer"] is None


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), height=st.integers(2, 40), width=st.integers(2, 40))
def test_the_page_counts_what_the_evaluation_counts(seed: int, height: int, width: int) -> None:
    """To the pixel: the same placing as in `analysis.evaluations.segmentation`, the same comparison."""
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(1, 7, 7)).astype(np.float32)
    found = rng.integers(0, 3, (height, width)).astype(np.uint8)
    at = scores(maps, truth_of(found, UPLOADED))["at"][0]
    unit = placed(maps[0], single_factors(Placement(height, width, SIZE), (7, 7))).unit
    for k, threshold in enumerate(CURVE_THRESHOLDS):
        counts = count_mask(mask_at(unit, threshold), found)
        assert (at["tp"][k], at["fp"][k]) == (counts.tp, counts.fp)


def test_every_iterate_is_counted_on_the_ground_truths_own_pixels() -> None:
    """A map of two halves: 0 left, 1 right; the truth is the right half of a picture three times the model's size."""
    half = np.repeat(np.array([[0.0, 1.0]], np.float32), 2, axis=0)
    found = np.zeros((96, 96), np.uint8)
    found[:, 48:] = FOREGROUND
    result = scores(np.stack([half, 1 - half]), truth_of(found, UPLOADED))
    assert (result["pixels"], result["foreground"]) == (96 * 96, 96 * 48)
    right, wrong = result["at"]
    assert (right["tp"][50], right["fp"][50]) == (96 * 48, 0)
    assert (wrong["tp"][50], wrong["fp"][50]) == (0, 96 * 48)
    assert (right["tp"][0], right["fp"][0]) == (96 * 48, 96 * 48)


def test_a_degenerate_map_marks_nothing_above_zero() -> None:
    result = scores(np.full((1, 3, 3), 7.0, np.float32), truth_of(np.ones((9, 9), np.uint8), UPLOADED))
    assert result["at"][0]["tp"][:2] == [81, 0]


def test_a_large_truth_is_counted_in_bands_to_the_same_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    maps = rng.normal(size=(1, 7, 7)).astype(np.float32)
    truth = truth_of(rng.integers(0, 3, (50, 40)).astype(np.uint8), UPLOADED)
    whole = scores(maps, truth)["at"]
    monkeypatch.setattr("analysis.placed_map.BAND_PIXELS", 40 * 7)
    banded = scores(maps, truth)["at"]
    assert np.abs(np.subtract(whole[0]["tp"], banded[0]["tp"])).max() <= 1  # rounding of a product in parts


def test_void_counts_nowhere_and_everything_is_the_foregrounds_share() -> None:
    found = np.array([[BACKGROUND, FOREGROUND, VOID, FOREGROUND]] * 4, np.uint8)
    result = scores(np.zeros((1, 2, 2), np.float32), truth_of(found, UPLOADED))
    assert (result["pixels"], result["foreground"], result["void"]) == (12, 8, 4)
    assert result["baselines"][0]["iou"] == pytest.approx(100 * 8 / 12)


def test_without_ground_truth_the_coverage_is_counted_and_drawing_is_invited() -> None:
    result = scores(np.arange(9, dtype=np.float32).reshape(1, 3, 3), None)
    assert not result["given"]
    assert result["at"][0]["fp"][0] == result["pixels"] == 20 * 30
    assert result["at"][0]["fp"][100] < result["at"][0]["fp"][30] < 600
    assert "draw" in result["words"].lower()


def test_an_empty_drawing_is_no_ground_truth_but_an_empty_upload_is() -> None:
    empty = np.zeros((4, 4), np.uint8)
    assert not truth_of(empty, DRAWN).given
    assert truth_of(empty, UPLOADED).given


def test_a_model_without_layers_has_no_counts() -> None:
    facts = ModelFacts("timm/resnet18", 224, (), "", "", 0, None)
    bare = Traced(facts, np.zeros(3, np.float32), (), {})
    assert segmentation.scores(photograph(9, 9), bare, "", "stream", None)["at"] == []


def saved(path: Path, picture: np.ndarray) -> Path:
    Image.fromarray(picture).save(path)
    return path


def test_a_mask_holds_background_void_and_objects(tmp_path: Path) -> None:
    labels = np.array([[0, 1, 20], [255, 0, 7]], np.uint8)
    truth = Upload.read(saved(tmp_path / "mask.png", labels)).truth()
    assert truth.regions().tolist() == [[BACKGROUND, FOREGROUND, FOREGROUND], [VOID, BACKGROUND, FOREGROUND]]
    assert (truth.height, truth.width, truth.foreground, truth.void) == (2, 3, 3, 1)


def test_a_palette_mask_is_read_by_its_numbers(tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 15, 255]], np.uint8), mode="P")
    picture.putpalette([128, 64, 32] * 256)
    picture.save(tmp_path / "mask.png")
    assert Upload.read(tmp_path / "mask.png").truth().regions().tolist() == [[BACKGROUND, FOREGROUND, VOID]]


def test_a_mask_of_0_and_255_alone_shows_its_object_in_255(tmp_path: Path) -> None:
    truth = Upload.read(saved(tmp_path / "mask.png", np.array([[0, 255]], np.uint8))).truth()
    assert (truth.foreground, truth.void) == (1, 0)
    assert "0 and 255 alone" in segmentation.truth_words(photograph(1, 2), truth)


def test_a_grey_mask_saved_in_colour_is_a_mask_and_a_coloured_picture_is_none(tmp_path: Path) -> None:
    grey = np.repeat(np.array([[[0], [3]]], np.uint8), 3, axis=2)
    assert Upload.read(saved(tmp_path / "grey.png", grey)).truth().foreground == 1
    with pytest.raises(InputError, match="in colour"):
        Upload.read(saved(tmp_path / "colour.png", np.array([[[0, 1, 2]]], np.uint8))).truth()


def test_what_is_no_mask_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a picture"):
        Upload.read(tmp_path / "broken.png").truth()
    with pytest.raises(InputError, match="more than the 5 allowed"):
        Upload.read(saved(tmp_path / "large.png", np.zeros((3, 3), np.uint8)), max_pixels=5).truth()
    with pytest.raises(InputError, match="JPEG"):
        Upload.read(saved(tmp_path / "lossy.jpg", np.zeros((8, 8), np.uint8))).truth()


def drawing(alpha: np.ndarray) -> str:
    picture = np.dstack([np.full((*alpha.shape, 3), 255, np.uint8), alpha.astype(np.uint8)])
    return "data:image/png;base64," + base64.b64encode(cv2.imencode(".png", picture)[1].tobytes()).decode()


def test_a_drawing_is_what_is_opaque() -> None:
    truth = read_drawing(drawing(np.array([[0, 127, 128, 255]])))
    assert truth.regions().tolist() == [[BACKGROUND, BACKGROUND, FOREGROUND, FOREGROUND]]


@pytest.mark.parametrize("address", ["", "data:text/html,x", "data:image/png;base64,%%%", "data:image/png;base64,AAAA"])
def test_what_is_no_drawing_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="drawing"):
        read_drawing(address)


def test_a_drawing_larger_than_the_page_shows_is_refused() -> None:
    with pytest.raises(InputError, match="640"):
        read_drawing(drawing(np.zeros((2, 641))))


def test_another_aspect_ratio_is_said_and_another_size_alone_is_not_warned_of() -> None:
    photo = photograph(300, 451)
    square, half, odd = (truth_of(np.ones(shape, np.uint8), UPLOADED) for shape in ((300, 300), (600, 902), (150, 225)))
    assert not same_shape(photo, square)
    assert "another aspect ratio" in segmentation.truth_words(photo, square)
    assert same_shape(photo, half)
    assert same_shape(photo, odd)
    assert "never the mask" in segmentation.truth_words(photo, half)


def test_the_mask_beside_a_photograph_is_found_and_nothing_outside_the_folder_is(tmp_path: Path) -> None:
    root = tmp_path / "voc"
    (root / "JPEGImages").mkdir(parents=True)
    (root / "SegmentationClass").mkdir()
    saved(root / "SegmentationClass" / "a.png", np.array([[0, 5]], np.uint8))
    saved(tmp_path / "b.png", np.array([[0, 5]], np.uint8))
    (root / "SegmentationClass" / "b.png").symlink_to(tmp_path / "b.png")
    folders = {"voc": root}
    found = stored_truth("data:voc/JPEGImages/a.jpg", folders)
    assert found is not None
    assert found.foreground == 1
    assert stored_truth("data:voc/JPEGImages/b.jpg", folders) is None
    assert stored_truth("data:voc/JPEGImages/c.jpg", folders) is None
    assert stored_truth("sample:cat", folders) is None


def test_the_picture_of_the_truth_is_for_the_eye_and_keeps_its_regions() -> None:
    found = np.array([[BACKGROUND, FOREGROUND], [VOID, BACKGROUND]], np.uint8)
    address = truth_picture(truth_of(found, UPLOADED), 4, 4)
    data = np.frombuffer(base64.b64decode(address.partition(",")[2]), np.uint8)
    shown = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
    assert shown[::2, ::2].tolist() == [[0, 255], [128, 0]]
