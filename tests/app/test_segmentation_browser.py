"""The Segmentation tab in headless Chromium: draw or upload a ground truth, move the threshold, read the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.app.page import opened, pixels, wait_for_change, wait_for_map
from tests.app.serving import Served

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


def draw_rectangle(page: Any, left: float, top: float, right: float, bottom: float) -> None:
    """With the pointer, along a rectangle given in fractions of the picture."""
    box = page.locator(f"#{TAB}-viewer .viewer-frame").bounding_box()
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def test_a_ground_truth_is_drawn_and_the_numbers_follow_the_threshold(browser: Any, served: Served) -> None:
    with opened_tab(browser, served) as page:
        choose(page, "tool", "outline")
        page.locator(f"#{TAB}-viewer .viewer-legend", has_text="No ground truth yet").wait_for()
        draw_rectangle(page, 0.25, 0.25, 0.75, 0.75)
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
        draw_rectangle(page, 0.3, 0.3, 0.6, 0.6)
        page.get_by_text("Drawn here").wait_for()
        page.get_by_role("button", name="Undo").click()
        page.locator(f"#{TAB}-truth", has_text="No ground truth for this photograph yet").wait_for()


def test_an_uploaded_mask_is_counted_at_its_own_size(browser: Any, served: Served, tmp_path: Path) -> None:
    labels = np.zeros((600, 902), np.uint8)
    labels[150:450, 225:675] = 7
    labels[:60] = 255
    Image.fromarray(labels).save(tmp_path / "mask.png")
    with opened_tab(browser, served) as page:
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Upload a mask").click()
        chooser.value.set_files(str(tmp_path / "mask.png"))
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
