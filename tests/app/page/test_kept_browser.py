"""What a visitor chose stays: light or dark, the model, the colours, which a link beats; keys steer the iterates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.browser import opened, wait_for_map
from tests.app.served import Served
from vars_core.errors import InputError

pytestmark = pytest.mark.browser

SLIDER = "document.querySelector('#attention-iteration input[type=range]').value"
CAPTION = "#attention-viewer figcaption"


def choose(page: Any, title: str) -> None:
    page.locator("#attention-model input").click()
    page.get_by_role("option", name=f"RVT-nano · {title}", exact=True).click()


def test_model_and_light_or_dark_stay_a_link_beats_them_and_a_model_that_fails_is_named_nowhere(
    browser: Any, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(browser, served.url) as page:
        wait_for_map(page)
        page.evaluate("document.activeElement.blur()")  # where no control has the focus, keys steer the iterates
        page.keyboard.press("ArrowLeft")
        page.wait_for_function(f"() => {SLIDER} === '2'")
        page.keyboard.press(" ")
        for t in ("3", "0", "1"):
            page.wait_for_function(f"() => {SLIDER} === '{t}'")
        page.keyboard.press(" ")

        choose(page, "VARS-S")
        page.locator(CAPTION, has_text="VARS-S").wait_for()
        page.locator("#colours input").click()
        page.get_by_role("option", name="Inferno").click()
        page.wait_for_function("() => VARS.appearance.colours === 'inferno'")
        page.get_by_role("button", name="Light / dark").click()
        page.goto(f"{served.url}?tab=attention&model=rvt_nano/self")
        page.locator(CAPTION, has_text="self-attention").wait_for()
        assert page.evaluate("VARS.appearance.colours") == "viridis"
        page.goto(served.url)
        page.locator(CAPTION, has_text="VARS-S").wait_for()
        page.wait_for_function("() => VARS.appearance.colours === 'inferno'")
        assert page.evaluate("document.body.classList.contains('dark')")

        known = served.services.models.check

        def check(name: str) -> None:
            if name == "rvt_nano/vars_sd":
                raise InputError("this model cannot be loaded")
            known(name)

        monkeypatch.setattr(served.services.models, "check", check)
        choose(page, "VARS-SD")
        page.get_by_text("This model cannot be loaded").wait_for()
        page.wait_for_function("() => document.querySelector('#attention-model input').value === 'RVT-nano · VARS-S'")
        page.wait_for_function("() => new URLSearchParams(location.search).get('model') === 'rvt_nano/vars_s'")
        page.locator(CAPTION, has_text="VARS-S").wait_for()
        assert page.evaluate("localStorage.getItem('vars-model')") == "rvt_nano/vars_s"
