"""The Compare tab in headless Chromium: models beside one another, one slider for all, the difference to one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.browser import opened, wait_for_map
from tests.app.served import Served

pytestmark = pytest.mark.browser

PANELS = "#compare-viewer .viewer-panel"
MAPS = f"[...document.querySelectorAll('{PANELS} canvas')].map(canvas => canvas.toDataURL())"
NOTES = "[...document.querySelectorAll('#compare-viewer .viewer-panel')].map(panel => panel.innerText)"


def test_models_and_corruptions_make_a_table_and_the_slider_moves_every_map(browser: Any, served: Served) -> None:
    """Of three models on two pictures the two that iterate change, Performer has one step."""
    link = "?tab=compare&models=rvt_nano/vars_d,rvt_nano/vars_s,rvt_nano/performer&pictures=clean,fog"
    with opened(browser, f"{served.url}{link}", height=1200) as page:
        wait_for_map(page, "compare")
        page.wait_for_function(f"() => document.querySelectorAll('{PANELS}').length === 6")
        assert "its own colour scale" in page.locator("#compare-viewer .viewer-scale").inner_text()
        before = page.evaluate(MAPS)
        page.locator("#compare-iteration input[type=range]").focus()
        page.keyboard.press("Home")
        page.wait_for_function(f"before => {MAPS}.filter((map, i) => map !== before[i]).length === 4", arg=before)


def test_the_difference_to_a_reference_says_how_far_the_others_agree_with_it(browser: Any, served: Served) -> None:
    with opened(browser, f"{served.url}?tab=compare&reference=0", height=1200) as page:
        wait_for_map(page, "compare")
        page.wait_for_function(f"() => {NOTES}.some(text => /r = -?[01]\\.\\d\\d with the reference/.test(text))")


def test_the_answer_stands_under_every_picture(browser: Any, served: Served) -> None:
    answers = "[...document.querySelectorAll('#compare-viewer .viewer-answer')].map(answer => answer.textContent)"
    link = "?tab=compare&models=rvt_nano/vars_d,rvt_nano/self&pictures=clean,fog"
    with opened(browser, f"{served.url}{link}", height=1200) as page:
        wait_for_map(page, "compare")
        page.wait_for_function(f"() => {answers}.length === 4")
        found = page.evaluate(answers)
        assert all(one.endswith(" %") for one in found[:2])
        assert all(one.endswith("as clean") for one in found[2:])
