"""A row for each photograph that a visitor has loaded: the component, and who asks for its maps."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import gradio as gr
from gradio.components.base import Component
from gradio.events import Dependency

from app.inference.models import sized
from app.inference.traced import Traced
from app.inference.work import BusyError
from app.library.photographs import Subject
from app.page.choices import MapControls
from app.page.events import Updates, in_browser, in_browser_after
from app.page.shell import Shell, unseen
from app.page.viewer import Viewer, scripted
from app.page.wiring import changes, sentence, wait, waited_for
from app.services import Services
from app.tabs.attention import rows
from app.views.answers import answer
from vars_core.errors import InputError

ROWS = """
<section class="rows" hidden>
  <h2 class="heading">Your photographs</h2>
  <p class="fine" role="status"></p>
  <div class="rows-head" aria-hidden="true"></div>
  <div class="rows-list" role="group" aria-label="Your photographs, a row each"></div>
</section>
"""


def component() -> gr.HTML:
    """Drawn by rows.js from what `rows_of` returns."""
    return scripted("attention-rows", ROWS, "VARS.rows", rows.MAX_ROWS, kind=Viewer)


async def rows_of(services: Services, session: str | None, wanted: rows.Wanted) -> list[dict[str, Any]]:
    """Rows of the first photographs that are wanted: of those that need no run, and of `rows.PIECE` that do.

    What is wrong with one photograph is said in its row.
    """
    name, told = sized(wanted.model, wanted.size), []
    traces: dict[Future[Traced], Subject] = {}
    runs = 0
    with waited_for(traces):
        for ref in wanted.refs:
            try:
                subject = await wait(services.subject, session, ref)
                future = services.other_maps(session, subject, name)
            except InputError as error:
                told.append(refused(ref, error))
                continue
            traces[future] = subject
            runs += not future.done()
            if runs == rows.PIECE:
                break
        for future, subject in traces.items():
            try:
                result = await asyncio.wrap_future(future)
                told.append(await wait(rows.row, subject, result, wanted.layer, answer(result, services.class_names)))
            except InputError as error:
                told.append(refused(subject.photograph.ref, error))
    return told


def refused(ref: str, error: InputError) -> dict[str, Any]:
    """The row of a photograph that has a sentence in place of maps; "busy": it may be asked for again."""
    return {"ref": ref, "error": sentence(error), "busy": isinstance(error, BusyError)}


def connect(
    shell: Shell, shown: gr.HTML, maps: MapControls, which: Mapping[str, Component], map_shown: Dependency
) -> None:
    """``which``: the tab's photograph, model and size; ``map_shown``: the event that shows the large map, which the
    rows never come before.
    """
    asked = unseen("attention-rows-asked")

    async def look(session: str | None, asked: str) -> Updates | None:
        if not asked:
            return None
        wanted = rows.Wanted.of(asked)
        return {"rows": {"key": wanted.key, "rows": await rows_of(shell.services, session, wanted)}}

    view = {"chosen": shell.photo, "active": shell.active, **which, **maps.linked()}
    in_browser(
        [shell.page.load, *changes(one for name, one in view.items() if name not in ("model", "size"))],
        "view => VARS.rows.view(view)",
        view,
        {"asked": asked},
    )
    in_browser_after(map_shown, "view => VARS.rows.view(view, true)", view, {"asked": asked})
    in_browser([shown.select], "view => VARS.rows.picked(view)", view, {"asked": asked, "chosen": shell.photo})
    shell.events.on([asked.change], look, {"asked": asked}, {"rows": shown}, quiet=True)
