"""The page: its frame, and the tabs in it."""

from __future__ import annotations

from importlib import import_module

import gradio as gr

from app.page import appearance, catalogue, guide, rail, share
from app.page.events import UNQUEUED, Events, said
from app.page.shell import Shell, unseen
from app.page.wiring import sentence, session_of
from app.services import Services
from vars_core.errors import InputError

TABS = (
    "attention",
    "compare",
    "corruptions",
    "fixations",
    "segmentation",
    "dictionary",
    "dynamics",
    "film",
    "runs",
)
"""In their order on the page. The first shows one map of one model: others open it.

Each is a folder of `app.tabs`: `page.build` lays it out inside a `gr.Tab`, `api.build` declares what scripts and MCP
clients may call.
"""

MASTHEAD = f"""
<header class="masthead">
  <h1>VARS Studio</h1>
  <p>What a recurrent sparse attention layer looks at, iterate by iterate.</p>
  <span class="state" role="status">loading models</span>
  <button type="button" class="guide-link" onclick="VARS.guide.open(this)">{guide.LINK}</button>
  <button type="button" onclick="VARS.toggleDark()">Light / dark</button>
</header>
{guide.OFFER}
"""

LINKS = """
<p class="fine"><a href="https://proceedings.mlr.press/v162/shi22e.html" rel="noopener">The paper</a> ·
  <a href="https://github.com/bfshi/VARS" rel="noopener">the authors' code</a> ·
  <a href="?view=api">scripts and assistants</a></p>
"""


def build_page(services: Services) -> gr.Blocks:
    """All components and their events; nothing is served yet."""
    with gr.Blocks(title="VARS Studio", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(MASTHEAD, apply_default_css=False)
        with gr.Row(elem_classes="frame"):
            with gr.Column(elem_classes="rail", scale=0, min_width=236):
                side = rail.build(services)
                look = appearance.build()
                gr.HTML(LINKS, apply_default_css=False)
            with gr.Column(elem_classes="stage", scale=1):
                active = unseen("active-tab", TABS[0])
                events = Events(unseen("message"), unseen("turn"))
                with gr.Tabs(elem_id="tabs") as tabs:
                    shell = Shell(page, services, side.photo, active, events, tabs, map_tab=TABS[0], appearance=look)
                    for name in TABS:
                        with gr.Tab(name.capitalize(), id=name) as tab:
                            import_module(f"app.tabs.{name}.page").build(shell)
                        tab.select(fn=None, js=f"() => '{name}'", outputs=active)
        with gr.Column(visible=False):  # on components that are never rendered
            catalogue.build(services)
            for name in TABS:
                import_module(f"app.tabs.{name}.api").build(services)
        shell.connect()
        appearance.connect(look, shell)
        rail.connect(side, services, events, page)

        def restore(request: gr.Request) -> list[object]:
            query = dict(request.query_params)
            photo, message = query.get("image") or rail.DEFAULT_PHOTO, gr.skip()
            try:
                services.photograph(session_of(request), photo)
            except InputError as error:
                photo, message = rail.DEFAULT_PHOTO, said(sentence(error))
            shown = query.get("tab", "")
            known = shown in TABS
            return [
                photo,
                shown if known else gr.skip(),
                gr.update(selected=shown) if known else gr.skip(),
                *share.restored(shell.links, query),
                message,
            ]

        outputs = [side.photo, active, tabs, *share.linked(shell.links), events.message]
        page.load(restore, None, outputs, **UNQUEUED)

        def forget(request: gr.Request) -> None:
            session = session_of(request)
            services.sessions.forget(session)
            events.forget(session)
            page.state_holder.session_data.pop(session, None)  # gradio keeps what each page last showed, for good

        page.unload(forget)
    return page
