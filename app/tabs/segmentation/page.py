"""The Segmentation tab: components and wiring."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.inference.traced import READOUTS
from app.library.mask_reading import JUDGED, reading_of
from app.page import share
from app.page.assets import page_html
from app.page.changing_dropdown import ChangingDropdown
from app.page.choices import iteration_slider, layer_update, model_and_size, tell_model
from app.page.events import Updates, in_browser
from app.page.rail import upload_button
from app.page.shell import Shell, fine, heading, unseen
from app.page.viewer import control, map_viewer, scripted
from app.page.wiring import sentence, subject_traced, wait
from app.services import Services
from app.tabs.segmentation import words
from app.tabs.segmentation.export import MODES, Cut, export
from app.tabs.segmentation.truth import MAX_TRUTH_PIXELS, Truth, Upload, read_drawing, stored_truth
from app.views.exports import Export
from app.views.look import look
from app.views.weights import model_words
from vars_core.data.listing import PICTURE_SUFFIXES
from vars_core.errors import InputError
from vars_core.readings import DEFAULT_READOUT

TAB = "segmentation"

TOOLS = ["off", "outline", "brush", "eraser"]

READINGS = [
    ("judged, and said", JUDGED),
    ("voc: 1..20 object, 255 void", "voc"),
    ("labels: 255 void, all else object", "labels"),
    ("binary: all but 0 object", "binary"),
    ("soft>=128: grey levels", "soft>=128"),
]
"""What the numbers of a mask mean, as ``--mask-values`` of the command spells it; another T can be typed."""

LINK_NOTE = "A link holds no ground truth that was drawn or uploaded; one in a data folder comes with its image."


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            with gr.Row(elem_classes="tools"):
                tool = gr.Radio(TOOLS, value="off", label="Draw the ground truth", elem_id=f"{TAB}-tool")
                brush = gr.Slider(1, 20, value=5, step=1, label="Brush, % of the longer side", elem_id=f"{TAB}-brush")
                undo = gr.Button("Undo", size="sm", min_width=60, elem_id=f"{TAB}-undo")
                clear = gr.Button("Clear", size="sm", min_width=60, elem_id=f"{TAB}-clear")
                upload = upload_button("Upload a mask", sorted(PICTURE_SUFFIXES), elem_id=f"{TAB}-upload")
            viewer = map_viewer(TAB)
            threshold = gr.Slider(
                0, 1, value=words.PAPER_THRESHOLD, step=0.01, label="Threshold", elem_id=f"{TAB}-threshold"
            )
            numbers = scripted(
                f"{TAB}-scores", page_html(TAB), "VARS.segmentation", TAB
            )  # of what `words.scores` returns
        with gr.Column(elem_classes="controls", scale=0) as controls:
            modes = [(label, name) for name, label in MODES.items()]
            mode = gr.Radio(modes, value="mask", label="Show", elem_id=f"{TAB}-mode")
            heading("Ground truth", f"{TAB}-ground-truth")
            about = gr.HTML("", apply_default_css=False, elem_id=f"{TAB}-truth")
            mask_values = ChangingDropdown(
                READINGS,
                value=JUDGED,
                allow_custom_value=True,
                label="What a mask's numbers mean",
                elem_id=f"{TAB}-mask-values",
            )
            heading("Map")
            model, size = model_and_size(shell, TAB)
            weights = gr.HTML("", apply_default_css=False)
            layer = ChangingDropdown([], value=None, label="Layer", elem_id=f"{TAB}-layer")
            readout = gr.Dropdown(list(READOUTS), value=DEFAULT_READOUT, label="Readout", elem_id=f"{TAB}-readout")
            iteration = iteration_slider(TAB)
    drawing, redrawn, renewed = (unseen(f"{TAB}-{name}") for name in ("drawing", "redrawn", "renewed"))

    async def show(
        session: str | None, photo: str, model: str, size: str, layer: str | None, t: float
    ) -> Updates | None:
        subject, result = await subject_traced(services, session, photo, model, size)
        return {
            "viewer": await wait(words.view, subject, result),
            "weights": model_words(result.model),
            "redrawn": secrets.token_hex(4),
            **layer_update([result], layer, t),
        }

    async def count(
        session: str | None,
        photo: str,
        model: str,
        size: str,
        layer: str | None,
        readout: str,
        mask_values: str | None,
        threshold: float,
    ) -> Updates | None:
        subject, result = await subject_traced(services, session, photo, model, size)
        truth, problem = None, ""
        try:
            truth = await wait(truth_for, services, session, photo, mask_values)
        except InputError as error:  # a mask is there: what is wrong with it stands where its words would
            problem = sentence(error)
        shown = result.model.layer_or_default(layer)
        given = readout, truth, problem, threshold
        counts = await wait(words.scores, subject.photograph, result, shown, *given)
        return {"numbers": counts, "about": words.truth_words(subject.photograph, truth, problem)}

    async def drawn(session: str | None, photo: str, drawing: str) -> Updates | None:
        if not (photo and drawing):
            return None
        keep_truth(services, session, photo, await wait(read_drawing, drawing))
        return {"renewed": secrets.token_hex(4)}

    async def uploaded(session: str | None, path: str | None, photo: str) -> Updates | None:
        if not (path and photo):
            return None
        limit = min(services.settings.max_pixels, MAX_TRUTH_PIXELS)
        keep_truth(services, session, photo, await wait(partial(Upload.read, max_pixels=limit), Path(path)))
        return {"renewed": secrets.token_hex(4), "tool": "off", "mode": "errors"}

    async def exported(
        session: str | None,
        photo: str,
        model: str,
        size: str,
        threshold: float,
        mode: str,
        mask_values: str | None,
        **view: Any,
    ) -> Export:
        subject, result = await subject_traced(services, session, photo, model, size)
        truth = await wait(truth_for, services, session, photo, mask_values)
        return await wait(export, subject, result, look(**view), Cut(threshold, mode), truth)

    keys: dict[str, Component] = {
        "layer": layer,
        "readout": readout,
        "t": iteration,
        "threshold": threshold,
        "mode": mode,
    }
    with controls:
        share.build(shell, TAB, {"model": model, "size": size, "mask_values": mask_values, **keys}, exported)
        gr.HTML(fine(LINK_NOTE), apply_default_css=False)
    events = shell.events
    which = {"photo": photo, "model": model, "size": size, "layer": layer}
    events.on(
        [photo.change, model.change, size.change],
        show,
        {**which, "t": iteration},
        {
            "viewer": viewer,
            "weights": weights,
            "layer": layer,
            "t": iteration,
            "redrawn": redrawn,
        },
        progress=viewer,
        back=("model", "size"),
    )
    # One event alone writes the numbers, so that they always are those of the newest map and the newest truth.
    events.on(
        [redrawn.change, renewed.change, layer.input, readout.change, mask_values.change],
        count,
        {**which, "readout": readout, "mask_values": mask_values, "threshold": threshold},
        {"numbers": numbers, "about": about},
        quiet=True,
    )
    events.on(
        [viewer.select],
        drawn,
        {"photo": photo, "drawing": drawing},
        {"renewed": renewed},
        js=f"given => ({{...given, drawing: VARS.segmentation.drawing('{TAB}')}})",
    )
    shown = {"tool": tool, "mode": mode}
    events.on([upload.upload], uploaded, {"path": upload, "photo": photo}, {"renewed": renewed, **shown})
    tell_model(TAB, model, size)
    control(shell.page, TAB, {**keys, "tool": tool, "brush": brush})
    in_browser(
        [tool.input],
        "({tool, mode}) => ({mode: tool !== 'off' ? 'truth' : mode === 'truth' ? 'errors' : mode})",
        shown,
        {"mode": mode},
    )
    at = {"threshold": threshold}
    in_browser([numbers.select], f"() => ({{threshold: VARS.segmentation.threshold('{TAB}')}})", outputs=at)
    in_browser(  # what is finer than the hundredths, of a run or a link, is counted by itself
        [threshold.change],
        f"({{threshold}}) => VARS.segmentation.uncounted('{TAB}', threshold)",
        at,
        {"renewed": renewed},
    )
    in_browser([undo.click], f"() => VARS.segmentation.undo('{TAB}')")
    in_browser([clear.click], f"() => VARS.segmentation.clear('{TAB}')")


def keep_truth(services: Services, session: str | None, ref: str, truth: Truth | Upload) -> None:
    """Remember the ground truth of a photograph for this session."""
    services.sessions.put(session, ("truth", ref), truth)


def truth_for(services: Services, session: str | None, ref: str, mask_values: str | None) -> Truth | None:
    """What this session uploaded or drew for the photograph, else the mask that lies beside it.

    ``mask_values``: what a mask's numbers mean, see `reading_of`. Raises InputError: no such reading, or the mask
    cannot be read so.
    """
    values = reading_of(mask_values)
    kept: Truth | Upload | None = services.sessions.get(session, ("truth", ref))
    if isinstance(kept, Upload):
        return kept.truth(values)
    if kept is not None and kept.given:
        return kept
    key = ("stored truth", ref, mask_values)
    stored: Truth | None = services.sessions.get(session, key)
    if stored is None and (stored := stored_truth(ref, services.settings.data, values)) is not None:
        services.sessions.put(session, key, stored)
    return stored
