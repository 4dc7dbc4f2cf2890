"""Where training pictures come from: shards, folders, splits, decoded arrays, worker processes."""

from __future__ import annotations

import dataclasses
import io
import logging
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vars_core.data.halves import read_tiny_imagenet
from vars_core.data.image_folder import FolderImages
from vars_core.data.image_parquet import ParquetImages
from vars_core.data.labelled import JoinedImages, LabelledImages, Subset, split
from vars_core.data.open import open_split
from vars_core.errors import InputError
from vars_core.training.data import decoded, square
from vars_core.training.distributed import World
from vars_core.training.recipe import PRESETS, Stage
from vars_core.training.stream import StreamFeed

from .conftest import picture, write_shard

IMAGENET = PRESETS["imagenet"]


class Numbers:
    """A set of ``count`` pictures over ``classes``, none of which can be decoded."""

    def __init__(self, count: int, classes: int) -> None:
        self.classes = tuple(str(label) for label in range(classes))
        self.labels = np.arange(count) % classes
        self.fingerprint = f"{count}-{classes}"

    def __len__(self) -> int:
        return len(self.labels)

    def name(self, index: int) -> str:
        return f"number {index}"

    def encoded(self, index: int) -> bytes:
        return bytes([index % 256])


def test_shards_are_read_row_by_row_in_order(made_data: Path) -> None:
    images = ParquetImages(sorted(made_data.glob("train-*.parquet")))
    assert isinstance(images, LabelledImages)
    assert len(images) == 96
    assert list(images.labels[:5]) == [0, 1, 2, 3, 0]
    assert images.name(50) == "train-1.parquet row 2"
    rows = [value for file in images.files for value in pq.read_table(file)["image"].to_pylist()]
    for index in (95, 0, 48, 7, 6, 47):
        assert images.encoded(index) == rows[index]


def test_a_small_memory_for_row_groups_changes_nothing(made_data: Path) -> None:
    files = sorted(made_data.glob("train-*.parquet"))
    tight, roomy = ParquetImages(files, held=1), ParquetImages(files)
    order = np.random.default_rng(0).permutation(96)[:30]
    assert [tight.encoded(i) for i in order] == [roomy.encoded(i) for i in order]


def test_pictures_in_a_struct_with_bytes_are_understood(tmp_path: Path) -> None:
    content = picture(1, np.random.default_rng(0))
    table = pa.table({"image": [{"bytes": content, "path": "a.png"}], "label": [0]})
    pq.write_table(table, tmp_path / "hub.parquet")
    assert ParquetImages([tmp_path / "hub.parquet"]).encoded(0) == content


