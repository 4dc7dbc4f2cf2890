"""The page: its frame, and the tabs in it."""

from __future__ import annotations

import gradio as gr

from app.page import catalogue, rail, share
from app.page.events import Events, said
from app.page.shell import Shell, unseen
from app.page.wiring import sentence, session_of
from app.services import Services
from app.tabs.attention import page as attention
from app.tabs.compare import api as compare_api
from app.tabs.compare import page as compare
from app.tabs.corruptions import page as corruptions
from app.tabs.dictionary import api as dictionary_api
from app.tabs.dictionary import page as dictionary
from app.tabs.fixations import api as fixations_api
from app.tabs.fixations import page as fixations
from app.tabs.runs import api as runs_api
from app.tabs.runs import page as runs
from app.tabs.segmentation import api as segmentation_api
from app.tabs.segmentation import page as segmentation
from vars_core.errors import InputError

TABS = (
    ("attention", "Attention", attention.build),
    ("compare", "Compare", compare.build),
    ("corruptions", "Corruptions", corruptions.build),
    ("fixations", "Fixations", fixations.build),
    ("segmentation", "Segmentation", segmentation.build),
    ("dictionary", "Dictionary", dictionary.build),
    ("runs", "Runs", runs.build),
)
"""Id, label and builder of each tab, in their order on the page."""

ENDPOINTS = (catalogue, compare_api, dictionary_api, fixations_api, segmentation_api, runs_api)
"""What scripts and MCP clients may call, each named and typed; everything else on the page is private."""

MASTHEAD = """
<header class="masthead">
  <h1>VARS Studio</h1>
  <p>What a recurrent sparse attention layer looks at, iterate by iterate.</p>
  <span class="state" role="status">loading models</span>
  <button type="button" onclick="VARS.toggleDark()">Light / dark</button>
</header>
"""


def build_page(services: Services) -> gr.Blocks:
    """All components and their events; nothing is served yet."""
    with gr.Blocks(title="VARS Studio", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(MASTHEAD, apply_default_css=False)
        with gr.Row(elem_classes="frame"):
            with gr.Column(elem_classes="rail", scale=0, min_width=236):
                side = rail.build(services)
            with gr.Column(elem_classes="stage", scale=1):
                active = unseen("active-tab", TABS[0][0])
                events = Events(unseen("message"), unseen("turn"))
                with gr.Tabs(elem_id="tabs") as tabs:
                    shell = Shell(page, services, side.photo, active, events, tabs)
                    for identifier, label, build in TABS:
                        with gr.Tab(label, id=identifier) as tab:
                            build(shell)
                        tab.select(fn=None, js=f"() => '{identifier}'", outputs=active)
        with gr.Column(visible=False):  # on components that are never rendered
            for family in ENDPOINTS:
                family.build(services)
        shell.connect()
        rail.connect(side, services, events)

        def restore(request: gr.Request) -> list[object]:
            query = dict(request.query_params)
            photo, message = query.get("image") or rail.DEFAULT_PHOTO, gr.skip()
            try:
                services.photograph(session_of(request), photo)
            except InputError as error:
                photo, message = rail.DEFAULT_PHOTO, said(sentence(error))
            shown = query.get("tab", "")
            known = shown in {identifier for identifier, _, _ in TABS}
            return [
                photo,
                shown if known else gr.skip(),
                gr.update(selected=shown) if known else gr.skip(),
                *share.restored(shell.links, query),
                message,
            ]

        linked = [component for view in shell.links.values() for component in view.values()]
        outputs = [side.photo, active, tabs, *linked, events.message]
        page.load(restore, None, outputs, queue=False, api_visibility="private", show_progress="hidden")

        def forget(request: gr.Request) -> None:
            session = session_of(request)
            services.sessions.forget(session)
            events.forget(session)
            page.state_holder.session_data.pop(session, None)  # gradio keeps what each page last showed, for good

        page.unload(forget)
    return page
