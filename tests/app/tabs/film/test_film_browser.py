"""The Film tab in headless Chromium, whose camera makes its own pictures, and its endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from analysis.animation import animation
from app.library.clips import PAN_FRAMES
from tests.app.browser import opened, pixels, upload, wait_for_change, wait_for_map
from tests.app.made import picture
from tests.app.served import Served

VARIANT = "rvt_nano/vars_d"


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve frames that move by five pixels each."""
    path = tmp_path_factory.mktemp("film") / "film.gif"
    path.write_bytes(animation([np.roll(picture(60, 80), 5 * i, 1) for i in range(12)], ".gif", 0.12))
    return path


@pytest.mark.browser
def test_a_pan_a_video_and_a_camera_get_a_map_for_each_frame(
    browser: Any, served: Served, video: Path, tmp_path: Path
) -> None:
    with opened(browser, f"{served.url}?tab=film&image=sample:rocket") as page:
        now, words = page.locator(".film [data-show=now]"), page.locator(".film [data-show=words]")
        wait_for_map(page, "film")
        words.get_by_text(f"{PAN_FRAMES} frames of a pan over rocket", exact=False).wait_for()

        upload(page, "film-upload", video)
        page.get_by_text("12 frames of your video, 80×60 pixels, 8.3 a second.", exact=True).wait_for()  # all have maps
        now.get_by_text("Frame 1 of 12").wait_for()
        first = pixels(page, "film")
        slider = page.locator("#film-iteration input[type=range]")
        assert slider.get_attribute("max") == "11"
        slider.focus()
        page.keyboard.press("End")
        now.get_by_text("Frame 12 of 12").wait_for()
        wait_for_change(page, first, "film")
        shown = page.locator(".film [data-show=photo]").get_attribute("src")
        assert page.locator("#film-viewer img").get_attribute("src") == shown  # under the map is what stands beside it
        page.locator(".film [data-show=play]").click()
        now.get_by_text("Frame 3 of 12").wait_for()
        page.locator(".film [data-show=play]").click()

        broken = tmp_path / "broken.mp4"
        broken.write_bytes(b"no video")
        upload(page, "film-upload", broken)
        page.locator("#said", has_text="Expected a video as MP4, WebM, GIF or AVI").wait_for()
        page.get_by_text("12 frames of your video", exact=False).wait_for()

        with page.expect_download() as waiting:
            page.locator("#film-mp4").click()
        with av.open(waiting.value.path()) as film:
            assert film.streams.video[0].width == 720  # a column, as every figure is laid out, not the 160 of the video

        page.locator("#film-camera").click()
        now.get_by_text("maps a second").wait_for()  # at least two frames of the camera
        seen = pixels(page, "film")
        wait_for_change(page, seen, "film")  # its picture moves
        page.locator("#film-camera").click()
        now.get_by_text("of 12").wait_for()


@pytest.fixture(scope="module")
def client(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    made = Client(served.url, verbose=False, download_files=str(tmp_path_factory.mktemp("answers")))
    yield made
    made.close()


def test_the_endpoint_answers_with_a_film_and_its_maps(client: Client, video: Path) -> None:
    _, film, facts, arrays = client.predict(
        video=handle_file(str(video)), model=VARIANT, readout="energy", size="112", scale="shared", api_name="/film"
    )
    with np.load(arrays) as found:
        maps, seconds = found["maps"], found["seconds"]
    assert facts["film"]["frames"] == len(maps) == len(seconds) == 12
    assert facts["view"]["iteration"] == 3 and facts["models"][0]["image_size"] == 112
    assert np.diff(seconds) == pytest.approx(0.12, rel=0.05)
    assert not np.array_equal(maps[0], maps[6])
    with av.open(film) as made:
        assert sum(1 for _ in made.decode(video=0)) >= 12


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"layer": "9.9"}, "has no layer '9.9'"),
        ({"photo": "sample:dog"}, "o sample photograph"),
        ({"model": "x"}, "x"),
    ],
)
def test_the_endpoint_refuses_what_is_not_there(client: Client, asked: dict[str, str], words: str) -> None:
    with pytest.raises(AppError, match=words):
        client.predict(**asked, api_name="/film")


def test_the_endpoint_refuses_what_is_no_video(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"no video")
    with pytest.raises(AppError, match="Expected a video as MP4"):
        client.predict(video=handle_file(str(path)), api_name="/film")