def test_a_shard_without_the_columns_names_those_it_has(tmp_path: Path) -> None:
    pq.write_table(pa.table({"picture": [b""], "label": [0]}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match=r"needs the columns 'image' and 'label', it has picture, label"):
        ParquetImages([tmp_path / "x.parquet"])
    (tmp_path / "y.parquet").write_bytes(b"not parquet")
    with pytest.raises(InputError, match="could not be read as Parquet"):
        ParquetImages([tmp_path / "y.parquet"])


def test_class_folders_are_labelled_in_sorted_order(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name, count in (("dog", 2), ("cat", 3)):
        for index in range(count):
            file = tmp_path / name / f"{index}.png"
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(picture(1, generator))
    (tmp_path / "dog" / "notes.txt").write_text("no picture")
    images = FolderImages(tmp_path)
    assert images.classes == ("cat", "dog")
    assert list(images.labels) == [0, 0, 0, 1, 1]
    assert images.name(3) == str(Path("dog") / "0.png")
    with pytest.raises(InputError, match="classes that are not expected: \\['dog'\\]"):
        FolderImages(tmp_path, classes=("cat",))


def test_a_folder_without_training_data_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train\*.parquet and val\*.parquet, or train/ and val/"):
        open_split(tmp_path)
    with pytest.raises(InputError, match="is none"):
        open_split(tmp_path / "nowhere")


@given(count=st.integers(2, 200), classes=st.integers(1, 10), part=st.floats(0.05, 0.9), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=50)
def test_held_out_pictures_are_disjoint_from_the_rest_and_cover_every_class(
    count: int, classes: int, part: float, seed: int
) -> None:
    kept, held = split(Numbers(count, classes), part, seed)
    assert not set(kept.indices) & set(held.indices)
    assert len(kept) + len(held) == count
    for label in range(classes):
        members = (np.arange(count) % classes == label).sum()
        if members > 1:
            assert 1 <= (held.labels == label).sum() < members
            assert abs((held.labels == label).sum() - part * members) <= 1


def test_joined_sets_follow_each_other_and_need_the_same_classes() -> None:
    joined = JoinedImages([Numbers(5, 2), Subset(Numbers(9, 2), [8, 1])])
    assert len(joined) == 7
    assert list(joined.labels) == [0, 1, 0, 1, 0, 0, 1]
    assert joined.name(5) == "number 8" and joined.encoded(6) == bytes([1])
    with pytest.raises(InputError, match="same classes"):
        JoinedImages([Numbers(4, 2), Numbers(4, 3)])


def test_pictures_are_decoded_once_and_kept_exactly(made_data: Path, tmp_path: Path) -> None:
    source = ParquetImages([made_data / "val.parquet"])
    array = decoded(source, tmp_path, 32)
    expected = np.asarray(Image.open(io.BytesIO(source.encoded(9))))
    assert np.array_equal(array.images[9], expected)
    source.encoded = None
    again = decoded(source, tmp_path, 32)
    assert np.array_equal(again.images, array.images) and np.array_equal(again.labels, array.labels)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".json", ".npy"]


def test_a_corrupt_picture_in_a_shard_is_skipped_counted_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_shard(tmp_path / "train-0.parquet", [0, 1, 2, 3, 0], seed=0, broken=(1, 3))
    source = ParquetImages([tmp_path / "train-0.parquet"], classes=list("abcd"))
    with caplog.at_level(logging.WARNING):
        array = decoded(source, tmp_path / "cache", 32)
    assert list(array.labels) == [0, 2, 0]
    assert [name.split(":")[0] for name in array.skipped] == ["train-0.parquet row 1", "train-0.parquet row 3"]
    assert "2 of 5 pictures skipped" in caplog.text and "train-0.parquet row 3" in caplog.text
    assert np.array_equal(array.images[1], np.asarray(Image.open(io.BytesIO(source.encoded(2)))))


def test_a_set_without_one_readable_picture_is_an_error_and_leaves_no_cache(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of 3 pictures could be decoded; the first: number 0"):
        decoded(Numbers(3, 2), tmp_path, 32)
    assert not list(tmp_path.iterdir())


def test_a_picture_is_cut_to_its_centre_square() -> None:
    image = np.zeros((20, 40, 3), np.uint8)
    image[:, 10:30] = 200
    assert (square(image, 20) == 200).all()
    assert square(image, 8).shape == (8, 8, 3)


@pytest.fixture
def stream(tmp_path: Path) -> StreamFeed:
    labels = [i % 4 for i in range(24)]
    write_shard(tmp_path / "train-0.parquet", labels, seed=0, broken=(5,))
    images = ParquetImages([tmp_path / "train-0.parquet"])
    recipe = dataclasses.replace(IMAGENET, stages=(Stage(2, 48, 8),))
    return StreamFeed(images, Subset(images, range(4)), recipe, 3, torch.device("cpu"), "made", workers=0)


def test_streamed_batches_are_the_same_with_any_number_of_workers(stream: StreamFeed) -> None:
    here = list(stream.training(0, 0))
    there = list(dataclasses.replace(stream, workers=2).training(0, 0))
    assert len(here) == 3 and here[0][0].shape == (8, 3, 48, 48)
    for (pixels, labels), (other_pixels, other_labels) in zip(here, there, strict=True):
        assert torch.equal(pixels, other_pixels) and torch.equal(labels, other_labels)


def test_streaming_from_the_middle_of_an_epoch_gives_what_is_left(stream: StreamFeed) -> None:
    whole = list(stream.training(1, 0))
    rest = list(stream.training(1, 2))
    assert len(rest) == 1
    assert torch.equal(rest[0][0], whole[2][0])
    assert not torch.equal(whole[0][0], next(stream.training(0, 0))[0])


def test_two_processes_stream_together_what_one_would(stream: StreamFeed) -> None:
    whole, _ = next(stream.training(0, 0))
    parts = [next(dataclasses.replace(stream, world=World(rank, 2)).training(0, 0))[0] for rank in range(2)]
    merged = torch.empty_like(whole)
    merged[[0, 2, 5, 7]], merged[[1, 3, 4, 6]] = parts
    assert torch.equal(merged, whole)


def test_a_corrupt_streamed_picture_is_replaced_counted_and_named(
    stream: StreamFeed, caplog: pytest.LogCaptureFixture
) -> None:
    once = dataclasses.replace(stream.recipe, augmentation=dataclasses.replace(IMAGENET.augmentation, repeats=1))
    stream = dataclasses.replace(stream, recipe=once)
    with caplog.at_level(logging.WARNING):
        counts = [len(labels) for epoch in range(2) for _, labels in stream.training(epoch, 0)]
    assert counts == [8] * 6
    assert stream.skipped == {"train-0.parquet row 5"}
    assert caplog.text.count("train-0.parquet row 5") == 1


def test_tiny_imagenet_is_whole(shared: Path) -> None:
    folder = shared / "data" / "tiny_imagenet"
    train, val = read_tiny_imagenet(folder)
    assert (len(train), len(val), len(train.classes)) == (100_000, 10_000, 200)
    assert set(np.bincount(train.labels)) == {500} and set(np.bincount(val.labels)) == {50}
    assert train.classes[0].startswith("goldfish") and val.classes == train.classes
    train_ids, val_ids = (
        {name for file in source.files for name in pq.read_table(file, columns=["id"])["id"].to_pylist()}
        for source in (train, val)
    )
    assert len(train_ids) == 100_000 and not train_ids & val_ids
