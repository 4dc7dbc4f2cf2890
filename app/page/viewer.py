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


def scripted(
    identifier: str, template: str, script: str, given: Any = None, *, kind: type[gr.HTML] = gr.HTML, **look: Any
) -> gr.HTML:
    """An element that a script draws each time its value changes; it emits `select` when the script says so.

    ``script``: what stands before the names of its functions ``mount(element, given, select)`` and ``show(given,
    value)``. ``given``: what they are told beside, as JSON; without it both go without. ``kind``: a `Viewer` where a
    value is large.
    """
    told = "" if given is None else f"{json.dumps(given, ensure_ascii=False)}, "
    mount, show = f"{script}.mount(element, {told}() => trigger('select'));", f"{script}.show({told}props.value);"
    return kind(
        value=None,
        html_template=template,
        js_on_load=f"{mount} {show} watch('value', () => {{ {show} }});",
        apply_default_css=False,
        elem_id=identifier,
        **look,
    )


def map_viewer(identifier: str) -> gr.HTML:
    """A component whose value is a payload of `app.views.payload.viewer`; emits `select` when an iterate is clicked."""
    template = f'<div class="viewer" data-viewer="{identifier}"></div>'
    name = f"{identifier}-viewer"
    return scripted(name, template, "VARS", identifier, kind=Viewer, elem_classes="viewer-block")


def more_maps(viewer: str) -> Viewer:
    """Never seen: its value, of `app.views.payload.more_maps`, joins the viewer's where both have the same ``key``."""
    return handed_on(f"{viewer}-more", f"VARS.complete('{viewer}', props.value)")


def handed_on(identifier: str, script: str) -> Viewer:
    """Never seen: each of its values, ``props.value``, goes to a script."""
    return Viewer(
        value=None,
        html_template="<i></i>",
        js_on_load=f"watch('value', () => {script});",
        apply_default_css=False,
        elem_id=identifier,
        elem_classes="unseen",
    )


def control(page: gr.Blocks, viewer: str, controls: Mapping[str, Component]) -> None:
    """Let components steer a viewer without a request: ``{"t": slider, …}``, keys of the view in static/viewer.js."""
    in_browser([page.load, *changes(controls.values())], f"view => VARS.view('{viewer}', view)", controls)


def select_iterate(viewer: str, component: gr.HTML, iteration: Component) -> None:
    """A click on an iterate of the strip moves the slider."""
    in_browser([component.select], f"() => ({{t: VARS.chosen('{viewer}')}})", outputs={"t": iteration})
