"""An animation has a frame an iterate, each as the iterate's map is."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from analysis.animation import FRAME_RATE, LABEL, animation, frames, write_animation
from analysis.colour_maps import COLOUR_MAPS, SIGNED
from analysis.painting import painting
from vars_core.errors import InputError


def test_a_frame_an_iterate_of_the_photograph_s_shape(tmp_path: Path) -> None:
    image = np.full((60, 90, 3), 128, np.uint8)
    maps = np.zeros((4, 6, 6), np.float32)
    for t in range(4):
        maps[t, t, t] = 1
    found = frames(image, maps, "made", width=180)
    assert [frame.shape for frame in found] == [(120 + LABEL, 180, 3)] * 4
    for t, frame in enumerate(found):  # the brightest place of viridis moves along the diagonal
        y, x = np.unravel_index(frame[:120, :, :2].astype(int).sum(-1).argmax(), (120, 180))
        assert abs(y - (t + 0.5) * 20) <= 12 and abs(x - (t + 0.5) * 30) <= 18
    for suffix in ("gif", "webp"):
        with Image.open(write_animation(found, tmp_path / f"one.{suffix}", 0.1)) as written:
            assert getattr(written, "n_frames", 1) == 4 and written.size == (180, 120 + LABEL)


def test_a_map_with_a_sign_moves_about_zero_and_tokens_are_drawn_as_they_are() -> None:
    image, maps = np.full((60, 60, 3), 128, np.uint8), np.array([[[-1.0, 0.5], [0.0, 1.0]]], np.float32)
    (frame,) = frames(image, maps, width=60, painting=painting("plasma", "squares", 1), signed=True)
    seen = frame[[15, 15, 45, 45], [15, 45, 15, 45]]
    assert np.array_equal(seen, SIGNED.paint(np.array([-1, 0.5, 0, 1])))
    (frame,) = frames(image, maps, width=60, painting=painting("plasma", "squares", 1))
    assert np.array_equal(frame[[15, 45], [15, 45]], COLOUR_MAPS["plasma"].colours[[0, 255]])


def test_a_film_holds_every_frame_for_its_time_and_shows_what_was_drawn() -> None:
    greys = [np.full((61, 91, 3), grey, np.uint8) for grey in (40, 120, 200)]
    with av.open(io.BytesIO(animation(greys, ".mp4", 0.2))) as written:
        stream = written.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 90, 60)
        shown = [frame.to_ndarray(format="rgb24").mean() for frame in written.decode(stream)]
    assert len(shown) == (1 + 1 + 2) * round(0.2 * FRAME_RATE)
    assert [shown[0], shown[5], shown[-1]] == pytest.approx([40, 120, 200], abs=3)


def test_bad_questions_are_answered_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.gif, \.webp or \.mp4, got '\.avi'"):
        write_animation([np.zeros((4, 4, 3), np.uint8)], tmp_path / "one.avi")
    with pytest.raises(InputError, match="at least one frame"):
        write_animation([], tmp_path / "one.gif")
