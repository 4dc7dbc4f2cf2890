"""The page: its frame, and the tabs in it."""

from __future__ import annotations

import gradio as gr

from app import rail
from app.services import Services
from app.shell import Shell, unseen
from app.tabs import attention, compare, corruptions
from app.wiring import session_of

TABS = (
    ("attention", "Attention", attention.build),
    ("compare", "Compare", compare.build),
    ("corruptions", "Corruptions", corruptions.build),
)
"""Id, label and builder of each tab, in their order on the page."""

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
    cleaning = (300, services.settings.keep_uploads)  # every so many seconds, files older than so many
    with gr.Blocks(
        title="VARS Studio",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=cleaning,
    ) as page:
        gr.HTML(MASTHEAD, apply_default_css=False)
        with gr.Row(elem_classes="frame"):
            with gr.Column(elem_classes="rail", scale=0, min_width=236):
                side = rail.build(services)
            with gr.Column(elem_classes="stage", scale=1):
                active = unseen("active-tab", TABS[0][0])
                shell = Shell(page, services, side.photo, active)
                with gr.Tabs(elem_id="tabs"):
                    for identifier, label, build in TABS:
                        with gr.Tab(label, id=identifier) as tab:
                            build(shell)
                        tab.select(fn=None, js=f"() => '{identifier}'", outputs=active)
        shell.connect()
        rail.connect(side, services)
        page.load(lambda: rail.DEFAULT_PHOTO, None, side.photo, api_visibility="private", show_progress="hidden")

        def forget(request: gr.Request) -> None:
            services.sessions.forget(session_of(request))

        page.unload(forget)
    return page
