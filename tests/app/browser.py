"""The page as a visitor meets it: open it, wait for a map, read what the canvas shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 60_000
"""Milliseconds that a slow machine may take. Nothing here measures speed."""


OVERTAKING = """
    const send = window.fetch;
    let count = 0;
    window.fetch = async (address, options) => {
        if (options?.method === "POST" && String(address).includes("/run/"))
            await new Promise(done => setTimeout(done, Math.max(0, 2000 - 250 * count++)));
        return send(address, options);
    };
"""
"""A network on which each of the first eight events arrives before the one that was sent before it."""


@contextmanager
def opened(
    browser: Any, url: str, *, width: int = 1280, height: int = 900, script: str = "", **context: Any
) -> Iterator[Any]:
    """A page. ``script`` runs before any of its own. Afterwards: nothing in the console, and no request that left this
    server.
    """
    session = browser.new_context(viewport={"width": width, "height": height}, **context)
    page = session.new_page()
    page.add_init_script(script)
    page.set_default_timeout(PATIENCE)
    complaints: list[str] = []
    elsewhere: list[str] = []
    here = urlsplit(url).netloc
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: elsewhere.append(request.url) if is_elsewhere(request.url, here) else None)
    page.goto(url)
    yield page
    session.close()
    assert complaints == []
    assert elsewhere == []


def is_elsewhere(address: str, here: str) -> bool:
    return address.startswith(("http:", "https:", "ws:", "wss:")) and urlsplit(address).netloc != here


def wait_for_map(page: Any, viewer: str = "attention") -> None:
    """Until the viewer has drawn something."""
    page.wait_for_function(f"() => {drawn(viewer)} !== 0")


def wait_for_every_map(page: Any, viewer: str = "attention") -> None:
    """Until a tab has the maps of every layer, which come after the one that is shown, and its charts."""
    page.wait_for_function(
        f"""() => typeof VARS !== 'undefined' && VARS.state?.('{viewer}').payload?.panels[0].layers.every(
            ({{maps}}) => ['energy', 'gap', 'contribution', 'stream'].every(name => name in maps))"""
    )


def drawn(viewer: str) -> str:
    """JavaScript: a number that stands for the pixels on the viewer's first large canvas; 0 where there are none."""
    return f"""((canvas) => {{
        if (!canvas || !canvas.width) return 0;
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let hash = 0;
        for (let i = 0; i < data.length; i += 13) hash = (hash * 31 + data[i]) | 0;
        return hash;
    }})(document.querySelector('#{viewer}-viewer .viewer-panel canvas'))"""


def pixels(page: Any, viewer: str = "attention") -> int:
    """The number of `drawn`, now."""
    return int(page.evaluate(f"() => {drawn(viewer)}"))


def wait_for_change(page: Any, before: int, viewer: str = "attention") -> int:
    """Until the viewer shows other pixels than ``before``; returns their number."""
    page.wait_for_function(f"() => ![0, {before}].includes({drawn(viewer)})")
    return pixels(page, viewer)


def upload(page: Any, button: str, path: Path) -> None:
    """As a visitor does it: press the button, choose a file. The same name may be chosen twice."""
    with page.expect_file_chooser() as chooser:
        page.locator(f"#{button}").click()
    chooser.value.set_files(str(path))


def draw_rectangle(page: Any, viewer: str, left: float, top: float, right: float, bottom: float) -> None:
    """With the pointer, along a rectangle given in fractions of the picture."""
    box = page.locator(f"#{viewer}-viewer .viewer-frame").bounding_box()
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()
