"""The Segmentation tab: components and wiring. What it computes is in `app.tabs.segmentation.words`."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path
from typing import Any, cast

import gradio as gr
from gradio.components.base import Component

from app.inference.models import EMBEDDED
from app.inference.traced import READOUTS
from app.library.photographs import Subject
from app.page import share
from app.page.changing_dropdown import ChangingDropdown
from app.page.choices import iteration_slider, layer_update, model_choices
from app.page.rail import upload_button
from app.page.shell import Shell, fine, heading, unseen
from app.page.viewer import control, map_viewer
from app.page.wiring import traced, wait
from app.services import Services
from app.tabs.attention import words as attention
from app.tabs.segmentation import export as segmentation_export
from app.tabs.segmentation import words as segmentation
from app.tabs.segmentation.export import MODES, Cut
from app.tabs.segmentation.truth import MAX_TRUTH_PIXELS, Truth, read_drawing, read_mask, stored_truth
from app.views.exports import Export
from app.views.look import Look
from vars_core.data.listing import PICTURE_SUFFIXES

TAB = "segmentation"

TOOLS = ["off", "outline", "brush", "eraser"]

LINK_NOTE = "A link holds no ground truth that was drawn or uploaded; one in a data folder comes with its image."

SCORES = """
<div class="scores without-truth">
  <div>
    <dl><dt>IoU</dt><dd data-show="iou"></dd><dt>FP</dt><dd data-show="fp"></dd><dt>FN</dt><dd data-show="fn"></dd></dl>
    <p class="fine" data-show="pixels" aria-live="polite"></p>
    <p class="fine" data-show="words"></p>
    <p class="fine" data-show="best"></p>
    <p class="fine" data-show="baselines"></p>
  </div>
  <figure>
    <figcaption>IoU against threshold</figcaption>
    <svg viewBox="0 0 320 160" role="img" aria-label="IoU against the threshold"></svg>
    <figcaption>Filled: chosen. Hollow: best. Grey: the other iterates.</figcaption>
  </figure>
