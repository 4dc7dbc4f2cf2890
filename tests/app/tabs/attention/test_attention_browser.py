"""The Attention tab in headless Chromium."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import cv2
import numpy as np
import pytest

from app.inference.traced import Traced
from app.views.payload import more_maps
from tests.app.browser import opened, pixels, wait_for_change, wait_for_every_map, wait_for_map
from tests.app.served import Served

pytestmark = pytest.mark.browser


def slide(page: Any, name: str, key: str) -> None:
    page.locator(f"#{name} input[type=range]").focus()
    page.keyboard.press(key)


def test_the_page_opens_with_a_sample_and_its_map(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        wait_for_map(page)
        assert page.locator(".masthead h1").inner_text() == "VARS Studio"
        assert "cat · 451×300" in page.locator("#current-photograph").inner_text()
        words = page.locator("#attention-viewer figcaption").inner_text()
        facts = served.services.models.facts("rvt_nano/vars_d")
        assert f"layer {facts.default_layer} · {facts.default_readout} · t = 3 of 3" in words
        page.wait_for_function("() => document.querySelector('.masthead .state').textContent === '5 models ready'")


def test_the_iterate_slider_moves_by_keyboard_and_changes_the_map(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        wait_for_map(page)
        before = pixels(page)
        slide(page, "attention-iteration", "ArrowLeft")
        wait_for_change(page, before)
        page.wait_for_function(
            "() => document.querySelector('#attention-viewer figcaption').innerText.includes('t = 2 of 3')"
        )


def test_moving_the_slider_asks_nothing_of_the_server(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        wait_for_every_map(page)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        before = pixels(page)
        slide(page, "attention-iteration", "Home")
        wait_for_change(page, before)
        assert asked == []


def test_a_click_on_an_iterate_moves_the_slider(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        wait_for_map(page)
        before = pixels(page)
        page.locator("#attention-viewer .viewer-strip button").nth(1).click()
        wait_for_change(page, before)
        assert page.locator("#attention-iteration input[type=range]").input_value() == "1"


def test_a_map_that_is_not_there_yet_is_waited_for_and_is_right_when_it_comes(
    browser: Any, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, Future[Traced]]] = []

    def held_back(*given: Any) -> Future[Traced]:
        asked.append((given, Future()))
        return asked[-1][1]

    monkeypatch.setattr(served.services, "other_maps", held_back)
    with opened(browser, served.url) as page:
        wait_for_map(page)
        first, readout = pixels(page), page.locator("#attention-readout")
        caption = page.locator("#attention-viewer figcaption")
        readout.get_by_text("energy", exact=True).click()
        caption.get_by_text("energy · still being computed").wait_for()
        assert pixels(page) == 0  # no other map under its name
        readout.get_by_text("contribution", exact=True).click()
        caption.get_by_text("contribution · t = 3 of 3").wait_for()
        assert pixels(page) == first
        readout.get_by_text("energy", exact=True).click()
        while not asked:
            page.wait_for_timeout(50)
        every = served.services.trace(None, asked[0][0][1], "rvt_nano/vars_d").result(60)
        asked[0][1].set_result(every)
        caption.get_by_text("energy · t = 3 of 3").wait_for()
        assert pixels(page) not in (0, first)
        shown = page.evaluate("() => VARS.state('attention').payload.panels[0].layers")
        for there, sent in zip(shown, more_maps([every])["layers"][0], strict=True):
            assert {name: one["data"] for name, one in there["maps"].items()} == {
                name: one["data"] for name, one in sent["maps"].items()
            }


def test_another_sample_gives_another_map(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        wait_for_map(page)
        before = pixels(page)
        page.get_by_role("button", name="Sample photograph: coffee").click()
        wait_for_change(page, before)
        page.locator("#current-photograph", has_text="coffee · 600×400").wait_for()


def test_an_uploaded_photograph_gets_its_map(browser: Any, served: Served, tmp_path: Any) -> None:
    path = tmp_path / "upload.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 255, (90, 120, 3), dtype=np.uint8))
    with opened(browser, served.url) as page:
        wait_for_map(page)
        before = pixels(page)
        page.locator("#drop input[type=file]").first.set_input_files(str(path))
        wait_for_change(page, before)
        page.locator("#current-photograph", has_text="120×90").wait_for()


def test_what_is_no_photograph_gets_a_sentence(browser: Any, served: Served, tmp_path: Any) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"not a picture at all")
    with opened(browser, served.url) as page:
        wait_for_map(page)
        before = pixels(page)
        page.locator("#drop input[type=file]").first.set_input_files(str(path))
        page.get_by_text("not a picture in a format that can be read").wait_for()
        assert pixels(page) == before


def test_attention_says_that_it_does_not_iterate(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        wait_for_map(page)
        before = pixels(page)
        page.locator("#attention-model input").click()
        page.get_by_role("option", name="RVT-nano · self-attention").click()
        wait_for_change(page, before)
        page.get_by_text("there is nothing to iterate").wait_for()


def test_a_click_on_the_map_asks_what_the_token_there_listens_to(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        wait_for_map(page)
        page.locator("#attention-viewer .viewer-panel .viewer-frame").click(position={"x": 5, "y": 5})
        wait_for_map(page, "attention-closer")
        page.locator("#attention-closer figcaption", has_text="Token (0, 0) listens to").wait_for()
        before = pixels(page, "attention-closer")
        page.get_by_role("button", name="layer 1.1, head 2").click()
        wait_for_change(page, before, "attention-closer")
        page.locator("#attention-closer figcaption", has_text="head 2").wait_for()
        assert "whose=token" in page.url and "head=2" in page.url


def test_a_class_is_explained_beside_other_methods(browser: Any, served: Served) -> None:
    pytest.importorskip("captum", reason="Grad-CAM is computed by captum, an extra")
    with opened(browser, served.url + "?tab=attention&whose=class&class=4") as page:
        wait_for_map(page, "attention-closer")
        name = served.services.tiny_imagenet[4]
        page.locator("#attention-closer figcaption", has_text=f"For “{name}”").wait_for()
        page.locator("#attention-closer figcaption", has_text="of layer 1.1 output, by captum").first.wait_for()
