"""The reader of MIT1003 on trees in the distributed layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io

from vars_core.data.fixations import FixationSet
from vars_core.data.mit1003 import read_gaze, read_mit1003
from vars_core.errors import InputError

from ..made import write_image
from .made import gaze_of, make_mit1003, write_trial
from .oracle import fixations_of

LONG = "istatic_street_outdoor_palma_de_mallorca_spain_img_with_a_name_of_more_than_63_characters"
OBSERVERS = ("CNG", "ajs", "zb")


def trials() -> dict[tuple[str, str], np.ndarray]:
    ends_moving = gaze_of((100, 100, 200), (300, 200, 200))
    ends_moving[-6:] += np.arange(6)[:, None] ** 2 * 8.0
    blinks = gaze_of((100, 100, 150), (250, 120, 150), (60, 200, 200), seed=1)
    blinks[200:230] = -2048
    extra_columns = np.concatenate([gaze_of((150, 150, 300), (200, 50, 300), seed=2), np.zeros((608, 2))], axis=1)
    return {
        ("i1", "CNG"): gaze_of((200, 150, 200), (50, 60, 150), (330, 240, 300), seed=3),
        ("i1", "ajs"): gaze_of((200, 150, 700), seed=4),
        ("i1", "zb"): np.full((720, 2), -2048.0),
        (LONG, "CNG"): ends_moving,
        (LONG, "ajs"): blinks,
        (LONG, "zb"): extra_columns,
    }


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = make_mit1003(tmp_path / "mit", trials())
    scipy.io.savemat(root / "DATA/CNG/shuff_stimnames.mat", {"names": 1})
    return root


def notes(found: FixationSet) -> dict[str, tuple[str, ...]]:
    return {note.what: note.names for note in found.notes}


def test_every_trial_is_read_as_the_oracle_reads_its_gaze(tree: Path) -> None:
    found = read_mit1003(tree)
    assert found.observers == OBSERVERS
    assert [stimulus.id for stimulus in found.stimuli] == ["i1.jpeg", f"{LONG}.jpeg"]
    for stimulus in found.stimuli:
        points = stimulus.fixations
        for index, observer in enumerate(OBSERVERS):
            own = points.keep(points.observers == index)
            gaze = trials()[(Path(stimulus.id).stem, observer)][:, :2]
            expected = np.array(fixations_of([tuple(row) for row in gaze.tolist()]))
            np.testing.assert_allclose(np.stack([own.xs, own.ys], 1), expected[:, :2], rtol=1e-12)
            np.testing.assert_allclose(own.start_s * 240, expected[:, 2])
            np.testing.assert_allclose(own.duration_s * 240, expected[:, 3])


def test_dropping_the_first_takes_one_fixation_from_every_trial(tree: Path) -> None:
    found = read_mit1003(tree)
    assert found.drops_first
    later = found.without_first()
    assert later.count == found.count - 6
    first = later.stimuli[0].fixations
    assert set(first.observers.tolist()) == {0}, "one fixation on i1 by ajs and zb: nothing is left of them"
    assert first.start_s.min() > 0


def test_nothing_missing_is_nothing_noted_but_the_observers_that_the_tree_lacks(tree: Path) -> None:
    ((what, names),) = notes(read_mit1003(tree)).items()
    assert what == "observers of MIT1003 without a folder in DATA"
    assert len(names) == 12
    assert "emb" in names


def test_missing_trials_images_and_broken_files_are_named_and_the_rest_is_read(tree: Path) -> None:
    (tree / "DATA/ajs/i1.mat").unlink()
    write_trial(tree / "DATA/zb/elsewhere.mat", gaze_of((10, 10, 50)))
    (tree / f"DATA/CNG/{LONG}.mat").write_bytes(b"not matlab")
    write_trial(tree / f"DATA/zb/{LONG}.mat", np.empty((0, 2)))
    found = read_mit1003(tree)
    noted = notes(found)
    assert noted["trials missing"] == ("ajs/i1.mat",)
    assert noted["images with gaze that are missing in ALLSTIMULI"] == ("elsewhere",)
    assert noted["trials without a sample"] == (f"zb/{LONG}.mat",)
    (broken,) = noted["trials that cannot be read"]
    assert LONG in broken
    assert found.listed == 3
    assert {note.what for note in found.notes if note.fault} == {
        "trials that cannot be read",
        "trials without a sample",
    }
    assert found.count > 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"other": np.eye(3), "more": 1}, "found 'other' (a 3×3 array of float64), 'more'"),
        ({"trial": np.eye(3)}, "field 'DATA'.* found a 3×3 array of float64"),
        ({"trial": {"imgName": "a"}}, "found a struct with imgName"),
        ({"trial": {"DATA": {"gaze": np.eye(2)}}}, "field 'eyeData'.* found a struct with gaze"),
        ({"trial": {"DATA": {"eyeData": np.ones((9, 1))}}}, "two or more number columns.* found a 9×1 array"),
        ({"trial": {"DATA": {"eyeData": "text"}}}, "two or more number columns"),
        ({}, "found nothing"),
    ],
)
def test_a_file_of_another_structure_says_what_was_found(tmp_path: Path, content: dict[str, object], said: str) -> None:
    scipy.io.savemat(tmp_path / "trial.mat", content)
    with pytest.raises(InputError, match=said.replace("(", r"\(").replace(")", r"\)")):
        read_gaze(tmp_path / "trial.mat")


def test_a_struct_in_a_cell_and_one_under_another_name_are_read_too(tmp_path: Path) -> None:
    gaze = np.arange(20.0).reshape(10, 2)
    scipy.io.savemat(tmp_path / "1st.mat", {"x1st": {"DATA": [{"eyeData": gaze}, {"eyeData": gaze + 1}]}})
    read, turned = read_gaze(tmp_path / "1st.mat")
    np.testing.assert_array_equal(read, gaze)
    assert not turned


def test_a_folder_of_another_layout_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"folder of images at .*ALLSTIMULI"):
        read_mit1003(tmp_path)
    write_image(tmp_path / "ALLSTIMULI/a.jpeg", 0, (20, 20))
    with pytest.raises(InputError, match=r"one folder per observer in .*DATA"):
        read_mit1003(tmp_path)
    (tmp_path / "DATA/hp").mkdir(parents=True)
    (tmp_path / "DATA/hp/a.mat").write_bytes(b"")
    with pytest.raises(InputError, match=r"expected a .mat file at .*hp/a.mat"):
        read_mit1003(tmp_path)
