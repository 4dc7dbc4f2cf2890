"""A layout named for a folder that lies otherwise is answered with the one that fits."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from vars_core.data.layouts import FIXATIONS, LAYOUTS, MASKS, choose
from vars_core.errors import InputError

HOLDS = {
    "voc": ("JPEGImages/", "SegmentationClass/"),
    "pairs": ("images/", "masks/"),
    "mit1003": ("ALLSTIMULI/", "DATA/"),
    "osie": ("stimuli/", "fixations.mat"),
    "table": ("stimuli/", "fixations.csv"),
}
"""What a folder in each layout holds, folders with a stroke at their end."""


@pytest.fixture(params=HOLDS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    for name in HOLDS[request.param]:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    return request.param, tmp_path


def test_every_layout_of_masks_and_fixations_is_tried() -> None:
    assert {name for name, one in LAYOUTS.items() if one.kind in (MASKS, FIXATIONS)} == HOLDS.keys()


def test_a_wrong_layout_names_the_one_that_is_recognised(folder: tuple[str, Path]) -> None:
    fits, root = folder
    for named in (name for name in HOLDS if name != fits):
        with pytest.raises(InputError) as refused:
            choose(named, root, LAYOUTS[named].kind)
        sentence = str(refused.value)
        assert f"({named}) in {root}, which holds {LAYOUTS[fits].words}: that is --layout {fits}" in sentence
        assert sentence.endswith(f" of {LAYOUTS[fits].kind}") == (LAYOUTS[fits].kind != LAYOUTS[named].kind)


def test_the_layout_that_fits_is_taken_by_its_name_and_without(folder: tuple[str, Path]) -> None:
    fits, root = folder
    kind = LAYOUTS[fits].kind
    assert choose(fits, root, kind) is choose(None, root, kind) is LAYOUTS[fits]


@pytest.mark.parametrize(("named", "other"), product(["voc", "table"], [(), ("stray.txt",)]))
def test_a_folder_that_looks_like_nothing_is_left_to_the_layout_that_was_named(
    tmp_path: Path, named: str, other: tuple[str, ...]
) -> None:
    for name in other:
        (tmp_path / name).touch()
    assert choose(named, tmp_path, LAYOUTS[named].kind).name == named
