"""The viewer as a gradio component, and the script that draws it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import gradio as gr
from gradio.components.base import Component

from app.page import assets
from app.page.events import in_browser
from app.page.wiring import changes
from app.views.payload import colour_tables

ICON = (
    "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='4' fill='%23146c63'/%3E%3Ccircle cx='8' cy='8' r='4' fill='%23fde725'/%3E"
    '%3C/svg%3E">'
)
"""In the page itself: a browser asks for one at the top of the host, which behind a proxy is not this server's."""


def head() -> str:
    """HTML for the page's head: the script and its colours. Nothing is fetched from elsewhere."""
    tables = "".join(
        f"VARS.colours.{name}.set({json.dumps(numbers, separators=(',', ':'))});"
        for name, numbers in colour_tables().items()
    )
    return f"{ICON}<script>{assets.scripts()}{tables}</script>"


def map_viewer(identifier: str) -> gr.HTML:
    """A component whose value is a payload of `app.views.payload.viewer`; emits `select` when an iterate is clicked."""
    return gr.HTML(
        value=None,
        html_template=f'<div class="viewer" data-viewer="{identifier}"></div>',
        js_on_load=(
            f"VARS.mount(element, '{identifier}', () => trigger('select'));"
            f"VARS.show('{identifier}', props.value);"
            f"watch('value', () => VARS.show('{identifier}', props.value));"
        ),
        apply_default_css=False,
        elem_id=f"{identifier}-viewer",
        elem_classes="viewer-block",
    )


def control(page: gr.Blocks, viewer: str, controls: Mapping[str, Component]) -> None:
    """Let components steer a viewer without a request: ``{"t": slider, …}``, keys of the view in static/viewer.js."""
    in_browser([page.load, *changes(controls.values())], f"view => VARS.view('{viewer}', view)", controls)


def select_iterate(viewer: str, component: gr.HTML, iteration: Component) -> None:
    """A click on an iterate of the strip moves the slider."""
    in_browser([component.select], f"() => ({{t: VARS.chosen('{viewer}')}})", outputs={"t": iteration})
