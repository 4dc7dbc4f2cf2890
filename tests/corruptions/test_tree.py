"""``python -m analysis corrupt``: an ImageNet-C tree that may be stopped and continued."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.commands.corrupt import parse_names, parse_severities
from analysis.corruptions import NAMES, TEST, corrupt
from analysis.corruptions.tree import TreeSettings, confirm, crop, find_images, write_tree, write_variants
from vars_core.errors import InputError
from vars_core.images import decode_image

from .made import made_photograph

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two photographs in class folders."""
    folder = tmp_path / "in"
    for index, size in enumerate([(300, 400), (260, 250)]):
        (folder / f"n0{index}").mkdir(parents=True)
        Image.fromarray(made_photograph(*size)).save(folder / f"n0{index}" / "photo.one.png")
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.JPEG")}


def test_the_command_writes_the_benchmarks_layout_and_names_what_it_cannot_read(source: Path, tmp_path: Path) -> None:
    (source / "broken.jpg").write_bytes(b"no picture")
    target = tmp_path / "out"
    arguments = ["corrupt", str(source), str(target), "--names", "contrast,fog", "--severities", "2", "--workers", "2"]
    finished = CliRunner().invoke(app, arguments)
    assert finished.exit_code == 3
    assert "1 of 3 pictures could not be read" in finished.stderr
    assert "broken.jpg" in finished.stderr
    assert sorted(tree(target)) == [f"{n}/2/n0{i}/photo.one.JPEG" for n in ("contrast", "fog") for i in (0, 1)]
    with Image.open(target / "fog/2/n00/photo.one.JPEG") as written:
        assert written.size == (224, 224)
        # quality 85: the first entry of the standard luminance table, 16, becomes round(16 · 0.3)
        assert written.quantization[0][0] == 5
    assert not list(target.rglob("*.tmp"))


def test_a_stopped_tree_is_continued_and_ends_in_the_same_bytes(source: Path, tmp_path: Path) -> None:
    settings = TreeSettings(tmp_path / "out", ("snow", "contrast"), (1, 5))
    images = find_images(source).by_name()
    assert [write_variants(*item, settings).written for item in images.items()] == [4, 4]
    complete = tree(settings.target)
    gone = settings.path("snow", 5, "n00/photo.one")
    gone.unlink()
    # What a killed process leaves behind is no file of the tree.
    (gone.parent / f"{gone.name}.abc.tmp").write_bytes(b"half")
    confirm(settings)
    outcomes = [write_variants(*item, settings) for item in images.items()]
    assert [(outcome.written, outcome.present) for outcome in outcomes] == [(1, 3), (0, 4)]
    assert tree(settings.target) == complete
    assert not list(settings.target.rglob("*.tmp"))


