"""An animation has a frame an iterate, each as the iterate's map is."""

from __future__ import annotations

import io
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from analysis.animation import FRAME_RATE, animation
from analysis.colour_maps import COLOUR_MAPS, SIGNED
from analysis.painting import USUAL, Painting, painting
from analysis.paper_figures.column import GAP, MARGIN, WIDTH
from analysis.paper_figures.iterates import Iterates, iterates
from analysis.paper_figures.marks import Raster
from vars_core.errors import InputError
from vars_core.images import Placement


def shown(image: np.ndarray, maps: np.ndarray, painted: Painting = USUAL, **more: Any) -> Iterates:
    placement = Placement(*image.shape[:2], max(maps.shape[1:]))
    return iterates(image, maps, placement, painted, **{"signed": False, "title": "made", "footer": "", **more})


def test_a_frame_an_iterate_with_the_photograph_beside_it() -> None:
    image = np.full((60, 90, 3), 128, np.uint8)
    maps = np.zeros((4, 6, 6), np.float32)
    for t in range(4):
        maps[t, t, t] = 1
    found = shown(image, maps).frames(width=482)
    assert len({frame.shape for frame in found}) == 1 and found[0].shape[1] == 482 and found[0].shape[0] % 2 == 0
    drawing = shown(image, maps[:1]).figure()
    one, _, _ = (mark for mark in drawing.marks if isinstance(mark, Raster))
    cell, top = 2 * (WIDTH - 2 * MARGIN - GAP) / 2, round(2 * one.y)
    for t, frame in enumerate(found):  # the brightest place of viridis moves along the diagonal
        left, height = round(2 * MARGIN + cell + 2 * GAP), round(cell * 60 / 90)
        seen = frame[top : top + height, left : left + round(cell)]
        assert (frame[top : top + height, 8 : round(cell)] == 128).all(), "the photograph"
        y, x = np.unravel_index(seen[:, :, :2].astype(int).sum(-1).argmax(), seen.shape[:2])
        assert abs(y - (t + 0.5) * height / 6) <= 18 and abs(x - (t + 0.5) * cell / 6) <= 24
    for suffix in ("gif", "webp"):
        with Image.open(io.BytesIO(animation(found, f".{suffix}", 0.1))) as written:
            assert getattr(written, "n_frames", 1) == 4 and written.size == found[0].shape[1::-1]


def test_a_gif_shows_the_colours_of_the_map() -> None:
    image, maps = np.full((90, 90, 3), 128, np.uint8), np.linspace(0, 1, 36, dtype=np.float32).reshape(1, 6, 6)
    painted = painting("plasma", "squares", 1)
    found = shown(image, np.concatenate([maps, maps[:, ::-1]]), painted).frames()
    with Image.open(io.BytesIO(animation(found, ".gif"))) as written:
        for t, frame in enumerate(found):
            written.seek(t)
            off = np.abs(np.asarray(written.convert("RGB")).astype(int) - frame)
            assert off.mean() < 1 and np.quantile(off, 0.99) <= 8


def test_a_map_with_a_sign_moves_about_zero_and_tokens_are_drawn_as_they_are() -> None:
    image, maps = np.full((60, 60, 3), 128, np.uint8), np.array([[[-1.0, 0.5], [0.0, 1.0]]], np.float32)
    (drawn,) = shown(image, maps, painting("plasma", "squares", 1), signed=True).drawn
    assert np.array_equal(drawn[[15, 15, 45, 45], [15, 45, 15, 45]], SIGNED.paint(np.array([-1, 0.5, 0, 1])))
    (drawn,) = shown(image, maps, painting("plasma", "squares", 1)).drawn
    assert np.array_equal(drawn[[15, 45], [15, 45]], COLOUR_MAPS["plasma"].colours[[0, 255]])


def test_a_film_holds_every_frame_for_its_time_and_shows_what_was_drawn() -> None:
    greys = [np.full((61, 91, 3), grey, np.uint8) for grey in (40, 120, 200)]
    with av.open(io.BytesIO(animation(greys, ".mp4", 0.2))) as written:
        stream = written.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 90, 60)
        shown = [frame.to_ndarray(format="rgb24").mean() for frame in written.decode(stream)]
    assert len(shown) == (1 + 1 + 2) * round(0.2 * FRAME_RATE)
    assert [shown[0], shown[5], shown[-1]] == pytest.approx([40, 120, 200], abs=3)


def test_a_film_says_by_what_rule_its_colours_are_written() -> None:
    colour = (253, 231, 37)  # where viridis ends
    with av.open(io.BytesIO(animation([np.full((64, 64, 3), colour, np.uint8)], ".mp4", 0.1))) as written:
        frame = next(written.decode(video=0))
    assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (1, 1, 1), "BT.709"
    assert frame.to_ndarray(format="rgb24").mean((0, 1)) == pytest.approx(colour, abs=3)


def test_bad_questions_are_answered_with_a_sentence() -> None:
    with pytest.raises(InputError, match=r"\.gif, \.webp or \.mp4, got '\.avi'"):
        animation([np.zeros((4, 4, 3), np.uint8)], ".avi")
    with pytest.raises(InputError, match="at least one frame"):
        animation([], ".gif")
