"""What is taken along for a paper: figures in every format, and text that makes the map again."""

from __future__ import annotations

import io
import shlex

import numpy as np
import pytest
from PIL import Image

from analysis.colour_maps import COLOUR_MAPS, SIGNED
from analysis.paper_figures.column import WIDTH, in_rows, pictures_figure
from analysis.paper_figures.marks import Box, Raster, Text
from analysis.paper_figures.typeface import typeface
from app.inference.traced import ModelFacts, of_image
from app.library.photographs import Subject, sample
from app.tabs.attention import words
from app.tabs.attention.export import export
from app.views.exports import KINDS
from app.views.grids import drawn
from app.views.look import Look
from tests.app.made import subject, traced
from tests.figures.pdf import Pdf
from vars_core import Backend, load_model
from vars_core.spec import parse_spec


def test_the_figure_holds_the_photograph_and_all_iterates_in_order_and_frames_the_chosen_one() -> None:
    shown = subject()
    drawing = export(shown, traced(), Look("0.0", "gap", 2)).drawing
    pictures = [mark for mark in drawing.marks if isinstance(mark, Raster)]
    assert len(pictures) == 1 + 4 + 1, "the photograph, t = 0..3, the colour bar"
    assert np.array_equal(pictures[0].pixels, shown.display)
    frame = next(mark for mark in drawing.marks if isinstance(mark, Box))
    assert (frame.x, frame.y) == (pictures[3].x, pictures[3].y)


def test_png_shows_the_pictures_at_full_size_and_svg_and_pdf_are_what_they_say() -> None:
    made = export(subject(), traced(), Look("0.0", "gap", 2, scale="shared"))
    files = {kind: KINDS[kind][1]("attention", made) for kind in ("figure", "svg", "pdf")}
    with Image.open(io.BytesIO(files["figure"].data)) as png:
        assert png.width > 5 * subject().display.shape[1]
    svg = files["svg"].data.decode()
    assert svg.startswith("<svg") and svg.count("<image") == 6 and "t = 3" in svg
    page = Pdf(files["pdf"].data)
    assert files["pdf"].name == "vars-attention.pdf" and page.box[0] == pytest.approx(85 * 72 / 25.4, abs=0.1)
    assert (
        len(page.pictures) == 6
        and "t = 3" in page.text
        and page.text == [mark.text for mark in made.drawing.marks if isinstance(mark, Text)]
    )
    assert min(page.sizes) >= 7, "points"


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


def test_a_figure_is_as_wide_as_a_column_and_no_line_leaves_its_picture() -> None:
    for look in (Look("0.0", "gap", 2), Look("0.0", "energy", 0, scale="shared")):
        made = export(subject(), traced(), look).drawing
        assert made.width == WIDTH
        pictures = [mark for mark in made.marks if isinstance(mark, Raster)]
        for mark in made.marks:
            if isinstance(mark, Text):
                wide = typeface(mark.bold).width(mark.text, mark.size)
                back = {"start": 0, "middle": 0.5, "end": 1}[mark.anchor] * wide
                assert mark.x - back >= 0 and mark.x - back + wide <= made.width, mark.text
        for picture in pictures[:-1]:
            own = [m for m in made.marks if isinstance(m, Text) and m.x == picture.x and m.y > picture.y]
            captions = [m for m in own if m.y < pictures[-1].y]
            assert captions and all(typeface(m.bold).width(m.text, m.size) <= picture.width + 1 for m in captions)


def test_many_iterates_stand_in_rows_that_are_as_full_as_each_other() -> None:
    assert [in_rows(count) for count in (1, 2, 5, 6, 8, 9, 11, 41)] == [1, 2, 5, 3, 4, 5, 4, 5]
    made = export(subject(), traced(steps=7), Look("0.0", "energy", 7)).drawing
    pictures = [mark for mark in made.marks if isinstance(mark, Raster)]
    assert len({picture.y for picture in pictures[:-1]}) == 2 and len({picture.x for picture in pictures[:-1]}) == 5
    assert pictures[0].height + pictures[0].y < pictures[5].y


def test_many_pictures_stand_in_rows_and_each_has_its_caption() -> None:
    pictures = [np.full((30, 40, 3), value, np.uint8) for value in (10, 90, 170)]
    made = pictures_figure(pictures, ["a", "b b\nc", "d"], columns=2, title="h", footer="f", chosen=2)
    first, second, third = (mark for mark in made.marks if isinstance(mark, Raster))
    assert first.y == second.y < third.y and first.x == third.x < second.x
    assert {m.text for m in made.marks if isinstance(m, Text)} == {"h", "a", "b b", "c", "d", "f"}
    png = made.pixels_with(40)
    for value in (10, 90, 170):
        assert (png == value).all(axis=2).sum() >= 25 * 35
    assert made.height > third.y + third.height


def test_the_figure_is_painted_and_its_bar_coloured_as_was_chosen() -> None:
    shown = subject()
    for readout, bar in (("energy", COLOUR_MAPS["cividis"]), ("gap", SIGNED)):
        made = export(shown, traced(), Look("0.0", readout, 2, opacity=1.0, colours="cividis", tokens="squares"))
        pictures = [mark.pixels for mark in made.drawing.marks if isinstance(mark, Raster)]
        assert np.array_equal(pictures[-1][0], bar.colours)
        known = {tuple(colour) for colour in bar.colours}
        drawn_colours = {tuple(pixel) for pixel in pictures[1].reshape(-1, 3)}
        assert drawn_colours <= known and len(drawn_colours) <= 14 * 14, "no colour between two tokens"
        assert made.settings["view"]["colours"] == "cividis" and made.settings["view"]["tokens"] == "squares"
