"""The Corruptions tab in headless Chromium: before and after, the grid with its agreement, the charts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.browser import opened, wait_for_map
from tests.app.served import Served

pytestmark = pytest.mark.browser

NOTES = "[...document.querySelectorAll('#corruptions-viewer .viewer-note')].map(note => note.textContent)"
CHARTS = "[...document.querySelectorAll('[id^=corruptions-chart] .js-plotly-plot')]"


def test_the_grid_says_its_scale_and_how_far_every_map_agrees_with_the_clean_one(browser: Any, served: Served) -> None:
    with opened(browser, served.url, height=1600) as page:
        page.get_by_role("tab", name="Corruptions").click()
        wait_for_map(page, "corruptions")
        # Two models: the clean row says nothing, each of the five severities below it does.
        page.wait_for_function(f"() => {NOTES}.filter(text => /^r = .* SSIM /.test(text)).length === 10")
        assert page.evaluate(NOTES)[:2] == ["", ""]
        page.wait_for_function(f"() => {CHARTS}.length === 2")
        lines = page.evaluate(f"{CHARTS}.map(chart => chart.data.map(line => line.x.length ?? 5))")
        assert [len(chart) for chart in lines] == [2, 2]
        scale = page.locator("#corruptions-viewer .viewer-scale")
        assert "its own colour scale" in scale.inner_text()
        page.locator("#corruptions-scale input[value=shared]").check()
        page.locator("#corruptions-viewer .viewer-scale", has_text="One colour scale for all maps").wait_for()


def test_the_slider_divides_clean_and_corrupted_by_keyboard(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        page.get_by_role("tab", name="Corruptions").click()
        divider = page.get_by_label("Divide clean and corrupted")
        divider.focus()
        page.keyboard.press("End")
        cut = "getComputedStyle(document.querySelector('.before-after')).getPropertyValue('--cut')"
        assert page.evaluate(cut) == "100%"
        assert "fog, severity 3" in page.locator(".before-after").inner_text()


def test_another_seed_is_another_picture(browser: Any, served: Served) -> None:
    source = "document.querySelector('.before-after img').src"
    with opened(browser, served.url) as page:
        page.get_by_role("tab", name="Corruptions").click()
        page.wait_for_selector(".before-after img")
        before = page.evaluate(source)
        page.locator("#corruptions-seed input").fill("7")
        page.keyboard.press("Enter")
        page.wait_for_function("before => document.querySelector('.before-after img').src !== before", arg=before)
