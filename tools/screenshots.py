"""Pictures of every tab for the documents: ``python -m tools.screenshots URL --out docs/screenshots``.

The page must be running; with ``--data`` folders NAME=DIR that hold fixation data (named osie) and segmentation data
(named davis) those tabs show them, else a sample with points and a mask without ground truth. A tab that is not there
is skipped and said.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import typer
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.app.browser import PATIENCE
from tests.app.conftest import CHROMIUM
from tools.http import Visitor

SETTLED = 700
"""Milliseconds without a change on the page after which it is taken to be finished."""

QUALITY = 90
"""Of the WebP pictures; a palette would falsify the colour scales."""


@dataclass(frozen=True)
class View:
    """One tab as it is photographed: its link, and what must be on the screen before."""

    tab: str
    link: dict[str, str]
    ready: str
    of: str = ""
    """What of the tab, where it has several pictures."""

    @property
    def name(self) -> str:
        """Of the picture."""
        return self.of or self.tab


def views(photographs: list[str]) -> list[View]:
    """The views, on what this server has."""

    def first(start: str) -> str | None:
        return next((ref for ref in photographs if ref.startswith(start)), None)

    gaze, masked = first("data:osie/stimuli/"), first("data:davis/JPEGImages/")
    look = {"image": gaze} if gaze else {"image": "sample:cat", "points": "150,110 250,120 190,190 330,60"}
    return [
        View("attention", {"image": "sample:coffee"}, "#attention-viewer canvas"),
        View("attention", {"image": "sample:coffee", "whose": "class"}, "#attention-closer-viewer canvas", of="closer"),
        View("compare", {"image": "sample:coffee", "pictures": "clean,fog"}, "#compare-viewer canvas"),
        View("corruptions", {"image": "sample:astronaut"}, "#corruptions-viewer canvas"),
        View("fixations", look, "#fixations-scores table"),
        View("segmentation", {"image": masked or "sample:coffee", "mode": "errors"}, "#segmentation-viewer canvas"),
        View("dictionary", {"image": "sample:cat"}, ".stage"),
        View("dynamics", {"image": "sample:cat", "t": "12"}, ".dynamics-charts path"),
        View("film", {"image": "sample:cat"}, "#film-viewer canvas"),
        View("runs", {}, ".stage"),
    ]


def photographed(page: Page, url: str, view: View, path: Path, *, dark: bool) -> bool:
    """Take one picture of the whole tab; False where the page has no such tab."""
    page.goto(f"{url}?{urlencode({'tab': view.tab, **view.link})}")
    page.locator("#tabs").wait_for()
    if dark:
        page.evaluate("document.body.classList.contains('dark') || VARS.toggleDark()")
    settle(page)
    if page.locator("#active-tab textarea").input_value() != view.tab:  # an unknown tab leaves the page at its first
        return False
    page.locator(view.ready).first.wait_for()
    settle(page)
    image = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    image.save(path, quality=QUALITY, method=6)  # a fifth of a PNG's bytes, which a repository keeps for ever
    return True


def settle(page: Page) -> None:
    """Until nothing on the page has changed for a while: charts and pictures come after what they belong to."""
    page.evaluate(
        """quiet => new Promise(done => {
            let timer = setTimeout(done, quiet);
            new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, quiet); })
                .observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
        })""",
        SETTLED,
    )


def main(
    url: str,
    out: Path = typer.Option(Path("docs/screenshots"), help="Folder of the pictures, a WebP each."),
    only: list[str] = typer.Option([], help="Pictures to take; all without it."),
    width: int = typer.Option(1280, min=320, help="Of the window, in pixels."),
    dark: bool = typer.Option(False, help="In dark colours."),
) -> None:
    """Photograph every tab of a running page."""
    url = url.rstrip("/") + "/"
    out.mkdir(parents=True, exist_ok=True)
    photographs = Visitor(url).call("models", [])[1][0]["photographs"]
    with sync_playwright() as playwright:
        browser: Any = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
        page.set_default_timeout(PATIENCE)
        page.add_init_script("localStorage.setItem('vars-guide', 'offered')")  # not the first visit
        for view in views(photographs):
            if only and view.name not in only:
                continue
            path = out / f"{view.name}.webp"
            done = photographed(page, url, view, path, dark=dark)
            print(f"{path}" if done else f"the page has no tab {view.tab!r}: skipped")
        browser.close()


if __name__ == "__main__":
    typer.run(main)
