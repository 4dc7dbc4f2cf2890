"""A data folder, a page of thumbnails at a time."""

from __future__ import annotations

import base64
import io
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.library import data_folders
from app.library.data_folders import PAGE, DataFolders
from app.library.thumbnails import THUMBNAIL_SIDE
from app.page import strips
from vars_core.errors import InputError

NAMES = [f"bird{i:04d}.png" for i in range(30)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> DataFolders:
    """Thirty names; only those of the second page are pictures, and one of these is damaged."""
    folder = tmp_path_factory.mktemp("folder")
    for i, name in enumerate(NAMES):
        cv2.imwrite(str(folder / name), np.full((40, 60, 3), 8 * i, np.uint8))
    (folder / NAMES[13]).write_bytes(b"not a picture")
    return DataFolders({"birds": folder})


@given(number=st.integers(-3, 9), find=st.sampled_from(["", "BIRD", "000", "0012", "nothing"]))
def test_pages_cut_what_was_found_into_pieces_in_order(folders: DataFolders, number: int, find: str) -> None:
    found = [name for name in NAMES if find.casefold() in name]
    page = folders.page("birds", number, find)
    pages = [folders.page("birds", i + 1, find) for i in range(page.pages)]
    assert [name for one in pages for name in one.names] == found
    assert page == pages[min(max(number, 1), len(pages)) - 1]
    assert page.total == len(found) and page.first == (page.number - 1) * PAGE
    assert all(folders.page_of("birds", name, find) == one.number for one in pages for name in one.names)


def test_only_the_thumbnails_of_the_shown_page_are_made_and_each_once(
    folders: DataFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    decode = data_folders.decode_reduced
    monkeypatch.setattr(
        data_folders, "decode_reduced", lambda path, **bound: (read.append(path.name), decode(path, **bound))[1]
    )
    page = folders.page("birds", 2)
    first, second = folders.thumbnails("birds", page), folders.thumbnails("birds", page)
    assert first == second
    assert sorted(read) == sorted([*page.names, NAMES[13]])  # what cannot be read is tried again
    pictures = {one.title: one.picture for one in first}
    assert pictures[NAMES[13]] == ""
    shown = Image.open(io.BytesIO(base64.b64decode(pictures[NAMES[14]].partition(",")[2])))
    assert shown.size == (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    assert np.asarray(shown).mean() == pytest.approx(8 * 14, abs=2)


def test_a_changed_file_gets_another_thumbnail(tmp_path: Path) -> None:
    path = tmp_path / "one.png"
    cv2.imwrite(str(path), np.zeros((30, 30, 3), np.uint8))
    folders = DataFolders({"one": tmp_path})
    before = folders.thumbnails("one", folders.page("one", 1))
    cv2.imwrite(str(path), np.full((30, 30, 3), 255, np.uint8))
    os.utime(path, (1, 1))
    assert folders.thumbnails("one", folders.page("one", 1)) != before


def test_thumbnails_stay_within_the_folder(tmp_path: Path) -> None:
    folder, secret = tmp_path / "folder", tmp_path / "secret.png"
    folder.mkdir()
    cv2.imwrite(str(secret), np.zeros((30, 30, 3), np.uint8))
    (folder / "link.png").symlink_to(secret)
    folders = DataFolders({"folder": folder})
    assert [one.picture for one in folders.thumbnails("folder", folders.page("folder", 1))] in ([], [""])


def test_the_strip_turns_to_a_photograph_that_was_chosen_elsewhere(folders: DataFolders) -> None:
    first = strips.written_at("birds", "", 1)
    assert strips.turn_to(folders, f"data:birds/{NAMES[0]}", first) is None
    turned = strips.turn_to(folders, f"data:birds/{NAMES[25]}", first)
    assert turned is not None and strips.read_at(turned["at"]) == ("birds", "", 3)
    hidden = strips.turn_to(folders, f"data:birds/{NAMES[25]}", strips.written_at("birds", "000", 1))
    assert hidden is not None and hidden["find"] == ""


def test_words_say_where_a_page_lies(folders: DataFolders) -> None:
    assert strips.of_folder(folders, strips.written_at("birds", "", 2))["words"] == "13–24 of 30"
    assert strips.of_folder(folders, strips.written_at("birds", "cat", 1))["words"].startswith("No photograph")


@pytest.mark.parametrize("at", ["", "[]", "{}", '{"folder": "birds", "find": "", "page": "x"}', "null"])
def test_a_page_that_is_none_gets_a_sentence(folders: DataFolders, at: str) -> None:
    with pytest.raises(InputError, match="expected a page of a data folder"):
        strips.of_folder(folders, at)


def test_an_unknown_folder_gets_the_nearest(folders: DataFolders) -> None:
    with pytest.raises(InputError, match=r"no data folder 'bird' .*birds"):
        folders.page("bird", 1)
