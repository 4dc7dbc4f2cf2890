"""Situations out of public reports, each made small here, and those of the shared folder of cases where it is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.__main__ import main
from app.tabs.fixations.tables import table_points
from vars_core.data.coordinates import look_at_images
from vars_core.data.image_folder import FolderImages
from vars_core.data.mask_set import MaskSet
from vars_core.data.mask_values import MaskValues
from vars_core.data.masks import FOREGROUND, VOID
from vars_core.data.mit1003 import read_mit1003
from vars_core.data.pairs import read_pairs
from vars_core.data.voc import read_voc
from vars_core.errors import InputError

from ..conftest import SHARED
from ..fixations.made import gaze_of, make_mit1003

HEIGHT, WIDTH = 90, 120
OBJECT = np.zeros((HEIGHT, WIDTH), bool)
OBJECT[30:60, 40:80] = True
LABELS = OBJECT * np.uint8(5)
LABELS[60:62, 40:80] = 255
COLOURS = (np.arange(256)[:, None] * [1, 7, 13] % 256).astype(np.uint8)
SOFT = np.where(OBJECT, 255, 0).astype(np.uint8)
SOFT[30:60, 40:52] = np.linspace(0, 255, 12).round()
DDS = b"DDS " + (124).to_bytes(4, "little") + bytes(184)


@pytest.fixture(params=["made", "shared"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Path]:
    """The folder of a case by name: made here, or the shared one."""

    def folder(name: str) -> Path:
        if request.param == "made":
            MADE[name.split("-")[0]](tmp_path / name, name)
            return tmp_path / name
        if not (SHARED / "cases" / name).is_dir():
            pytest.skip("the shared folder of cases is not beside this checkout")
        return SHARED / "cases" / name

    return folder


def picture(path: Path, pixels: np.ndarray | None = None, orientation: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[274] = orientation
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8) if pixels is None else pixels
    Image.fromarray(np.ascontiguousarray(np.rot90(pixels, 2) if orientation == 3 else pixels)).save(path, exif=exif)


def make_voc(root: Path, name: str) -> None:
    for index in range(2):
        picture(root / f"JPEGImages/img_{index}.{'JPG' if 'JPG' in name else 'jpg'}")
        numbers, colours = LABELS, COLOURS
        if "optimised" in name:
            numbers = np.searchsorted([0, 5, 255], LABELS).astype(np.uint8)
            colours = np.concatenate([COLOURS[[0, 5, 255]], np.zeros((1, 3), np.uint8)])
        mask = Image.frombytes("P", (WIDTH, HEIGHT), numbers.tobytes())
        mask.putpalette(colours.ravel().tolist())
        path = root / f"SegmentationClass/img_{index}.png"
        path.parent.mkdir(exist_ok=True)
        (Image.fromarray(OBJECT * np.uint8(255)) if "binary" in name else mask).save(path)
    if "foreign" in name:
        (root / "SegmentationClass/img_1.png").write_bytes(DDS)
    lists = root / "ImageSets/Segmentation"
    lists.mkdir(parents=True)
    plain = b"img_0\nimg_1\n"
    (lists / "val.txt").write_bytes(b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n") if "bom" in name else plain)


def make_pairs(root: Path, name: str) -> None:
    for index in range(3):
        picture(root / f"images/p{index}.jpg")
        mask = Image.fromarray(SOFT if "soft" in name and index == 2 else OBJECT * np.uint8(255))
        if "palette" in name:
            mask = Image.frombytes("P", (WIDTH, HEIGHT), (~OBJECT).astype(np.uint8).tobytes())
            mask.putpalette([255, 255, 255, 0, 0, 0])
        (root / "masks").mkdir(exist_ok=True)
        mask.save(root / f"masks/p{index}.png")


def make_exif(root: Path, name: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    mask = OBJECT * np.uint8(255)
    mask[:20, :30] = 255
    for folder, orientation, suffix in (("upright", 1, "png"), ("tagged", 3, "png"), ("tagged_tif", 3, "tif")):
        picture(root / folder / "images/a.png", pixels, orientation)
        picture(root / folder / f"masks/a.{suffix}", mask, orientation)


def make_table(root: Path, name: str) -> None:
    points = np.random.default_rng(1).normal(0.5, 0.28, (24, 2))
    points = points if name == "fractions-above-one" else points * [WIDTH, HEIGHT]
    names = ("s0.png", "s1.png", "scan.bmp" if "huge" in name else "s2.png")
    for one in names:
        picture(root / "stimuli" / one)
    if "foreign" in name:
        (root / "stimuli/s2.png").write_bytes(DDS)
    if "huge" in name:
        data = bytearray((root / "stimuli/scan.bmp").read_bytes())
        data[18:26] = (20_000).to_bytes(4, "little") * 2
        (root / "stimuli/scan.bmp").write_bytes(data)
    twice = "repeated" in name
    rows = [
        f"{names[i % 3]},{'abc'[i // 3 % 3]},{x:.4f}{f',{x:.4f}' if twice else ''},{y:.4f}"
        for i, (x, y) in enumerate(points)
    ]
    header = "image,observer,x,x,y" if twice else "image,observer,x,y"
    (root / "fixations.csv").write_text("\n".join([header, *rows, ""]))


def make_classes(root: Path, name: str) -> None:
    for one in ("cat", "dog"):
        picture(root / f"train/{one}/0.png")
        picture(root / f"val/{one}/0.png")
    if "jupyter" in name:
        picture(root / "train/.ipynb_checkpoints/0-checkpoint.png")
        picture(root / "train/cat/.ipynb_checkpoints/0-checkpoint.png")


def make_gaze(root: Path, name: str) -> None:
    trials = {}
    for index, observer in enumerate(("ajs", "ff", "hp")):
        gaze = gaze_of((100, 80, 120), (200, 150, 90), (60, 60, 130), (150, 90, 90), seed=index)
        trials["i1", observer] = np.insert(gaze, [140] * 5, np.nan, axis=0) if "nan" in name else gaze
    make_mit1003(root, trials)


MADE: dict[str, Callable[[Path, str], None]] = {
    "voc": make_voc,
    "pairs": make_pairs,
    "exif": make_exif,
    "table": make_table,
    "fractions": make_table,
    "huge": make_table,
    "imagefolder": make_classes,
    "mit1003": make_gaze,
}


def all_foreground(masks: MaskSet) -> float:
    """IoU of marking everything, pooled, in percent."""
    found = np.concatenate([masks.load(pair)[1].ravel() for pair in masks.pairs])
    return float(100 * (found == FOREGROUND).sum() / (found != VOID).sum())


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["analysis", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


@pytest.mark.parametrize("name", ["voc-bom_crlf", "voc-upper_JPG"])
def test_a_list_with_a_mark_and_photographs_in_capitals_read_as_the_plain_set(
    case: Callable[[str], Path], name: str
) -> None:
    plain = all_foreground(read_voc(case("voc-plain")))
    assert plain == pytest.approx(11.3, abs=0.2)
    assert all_foreground(read_voc(case(name))) == plain


def test_vocs_layout_with_masks_of_0_and_255_is_refused(case: Callable[[str], Path]) -> None:
    folder = case("voc-binary_0_255")
    with pytest.raises(InputError, match="no object can be told from void"):
        read_voc(folder)
    assert round(all_foreground(read_voc(folder, values=MaskValues.parse("binary"))), 2) == 11.11


def test_an_optimised_palette_is_refused(case: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match="may have given its numbers a new order"):
        read_voc(case("voc-optimised_palette"))


def test_soft_edges_among_hard_ones_are_refused_by_name_and_read_as_told(case: Callable[[str], Path]) -> None:
    folder = case("pairs-one_soft_of_three")
    with pytest.raises(InputError, match=r"p2\.png holds"):
        read_pairs(folder)
    masks = read_pairs(folder, values=MaskValues.parse("soft>=128"))
    hard = all_foreground(read_pairs(case("pairs-hard")))
    assert all_foreground(masks) == pytest.approx(hard, abs=1)


def test_a_palette_that_begins_with_white_shows_white_objects(case: Callable[[str], Path]) -> None:
    masks = read_pairs(case("pairs-palette_white_first"))
    assert all_foreground(masks) == all_foreground(read_pairs(case("pairs-hard")))
    assert any("in an order of their own" in sentence for sentence in masks.assumptions)


def test_a_photograph_and_a_mask_that_are_tagged_turned_meet_upright(case: Callable[[str], Path]) -> None:
    folder = case("exif-mask")
    read = {name: read_pairs(folder / name) for name in ("upright", "tagged", "tagged_tif")}
    (upright, tagged, tif) = (masks.load(masks.pairs[0]) for masks in read.values())
    for image, regions in (tagged, tif):
        np.testing.assert_array_equal(regions, upright[1])
        np.testing.assert_array_equal(image, upright[0])


def test_fractions_with_some_above_one_are_refused_and_pixels_are_read(
    case: Callable[[str], Path], tmp_path: Path
) -> None:
    from vars_core.data.fixation_table import read_fixation_folder

    folder = case("fractions-above-one")
    with pytest.raises(InputError, match="got fractions of its sides"):
        look_at_images(read_fixation_folder(folder))
    lines = [line for line in (folder / "fixations.csv").read_text().splitlines() if line.startswith(("image", "s0"))]
    (tmp_path / "upload.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match="got fractions of its sides"):
        table_points(tmp_path / "upload.csv", "ref", "s0.png", 240, 320)
    _, found = look_at_images(read_fixation_folder(case("fractions-above-one-in-pixels")))
    assert found.count == sum(len(line) > 0 for line in (folder / "fixations.csv").read_text().splitlines()) - 1


def test_a_repeated_column_is_one_sentence(case: Callable[[str], Path]) -> None:
    from vars_core.data.fixation_table import read_fixation_folder

    with pytest.raises(InputError, match=r"every column once in .*fixations\.csv, x is there more than once"):
        read_fixation_folder(case("table-repeated-column"))


@pytest.mark.parametrize(
    ("command", "name"),
    [("segmentation", "voc-foreign-file"), ("fixations", "table-foreign-file"), ("fixations", "huge-stimulus")],
)
def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_scored(
    case: Callable[[str], Path],
    command: str,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, out = case(name), tmp_path / "run"
    more = ("--metrics", "nss") if command == "fixations" else ()
    assert run(monkeypatch, command, "--data", folder, "--out", out, *more) == 3
    assert "1 of " in capsys.readouterr().err
    assert json.loads((out / "summary.json").read_text())
    assert json.loads((out / "run.json").read_text())["assumptions"]


def test_checkpoints_of_a_notebook_are_no_class_and_an_empty_folder_widens_nothing(
    case: Callable[[str], Path], tmp_path: Path
) -> None:
    plain = FolderImages(case("imagefolder-plain") / "train")
    found = FolderImages(case("imagefolder-jupyter") / "train")
    assert found.classes == plain.classes == ("cat", "dog")
    assert [found.name(index) for index in range(len(found))] == [plain.name(index) for index in range(len(plain))]
    source = case("imagefolder-empty_class") / "train"
    for folder in ("cat", "dog"):
        (tmp_path / "copy").mkdir(exist_ok=True)
        (tmp_path / "copy" / folder).symlink_to(source / folder, target_is_directory=True)
    (tmp_path / "copy/bird").mkdir()
    empty = FolderImages(tmp_path / "copy")
    assert empty.classes == ("cat", "dog")
    assert [note.names for note in empty.notes] == [("bird",)]


def test_lost_samples_of_gaze_are_counted_and_cost_no_fixation(case: Callable[[str], Path]) -> None:
    plain, found = read_mit1003(case("mit1003-plain")), read_mit1003(case("mit1003-nan"))
    assert found.count == plain.count > 0
    (note,) = [note for note in found.notes if "gaze samples without a number" in note.what]
    assert all(name.endswith("×5") for name in note.names)
    for one, other in zip(plain.stimuli, found.stimuli, strict=True):
        moved = np.hypot(one.fixations.xs - other.fixations.xs, one.fixations.ys - other.fixations.ys)
        assert (moved == 0).mean() > 0.7 and moved.max() < 10
