"""Tables of fixations and what their coordinates can mean: separators, missing cells, units, order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.tabs.fixations.tables import table_points as read_upload
from vars_core.data.coordinates import Coordinates, check, look_at_images
from vars_core.data.fixation_table import read_fixation_folder
from vars_core.data.mit1003 import read_mit1003
from vars_core.errors import InputError

from ..fixations.made import gaze_of, make_mit1003

HEIGHT, WIDTH = 240, 320
PICTURES = ("one.png", "Zwei.JPG", "trois.tif")


def made_pixels(seed: int, count: int) -> np.ndarray:
    """Fixations (n, 2) in pixels, most of them about the middle, some of them outside."""
    generator = np.random.default_rng(seed)
    return np.round(generator.normal((WIDTH / 2, HEIGHT / 2), (WIDTH / 6, HEIGHT / 6), (count, 2)), 3)


def write_folder(root: Path, text: bytes, pictures: tuple[str, ...] = PICTURES) -> Path:
    (root / "stimuli").mkdir(parents=True)
    for name in pictures:
        Image.new("RGB", (WIDTH, HEIGHT)).save(root / "stimuli" / name)
    (root / "fixations.csv").write_bytes(text)
    return root


@given(
    delimiter=st.sampled_from([",", ";", "\t"]),
    decimal=st.sampled_from([".", ","]),
    header=st.sampled_from(["image observer x y", "Image Observer X Y", "y x start_s image observer extra"]),
    missing=st.sampled_from(["", "NA", "NaN", "nan"]),
    lost=st.sets(st.integers(0, 11), max_size=4),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
    suffixes=st.sampled_from(["as they are", "none", "other", "folder"]),
)
@settings(deadline=None, max_examples=80)
def test_a_table_reads_alike_however_it_is_written(
    tmp_path_factory: pytest.TempPathFactory,
    delimiter: str,
    decimal: str,
    header: str,
    missing: str,
    lost: set[int],
    end: str,
    mark: bool,
    suffixes: str,
) -> None:
    decimal = "." if delimiter == "," else decimal
    called = {"as they are": str, "none": lambda n: n.split(".")[0], "other": lambda n: n.split(".")[0] + ".jpeg"}
    called["folder"] = lambda name: f"stimuli/{name}"
    pixels = made_pixels(1, 12)
    lines = []
    for index, (x, y) in enumerate(pixels):
        cells = {
            "image": called[suffixes](PICTURES[index % 3]),
            "observer": "ab"[index % 2],
            "x": missing if index in lost else f"{x}".replace(".", decimal),
            "y": f"{y}".replace(".", decimal),
            "start_s": f"{index / 10}".replace(".", decimal),
            "extra": "7",
        }
        lines.append(delimiter.join(cells[name.lower()] for name in header.split()))
    text = end.join([delimiter.join(header.split()), *lines, ""])
    folder = write_folder(tmp_path_factory.mktemp("t") / "d", text.encode("utf-8-sig" if mark else "utf-8"))
    sizes, found = look_at_images(read_fixation_folder(folder))
    assert [stimulus.id for stimulus in found.stimuli] == list(PICTURES)
    assert set(sizes.values()) == {(HEIGHT, WIDTH)}
    pixels[sorted(lost), 0] = np.nan
    for at, stimulus in enumerate(found.stimuli):
        np.testing.assert_array_equal(np.stack([stimulus.fixations.xs, stimulus.fixations.ys], 1), pixels[at::3])
    said = " ".join(note.sentence() for note in found.notes)
    assert (f"{len(lost)} fixations dropped without a number" in said) == bool(lost)
    assert any(sentence.startswith("coordinates are pixels, from 0") for sentence in found.assumptions)


@given(
    seed=st.integers(0, 99),
    count=st.integers(3, 60),
    spread=st.floats(0.05, 0.35),
    unit=st.sampled_from(["pixels", "fractions", "exchanged", "centred"]),
)
@settings(deadline=None, max_examples=150)
def test_units_other_than_pixels_are_refused_and_pixels_never_are(
    seed: int, count: int, spread: float, unit: str
) -> None:
    """Fractions with a few beyond 1, as trackers write gaze beside the screen; x and y exchanged; an origin in the
    middle of the image."""
    fractions = np.clip(np.random.default_rng(seed).normal(0.5, spread, (count, 2)), -0.4, 1.4)
    size, scale = (200, 800), np.array([800, 200])
    xs, ys = {
        "pixels": fractions * scale,
        "fractions": fractions,
        "exchanged": (fractions * scale)[:, ::-1],
        "centred": (fractions - 0.5) * scale,
    }[unit].T
    points = [Coordinates.of("a", xs, ys, size)]
    if unit == "pixels":
        check(points)
    elif unit == "fractions":
        with pytest.raises(InputError, match="got fractions of its sides"):
            check(points)
    elif count >= 20 or unit == "exchanged":
        inside = points[0].inside()
        if inside < 0.5 * count or (count >= 20 and points[0].inside_exchanged() > 0.95 * count):
            with pytest.raises(InputError, match=r"x before y|another unit or origin|all lie outside"):
                check(points)


def test_the_page_refuses_the_same_units_as_the_command(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x;y\n0,31;0,4\n0,52;1,06\n0,7;0,9\n")
    with pytest.raises(InputError, match="got fractions of its sides"):
        read_upload(path, "ref", "a.png", HEIGHT, WIDTH)
    path.write_text("x,x,y\n1,2,3\n")
    with pytest.raises(InputError, match="every column once in the table, x is there more than once"):
        read_upload(path, "ref", "a.png", HEIGHT, WIDTH)
    path.write_text("x;y\n31,5;40\n52;106\n")
    assert read_upload(path, "ref", "a.png", HEIGHT, WIDTH).xs.tolist() == [31.5, 52]


def test_one_image_in_another_unit_among_many_is_named(tmp_path: Path) -> None:
    rows = [("one.png", x, y) for x, y in made_pixels(0, 8)] + [
        ("Zwei.JPG", x / WIDTH, y / HEIGHT) for x, y in made_pixels(1, 8)
    ]
    text = "image,observer,x,y\n" + "".join(f"{name},a,{x},{y}\n" for name, x, y in rows)
    with pytest.raises(InputError, match=r"fractions of its sides on 1 of 2 images \(Zwei\.JPG"):
        look_at_images(read_fixation_folder(write_folder(tmp_path / "d", text.encode())))


def test_lost_gaze_in_the_corner_is_no_fraction_and_is_counted(tmp_path: Path) -> None:
    rows = "".join("one.png,a,0,0\n" for _ in range(6)) + "one.png,a,100,120\n"
    _, found = look_at_images(
        read_fixation_folder(write_folder(tmp_path / "d", b"image,observer,x,y\n" + rows.encode()))
    )
    assert any("6 fixations at exactly (0, 0)" in note.what for note in found.notes)


def test_what_only_looks_odd_is_said(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    rows = [(f"{x:.1f}", f"{y:.1f}", 5 - i / 10, 250) for i, (x, y) in enumerate(generator.uniform(2, 100, (30, 2)))]
    text = "image,observer,x,y,start_s,duration_s\n" + "".join(f"one.png,a,{','.join(map(str, row))}\n" for row in rows)
    _, found = look_at_images(read_fixation_folder(write_folder(tmp_path / "d", text.encode())))
    said = " ".join(found.assumptions)
    assert "shown as large as they are stored, although no fixation lies beyond" in said
    assert "durations are seconds, although half are above 250" in said
    assert any("not listed in the order of time" in note.what for note in found.notes)


@pytest.mark.parametrize("twice", ["one.png\none", "one\nstimuli/one.png", "one.png\none.jpg"])
def test_two_names_for_one_image_are_an_error(tmp_path: Path, twice: str) -> None:
    rows = "".join(f"{name},a,100,120\n" for name in twice.split("\n"))
    with pytest.raises(InputError, match=r"every picture once in the list of images.*one file, one\.png"):
        read_fixation_folder(write_folder(tmp_path / "d", b"image,observer,x,y\n" + rows.encode()))


@given(columns=st.integers(2, 6), samples=st.integers(12, 300), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=25)
def test_gaze_in_rows_is_read_as_gaze_in_columns(
    tmp_path_factory: pytest.TempPathFactory, columns: int, samples: int, seed: int
) -> None:
    gaze = gaze_of((100, 80, samples), (200, 150, 60), seed=seed)
    gaze = np.concatenate([gaze, np.random.default_rng(seed).normal(size=(len(gaze), columns - 2))], axis=1)
    plain, turned = (
        read_mit1003(make_mit1003(tmp_path_factory.mktemp("m"), {("i1", "anna"): one})) for one in (gaze, gaze.T)
    )
    assert turned.count == plain.count > 0
    np.testing.assert_array_equal(turned.stimuli[0].fixations.xs, plain.stimuli[0].fixations.xs)
    assert [note.names for note in turned.notes if "was turned" in note.what] == [("anna/i1.mat",)]
    assert not [note for note in plain.notes if "was turned" in note.what]


def test_a_clock_in_the_first_column_is_no_x(tmp_path: Path) -> None:
    gaze = gaze_of((100, 80, 100), (200, 150, 60))
    clocked = np.concatenate([np.arange(len(gaze))[:, None] / 240, gaze], axis=1)
    trials = {("i1", "anna"): clocked, ("i1", "bo"): gaze}
    found = read_mit1003(make_mit1003(tmp_path, trials))
    (note,) = [note for note in found.notes if note.fault]
    assert "anna/i1.mat, the first rises evenly from 0" in note.names[0]


@given(lost=st.lists(st.integers(0, 150), min_size=1, max_size=12), noise=st.sampled_from([0.0, 0.4]))
@settings(deadline=None, max_examples=25)
def test_samples_without_a_number_cost_no_fixation_and_are_counted(
    tmp_path_factory: pytest.TempPathFactory, lost: list[int], noise: float
) -> None:
    gaze = gaze_of((100, 80, 90), (200, 150, 60), (60, 200, 120), noise=noise)
    broken = np.insert(gaze, sorted(lost), np.nan, axis=0)
    plain, found = (
        read_mit1003(make_mit1003(tmp_path_factory.mktemp("m"), {("i1", "anna"): one})) for one in (gaze, broken)
    )
    np.testing.assert_array_equal(found.stimuli[0].fixations.xs, plain.stimuli[0].fixations.xs)
    (note,) = [note for note in found.notes if "without a number" in note.what]
    assert note.what.startswith(f"{len(lost)} gaze samples") and note.names == (f"anna/i1.mat ×{len(lost)}",)
