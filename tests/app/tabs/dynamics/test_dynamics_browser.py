"""The Dynamics tab in headless Chromium: drawn, played and moved along its time axis without a request."""

from __future__ import annotations

from typing import Any

import av
import pytest
from PIL import Image

from tests.app.browser import opened, pixels, wait_for_change, wait_for_map
from tests.app.served import Served

pytestmark = pytest.mark.browser

CURVES = ".dynamics-charts svg path"
STEP = "#dynamics-iteration input[type=range]"


def opened_tab(browser: Any, served: Served, query: str = "", **context: Any) -> Any:
    return opened(browser, f"{served.url}?tab=dynamics&image=sample:cat&steps=8{query}", **context)


def wait_for_curves(page: Any, steps: int = 8) -> None:
    page.locator(CURVES).first.wait_for()
    page.get_by_text(f"of {steps}, circuit time").wait_for()


def cursors(page: Any) -> list[float]:
    """Where the time marker stands in every chart, as fractions of its width, so that all can be compared."""
    return list(
        page.evaluate(
            """() => [...document.querySelectorAll('.dynamics svg .cursor')].map(
                one => Number(one.getAttribute('x1')) / one.ownerSVGElement.viewBox.baseVal.width)"""
        )
    )


def test_all_pictures_share_one_time_axis_and_move_without_a_request(browser: Any, served: Served) -> None:
    with opened_tab(browser, served) as page:
        wait_for_curves(page)
        assert page.locator("#dynamics-viewer canvas").count() == 4
        assert page.locator(".dynamics-charts figure").count() == 4
        assert page.locator(".dynamics-trajectories figure").count() == 4
        assert page.locator("#dynamics-equations .katex").count() > 10, "the equations are rendered"
        page.wait_for_timeout(500)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        before, last = pixels(page, "dynamics"), cursors(page)
        page.locator(STEP).focus()
        page.keyboard.press("Home")
        page.get_by_text("Step 0 of 8, circuit time 0").wait_for()
        wait_for_change(page, before, "dynamics")
        first = cursors(page)
        assert len(first) == 8 and len(set(first)) == 1 and first[0] < last[0]
        assert asked == []


def test_the_play_button_plays_and_pauses(browser: Any, served: Served) -> None:
    with opened_tab(browser, served, "&t=0") as page:
        wait_for_curves(page)
        page.get_by_role("button", name="Play", exact=True).click()
        page.wait_for_function(f"() => Number(document.querySelector('{STEP}').value) >= 3")
        page.get_by_role("button", name="Pause").click()
        stopped = page.locator(STEP).input_value()
        page.wait_for_timeout(400)
        assert page.locator(STEP).input_value() == stopped


def test_l_too_small_is_shown_as_diverging(browser: Any, served: Served) -> None:
    with opened_tab(browser, served, "&bound=0.4&layer=0.3&head=2") as page:
        wait_for_curves(page)
        page.get_by_text("ISTA diverges: L = ").wait_for()
        page.get_by_text("ISTA (diverges)").wait_for()
        assert page.locator("#dynamics-head input").input_value() == "head 2"
        page.locator("#dynamics-bound input[type=number]").fill("1")
        page.keyboard.press("Tab")
        page.get_by_text("ISTA (diverges)").wait_for(state="detached")
        page.wait_for_function("() => location.search.includes('bound=1')")


def test_a_model_without_codes_says_so_and_another_brings_its_own(browser: Any, served: Served) -> None:
    with opened_tab(browser, served, "&model=rvt_nano/self") as page:
        page.get_by_text("self-attention settles at nothing").wait_for()
        assert not page.locator(".dynamics-charts").is_visible()
        page.locator("#dynamics-model input").click()
        page.get_by_role("option", name="RVT-nano · VARS-S", exact=True).click()
        wait_for_curves(page)
        page.get_by_text("The layer's own ISTA").first.wait_for()


def test_the_figure_and_the_animation_are_downloaded(browser: Any, served: Served, tmp_path: Any) -> None:
    with opened_tab(browser, served) as page:
        wait_for_curves(page)
        for button, start in (("figure", b"\x89PNG"), ("gif", b"GIF89a"), ("mp4", b"\x00\x00\x00")):
            with page.expect_download() as download:
                page.locator(f"#dynamics-{button}").click()
            download.value.save_as(tmp_path / button)
            assert (tmp_path / button).read_bytes().startswith(start)
    with Image.open(tmp_path / "gif") as animated:
        assert animated.n_frames == 9  # every step from 0 to T
    with av.open(str(tmp_path / "mp4")) as film:
        assert film.streams.video[0].codec_context.name == "h264"


def test_the_attention_tab_s_iterates_are_downloaded_as_a_film(browser: Any, served: Served, tmp_path: Any) -> None:
    with opened(browser, f"{served.url}?tab=attention&image=sample:cat") as page:
        wait_for_map(page)
        with page.expect_download() as download:
            page.locator("#attention-gif").click()
        download.value.save_as(tmp_path / "one.gif")
        assert download.value.suggested_filename == "vars-attention.gif"
    with Image.open(tmp_path / "one.gif") as animated:
        assert animated.n_frames == 4  # t = 0 .. 3
