"""Films: what is read of a video, what is refused, and what a model is asked for a frame."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from analysis.animation import animation
from analysis.paper_figures.marks import Raster
from app.inference.frame_map import FrameMap, LastMap
from app.inference.tasks import EveryMap
from app.inference.work import BusyError
from app.library import clips
from app.library.clips import FRAME_SIDE, MAX_SECONDS, PAN_FRAMES, RATE, read_clip, read_shot
from app.services import Services
from app.serving.sessions import size_of
from app.serving.settings import Settings
from app.tabs.film import figure, words
from app.tabs.film.frames import mapped, turn
from app.tabs.film.words import CHUNK
from app.views.look import Look
from tests.app.coroutines import finished
from tests.app.made import encoded, facts, photograph, picture
from vars_core.errors import InputError

MODEL = "rvt_nano/vars_d"


def grey(count: int, height: int = 48, width: int = 64) -> list[np.ndarray]:
    """Frames that grow brighter by 8 each: which one is which can be read off."""
    return [np.full((height, width, 3), 8 * i, np.uint8) for i in range(count)]


def written(path: Path, frames: list[np.ndarray], seconds: float = 1 / RATE) -> Path:
    path.write_bytes(animation(frames, path.suffix, seconds))
    return path


def webm(frames: list[np.ndarray]) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=RATE)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "yuv420p"
        for one in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(one, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    made = Services(Settings())
    yield made
    made.close()


@pytest.mark.parametrize("suffix", [".gif", ".mp4", ".webm"])
def test_a_video_is_read_frame_by_frame_in_order(tmp_path: Path, suffix: str) -> None:
    path, frames = tmp_path / f"film{suffix}", grey(16)
    if suffix == ".webm":
        path.write_bytes(webm(frames))
    else:
        written(path, frames)
    clip = read_clip(path, max_pixels=10_000)
    assert (clip.height, clip.width) == (48, 64)
    assert clip.seconds == pytest.approx(1 / RATE, rel=0.1)
    levels = [float(clip.picture(i).mean()) for i in range(len(clip))]
    assert 14 <= len(clip) <= 18
    assert levels[0] == pytest.approx(0, abs=4) and levels[-1] == pytest.approx(120, abs=4)
    assert all(later >= earlier - 2 for earlier, later in pairwise(levels))


def test_of_a_fast_and_large_video_few_and_small_frames_are_kept(tmp_path: Path) -> None:
    path = written(tmp_path / "large.mp4", grey(10, 400, 800), seconds=0.4)  # 25 frames a second, for 4.4 seconds
    clip = read_clip(path, max_pixels=400 * 800)
    assert clip.picture(0).shape == (FRAME_SIDE // 2, FRAME_SIDE, 3)
    assert len(clip) == pytest.approx(4.4 * RATE, abs=2)
    assert clip.seconds * len(clip) == pytest.approx(4.4, abs=0.3)
    assert size_of(clip) < 200_000


def refused(path: Path, data: bytes | None = None, max_pixels: int = 1_000_000) -> str:
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_clip(path, max_pixels=max_pixels)
    return str(caught.value)


def test_what_is_no_short_video_gets_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, good = tmp_path / "film.mp4", animation(grey(8), ".mp4", 0.2)
    none = "expected a video as MP4, WebM, GIF or AVI, this file is none of them"
    playlist = b"#EXTM3U\nfile:///etc/passwd\n"
    for other in (b"", b"no video at all", encoded(picture()), playlist, b"ffconcat version 1.0\n"):
        assert refused(path, other) == none
    assert "damaged" in refused(path, good[: len(good) // 3]) or "at least two" in refused(path)
    assert "damaged" in refused(path, good[:40] + bytes(2000))
    assert "64×48 pixels: expected at most 1,000" in refused(path, good, max_pixels=1000)
    assert "at least two frames" in refused(path, animation(grey(1), ".gif", 0.2))
    long = written(tmp_path / "long.mp4", grey(3), seconds=MAX_SECONDS / 3)
    assert f"seconds: expected at most {MAX_SECONDS}" in refused(long)
    monkeypatch.setattr(clips, "MAX_DECODED", 3)
    assert "3 frames" in refused(path, good)


def test_a_pan_moves_over_the_longer_side_and_back() -> None:
    wide, tall = (clips.pan(photograph(height=h, width=w)) for h, w in ((40, 100), (100, 40)))
    for clip, shape in ((wide, (40, 70, 3)), (tall, (70, 40, 3))):
        assert len(clip) == PAN_FRAMES and clip.picture(0).shape == shape
        means = [clip.picture(i).mean() for i in range(PAN_FRAMES)]
        assert np.argmax(means) == PAN_FRAMES // 2  # the made photograph grows brighter that way
        assert means[1] == pytest.approx(means[-1], abs=0.5)


def test_a_frames_map_is_the_attention_tabs_own(services: Services) -> None:
    clip = services.clip("ann", "pan:sample:cat")
    task = LastMap("1.1", "contribution")
    (one,) = finished(mapped(services, "ann", clip, [3], MODEL, task))
    whole = services.queue.ask(MODEL, lambda size: clip.square(3, size), EveryMap()).result()
    np.testing.assert_allclose(one.map, whole.layer("1.1").maps["contribution"][-1], rtol=1e-4, atol=1e-6)


class Slow:
    """Services whose queue answers when told to; counts how many frames wait."""

    def __init__(self) -> None:
        self.waiting: list[Future[FrameMap]] = []
        self.most = 0

    def frame(self, session: str | None, clip: Any, index: int, model: str, task: LastMap) -> Future[FrameMap]:
        future: Future[FrameMap] = Future()
        self.waiting.append(future)
        self.most = max(self.most, sum(not one.done() for one in self.waiting))
        if len(self.waiting) % CHUNK == 0:
            for one in self.waiting[-CHUNK:]:
                one.set_result(FrameMap(facts(), "0.1", np.full((2, 2), len(self.waiting))))
        return future


def test_a_film_lets_no_more_than_a_batch_wait_and_a_cancelled_one_none() -> None:
    slow: Any = Slow()
    maps = finished(mapped(slow, None, None, range(3 * CHUNK), MODEL, LastMap("", "energy")))
    assert len(maps) == 3 * CHUNK and slow.most == CHUNK

    async def left() -> None:
        task = asyncio.create_task(mapped(slow, None, None, range(CHUNK - 1), MODEL, LastMap("", "energy")))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    finished(left())
    assert all(one.cancelled() for one in slow.waiting[3 * CHUNK :])


def test_few_cameras_may_wait_at_once() -> None:
    async def tried() -> None:
        cameras = asyncio.Semaphore(2)
        async with turn(cameras), turn(cameras):
            with pytest.raises(BusyError, match="cameras are being looked at"):
                async with turn(cameras):
                    pass
        async with turn(cameras):
            pass

    finished(tried())


@pytest.mark.parametrize("text", ["", "data:image/jpeg;base64,", "data:image/jpeg;base64,%%", "http://elsewhere/a.jpg"])
def test_a_cameras_frame_that_is_none_gets_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="expected a camera's frame"):
        read_shot(text)


@pytest.mark.parametrize("more", ["", "null", "{}", '{"key": "other", "start": 8}', '{"key": "k", "start": "x"}'])
def test_a_film_starts_at_its_first_frame_unless_it_goes_on(more: str) -> None:
    assert words.start_of(more, "k") == 0
    assert words.start_of('{"key": "k", "start": 8}', "k") == 8


def test_frame_and_map_stand_side_by_side_for_download() -> None:
    clip = clips.pan(photograph(height=40, width=100))
    maps = [FrameMap(facts(), "0.1", np.arange(4, dtype=np.float32).reshape(2, 2) * i) for i in range(3)]
    made = figure.film(clip, maps, Look(readout="energy", scale="shared"))
    assert {one.shape for one in made} == {made[0].shape} and len(made) == 3
    sheet = figure.overview(clip, maps, Look(readout="energy", scale="shared"))
    pictures = [mark for mark in sheet.marks if isinstance(mark, Raster)]
    assert len(pictures) == 2 * 3 + 1, "three frames, each beside its map, and the colour bar"
    assert np.array_equal(pictures[2].pixels, clip.picture(1)) and pictures[2].y == pictures[3].y
    export = figure.export(clip, maps, Look(readout="energy", t=99))
    assert export.arrays["maps"].shape == (3, 2, 2) and export.settings["view"]["frame"] == 2
