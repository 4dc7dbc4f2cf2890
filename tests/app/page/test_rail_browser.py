"""Several photographs at once, and the strips in which one is chosen, in headless Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.serving.settings import Settings
from tests.app.browser import drawn, opened, wait_for_map
from tests.app.made import picture
from tests.app.served import Served

pytestmark = pytest.mark.browser


def test_several_photographs_are_loaded_at_once_and_chosen_by_click_and_keys(
    browser: Any, served: Served, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("one.png", "broken.png", "three.png", "four.png")]
    for i, path in enumerate(paths):
        cv2.imwrite(str(path), picture(60 + 10 * i, 90, seed=i))
    paths[1].write_bytes(b"no picture")
    with opened(browser, served.url) as page:
        wait_for_map(page)
        strip, current = page.locator("#uploads-strip"), page.locator("#current-photograph")
        page.locator("#drop input[type=file]").set_input_files([str(path) for path in paths])
        current.get_by_text("your photograph · 90×60").wait_for()
        strip.get_by_text("File 2 of 4 is left out.").wait_for()
        strip.get_by_text("The latest 24 stay").wait_for()
        assert strip.locator("[data-ref]").count() == 3
        assert page.locator("#drop input[type=file]").input_value() == ""
        ringed = strip.locator("[aria-pressed=true]")
        strip.locator("[aria-pressed=true][title='one.png']").wait_for()
        strip.get_by_role("button", name="three.png").click()
        current.get_by_text("90×80").wait_for()
        page.keyboard.press("ArrowRight")
        current.get_by_text("90×90").wait_for()
        page.keyboard.press("Home")
        current.get_by_text("90×60").wait_for()
        page.get_by_role("button", name="Sample photograph: coffee").click()
        ringed.wait_for(state="detached")
        page.evaluate(  # pasting, too
            """async () => {
                const canvas = document.createElement("canvas");
                canvas.width = 70; canvas.height = 50;
                const blob = await new Promise(done => canvas.toBlob(done)), given = new DataTransfer();
                given.items.add(new File([blob], "pasted.png", {type: "image/png"}));
                document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: given, bubbles: true}));
            }"""
        )
        current.get_by_text("70×50").wait_for()
        assert strip.locator("[data-ref]").count() == 4


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-nine photographs of different widths; the last is damaged."""
    folder = tmp_path_factory.mktemp("many")
    for i in range(28):
        cv2.imwrite(str(folder / f"p{i:02d}.png"), np.full((40, 50 + i, 3), 9 * i, np.uint8))
    (folder / "q.png").write_bytes(b"no picture")
    return folder


def test_a_data_folder_is_looked_through_page_by_page_by_name_and_by_keys(
    browser: Any, served: Served, photographs: Path, many: Path
) -> None:
    server = Served(Settings(port=0, data={"birds": photographs, "many": many}))
    try:
        with opened(browser, f"{server.url}?image=data:many/p13.png") as page:
            wait_for_map(page)
            strip, current = page.locator("#files-strip"), page.locator("#current-photograph")
            strip.get_by_text("13–24 of 29").wait_for()  # the page on which the linked one lies
            strip.locator("[aria-pressed=true][title='p13.png']").wait_for()
            strip.get_by_role("button", name="Next page").click()
            strip.get_by_text("25–29 of 29").wait_for()
            assert strip.get_by_role("button", name="Next page").is_disabled()
            current.get_by_text("p13.png").wait_for()  # turning the page chooses nothing
            strip.get_by_role("button", name="q.png").click()
            page.get_by_text("not a picture in a format that can be read").wait_for()
            strip.get_by_role("button", name="p24.png").click()
            current.get_by_text("p24.png").wait_for()
            page.keyboard.press("ArrowLeft")  # over the edge of the page
            current.get_by_text("p23.png · 73×40").wait_for()
            strip.get_by_text("13–24 of 29").wait_for()
            page.keyboard.press("PageUp")
            current.get_by_text("p00.png · 50×40").wait_for()
            page.locator("#data-find input").fill("p2")
            strip.get_by_text("1–8 of 8").wait_for()
            strip.get_by_role("button", name="p27.png").click()
            current.get_by_text("p27.png").wait_for()
            page.wait_for_function(f"() => {drawn('attention')} !== 0")
    finally:
        server.stop()
