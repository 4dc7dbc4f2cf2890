"""What holds for every tab in headless Chromium: it opens by a link, fits a phone, and is reached by keyboard."""

from __future__ import annotations

from typing import Any

import pytest

from app.ui import TABS
from tests.app.browser import opened, wait_for_map
from tests.app.served import Served

pytestmark = pytest.mark.browser

SHOWN = {"dictionary": ".atoms button", "runs": "#runs-none"}
"""What a tab shows when it is ready; the others show a map."""


@pytest.mark.parametrize("name", TABS)
@pytest.mark.parametrize("width", [390, 1280])
def test_every_tab_opens_by_its_link_and_never_scrolls_sideways(
    browser: Any, served: Served, name: str, width: int
) -> None:
    with opened(browser, f"{served.url}?tab={name}&image=sample:coffee", width=width, height=844) as page:
        page.locator(".current figcaption", has_text="coffee").wait_for(state="attached")
        page.locator("[role=tab][aria-selected=true]", has_text=name.capitalize()).first.wait_for(state="attached")
        page.locator(SHOWN.get(name, f"#{name}-viewer .viewer-panel canvas")).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_tabs_samples_and_sliders_are_reached_and_moved_by_keyboard_alone(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        wait_for_map(page)
        tab_until(page, "document.activeElement.dataset.ref === 'sample:coffee'")
        page.keyboard.press("Enter")
        page.locator(".current figcaption", has_text="coffee").wait_for()
        tab_until(page, "document.activeElement.getAttribute('role') === 'tab'")
        reached = page.evaluate("document.activeElement.textContent.trim()")
        assert reached in map(str.capitalize, TABS)
        tab_until(page, "document.activeElement.matches('#attention-iteration input[type=range]')")
        page.keyboard.press("Home")
        page.locator("#attention-viewer .viewer-panel", has_text="t = 0").wait_for()


def tab_until(page: Any, reached: str, most: int = 80) -> None:
    """Press Tab until the JavaScript expression ``reached`` is true."""
    for _ in range(most):
        if page.evaluate(reached):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{most} presses of Tab do not lead to {reached}")


def test_the_masthead_switches_between_light_and_dark(browser: Any, served: Served) -> None:
    colour = "getComputedStyle(document.querySelector('.masthead h1')).color"
    with opened(browser, served.url) as page:
        wait_for_map(page)
        light = page.evaluate(colour)
        page.get_by_role("button", name="Light / dark").click()
        page.wait_for_function(f"light => {colour} !== light", arg=light)
