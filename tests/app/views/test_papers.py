"""What is taken along for a paper: figures in every format, and text that makes the map again."""

from __future__ import annotations

import io
import shlex

import numpy as np
import pytest
from PIL import Image

from analysis.colour_maps import COLOUR_MAPS, SIGNED
from analysis.paper_figures.canvas import Polyline, Raster, Text
from app.inference.traced import ModelFacts, of_image
from app.library.photographs import Subject, sample
from app.tabs.attention import words
from app.tabs.attention.export import export
from app.views.exports import KINDS, Export
from app.views.grids import drawn
from app.views.look import Look
from app.views.overlays import font
from app.views.papers import PAGE, as_png, pictures_figure
from tests.app.made import subject, traced
from vars_core import Backend, load_model
from vars_core.spec import parse_spec


def test_the_figure_holds_the_photograph_and_all_iterates_in_order_and_frames_the_chosen_one() -> None:
    shown = subject()
    drawing = export(shown, traced(), Look("0.0", "gap", 2)).drawing
    assert drawing is not None
    pictures = [mark for mark in drawing.marks if isinstance(mark, Raster)]
    assert len(pictures) == 1 + 4 + 1, "the photograph, t = 0..3, the colour bar"
    assert np.array_equal(pictures[0].pixels, shown.display)
    (frame,) = (mark for mark in drawing.marks if isinstance(mark, Polyline))
    assert frame.points[0] == (pictures[3].x, pictures[3].y)


def test_png_shows_the_pictures_at_full_size_and_svg_and_pdf_are_what_they_say() -> None:
    made = export(subject(), traced(), Look("0.0", "gap", 2, scale="shared"))
    files = {kind: KINDS[kind]("attention", made) for kind in ("figure", "svg", "pdf")}
    with Image.open(io.BytesIO(files["figure"].data)) as png:
        assert png.width > 5 * subject().display.shape[1]
    svg = files["svg"].data.decode()
    assert svg.startswith("<svg") and svg.count("<image") == 6 and "t = 3" in svg
    assert files["pdf"].data.startswith(b"%PDF-") and files["pdf"].name == "vars-attention.pdf"


def test_an_export_without_marks_is_its_pixels_in_svg_and_pdf() -> None:
    made = Export(np.zeros((20, 30, 3), np.uint8), {}, {})
    assert b'viewBox="0 0 30 20"' in KINDS["svg"]("compare", made).data
    assert KINDS["pdf"]("compare", made).data.startswith(b"%PDF-")


def test_the_settings_name_the_software_and_its_version() -> None:
    software = export(subject(), traced(), Look()).settings["software"]
    assert software["name"] == "vars-studio" and software["version"]
    assert software["commit"] is None or len(software["commit"]) == 40


def test_the_copied_python_makes_the_map_again() -> None:
    backend, shown = Backend(load_model("rvt_nano/vars_d", image_size=112), device="cpu"), Subject(sample("cat"))
    batch, _ = backend.prepare([shown.square(112)])
    facts = ModelFacts("rvt_nano/vars_d", 112, backend.layer_names, "1.1", "contribution", 3, "a" * 64)
    result = of_image(backend.trace(batch, ("stream", "contribution", "energy", "gap"), statistics=True), 0, facts)
    made = export(shown, result, Look("0.3", "gap", 1))
    found: dict[str, np.ndarray] = {}
    exec(made.settings["reproduce"]["python"], found)
    assert found["raw"] == pytest.approx(made.arrays["map"], abs=1e-5 * float(np.abs(made.arrays["map"]).max()))
    assert found["on_photograph"].shape == (300, 451)


def test_the_copied_command_names_the_view() -> None:
    words = shlex.split(export(subject(), traced(), Look("0.0", "gap", 2)).settings["reproduce"]["command"])
    assert words[:4] == ["python", "-m", "analysis", "animate"]
    options = dict(zip(words[4::2], words[5::2], strict=True))
    assert options["--layer"] == "0.0" and options["--readout"] == "gap" and options["--image-size"] == "112"
    assert str(parse_spec(options["--model"])) == "rvt_nano/vars_d"


def test_a_signed_map_is_coloured_about_zero_on_the_page_and_in_the_figure() -> None:
    result, shown = traced(), subject()
    sent = words.view(shown, result)["panels"][0]["layers"][0]["maps"]
    assert {name: maps["signed"] for name, maps in sent.items()} == {
        "stream": False,
        "contribution": False,
        "energy": False,
        "gap": True,
    }
    flat = np.zeros((14, 14), np.float32)
    flat[:, :7], flat[:, 7:] = 0.5, -1
    look = Look("0.0", "gap", opacity=1.0)
    picture = drawn(shown, result, flat, None, look, signed=True)
    assert picture[24, 5] == pytest.approx(SIGNED.paint(np.array(0.5)), abs=2), "half way to vermilion"
    assert np.array_equal(picture[24, -5], SIGNED.colours[0]), "the least is as far below zero as the scale goes"
    constant = drawn(shown, result, np.zeros((14, 14), np.float32), None, look, signed=True)
    assert (constant == SIGNED.paint(np.array(0.0))).all()


def test_a_figure_reads_in_one_column_and_no_line_leaves_its_picture() -> None:
    made = export(subject(), traced(), Look("0.0", "gap", 2)).drawing
    assert made is not None and made.width == PAGE
    pictures = [mark for mark in made.marks if isinstance(mark, Raster)]
    column = 240 / made.width  # points
    for mark in made.marks:
        if isinstance(mark, Text):
            assert mark.size * column >= 6, "points, printed in a column"
            assert mark.x + font(mark.size).getlength(mark.text) <= made.width
    for picture in pictures[:-1]:
        below = [m for m in made.marks if isinstance(m, Text) and m.x == picture.x and m.y > picture.y + picture.height]
        captions = below[:2] if picture is not pictures[0] else below[:1]
        assert all(font(m.size).getlength(m.text) <= picture.width + 1 for m in captions)


def test_many_pictures_stand_in_rows_and_each_has_its_caption() -> None:
    pictures = [np.full((30, 40, 3), value, np.uint8) for value in (10, 90, 170)]
    made = pictures_figure(pictures, ["a", "b b\nc", "d"], columns=2, title="h", footer="f", chosen=2)
    first, second, third = (mark for mark in made.marks if isinstance(mark, Raster))
    assert first.y == second.y < third.y and first.x == third.x < second.x
    assert {m.text for m in made.marks if isinstance(m, Text)} == {"h", "a", "b b", "c", "d", "f"}
    png = as_png(made, 40)
    for value in (10, 90, 170):
        assert (png == value).all(axis=2).sum() >= 25 * 35
    assert made.height > third.y + third.height


def test_the_figure_is_painted_and_its_bar_coloured_as_was_chosen() -> None:
    shown = subject()
    for readout, bar in (("energy", COLOUR_MAPS["cividis"]), ("gap", SIGNED)):
        made = export(shown, traced(), Look("0.0", readout, 2, opacity=1.0, colours="cividis", tokens="squares"))
        assert made.drawing is not None
        pictures = [mark.pixels for mark in made.drawing.marks if isinstance(mark, Raster)]
        assert np.array_equal(pictures[-1][0], bar.colours)
        known = {tuple(colour) for colour in bar.colours}
        drawn_colours = {tuple(pixel) for pixel in pictures[1].reshape(-1, 3)}
        assert drawn_colours <= known and len(drawn_colours) <= 14 * 14, "no colour between two tokens"
        assert made.settings["view"]["colours"] == "cividis" and made.settings["view"]["tokens"] == "squares"
