"""The page: its frame, and the tabs in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from app.page import appearance, catalogue, guide, rail, share
from app.page.events import UNQUEUED, Events, said
from app.page.shell import Shell, unseen
from app.page.wiring import sentence, session_of
from app.services import Services
from app.tabs.attention import api as attention_api
from app.tabs.attention import page as attention
from app.tabs.compare import api as compare_api
from app.tabs.compare import page as compare
from app.tabs.corruptions import api as corruptions_api
from app.tabs.corruptions import page as corruptions
from app.tabs.dictionary import api as dictionary_api
from app.tabs.dictionary import page as dictionary
from app.tabs.dynamics import api as dynamics_api
from app.tabs.dynamics import page as dynamics
from app.tabs.film import api as film_api
from app.tabs.film import page as film
from app.tabs.fixations import api as fixations_api
from app.tabs.fixations import page as fixations
from app.tabs.runs import api as runs_api
from app.tabs.runs import page as runs
from app.tabs.segmentation import api as segmentation_api
from app.tabs.segmentation import page as segmentation
from vars_core.errors import InputError


@dataclass(frozen=True)
class Tab:
    """``build`` lays out its page inside a `gr.Tab`; ``endpoints`` declares what scripts and MCP clients may call."""

    name: str
    label: str
    build: Callable[[Shell], None]
    endpoints: Callable[[Services], None]


TABS = (
    Tab(attention.TAB, "Attention", attention.build, attention_api.build),
    Tab(compare.TAB, "Compare", compare.build, compare_api.build),
    Tab(corruptions.TAB, "Corruptions", corruptions.build, corruptions_api.build),
    Tab(fixations.TAB, "Fixations", fixations.build, fixations_api.build),
    Tab(segmentation.TAB, "Segmentation", segmentation.build, segmentation_api.build),
    Tab(dictionary.TAB, "Dictionary", dictionary.build, dictionary_api.build),
    Tab(dynamics.TAB, "Dynamics", dynamics.build, dynamics_api.build),
    Tab(film.TAB, "Film", film.build, film_api.build),
    Tab(runs.TAB, "Runs", runs.build, runs_api.build),
)
"""In their order on the page. The first shows one map of one model: others open it."""

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
                active = unseen("active-tab", TABS[0].name)
                events = Events(unseen("message"), unseen("turn"))
                with gr.Tabs(elem_id="tabs") as tabs:
                    shell = Shell(
                        page, services, side.photo, active, events, tabs, map_tab=TABS[0].name, appearance=look
                    )
                    for one in TABS:
                        with gr.Tab(one.label, id=one.name) as tab:
                            one.build(shell)
                        tab.select(fn=None, js=f"() => '{one.name}'", outputs=active)
        with gr.Column(visible=False):  # on components that are never rendered
            catalogue.build(services)
            for one in TABS:
                one.endpoints(services)
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
            known = shown in {one.name for one in TABS}
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
