"""The Corruptions tab in headless Chromium: before and after, the grid with its agreement, the charts."""

from __future__ import annotations

import re
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


ANSWERS = "[...document.querySelectorAll('#{}-viewer .viewer-answer')].map(answer => answer.textContent)"


def test_the_answer_stands_under_every_picture_and_says_whether_the_corruption_changed_it(
    browser: Any, served: Served
) -> None:
    with opened(browser, f"{served.url}?tab=corruptions&corruption=gaussian_noise&severity=5", height=1600) as page:
        wait_for_map(page, "corruptions")
        found = page.evaluate(ANSWERS.format("corruptions"))
        assert len(found) == 12  # two models, the clean picture and five severities
        assert all(re.fullmatch(r".+ \d+\.\d %", one) for one in found[:2])
        assert all(re.search(r" %, (not )?as clean$", one) for one in found[2:])
        changed = page.locator("#corruptions-viewer .viewer-answer[data-changed=yes]").all_inner_texts()
        assert changed == [one for one in found if one.endswith("not as clean")]


def test_an_attack_shows_what_it_added_and_what_becomes_of_answer_and_map(browser: Any, served: Served) -> None:
    with opened(browser, f"{served.url}?tab=corruptions", height=1600) as page:
        wait_for_map(page, "corruptions")
        assert not page.locator("#attack-viewer").is_visible()
        page.locator("#attack-name").get_by_text("PGD", exact=True).click()
        wait_for_map(page, "attack")
        page.wait_for_function(f"() => {ANSWERS.format('attack')}.length === 4")
        found = page.evaluate(ANSWERS.format("attack"))
        assert all(re.search(r" %, (not )?as clean$", one) for one in found[2:])
        assert page.locator(".perturbations img").count() == 2
        assert "added at most 1.00/255, shown ×127" in page.locator(".perturbations").inner_text()
        notes = "[...document.querySelectorAll('#attack-viewer .viewer-note')].map(note => note.textContent)"
        assert all(re.match(r"r = .* SSIM ", one) for one in page.evaluate(notes)[2:])
        page.wait_for_url("**attack=pgd&epsilon=1&steps=5**")
        page.locator("#attack-name").get_by_text("off", exact=True).click()
        page.locator("#attack-viewer").wait_for(state="hidden")
    with opened(browser, f"{served.url}?tab=corruptions&attack=fgsm&epsilon=8&models=rvt_nano/self") as page:
        page.locator(".perturbations", has_text="added at most 8.00/255").wait_for()
        assert "not as clean" in page.evaluate(ANSWERS.format("attack"))[1]
