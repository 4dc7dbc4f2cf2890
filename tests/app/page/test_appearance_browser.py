"""Colours and the drawing of tokens in headless Chromium: chosen once for all tabs, the same on page and figure."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from analysis.colour_maps import COLOUR_MAPS, SEQUENTIAL
from app.library.photographs import Subject, sample
from app.views.grids import drawn
from app.views.look import Look
from tests.app.browser import opened, pixels, wait_for_change, wait_for_map
from tests.app.served import Served

pytestmark = pytest.mark.browser

CANVAS = """() => {
    const canvas = document.querySelector('#attention-viewer .viewer-panel canvas');
    const {data, width, height} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let text = '';
    for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
    return [btoa(text), height, width];
}"""

VISIBLE = "buttons => buttons.filter(button => button.checkVisibility()).length"

TABLES = "() => Object.fromEntries(Object.entries(VARS.colours).map(([name, table]) => [name, [...table]]))"


def canvas(page: Any) -> np.ndarray:
    """The colours on the large canvas, uint8 (h, w, 3)."""
    data, height, width = page.evaluate(CANVAS)
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3]


def on_the_server(served: Served, look: Look) -> np.ndarray:
    subject = Subject(sample("cat"))
    result = served.services.trace("appearance", subject, "rvt_nano/vars_d").result()
    raw = result.map(result.model.default_layer, look.readout, look.t)
    return drawn(subject, result, raw, None, look, signed=look.signed)


def choose(page: Any, name: str) -> None:
    page.locator("#colours input").click()
    page.get_by_role("option", name=COLOUR_MAPS[name].title).click()


def test_colours_and_tokens_are_chosen_for_all_tabs_and_are_those_of_the_figures(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        wait_for_map(page)
        tables = page.evaluate(TABLES)
        for name, one in COLOUR_MAPS.items():
            sent = np.array(tables[name], "<u4").view(np.uint8).reshape(256, 4)
            assert np.array_equal(sent[:, :3], one.colours), "server and browser agree to the byte"
        page.locator("#attention-chart-2 .js-plotly-plot").wait_for()  # the charts come after the map
        buttons = page.locator("#attention-chart-2 .modebar-btn").evaluate_all(VISIBLE)
        assert buttons == 0, "plotly's toolbar would lie over the title, and each of its buttons would be a tab stop"
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
        before = pixels(page)
        for name in ("inferno", "cividis"):
            choose(page, name)
            before = wait_for_change(page, before)
            bar = page.locator("#attention-viewer .viewer-bar").evaluate("bar => bar.style.background")
            first = ", ".join(map(str, COLOUR_MAPS[name].colours[0]))
            assert f"rgb({first})" in bar
        page.get_by_label("as they are").click()
        before = wait_for_change(page, before)
        assert asked == [], "the browser draws it without a request"
        assert COLOUR_MAPS["cividis"].words in page.locator("#appearance-words").inner_text()
        seen = canvas(page)
        assert len(np.unique(seen.reshape(-1, 3), axis=0)) <= 14 * 14, "a colour a token"
        look = Look(t=3, opacity=1.0, colours="cividis", tokens="squares")
        far = np.abs(seen.astype(int) - on_the_server(served, look)).max(axis=-1)
        assert far.max() <= 3, "a map travels in 16 bits: at most the neighbouring colour"
        assert (far == 0).mean() > 0.99

        page.get_by_label("gap", exact=True).first.click()  # a map with a sign: its colours are not a choice
        before = wait_for_change(page, before)
        far = np.abs(
            canvas(page).astype(int) - on_the_server(served, Look(readout="gap", t=3, opacity=1.0, tokens="squares"))
        )
        assert far.max() <= 3
        low, high = page.locator("#attention-viewer .viewer-legend > span:not(.viewer-scale)").all_inner_texts()
        assert low == f"−{high.removeprefix('+')}", "its ends lie equally far from zero"
        choose(page, "plasma")
        page.wait_for_function("() => VARS.appearance.colours === 'plasma'")
        assert pixels(page) == before

        page.get_by_role("tab", name="Compare").click()
        wait_for_map(page, "compare")
        page.wait_for_function("() => new URLSearchParams(location.search).get('tab') === 'compare'")
        query = parse_qs(urlsplit(page.url).query)
        assert (query["colours"], query["tokens"]) == (["plasma"], ["squares"])


def test_a_link_brings_its_colours_and_tokens_and_a_wrong_one_changes_nothing(browser: Any, served: Served) -> None:
    assert "plasma" in SEQUENTIAL
    with opened(browser, f"{served.url}?tab=dictionary&image=sample:cat&colours=plasma&tokens=round") as page:
        page.wait_for_function("() => document.querySelectorAll('.atoms button.dynamic canvas').length > 0")
        page.wait_for_function("() => VARS.appearance.colours === 'plasma' && VARS.appearance.tokens === 'smooth'")
        colours = page.locator(".atom-legend .viewer-bar").evaluate_all("bars => bars.map(bar => bar.style.background)")
        for bar, name in zip(colours, ("plasma", "signed"), strict=True):
            assert f"rgb({', '.join(map(str, COLOUR_MAPS[name].colours[0]))})" in bar
