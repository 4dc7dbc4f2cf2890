"""The words that explain the page, in headless Chromium: the guided start, the "?" of controls, the strip over the "
"map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.page.guide import LINK, STEPS
from app.page.help import HELP
from app.tabs.attention.pipeline import STAGES
from tests.app.browser import opened, wait_for_map
from tests.app.served import Served

pytestmark = pytest.mark.browser

RING = """() => {
    const ring = document.querySelector('#guide-ring').getBoundingClientRect();
    const target = [...document.querySelectorAll(%r)].find(one => one.offsetParent).getBoundingClientRect();
    return [ring.left - target.left, ring.top - target.top, ring.right - target.right, ring.bottom - target.bottom];
}"""


STEPPED = """() => {
    const view = VARS.view;
    window.steps = [];
    VARS.view = (id, change) => { if (id === 'attention') window.steps.push(change.t); view(id, change); };
}"""


@pytest.mark.parametrize(
    "look", [{"width": 1280}, {"width": 390, "color_scheme": "dark"}], ids=["wide light", "phone dark"]
)
def test_the_guided_start_is_offered_once_and_walks_by_keyboard_from_part_to_part(
    browser: Any, served: Served, look: dict[str, Any]
) -> None:
    with opened(browser, served.url, **look) as page:
        wait_for_map(page)
        page.get_by_role("button", name="Show me").click()
        card = page.locator("#guide")
        page.evaluate(STEPPED)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/run/" in request.url else None)
        for number, step in enumerate(STEPS, start=1):
            card.get_by_text(f"{number} of {len(STEPS)}").wait_for()
            assert card.get_by_role("heading").inner_text() == step.heading
            assert "{" not in card.inner_text()
            page.wait_for_function(f"() => ({RING % step.at})().every(gap => Math.abs(gap) < 8)")
            box = card.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= look["width"]
            if step.name == "tokens":
                assert "14 × 14" in card.inner_text()
                assert page.locator("#attention-viewer .guide-token").count() == 1
                assert page.evaluate("getComputedStyle(document.querySelector('.guide-bare canvas')).opacity") == "0"
            if step.name == "iterates":  # the slider moves by itself, from the start to the end
                page.wait_for_function("() => window.steps.includes(0) && window.steps.at(-1) === 3")
            page.keyboard.press("Enter")
        card.wait_for(state="hidden")
        assert page.locator(".guide-token").count() == 0
        assert asked == []  # nothing of it needs the server
        assert page.evaluate("document.activeElement.className") == "guide-link"
        if look["width"] < 500:
            return
        page.get_by_role("button", name=LINK).click()
        card.get_by_role("heading", name=STEPS[0].heading).wait_for()
        page.keyboard.press("ArrowRight")
        card.get_by_role("heading", name=STEPS[1].heading).wait_for()
        card.get_by_role("button", name="Back").click()
        card.get_by_role("heading", name=STEPS[0].heading).wait_for()
        page.keyboard.press("Escape")
        card.wait_for(state="hidden")
        page.reload()
        wait_for_map(page)
        assert not page.get_by_role("button", name="Show me").is_visible()


@pytest.fixture(scope="module")
def page(browser: Any, served: Served) -> Iterator[Any]:
    """One page for the tests that follow, in their order."""
    with opened(browser, served.url) as page:
        wait_for_map(page)
        yield page


def test_the_strip_opens_into_equations_of_the_model_and_controls_that_do_nothing_are_away(page: Any) -> None:
    strip, equation = page.locator(".pipeline"), page.locator("#attention-equation")
    strip.get_by_role("button", name="codes").wait_for()
    assert [one.inner_text() for one in strip.get_by_role("button").all()] == list(STAGES)
    strip.get_by_role("button", name="codes").click()
    equation.locator(".katex").first.wait_for()
    assert "The dictionary P is dynamic" in equation.inner_text()
    strip.get_by_role("button", name="map").click()
    equation.get_by_text("What each token brings").wait_for()
    page.locator("#attention-readout").get_by_text("energy").click()
    equation.get_by_text("How much the layer itself answers").wait_for()
    strip.get_by_role("button", name="map").click()
    equation.wait_for(state="hidden")
    for name in ("head", "class", "closer-readout"):
        assert not page.locator(f"#attention-{name}").is_visible()
    page.locator("#attention-whose").get_by_text("every head").click()
    page.locator("#attention-head").wait_for()
    assert not page.locator("#attention-class").is_visible()
    page.locator("#attention-model input").click()
    page.get_by_role("option", name="RVT-nano · self-attention").click()
    strip.get_by_role("button", name="one step").click()
    equation.get_by_text("no iterate").wait_for()


def test_a_control_explains_itself_by_a_click_and_by_a_key_without_a_tab_stop_of_its_own(page: Any) -> None:
    box, ask = page.locator("#help"), page.locator("#attention-layer .ask")
    ask.click()
    assert HELP["layer"].words in box.inner_text() and box.locator("svg").is_visible()
    assert ask.get_attribute("aria-expanded") == "true" and ask.get_attribute("tabindex") == "-1"
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    assert ask.get_attribute("aria-expanded") == "false"
    page.locator("#attention-opacity input[type=range]").focus()
    page.keyboard.press("?")
    assert HELP["opacity"].words in box.inner_text()
    page.keyboard.press("Escape")
    page.locator("#attention-model input").focus()  # one types in it: there "?" is a character
    page.keyboard.press("F1")
    assert HELP["model"].words in box.inner_text()
    page.keyboard.press("Escape")
    page.locator("#attention-pdf").focus()  # a button has none of its own
    page.keyboard.press("?")
    assert HELP["share"].words in box.inner_text()
    described = page.locator("#attention-model input").get_attribute("aria-describedby")
    assert page.locator(f"#{described}").text_content() == HELP["model"].words
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Segmentation").click()  # made when it is first shown
    page.locator("#segmentation-threshold .ask").click()
    assert HELP["threshold"].words in box.inner_text()
