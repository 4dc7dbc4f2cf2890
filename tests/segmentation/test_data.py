"""Photographs with masks in their two layouts: which files belong together, and what a list's lines mean."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vars_core.data.pairs import read_pairs
from vars_core.data.voc import read_voc
from vars_core.decoding import ImageError
from vars_core.errors import InputError

from ..made import write_image
from .made import made_labels, make_voc, write_labels


def make_pairs(root: Path, names: list[str], masks: list[np.ndarray]) -> Path:
    for index, (name, mask) in enumerate(zip(names, masks, strict=True)):
        write_image(root / "images" / f"{name}.jpg", index, mask.shape)
        (root / "masks" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(root / "masks" / f"{name}.png")
    return root


def listed(root: Path, content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    (root / "ImageSets/Segmentation/val.txt").write_bytes(data)


def test_a_split_is_read_in_its_own_order_and_flags_after_names_are_no_names(tmp_path: Path) -> None:
    root = make_voc(tmp_path, 3)
    (root / "ImageSets/Segmentation/two.txt").write_text("2007_000002  1\n\n2007_000000 -1\n")
    assert [pair.id for pair in read_voc(root, "two").pairs] == ["2007_000002", "2007_000000"]


def test_palette_indices_become_regions(tmp_path: Path) -> None:
    masks = read_voc(make_voc(tmp_path, 1))
    image, regions = masks.load(masks.pairs[0])
    labels = made_labels(0, regions.shape)
    assert image.shape == (*labels.shape, 3)
    np.testing.assert_array_equal(regions, np.select([labels == 0, labels == 255], [0, 2], 1))
    assert 2 in regions


def test_folders_of_another_layout_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no folder .*absent"):
        read_voc(tmp_path / "absent")
    (tmp_path / "JPEGImages").mkdir()
    with pytest.raises(InputError, match=r"there is no folder .*SegmentationClass"):
        read_voc(tmp_path)
    with pytest.raises(InputError, match=r"there is no folder .*images"):
        read_pairs(tmp_path)


def test_a_split_must_exist_and_list_something_inside_the_folder(tmp_path: Path) -> None:
    root = make_voc(tmp_path, 1)
    with pytest.raises(InputError, match=r"got 'vel' .*'val'"):
        read_voc(root, "vel")
    listed(root, "\n \n")
    with pytest.raises(InputError, match="it is empty"):
        read_voc(root)
    listed(root, "../../secret\n")
    with pytest.raises(InputError, match="names inside JPEGImages"):
        read_voc(root)
    listed(root, b"\xff\xfe2\x000\x00")
    with pytest.raises(InputError, match="text file with one name a line"):
        read_voc(root)


@pytest.mark.parametrize("again", ["2007_000000", "2007_000000.jpg", "2007_000000 1"])
def test_two_entries_that_mean_one_file_are_an_error(tmp_path: Path, again: str) -> None:
    root = make_voc(tmp_path, 2)
    listed(root, f"2007_000000\n2007_000001\n{again}\n")
    with pytest.raises(InputError, match=r"val\.txt, it lists '2007_000000' .*one file, 2007_000000\.jpg"):
        read_voc(root)


def test_a_name_without_a_file_stays_listed_with_the_nearest_one(tmp_path: Path) -> None:
    root = make_voc(tmp_path, 3)
    listed(root, "2007_000000\n2007_00001\nIMG.JPG\n")
    masks = read_voc(root)
    assert len(masks.pairs) == 3
    with pytest.raises(ImageError, match=r"JPEGImages/2007_00001\.jpg is missing: .*'2007_000001\.jpg'"):
        masks.load(masks.pairs[1])
    with pytest.raises(ImageError, match=r"JPEGImages/IMG\.jpg is missing"):
        masks.load(masks.pairs[2])


NAMES = st.text(st.sampled_from("abXé0_- ."), min_size=1, max_size=8).filter(
    lambda name: name == name.strip(" .") and ".." not in name and name[0] != "."
)


@given(
    names=st.lists(NAMES, min_size=1, max_size=4, unique_by=lambda name: unicodedata.normalize("NFC", name).lower()),
    suffix=st.sampled_from([".jpg", ".JPG", ".jpeg", ".JPEG", ".png", ".bmp", ".tif"]),
    mask_suffix=st.sampled_from([".png", ".PNG", ".bmp", ".tiff"]),
    listed_suffix=st.sampled_from(["", "", ".jpg", ".JPG"]),
    form=st.sampled_from(["NFC", "NFD"]),
    end=st.sampled_from(["\n", "\r\n", " \n", "\n\n"]),
    mark=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_whatever_a_list_looks_like_its_names_find_their_files(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    suffix: str,
    mask_suffix: str,
    listed_suffix: str,
    form: str,
    end: str,
    mark: bool,
) -> None:
    """Byte-order mark, ends of lines, blanks in names, suffixes, their case, and the composition of letters."""
    root = tmp_path_factory.mktemp("voc")
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    for name in names:
        Image.new("RGB", (8, 8)).save(root / f"JPEGImages/{name}{suffix}")
        Image.fromarray(np.eye(8, dtype=np.uint8)).save(root / f"SegmentationClass/{name}{mask_suffix}")
    lines = "".join(unicodedata.normalize(form, f"{name}{listed_suffix}") + end for name in names)
    listed(root, lines.encode("utf-8-sig" if mark else "utf-8"))
    masks = read_voc(root)
    assert [pair.image.name for pair in masks.pairs] == [f"{name}{suffix}" for name in names]
    for pair in masks.pairs:
        _, regions = masks.load(pair)
        np.testing.assert_array_equal(regions, np.eye(8))


def test_pairs_match_by_name_and_list_what_has_no_partner(tmp_path: Path) -> None:
    mask = made_labels(0, (20, 30))
    root = make_pairs(tmp_path, ["b", "deep/a"], [mask, mask])
    (root / "images/deep/a.jpg").unlink()
    write_image(root / "images/lonely.v2.jpg", 3, (20, 30))
    found = read_pairs(root)
    assert [pair.id for pair in found.pairs] == ["b", "deep/a", "lonely.v2"]
    assert found.load(found.pairs[0])[1].shape == (20, 30)
    with pytest.raises(InputError, match=r"deep/a\.jpg is missing|a\.jpg is missing"):
        found.load(found.pairs[1])
    with pytest.raises(InputError, match=r"masks/lonely\.v2\.png is missing"):
        found.load(found.pairs[2])


def test_pairs_need_images_and_one_file_per_name(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    with pytest.raises(InputError, match="there are none"):
        read_pairs(tmp_path)
    write_image(tmp_path / "images/a.jpg", 0, (8, 8))
    write_image(tmp_path / "images/a.png", 0, (8, 8))
    with pytest.raises(InputError, match="share 'a'"):
        read_pairs(tmp_path)


def test_a_mask_of_another_size_than_its_image_is_refused(tmp_path: Path) -> None:
    root = make_voc(tmp_path, 1)
    write_labels(root / "SegmentationClass/2007_000000.png", made_labels(0, (20, 28)))
    masks = read_voc(root)
    with pytest.raises(InputError, match="to be 56×40 pixels like its image, it is 28×20"):
        masks.load(masks.pairs[0])
