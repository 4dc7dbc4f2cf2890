"""The Segmentation tab: components and wiring. What it computes is in `app.handlers.segmentation`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import gradio as gr

from app.handlers import attention, segmentation
from app.handlers.ground_truth import MAX_TRUTH_PIXELS, Truth, read_drawing, read_mask, stored_truth
from app.models import EMBEDDED
from app.services import Services
from app.shell import Shell, fine, heading, unseen
from app.tabs.choices import iteration_slider, layer_update, model_choices
from app.traced import READOUTS
from app.viewer import control, map_viewer
from app.wiring import session_of, spoken, traced, wait

TAB = "segmentation"

MODES = [("mask", "mask"), ("contour", "contour"), ("cut-out", "cutout"), ("error map", "errors"), ("truth", "truth")]
TOOLS = ["off", "outline", "brush", "eraser"]

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
        with gr.Column(elem_classes="controls", scale=0):
            mode = gr.Radio(MODES, value="mask", label="Show", elem_id=f"{TAB}-mode")
            heading("Ground truth")
            about = gr.HTML("", apply_default_css=False, elem_id=f"{TAB}-truth")
            tool = gr.Radio(TOOLS, value="off", label="Draw on the photograph", elem_id=f"{TAB}-tool")
            brush = gr.Slider(1, 20, value=5, step=1, label="Brush, % of the longer side", visible=False)
            with gr.Row():
                undo = gr.Button("Undo", size="sm", min_width=80)
                clear = gr.Button("Clear", size="sm", min_width=80)
                upload = gr.UploadButton(
                    "Upload a mask",
                    file_types=[".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"],
                    size="sm",
                    min_width=120,
                    elem_id=f"{TAB}-upload",
                )
            gr.HTML(
                fine("In an uploaded mask 0 is background, 255 void, anything else object."), apply_default_css=False
            )
            heading("Map")
            model = gr.Dropdown(model_choices(shell), value=EMBEDDED[0], label="Model", elem_id=f"{TAB}-model")
            weights = gr.HTML("", apply_default_css=False)
            layer = gr.Dropdown([], value=None, label="Layer", elem_id=f"{TAB}-layer")
            readout = gr.Dropdown(list(READOUTS), value="stream", label="Readout", elem_id=f"{TAB}-readout")
            iteration = iteration_slider(TAB)
            drawing = unseen(f"{TAB}-drawing")

    async def scored(session: str | None, ref: str, name: str, wanted: str | None, chosen: str, picture: bool) -> Any:
        """Scores and the words about the ground truth, for the map that is chosen."""
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)
        truth = await wait(truth_for, services, session, ref)
        where = wanted if wanted in result.model.layers else result.model.default_layer
        counted = await wait(
            lambda: segmentation.scores(subject.photograph, result, where, chosen, truth, picture=picture)
        )
        return subject, result, (counted, segmentation.truth_words(subject.photograph, truth))

    @spoken
    async def show(ref: str, name: str, wanted: str | None, chosen: str, request: gr.Request) -> object:
        if not ref:
            return gr.skip()
        subject, result, told = await scored(session_of(request), ref, name, wanted, chosen, True)
        shown = await wait(segmentation.view, subject, result)
        return shown, attention.model_words(result.model), *layer_update([result], wanted), *told

    @spoken
    async def count(ref: str, name: str, wanted: str | None, chosen: str, request: gr.Request) -> object:
        if not ref:
            return gr.skip()
        return (await scored(session_of(request), ref, name, wanted, chosen, False))[2]

    @spoken
    async def drawn(ref: str, name: str, wanted: str | None, chosen: str, address: str, request: gr.Request) -> object:
        if not (ref and address):
            return gr.skip()
        session = session_of(request)
        keep_truth(services, session, ref, await wait(read_drawing, address))
        return (await scored(session, ref, name, wanted, chosen, False))[2]

    @spoken
    async def uploaded(
        path: str | None, ref: str, name: str, wanted: str | None, chosen: str, request: gr.Request
    ) -> object:
        if not (path and ref):
            return gr.skip()
        session = session_of(request)
        limit = min(services.settings.max_pixels, MAX_TRUTH_PIXELS)
        keep_truth(services, session, ref, await wait(lambda: read_mask(Path(path), max_pixels=limit)))
        told = (await scored(session, ref, name, wanted, chosen, True))[2]
        return *told, None, "errors"

    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": None}
    latest: dict[str, Any] = {**private, "trigger_mode": "always_last"}
    inputs = [photo, model, layer, readout]
    gr.on(
        [photo.change, model.change],
        show,
        inputs,
        [viewer, weights, layer, iteration, numbers, about],
        show_progress="minimal",
        show_progress_on=viewer,
        **latest,
    )
    gr.on([layer.input, readout.input], count, inputs, [numbers, about], show_progress="hidden", **latest)
    viewer.select(
        drawn,
        [*inputs, drawing],
        [numbers, about],
        js=f"(photo, model, layer, readout) => [photo, model, layer, readout, VARS.segmentation.drawing('{TAB}')]",
        show_progress="hidden",
        **latest,
    )
    upload.upload(uploaded, [upload, *inputs], [numbers, about, upload, mode], show_progress="hidden", **private)

    keys = {"layer": layer, "readout": readout, "t": iteration, "threshold": threshold, "mode": mode}
    control(shell.page, TAB, {**keys, "tool": tool, "brush": brush})
    tool.input(
        fn=None,
        inputs=[tool, mode],
        outputs=mode,
        js="(tool, mode) => tool !== 'off' ? 'truth' : mode === 'truth' ? 'errors' : mode",
    )
    tool.change(
        lambda chosen: gr.update(visible=chosen in ("brush", "eraser")), tool, brush, show_progress="hidden", **private
    )
    numbers.select(fn=None, js=f"() => VARS.segmentation.threshold('{TAB}')", outputs=threshold)
    undo.click(fn=None, js=f"() => VARS.segmentation.undo('{TAB}')")
    clear.click(fn=None, js=f"() => VARS.segmentation.clear('{TAB}')")


def scores_component() -> gr.HTML:
    """Numbers and chart; its value is what `app.handlers.segmentation.scores` returns."""
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
    kept = services.sessions.get(session, ("truth", ref))
    return cast(Truth, kept) if kept is not None else stored_truth(ref, services.settings.data)
