"""The Compare tab in headless Chromium: models beside one another, one slider for all, the difference to one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.browser import opened, wait_for_map
from tests.app.served import Served

pytestmark = pytest.mark.browser

PANELS = "#compare-viewer .viewer-panel"
MAPS = f"[...document.querySelectorAll('{PANELS} canvas')].map(canvas => canvas.toDataURL())"
DRAWN = f"""[...document.querySelectorAll('{PANELS} canvas')].filter(canvas => canvas.width &&
    canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(value => value))"""
NOTES = "[...document.querySelectorAll('#compare-viewer .viewer-panel')].map(panel => panel.innerText)"


COUNTS = """() => {
    const show = VARS.show;
    window.counts = [];
    VARS.show = (id, given) => {
        if (id === "compare") window.counts.push((typeof given === "string" ? JSON.parse(given) : given).panels.length);
        show(id, given);
    };
}"""


def test_the_first_view_is_attention_beside_the_vars_variants_clean_and_in_fog_over_the_whole_tab(
    browser: Any, served: Served
) -> None:
    with opened(browser, f"{served.url}?tab=compare", width=1440) as page:
        page.wait_for_function(f"() => document.querySelectorAll('{PANELS}').length === 8")
        heads = page.locator("#compare-viewer .viewer-head").all_inner_texts()
        assert [head.split(" · ")[1] for head in heads] == ["self-attention", "VARS-S", "VARS-D", "VARS-SD"]
        assert page.locator("#compare-viewer .viewer-row").all_inner_texts() == ["clean", "fog, severity 3"]
        table, tab = page.locator("#compare-viewer").bounding_box(), page.locator(".stage").bounding_box()
        last = page.locator(PANELS).nth(3).bounding_box()
        assert last["x"] + last["width"] > tab["x"] + 0.97 * tab["width"] and last["width"] > 240
        assert table["height"] > 450
        page.evaluate(COUNTS)
        page.get_by_role("button", name="Sample photograph: coffee").click()
        page.wait_for_function("() => window.counts.length === 2")
        assert page.evaluate("window.counts") == [4, 8]  # the clean row is there before the corrupted one
        again = "JSON.stringify({...VARS.state('compare').payload, turn: 'asked for twice'})"
        page.evaluate(f"VARS.compare.further({again})")
        assert page.locator(PANELS).count() == 8
        stranger = "JSON.stringify({...VARS.state('compare').payload, key: 'another table', turn: 'x'})"
        page.evaluate(f"VARS.compare.further({stranger})")
        assert page.locator(PANELS).count() == 8


def test_models_and_corruptions_make_a_table_and_the_slider_moves_every_map(browser: Any, served: Served) -> None:
    """Of three models on two pictures the two that iterate change, Performer has one step."""
    link = "?tab=compare&models=rvt_nano/vars_d,rvt_nano/vars_s,rvt_nano/performer&pictures=clean,fog"
    with opened(browser, f"{served.url}{link}", height=1200) as page:
        wait_for_map(page, "compare")
        page.wait_for_function(f"() => {DRAWN}.length === 6")
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