def test_a_tree_killed_at_work_and_continued_has_the_bytes_of_one_left_in_peace(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "killed"
    source.mkdir()
    for index in range(12):
        Image.fromarray(made_photograph(230, 240 + index)).save(source / f"photo{index}.png")
    command = [sys.executable, "-m", "analysis", "corrupt", source, target, "--names", "all", "--severities", "1,5"]
    process = subprocess.Popen([*command, "--workers", "2"], cwd=PROJECT, stderr=subprocess.DEVNULL)
    patience = time.monotonic() + 200
    while len(tree(target)) < 20 and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the kill fell into the work"
    assert 20 <= len(tree(target)) < 12 * 2 * len(NAMES)
    wait_until_nothing_is_written(target)
    continued = CliRunner().invoke(app, [*map(str, command[3:]), "--workers", "1"])
    assert continued.exit_code == 0
    undisturbed = TreeSettings(tmp_path / "undisturbed", NAMES, (1, 5))
    for item in find_images(source).by_name().items():
        write_variants(*item, undisturbed)
    assert tree(target) == tree(undisturbed.target)
    assert not list(target.rglob("*.tmp"))


def wait_until_nothing_is_written(folder: Path) -> None:
    """The workers of a killed process leave by themselves; until then they write on."""
    before = -1
    while before != (before := len(list(folder.rglob("*")))):
        time.sleep(0.5)


def test_the_bytes_do_not_depend_on_the_number_of_workers_or_on_other_corruptions(source: Path, tmp_path: Path) -> None:
    many = TreeSettings(tmp_path / "many", ("frost", "glass_blur"), (3,))
    list(write_tree(find_images(source).by_name(), many, workers=2))
    alone = TreeSettings(tmp_path / "alone", ("glass_blur",), (3,))
    for item in find_images(source).by_name().items():
        write_variants(*item, alone)
    assert {k: v for k, v in tree(many.target).items() if "glass" in k} == tree(alone.target)


def test_a_file_is_the_corrupted_crop_under_the_id_of_its_path(source: Path, tmp_path: Path) -> None:
    settings = TreeSettings(tmp_path / "out", ("brightness", "shot_noise"), (3,), seed=4)
    for item in find_images(source).by_name().items():
        write_variants(*item, settings)
    clean = crop(decode_image(source / "n00" / "photo.one.png"))
    assert clean.shape == (224, 224, 3)
    expected = corrupt(clean, "brightness", 3).astype(float)
    stored = decode_image(settings.path("brightness", 3, "n00/photo.one"))
    assert np.abs(stored - expected).mean() < 12  # JPEG of a noisy picture
    noisy = decode_image(settings.path("shot_noise", 3, "n00/photo.one")).astype(float)
    draw = corrupt(clean, "shot_noise", 3, "n00/photo.one", 4) - clean.astype(float)
    assert np.corrcoef((noisy - clean).ravel(), draw.ravel())[0, 1] > 0.5


def test_a_tree_made_with_another_seed_is_not_continued(tmp_path: Path) -> None:
    confirm(TreeSettings(tmp_path, NAMES, (1,), seed=0))
    confirm(TreeSettings(tmp_path, TEST, (2,), seed=0))
    with pytest.raises(InputError, match=r"made with seed 1, .* it has seed 0, frost grown, size 224"):
        confirm(TreeSettings(tmp_path, NAMES, (1,), seed=1))


def test_a_target_that_cannot_be_written_is_one_sentence(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for target in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="expected a folder that can be written at"):
            confirm(TreeSettings(target, NAMES, (1,)))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "fog").write_bytes(b"")
    finished = CliRunner().invoke(app, ["corrupt", str(source), str(tmp_path / "out"), "--names", "fog"])
    with pytest.raises(InputError, match=r"expected to write '.*JPEG': "):
        raise finished.exception or AssertionError("the command went through")


def test_a_folder_with_other_settings_in_the_place_of_a_trees_is_refused(tmp_path: Path) -> None:
    (tmp_path / "corruptions.json").write_text("{")
    with pytest.raises(InputError, match="it is no JSON: use another folder"):
        confirm(TreeSettings(tmp_path, NAMES, (1,)))
    assert (tmp_path / "corruptions.json").read_text() == "{"


def test_two_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    for suffix in ("png", "jpg"):
        Image.fromarray(made_photograph(40, 40)).save(tmp_path / f"same.{suffix}")
    with pytest.raises(InputError, match=r"same\.jpg and same\.png"):
        find_images(tmp_path).by_name()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--names", "frogg"], r"got 'frogg'; nearest: 'fog'"),
        (["--severities", "1,6"], r"expected a severity 1, 2, 3, 4 or 5, got 6"),
        (["--severities", "high"], r"got 'high'"),
        (["--names", ","], r"expected at least one name"),
        (["--frost", "nowhere"], r"found no image in 'nowhere'"),
    ],
)
def test_bad_options_are_one_sentence(source: Path, tmp_path: Path, arguments: list[str], sentence: str) -> None:
    finished = CliRunner().invoke(app, ["corrupt", str(source), str(tmp_path / "out"), *arguments])
    assert isinstance(finished.exception, InputError)
    assert finished.exception.args[0].count("\n") == 0
    with pytest.raises(InputError, match=sentence):
        raise finished.exception


def test_a_target_inside_the_source_is_refused(source: Path) -> None:
    finished = CliRunner().invoke(app, ["corrupt", str(source), str(source / "out")])
    assert "expected OUT outside IN" in str(finished.exception)


def test_an_empty_or_missing_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found none in"):
        find_images(tmp_path).by_name()
    with pytest.raises(InputError, match="there is none at"):
        find_images(tmp_path / "missing").by_name()


def test_names_and_severities_are_read_in_any_order_once_each() -> None:
    assert parse_names(["snow,fog", "snow"]) == ("snow", "fog")
    assert parse_names(["all"]) == NAMES
    assert parse_names(["validation", "test"]) == NAMES
    assert parse_severities(["5 1", "3,1"]) == (1, 3, 5)