</div>
"""


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            viewer = map_viewer(TAB)
            threshold = gr.Slider(
                0, 1, value=segmentation.PAPER_THRESHOLD, step=0.01, label="Threshold", elem_id=f"{TAB}-threshold"
            )
            numbers = scores_component()
        with gr.Column(elem_classes="controls", scale=0) as controls:
            modes = [(label, name) for name, label in MODES.items()]
            mode = gr.Radio(modes, value="mask", label="Show", elem_id=f"{TAB}-mode")
            heading("Ground truth")
            about = gr.HTML("", apply_default_css=False, elem_id=f"{TAB}-truth")
            tool = gr.Radio(TOOLS, value="off", label="Draw on the photograph", elem_id=f"{TAB}-tool")
            brush = gr.Slider(1, 20, value=5, step=1, label="Brush, % of the longer side", elem_id=f"{TAB}-brush")
            with gr.Row():
                undo = gr.Button("Undo", size="sm", min_width=80)
                clear = gr.Button("Clear", size="sm", min_width=80)
                upload = upload_button("Upload a mask", sorted(PICTURE_SUFFIXES), elem_id=f"{TAB}-upload")
            gr.HTML(
                fine("In an uploaded mask 0 is background, 255 void, anything else object."), apply_default_css=False
            )
            heading("Map")
            model = gr.Dropdown(model_choices(shell), value=EMBEDDED[0], label="Model", elem_id=f"{TAB}-model")
            weights = gr.HTML("", apply_default_css=False)
            layer = ChangingDropdown([], value=None, label="Layer", elem_id=f"{TAB}-layer")
            readout = gr.Dropdown(list(READOUTS), value="stream", label="Readout", elem_id=f"{TAB}-readout")
            iteration = iteration_slider(TAB)
    drawing, redrawn, renewed = (unseen(f"{TAB}-{name}") for name in ("drawing", "redrawn", "renewed"))

    async def show(session: str | None, ref: str, name: str, wanted: str | None, t: float) -> object:
        if not ref:
            return gr.skip()
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)
        return (
            await wait(segmentation.view, subject, result),
            attention.model_words(result.model),
            *layer_update([result], wanted, t),
            secrets.token_hex(4),
        )

    async def count(session: str | None, ref: str, name: str, wanted: str | None, chosen: str) -> object:
        if not ref:
            return gr.skip()
        photograph = await wait(services.photograph, session, ref)
        result = await traced(services, session, Subject(photograph), name)
        truth = await wait(truth_for, services, session, ref)
        where = attention.layer_of(result, wanted)
        counted = await wait(segmentation.scores, photograph, result, where, chosen, truth)
        return counted, segmentation.truth_words(photograph, truth)

    async def drawn(session: str | None, ref: str, address: str) -> object:
        if not (ref and address):
            return gr.skip()
        keep_truth(services, session, ref, await wait(read_drawing, address))
        return secrets.token_hex(4)

    async def uploaded(session: str | None, path: str | None, ref: str) -> object:
        if not (path and ref):
            return gr.skip()
        limit = min(services.settings.max_pixels, MAX_TRUTH_PIXELS)
        truth = await wait(partial(read_mask, max_pixels=limit), Path(path))
        keep_truth(services, session, ref, truth)
        return secrets.token_hex(4), "off", "errors"

    async def export(session: str | None, ref: str, name: str, *view: Any) -> Export:
        *which, edge, way = view
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)
        truth = await wait(truth_for, services, session, ref)
        return await wait(segmentation_export.export, subject, result, Look(*which), Cut(edge, way), truth)

    keys: dict[str, Component] = {"layer": layer, "readout": readout, "t": iteration, "threshold": threshold}
    keys["mode"] = mode
    with controls:
        share.build(shell, TAB, {"model": model, **keys}, export)
        gr.HTML(fine(LINK_NOTE), apply_default_css=False)
    events = shell.events
    events.on(
        [photo.change, model.change],
        show,
        [photo, model, layer, iteration],
        [viewer, weights, layer, iteration, redrawn],
        progress=viewer,
    )
    # One event alone writes the numbers, so that they always are those of the newest map and the newest truth.
    events.on(
        [redrawn.change, renewed.change, layer.input, readout.change],
        count,
        [photo, model, layer, readout],
        [numbers, about],
        quiet=True,
    )
    events.on([viewer.select], drawn, [photo, drawing], renewed, js=f"ref => [ref, VARS.segmentation.drawing('{TAB}')]")
    events.on([upload.upload], uploaded, [upload, photo], [renewed, tool, mode])
    control(shell.page, TAB, {**keys, "tool": tool, "brush": brush})
    tool.input(
        fn=None,
        inputs=[tool, mode],
        outputs=mode,
        js="(tool, mode) => tool !== 'off' ? 'truth' : mode === 'truth' ? 'errors' : mode",
    )
    numbers.select(fn=None, js=f"() => VARS.segmentation.threshold('{TAB}')", outputs=threshold)
    undo.click(fn=None, js=f"() => VARS.segmentation.undo('{TAB}')")
    clear.click(fn=None, js=f"() => VARS.segmentation.clear('{TAB}')")


def scores_component() -> gr.HTML:
    """Numbers and chart; its value is what `app.tabs.segmentation.words.scores` returns."""
    show = f"VARS.segmentation.show('{TAB}', props.value);"
    return gr.HTML(
        value=None,
        html_template=SCORES,
        js_on_load=(
            f"VARS.segmentation.mount(element, '{TAB}', () => trigger('select'));"
            f"{show} watch('value', () => {{ {show} }});"
        ),
        apply_default_css=False,
        elem_id=f"{TAB}-scores",
    )


def keep_truth(services: Services, session: str | None, ref: str, truth: Truth) -> None:
    """Remember the ground truth of a photograph for this session."""
    services.sessions.put(session, ("truth", ref), truth)


def truth_for(services: Services, session: str | None, ref: str) -> Truth | None:
    """What this session uploaded or drew for the photograph, else the mask that lies beside it."""
    kept = cast(Truth | None, services.sessions.get(session, ("truth", ref)))
    return kept if kept is not None and kept.given else stored_truth(ref, services.settings.data)
