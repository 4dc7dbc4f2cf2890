"""A drawing is the same marks in every format, and no format needs a browser."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.marks import Box, Dot, Polyline, Raster, Text
from analysis.paper_figures.sheet import label_lines
from analysis.paper_figures.typeface import typeface
from tests.figures.pdf import Pdf
from vars_core.errors import InputError


def drawing() -> Canvas:
    canvas = Canvas(200, 100, 'a < b & "c"')
    canvas.add(
        Raster(np.full((4, 4, 3), (255, 0, 0), np.uint8), 10, 10, 40, 40, "red", smooth=False),
        Text("λ ≤ 1", 100, 20),
        Polyline([(60, 60), (90, 60)], "#0000ff", 3, arrow=True),
        Box(100, 50, 30, 30, "#00ff00", None),
        Dot(170, 60, 8, "#000000"),
    )
    return canvas


def test_pixels_show_every_mark_at_its_place() -> None:
    pixels = np.asarray(drawing().pixels(2))
    assert pixels.shape == (200, 400, 3)
    for x, y, colour in ((30, 30, (255, 0, 0)), (70, 60, (0, 0, 255)), (115, 65, (0, 255, 0)), (170, 60, (0, 0, 0))):
        assert tuple(pixels[2 * y, 2 * x]) == colour
    assert (pixels[20:60, 200:290] < 128).any()  # the text


def test_svg_is_well_formed_and_escapes_what_it_is_told() -> None:
    root = ElementTree.fromstring(drawing().svg())
    names = [child.tag.rpartition("}")[2] for child in root]
    assert names == ["title", "style", "rect", "image", "text", "polyline", "polygon", "rect", "circle"]
    assert root[0].text == 'a < b & "c"'
    assert root[4].text == "λ ≤ 1"


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("webp", b"RIFF")])
def test_a_file_has_the_format_of_its_suffix(tmp_path: Path, suffix: str, start: bytes) -> None:
    path = drawing().save(tmp_path / f"one.{suffix}")
    assert path.read_bytes().startswith(start)
    if suffix != "pdf":
        assert Image.open(path).size[0] >= 200


def test_a_pdf_holds_text_as_text_lines_as_lines_and_pictures_as_pictures() -> None:
    canvas = drawing()
    page = Pdf(canvas.pdf())
    assert page.box == (200, 100) and page.title == 'a < b & "c"'
    assert page.text == ["λ ≤ 1"]
    assert [(image.shape, tuple(image[0, 0])) for image in page.pictures] == [((4, 4, 3), (255, 0, 0))]
    drawn = page.content
    assert "60 40 m 90 40 l S" in drawn, "the line, y from below"
    assert "0 1 0 rg 100 20 30 30 re f" in drawn and drawn.count(" c ") == 4, "the box and the circle"
    assert page.fonts == {"DejaVuSansCondensed": typeface().data}, "embedded, whole"
    assert canvas.pdf() == canvas.pdf(), "nothing of the day is in it"


def test_a_pdf_s_table_of_objects_points_at_them() -> None:
    data = drawing().pdf()
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    lines = data[start:].split(b"\n")
    assert lines[0] == b"xref"
    for number, line in enumerate(lines[3 : 2 + int(lines[1].split()[1])], 1):
        assert data[int(line.split()[0]) :].startswith(b"%d 0 obj" % number)


@pytest.mark.parametrize("bold", [False, True])
def test_the_widths_of_letters_are_those_that_pillow_draws(bold: bool) -> None:
    face = typeface(bold)
    for text in ("iiiiii", "WWWW", "½‖Pu − x‖² + λ‖u‖₁", "Pᵀ → ≤ 0.3"):
        assert face.width(text, 1000) == pytest.approx(face.sized(1000).getlength(text), rel=2e-3)
    assert face.numbers("a漢")[1] == 0, "a letter it lacks is the box"
    lines = face.wrapped("one two three four", face.width("one two", 10) + 1, 10)
    assert lines == ["one two", "three", "four"]


def test_every_format_puts_letters_on_the_same_baseline() -> None:
    canvas = Canvas(100, 40, "", [Text("H", 10, 20, 20)])
    rows = np.flatnonzero((np.asarray(canvas.pixels(4)) < 128).any(axis=(1, 2)))
    assert rows.mean() == pytest.approx(80, abs=1.5), "the capital's middle is where the mark says"
    assert 'y="27.2"' in canvas.svg() and "10 12.8 Td" in Pdf(canvas.pdf()).content


def test_the_page_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    text = drawing().save(tmp_path / "one.html").read_text(encoding="utf-8")
    assert "<svg" in text and "wheel" in text
    assert text.count("http") == text.count("http://www.w3.org/2000/svg") == 1
    assert "<title>a &lt; b &amp; " in text


def test_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"out of png, svg, pdf, html, webp, got '\.gif'"):
        drawing().save(tmp_path / "one.gif")


@pytest.mark.parametrize(
    ("name", "lines"),
    [("vars_sd", ["vars_sd"]), ("hubble_deep_field", ["hubble deep", "field"]), ("x" * 20, ["x" * 13, "x" * 7])],
)
def test_a_row_s_label_stays_beside_its_row(name: str, lines: list[str]) -> None:
    assert label_lines(name) == lines
