"""The Segmentation tab in headless Chromium: draw or upload a ground truth, move the threshold, read the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.app.browser import draw_rectangle, opened, pixels, upload, wait_for_change, wait_for_map
from tests.app.served import Served

pytestmark = pytest.mark.browser

TAB = "segmentation"


@contextmanager
def opened_tab(browser: Any, served: Served, **context: Any) -> Iterator[Any]:
    with opened(browser, served.url, **context) as page:
        page.get_by_role("tab", name="Segmentation").click()
        wait_for_map(page, TAB)
        page.get_by_text("the mask covers").wait_for()
        yield page


def shown(page: Any, name: str) -> str:
    return str(page.locator(f'#{TAB}-scores [data-show="{name}"]').text_content())


def wait_for_other(page: Any, name: str, before: str) -> str:
    page.wait_for_function(
        "([selector, before]) => document.querySelector(selector).textContent !== before",
        arg=[f'#{TAB}-scores [data-show="{name}"]', before],
    )
    return shown(page, name)


def percent(text: str) -> float:
    return float(text.removesuffix(" %"))


def press(page: Any, key: str) -> None:
    page.locator(f"#{TAB}-threshold input[type=range]").focus()
    page.keyboard.press(key)


def choose(page: Any, radio: str, name: str) -> None:
    page.locator(f"#{TAB}-{radio}").get_by_text(name, exact=True).click()


def test_a_ground_truth_is_drawn_and_the_numbers_follow_the_threshold(browser: Any, served: Served) -> None:
    with opened_tab(browser, served) as page:
        choose(page, "tool", "outline")
        page.locator(f"#{TAB}-viewer .viewer-legend", has_text="No ground truth yet").wait_for()
        draw_rectangle(page, TAB, 0.25, 0.25, 0.75, 0.75)
        page.get_by_text("Drawn here, 451×300 pixels, 25.").wait_for()
        first = shown(page, "iou")
        assert first.endswith(" %")
        choose(page, "mode", "error map")
        page.locator(f"#{TAB}-viewer .viewer-legend", has_text="missed (FN)").wait_for()
        page.wait_for_timeout(500)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        before, misses = pixels(page, TAB), shown(page, "fn")
        press(page, "End")  # only the map's maximum reaches 1
        wait_for_change(page, before, TAB)
        assert percent(wait_for_other(page, "fn", misses)) > percent(misses)
        assert shown(page, "iou") != first
        press(page, "Home")
        page.wait_for_function(
            f"""() => document.querySelector('#{TAB}-scores [data-show="fn"]').textContent === '0.00 %'"""
        )
        assert asked == []  # not a request while the threshold moved


def test_undo_takes_the_drawing_back_and_drawing_is_invited_again(browser: Any, served: Served) -> None:
    with opened_tab(browser, served) as page:
        choose(page, "tool", "outline")
        draw_rectangle(page, TAB, 0.3, 0.3, 0.6, 0.6)
        page.get_by_text("Drawn here, 451").wait_for()
        page.get_by_role("button", name="Undo").click()
        page.locator(f"#{TAB}-truth", has_text="No ground truth for this photograph yet").wait_for()


def test_an_uploaded_mask_is_counted_at_its_own_size(browser: Any, served: Served, tmp_path: Path) -> None:
    labels = np.zeros((600, 902), np.uint8)
    labels[150:450, 225:675] = 7
    labels[:60] = 255
    Image.fromarray(labels).save(tmp_path / "mask.png")
    with opened_tab(browser, served) as page:
        upload(page, f"{TAB}-upload", tmp_path / "mask.png")
        page.get_by_text("Uploaded mask, 902×600 pixels").wait_for()
        page.locator(f"#{TAB}-viewer .viewer-legend", has_text="missed (FN)").wait_for()
        assert "void 54,120 pixels" in shown(page, "pixels")
        press(page, "Home")  # threshold 0: everything is foreground
        page.wait_for_function(
            f"""() => document.querySelector('#{TAB}-scores [data-show="fn"]').textContent === '0.00 %'"""
        )
        share = 300 * 450 / (540 * 902)
        assert shown(page, "iou") == f"{100 * share:.2f} %"
        assert shown(page, "fp") == f"{100 * (1 - share):.2f} %"


def test_the_tab_is_operated_by_keyboard_alone(browser: Any, served: Served) -> None:
    with opened_tab(browser, served) as page:
        page.locator(f"#{TAB}-tool input").first.focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")  # outline
        frame = page.locator(f"#{TAB}-viewer .viewer-frame")
        page.wait_for_function(f"() => document.querySelector('#{TAB}-viewer .viewer-frame').tabIndex === 0")
        frame.focus()
        for moves in ("", "ArrowRight", "ArrowDown"):
            for _ in range(6):
                if moves:
                    page.keyboard.press(moves)
            page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        page.get_by_text("Drawn here, 451×300 pixels, 1.").wait_for()
        numbers = shown(page, "iou")
        press(page, "ArrowRight")
        wait_for_other(page, "iou", numbers)
        assert page.locator(f"#{TAB}-threshold input[type=range]").input_value() == "0.31"


def test_a_link_restores_the_view(browser: Any, served: Served) -> None:
    link = "image=sample:coffee&model=rvt_nano/vars_s&layer=0.1&readout=energy&t=1&threshold=0.6251&mode=contour"
    with opened(browser, f"{served.url}?tab=segmentation&{link}") as page:
        wait_for_map(page, TAB)
        page.locator(f"#{TAB}-viewer figcaption", has_text="layer 0.1 · energy · t = 1 of 3").wait_for()
        page.locator(f"#{TAB}-viewer .viewer-legend", has_text="reaches 0.6251").wait_for()
        page.get_by_text("At 0.6251 the mask covers").wait_for()  # not rounded to a hundredth
        press(page, "ArrowRight")
        page.wait_for_url("**tab=segmentation&image=sample:coffee&model=rvt_nano/vars_s**layer=0.1**threshold=0.64**")


def test_a_download_holds_what_is_shown(browser: Any, served: Served) -> None:
    with opened_tab(browser, served) as page:
        choose(page, "tool", "outline")
        draw_rectangle(page, TAB, 0.2, 0.2, 0.7, 0.8)
        page.get_by_text("Drawn here, 451").wait_for()
        page.wait_for_function(f"() => document.querySelector('#{TAB}-scores [data-show=iou]').textContent !== ''")
        with page.expect_download() as download:
            page.locator(f"#{TAB}-arrays").click()
        assert download.value.suggested_filename == "vars-segmentation.npz"
        with np.load(download.value.path()) as stored:
            settings = json.loads(str(stored["settings"]))
            assert stored["truth"].shape == stored["mask"].shape == (300, 451)
        assert f"{settings['iou']:.2f} %" == shown(page, "iou")
        assert settings["truth"]["kind"] == "drawn"


def test_a_bad_mask_gets_a_sentence_and_the_drawing_stays(browser: Any, served: Served, tmp_path: Path) -> None:
    broken, wide = tmp_path / "broken.png", tmp_path / "wide.png"
    broken.write_bytes(b"nothing")
    Image.fromarray(np.zeros((1700, 3000), np.uint8)).save(wide)  # the server was started with --max-pixels 4,000,000
    with opened_tab(browser, served) as page:
        choose(page, "tool", "outline")
        draw_rectangle(page, TAB, 0.2, 0.2, 0.7, 0.8)
        page.get_by_text("Drawn here, 451").wait_for()
        iou = shown(page, "iou")
        for path, words in (
            (broken, "not a picture in a format"),
            (wide, "3000×1700 pixels"),
            (broken, "not a picture"),
        ):
            upload(page, f"{TAB}-upload", path)
            page.locator("#said.shown", has_text=words).wait_for()
        assert shown(page, "iou") == iou
        assert page.get_by_text("Drawn here, 451").is_visible()


def test_a_drawing_outlives_another_layer_and_another_model(browser: Any, served: Served) -> None:
    with opened_tab(browser, served) as page:
        choose(page, "tool", "outline")
        draw_rectangle(page, TAB, 0.2, 0.2, 0.5, 0.5)
        draw_rectangle(page, TAB, 0.6, 0.6, 0.8, 0.8)
        page.get_by_text("Drawn here, 451×300 pixels, 13.").wait_for()
        page.locator(f"#{TAB}-model input").click()
        page.get_by_role("option", name="RVT-nano · self-attention").click()
        page.locator(f"#{TAB}-viewer figcaption", has_text="self-attention").wait_for()
        page.wait_for_function(f"() => !document.querySelector('#{TAB}-scores .scores').classList.contains('stale')")
        page.get_by_role("button", name="Undo").click()
        page.get_by_text("Drawn here, 451×300 pixels, 9.").wait_for()


def test_a_mask_that_may_mean_two_things_is_read_as_the_control_says(
    browser: Any, served: Served, tmp_path: Path
) -> None:
    grey = np.zeros((300, 451), np.uint8)
    grey[100:200, 100:300] = 255
    grey[100:200, 100] = 90
    Image.fromarray(grey).save(tmp_path / "mask.png")
    with opened_tab(browser, served) as page:
        upload(page, f"{TAB}-upload", tmp_path / "mask.png")
        page.locator(
            f"#{TAB}-truth .notice", has_text="may be the object or void: say how masks are to be read"
        ).wait_for()
        assert shown(page, "iou") == ""
        for typed, pixels_ in (("soft>=128", 100 * 199), ("soft>=90", 100 * 200)):
            field = page.locator(f"#{TAB}-mask-values input")
            field.fill(typed)
            field.press("Enter")
            page.locator(f"#{TAB}-truth", has_text=f"Read as {typed}, as asked").wait_for()
            share = f"everything {100 * pixels_ / (300 * 451):.2f} %"
            page.locator(f'#{TAB}-scores [data-show="baselines"]', has_text=share).wait_for()
        page.wait_for_url("**mask_values=soft%3E%3D90**")
        field.fill("blue")
        field.press("Enter")
        page.locator(
            f"#{TAB}-truth .notice", has_text="Expected masks to be read as voc, labels, binary or soft"
        ).wait_for()
    with opened(browser, f"{served.url}?tab=segmentation&mask_values=soft%3E%3D90") as page:
        upload(page, f"{TAB}-upload", tmp_path / "mask.png")
        page.locator(f"#{TAB}-truth", has_text="Read as soft>=90, as asked").wait_for()
