"""What systems and tools leave in folders is no data, for any reader; names in lists find their files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from analysis.corruptions.tree import find_images
from app.library.photographs import data_files
from vars_core.data.image_folder import FolderImages
from vars_core.data.listing import NameIndex, list_files, same_file_twice
from vars_core.data.mit1003 import read_mit1003
from vars_core.data.pairs import read_pairs
from vars_core.errors import InputError

from ..fixations.made import gaze_of, make_mit1003

JUNK = st.sampled_from(
    [
        ".ipynb_checkpoints/a-checkpoint.png",
        "__MACOSX/a.png",
        "@eaDir/a.png/thumb.png",
        "._a.png",
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        ".hidden.png",
        "#recycle/b.png",
        "$RECYCLE.BIN/c.png",
        ".git/x/d.png",
    ]
)


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        Image.fromarray(np.eye(8, dtype=np.uint8) * 255).save(path)
    else:
        path.write_bytes(b"x")


@given(
    junk=st.lists(JUNK, unique=True, max_size=6),
    where=st.sampled_from(["", "deep", "deep/er"]),
)
@settings(deadline=None, max_examples=40)
def test_a_tree_with_junk_reads_as_the_tree_without(
    tmp_path_factory: pytest.TempPathFactory, junk: list[str], where: str
) -> None:
    root = tmp_path_factory.mktemp("t")
    own = ["a.png", "deep/b.png", "deep/er/c.png"]
    for name in own:
        for folder in ("images", "masks"):
            write(root / folder / name)
    for name in junk:
        write(root / "images" / where / name)
    listing = list_files(root / "images")
    assert [path.relative_to(root / "images").as_posix() for path in listing.files] == own
    first = {f"{where}/{name.split('/')[0]}".lstrip("/") for name in junk}
    assert set(listing.left_out) == first
    assert [pair.id for pair in read_pairs(root).pairs] == ["a", "deep/b", "deep/er/c"]
    assert list(find_images(root / "images").by_name()) == ["a", "deep/b", "deep/er/c"]
    assert data_files(root / "images") == own
    noted = [name for note in read_pairs(root).notes for name in note.names]
    assert noted == sorted(f"images/{name}" for name in first)


@given(junk=st.lists(JUNK, unique=True, max_size=5), empty=st.booleans(), in_class=st.booleans())
@settings(deadline=None, max_examples=30)
def test_class_folders_are_those_with_pictures(
    tmp_path_factory: pytest.TempPathFactory, junk: list[str], empty: bool, in_class: bool
) -> None:
    root = tmp_path_factory.mktemp("c")
    for name in ("cat/0.png", "cat/1.png", "dog/0.png"):
        write(root / name)
    if empty:
        (root / "bird").mkdir()
    for name in junk:
        write((root / "cat" if in_class else root) / name)
    images = FolderImages(root)
    assert images.classes == ("cat", "dog")
    assert [images.name(index) for index in range(len(images))] == ["cat/0.png", "cat/1.png", "dog/0.png"]
    said = " ".join(note.sentence() for note in images.notes)
    assert ("bird" in said) == empty
    assert all(
        name.split("/")[0] in " ".join(n for note in images.notes for n in note.names) for name in junk if "/" in name
    )


def test_an_empty_class_that_training_knows_stays_in_its_place(tmp_path: Path) -> None:
    write(tmp_path / "dog/0.png")
    (tmp_path / "cat").mkdir()
    images = FolderImages(tmp_path, ("cat", "dog"))
    assert images.classes == ("cat", "dog")
    assert images.labels.tolist() == [1]


def test_observers_and_trials_of_mit1003_are_never_hidden_ones(tmp_path: Path) -> None:
    root = make_mit1003(tmp_path, {("i1", "anna"): gaze_of((100, 100, 60), (200, 120, 80))})
    plain = read_mit1003(root)
    for name in ("DATA/.ipynb_checkpoints/i1.mat", "DATA/@eaDir/i1.mat", "ALLSTIMULI/._i1.jpeg", "DATA/anna/._i1.mat"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(b"junk")
    found = read_mit1003(root)
    assert (found.observers, found.count, len(found.stimuli)) == (plain.observers, plain.count, 1)
    (note,) = [note for note in found.notes if "left out" in note.what]
    assert set(note.names) == {"._i1.jpeg", ".ipynb_checkpoints", "@eaDir"}


def test_a_name_finds_its_file_whatever_its_suffix_and_no_other(tmp_path: Path) -> None:
    for name in ("IMG_1.JPG", "two words.png", "deep/c.v2.png", "x.png", "x.jpg"):
        write(tmp_path / name)
    index = NameIndex(list_files(tmp_path))
    for wanted, file in (("IMG_1", "IMG_1.JPG"), ("IMG_1.jpg", "IMG_1.JPG"), ("two words", "two words.png")):
        found = index.find(wanted)
        assert found is not None and found.name == file
    assert index.find("deep/c.v2") == tmp_path / "deep/c.v2.png"
    assert index.find("x.jpg") == tmp_path / "x.jpg"
    assert index.find("img_1") is None and index.nearest("IMG_2") == "'IMG_1.JPG'"
    with pytest.raises(InputError, match=r"one file called 'x' .* x\.jpg and x\.png"):
        index.find("x")
    with pytest.raises(InputError, match=r"'a' and 'b', which are one file"):
        same_file_twice([("a", tmp_path / "x.png"), ("b", tmp_path / "x.png")], "a list")
