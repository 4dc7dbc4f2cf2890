"""A drawing is the same marks in every format, and no format needs a browser."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from analysis.paper_figures.canvas import Box, Canvas, Dot, Polyline, Raster, Text
from analysis.paper_figures.sheet import label_lines
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
    assert names == ["title", "rect", "image", "text", "polyline", "polygon", "rect", "circle"]
    assert root[0].text == 'a < b & "c"'
    assert root[3].text == "λ ≤ 1"


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("webp", b"RIFF")])
def test_a_file_has_the_format_of_its_suffix(tmp_path: Path, suffix: str, start: bytes) -> None:
    path = drawing().save(tmp_path / f"one.{suffix}")
    assert path.read_bytes().startswith(start)
    if suffix != "pdf":
        assert Image.open(path).size[0] >= 200


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
