"""The viewer as a gradio component, and the script that draws it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.page import assets
from app.page.events import in_browser
from app.page.wiring import changes
from app.views.payload import colour_tables


def head() -> str:
    """HTML for the page's head: the script and its colours. Nothing is fetched from elsewhere."""
    tables = "".join(
        f"VARS.colours.{name} = new Uint32Array({json.dumps(numbers, separators=(',', ':'))});"
        for name, numbers in colour_tables().items()
    )
    return f"<script>{assets.scripts()}{tables}</script>"


class Viewer(gr.HTML):
    """An element that a script draws. Its value is a payload, or None.

    A payload travels as JSON text: gradio's page copies values part by part whenever it looks at a component, and a
    text is one part.
    """

    def postprocess(self, value: Any) -> str | None:
        return None if value is None else json.dumps(value, separators=(",", ":"))


def map_viewer(identifier: str) -> gr.HTML:
    """A component whose value is a payload of `app.views.payload.viewer`; emits `select` when an iterate is clicked."""
    return Viewer(
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
