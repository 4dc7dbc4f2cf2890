"""A row of maps for each photograph that a visitor has loaded, in headless Chromium."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from app.library.photographs import Subject
from tests.app.browser import opened, pixels, wait_for_change, wait_for_map
from tests.app.made import picture
from tests.app.served import Served
from vars_core.errors import InputError

pytestmark = pytest.mark.browser

HASH = """canvas => {
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return data.reduce((hash, value) => (hash * 31 + value) | 0, 0);
}"""


def maps(page: Any) -> list[list[int]]:
    """A number that stands for the pixels of each map, row by row."""
    return list(
        page.evaluate(
            f"""() => [...document.querySelectorAll('.rows-list button')].map(row =>
                [...row.querySelectorAll('canvas')].map({HASH}))"""
        )
    )


def wait_for_maps(page: Any, counts: list[int], before: list[list[int]] | None = None) -> list[list[int]]:
    """Until every row has as many maps as ``counts`` says, all drawn, and none as ``before``."""
    page.wait_for_function(
        f"""([counts, before]) => {{
            const rows = [...document.querySelectorAll('.rows-list button')];
            return rows.length === counts.length && rows.every((row, i) => {{
                const drawn = [...row.querySelectorAll('canvas')].map({HASH});
                return drawn.length === counts[i] && drawn.every((one, t) => one && one !== before?.[i]?.[t]);
            }});
        }}""",
        arg=[counts, before],
    )
    return maps(page)


def test_each_photograph_has_a_row_that_follows_the_controls_and_is_chosen_by_a_click(
    browser: Any, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / f"{name}.png" for name in ("ant", "bee", "cow")]
    for i, path in enumerate(paths):
        cv2.imwrite(str(path), picture(60 + 10 * i, 90, seed=i))
    asked: list[str] = []
    with opened(browser, served.url) as page:
        wait_for_map(page)
        rows, drop = page.locator("#attention-rows"), page.locator("#drop input[type=file]")
        before = pixels(page)
        drop.set_input_files(str(paths[0]))
        before = wait_for_change(page, before)
        assert rows.locator("button[data-ref]").count() == 0  # one photograph is the large one alone

        page.on("request", lambda request: asked.append(request.post_data or "") if "/run/" in request.url else None)
        drop.set_input_files([str(path) for path in paths[1:]])
        wait_for_change(page, before)
        first = wait_for_maps(page, [4, 4, 4])
        wishes = [json.loads(one)["data"] for one in asked]
        assert min(i for i, data in enumerate(wishes) if '"refs"' in str(data)) > next(
            i
            for i, data in enumerate(wishes)
            if data[1:3] == [data[1], "rvt_nano/vars_d"] and "upload:" in str(data[1])
        )  # the large map is asked for first
        assert [one.inner_text().splitlines()[0] for one in rows.locator("button[data-ref]").all()] == [
            "ant.png",
            "bee.png",
            "cow.png",
        ]
        assert all("%" in words for words in rows.locator(".rows-answer").all_inner_texts())
        rows.get_by_text("3 photographs, layer 1.1 · contribution").wait_for()
        rows.locator("[aria-pressed=true]", has_text="bee.png").wait_for()

        asked.clear()
        rows.get_by_role("button", name="ant.png").click()  # by a click, and by keys
        page.locator("#current-photograph", has_text="90×60").wait_for()
        page.keyboard.press("End")
        page.locator("#current-photograph", has_text="90×80").wait_for()
        rows.locator("[aria-pressed=true]", has_text="cow.png").wait_for()
        assert not any('"refs' in one for one in asked)  # choosing one computes no row again

        page.locator("#attention-readout label", has_text="energy").click()
        second = wait_for_maps(page, [4, 4, 4], first)
        page.locator("#attention-layer input").click()
        page.get_by_role("option", name="0.3 — 28×28 tokens").click()
        third = wait_for_maps(page, [4, 4, 4], second)
        rows.get_by_text("layer 0.3 · energy").wait_for()
        page.locator("#colours input").click()
        page.get_by_role("option", name="Inferno").click()
        wait_for_maps(page, [4, 4, 4], third)
        page.locator("#attention-iteration input[type=range]").focus()
        page.keyboard.press("Home")
        page.wait_for_function(
            "() => [...document.querySelectorAll('.rows-list .rows-frame:first-child.now')].length === 3"
        )

        gone, known = rows.locator("button[data-ref]").nth(1).get_attribute("data-ref"), served.services.subject

        def subject(session: str | None, ref: str, *corruption: Any) -> Subject:
            if ref == gone:
                raise InputError("the server no longer holds this photograph: please load it again")
            return known(session, ref, *corruption)

        monkeypatch.setattr(served.services, "subject", subject)
        page.locator("#attention-model input").click()
        page.get_by_role("option", name="RVT-nano · self-attention", exact=True).click()
        wait_for_maps(page, [1, 0, 1])
        rows.locator("button.refused", has_text="The server no longer holds this photograph").wait_for()
