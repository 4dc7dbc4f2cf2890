"""Reading photographs with their labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vars_core.data.masks import read_labels, read_pair
from vars_core.data.pairs import read_pairs, void_label
from vars_core.data.voc import check_voc_labels, read_voc
from vars_core.errors import InputError

from ..made import write_image
from .made import made_labels, make_voc, write_labels


def make_pairs(root: Path, names: list[str], masks: list[np.ndarray]) -> Path:
    for index, (name, mask) in enumerate(zip(names, masks, strict=True)):
        write_image(root / "images" / f"{name}.jpg", index, mask.shape)
        (root / "masks" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(root / "masks" / f"{name}.png")
    return root


def test_a_split_is_read_in_its_own_order_and_repeats_are_kept(tmp_path: Path) -> None:
    root = make_voc(tmp_path, 3)
    (root / "ImageSets/Segmentation/two.txt").write_text("2007_000002  1\n\n2007_000000\n2007_000002\n")
    assert [pair.id for pair in read_voc(root, "two")] == ["2007_000002", "2007_000000", "2007_000002"]


def test_palette_indices_come_back_as_they_were_written(tmp_path: Path) -> None:
    image, labels = read_pair(read_voc(make_voc(tmp_path, 1))[0])
    assert image.shape == (*labels.shape, 3)
    assert np.array_equal(labels, made_labels(0, labels.shape))
    assert 255 in labels


def test_folders_of_another_layout_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no folder .*absent"):
        read_voc(tmp_path / "absent")
    (tmp_path / "JPEGImages").mkdir()
    with pytest.raises(InputError, match=r"there is no folder .*SegmentationClass"):
        read_voc(tmp_path)
    with pytest.raises(InputError, match=r"there is no folder .*images"):
        read_pairs(tmp_path)


def test_a_split_must_exist_and_list_something(tmp_path: Path) -> None:
    root = make_voc(tmp_path, 1)
    with pytest.raises(InputError, match=r"got 'vel' .*'val'"):
        read_voc(root, "vel")
    (root / "ImageSets/Segmentation/none.txt").write_text("\n \n")
    with pytest.raises(InputError, match="it is empty"):
        read_voc(root, "none")
    (root / "ImageSets/Segmentation/out.txt").write_text("../../secret\n")
    with pytest.raises(InputError, match="names inside JPEGImages"):
        read_voc(root, "out")


def test_pairs_match_by_name_and_list_what_has_no_partner(tmp_path: Path) -> None:
    mask = made_labels(0, (20, 30))
    root = make_pairs(tmp_path, ["b", "deep/a"], [mask, mask])
    (root / "images/deep/a.jpg").unlink()
    write_image(root / "images/lonely.v2.jpg", 3, (20, 30))
    pairs = read_pairs(root)
    assert [pair.id for pair in pairs] == ["b", "deep/a", "lonely.v2"]
    assert read_pair(pairs[0])[1].shape == (20, 30)
    with pytest.raises(InputError, match=r"deep/a\.jpg is missing"):
        read_pair(pairs[1])
    with pytest.raises(InputError, match=r"masks/lonely\.v2\.png is missing"):
        read_pair(pairs[2])


def test_pairs_need_images_and_one_file_per_name(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    with pytest.raises(InputError, match="there are none"):
        read_pairs(tmp_path)
    write_image(tmp_path / "images/a.jpg", 0, (8, 8))
    write_image(tmp_path / "images/a.png", 0, (8, 8))
    with pytest.raises(InputError, match="share 'a'"):
        read_pairs(tmp_path)


def test_masks_of_0_and_255_alone_have_no_void(tmp_path: Path) -> None:
    binary = np.zeros((8, 8), np.uint8)
    binary[2:5] = 255
    root = make_pairs(tmp_path / "binary", ["a", "b"], [binary, binary])
    assert void_label(read_pairs(root)) is None


def test_one_mask_with_labels_makes_255_void_in_all(tmp_path: Path) -> None:
    border_only = np.zeros((8, 8), np.uint8)
    border_only[0] = 255
    labelled = border_only.copy()
    labelled[4] = 1
    root = make_pairs(tmp_path / "labelled", ["a", "b"], [border_only, labelled])
    assert void_label(read_pairs(root)) == 255
    (root / "masks/b.png").write_bytes(b"torn")
    assert void_label(read_pairs(root)) is None


def test_label_images_that_cannot_mean_labels_are_refused(tmp_path: Path) -> None:
    colour = tmp_path / "colour.png"
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(colour)
    with pytest.raises(InputError, match=r"single-channel 8-bit label image, colour\.png is RGB"):
        read_labels(colour)
    deep = tmp_path / "deep.png"
    Image.fromarray(np.zeros((4, 4), np.uint16)).save(deep)
    with pytest.raises(InputError, match="single-channel 8-bit"):
        read_labels(deep)
    lossy = tmp_path / "lossy.jpg"
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(lossy)
    with pytest.raises(InputError, match="lossless"):
        read_labels(lossy)
    torn = tmp_path / "torn.png"
    write_labels(torn, made_labels(0, (64, 64)))
    torn.write_bytes(torn.read_bytes()[:-60])
    with pytest.raises(InputError, match=r"cannot read the label image torn\.png"):
        read_labels(torn)


def test_a_mask_of_another_size_than_its_image_is_refused(tmp_path: Path) -> None:
    root = make_voc(tmp_path, 1)
    write_labels(root / "SegmentationClass/2007_000000.png", made_labels(0, (20, 28)))
    with pytest.raises(InputError, match="to be 56×40 pixels like its image, it is 28×20"):
        read_pair(read_voc(root)[0])


def test_labels_beyond_the_twenty_of_voc_are_refused() -> None:
    check_voc_labels(np.array([[0, 20, 255]], np.uint8))
    with pytest.raises(InputError, match="the mask holds 21"):
        check_voc_labels(np.array([[0, 21, 255]], np.uint8))
