"""How long a visitor waits: ``python -m tools.latency URL``, against a running page on an otherwise idle machine.

Prints median and 95th percentile, in milliseconds, of (1) a click on a sample photograph to its new map on the screen,
with every model in turn and nothing cached, (2) a step of the iterate slider, (3) a step of the Segmentation tab's
threshold. Each is measured in the page itself, from the event to the end of the drawing.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

from playwright.sync_api import sync_playwright

from tests.app.browser import PATIENCE, draw_rectangle, wait_for_map
from tests.app.conftest import CHROMIUM

RECORD = """() => {
    window.drawn = [];
    const show = VARS.show;
    VARS.show = (...all) => { show(...all); requestAnimationFrame(() => window.drawn.push(performance.now())); };
}"""

CLICK = """async name => {
    window.drawn = [];
    const start = performance.now();
    document.querySelector(`#samples button[data-ref="sample:${name}"]`).click();
    while (!window.drawn.length) await new Promise(done => setTimeout(done, 2));
    return window.drawn[0] - start;
}"""

STEP = """async ([tab, values]) => {
    const slider = document.querySelector(`#${tab} input[type=range]`), times = [];
    for (const value of values) {
        const start = performance.now(), view = VARS.view;
        const drawn = new Promise(done => {
            VARS.view = (...all) => { view(...all); requestAnimationFrame(() => done(performance.now())); };
        });
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(slider, value);
        slider.dispatchEvent(new Event("input", {bubbles: true}));
        times.push(await drawn - start);
        VARS.view = view;
        await new Promise(done => setTimeout(done, 60));
    }
    return times;
}"""


THRESHOLDS = [round(0.05 + 0.03 * step, 2) for step in range(30)]
"""Every one a change of the mask, from nearly everything to nearly nothing."""


def report(what: str, times: list[float]) -> None:
    ordered = sorted(times)
    high = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(f"{what}: median {statistics.median(times):.0f} ms, 95th percentile {high:.0f} ms, n = {len(times)}")


def choose(page: Any, model: str) -> None:
    page.locator("#attention-model input").click()
    page.get_by_role("option", name=model, exact=True).click()


def main(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE)
        page.goto(url)
        wait_for_map(page)
        page.wait_for_timeout(2000)
        page.evaluate(RECORD)
        every: list[float] = []
        for model in ("VARS-D", "VARS-SD", "VARS-S", "Performer attention", "self-attention"):
            choose(page, f"RVT-nano · {model}")
            page.wait_for_timeout(1500)
            times = []
            for name in ("astronaut", "coffee", "motorcycle", "rocket", "cameraman", "coins", "galaxies"):
                times.append(page.evaluate(CLICK, name))
                page.wait_for_timeout(400)
            report(f"click to map, RVT-nano {model}", times)
            every += times
            page.evaluate(CLICK, "cat")
            page.wait_for_timeout(400)
        report("click to map, all five models", every)
        choose(page, "RVT-nano · VARS-D")
        page.wait_for_timeout(1500)
        report("iterate slider", page.evaluate(STEP, ["attention-iteration", [2, 1, 0, 1, 2, 3] * 5]))
        page.get_by_role("tab", name="Segmentation").click()
        wait_for_map(page, "segmentation")
        page.locator("#segmentation-tool").get_by_text("outline", exact=True).click()
        draw_rectangle(page, "segmentation", 0.3, 0.2, 0.7, 0.8)
        for mode in ("mask", "contour", "cut-out", "error map"):
            page.locator("#segmentation-mode").get_by_text(mode, exact=True).click()
            page.wait_for_timeout(1500)
            report(f"threshold slider, {mode}", page.evaluate(STEP, ["segmentation-threshold", THRESHOLDS]))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
