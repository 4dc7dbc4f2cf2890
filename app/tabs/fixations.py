"""The Fixations tab: components and wiring. What it computes is in `app.handlers.fixation*`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from app.handlers import attention, fixations
from app.handlers.fixation_points import FixationLibrary, Points, read_table
from app.handlers.fixation_scores import score
from app.models import EMBEDDED
from app.photographs import Photograph
from app.shell import Shell, fine, heading, unseen
from app.tabs.choices import iteration_slider, layer_update, map_controls, model_choices
from app.traced import Traced
from app.viewer import map_viewer
from app.wiring import session_of, spoken, traced, wait

TAB = "fixations"

ADD = f"(text, ref) => VARS.fixations.added('{TAB}', text, ref)"
UNDO = "text => VARS.fixations.undone(text)"
CLEAR = "text => VARS.fixations.cleared(text)"
"""Points change in the browser, as text of `Points.to_json`; the server only scores them."""


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    library = FixationLibrary(services.settings.data)
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            viewer = map_viewer(TAB)
            with gr.Row():
                undo = gr.Button("Undo", size="sm", min_width=80, elem_id="fixations-undo")
                clear = gr.Button("Clear", size="sm", min_width=80, elem_id="fixations-clear")
                restore = gr.Button(
                    "Recorded",
                    size="sm",
                    min_width=80,
                    visible=bool(library.layouts),
                    elem_id="fixations-recorded",
                )
                upload = gr.UploadButton(
                    "Upload a table",
                    size="sm",
                    min_width=110,
                    file_types=[".csv", ".parquet"],
                    elem_id="fixations-upload",
                )
            iteration = iteration_slider(TAB)
            words = gr.HTML(fine(fixations.NO_POINTS), apply_default_css=False, elem_id="fixations-scores")
            with gr.Row(elem_classes="charts"):
                charts = [gr.Plot(show_label=False, visible=False, elem_id=f"fixations-chart-{i}") for i in range(2)]
            listed = gr.HTML("", apply_default_css=False, elem_id="fixations-points-list")
            gr.HTML(fine(fixations.MEANING), apply_default_css=False)
        with gr.Column(elem_classes="controls", scale=0):
            if library.layouts:
                image = gr.Dropdown(
                    library.choices(), value=None, label="Image with recorded fixations", elem_id="fixations-image"
                )
            first = gr.Radio(
                [("as is usual for the data", "usual"), ("dropped", "drop"), ("kept", "keep")],
                value="usual",
                label="First fixation of each observer",
                visible=bool(library.layouts),
                elem_id="fixations-first",
            )
            model = gr.Dropdown(model_choices(shell), value=EMBEDDED[0], label="Model", elem_id="fixations-model")
            weights = gr.HTML("", apply_default_css=False, elem_id="fixations-weights")
            maps = map_controls(TAB, iteration, shared="shared by all iterates")
            heading("A table of fixations")
            gr.HTML(
                fine("CSV or Parquet, columns x and y in pixels of the shown photograph, and observer where known."),
                apply_default_css=False,
            )
    points, labels = unseen("fixations-points"), unseen("fixations-labels")

    def scored(
        photograph: Photograph, result: Traced, layer: str, readout: str, t: float, given: Points
    ) -> tuple[object, ...]:
        if not result.layers:
            return "", "", "", *(gr.update(visible=False) for _ in charts)
        step = min(int(t), result.layer(layer).num_steps)
        scores = score(photograph.height, photograph.width, result, layer, readout, step, given)
        drawn = fixations.figures(result, scores) if scores is not None else (None, None)
        return (
            fixations.score_words(result, step, given, scores),
            fixations.point_words(given, scores),
            fixations.labels(scores),
            *(gr.update(value=figure, visible=figure is not None) for figure in drawn),
        )

    @spoken
    async def show(
        ref: str, name: str, wanted: str | None, readout: str, t: float, text: str, drop: str, request: gr.Request
    ) -> object:
        if not ref:
            return gr.skip()
        session = session_of(request)
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)
        given = Points.from_json(text)
        if given.ref != ref:
            given = await wait(lambda: library.recorded(ref, drop) or Points(ref))
        layer = wanted if wanted in result.model.layers else result.model.default_layer
        return (
            await wait(fixations.view, subject, result),
            attention.model_words(result.model),
            *layer_update([result], wanted),
            given.to_json(),
            *await wait(scored, subject.photograph, result, layer, readout, t, given),
        )

    @spoken
    async def rescore(
        ref: str, name: str, layer: str | None, readout: str, t: float, text: str, request: gr.Request
    ) -> object:
        given = Points.from_json(text)
        if not (ref and layer) or given.ref != ref:
            return gr.skip()
        session = session_of(request)
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)  # kept from when the map was drawn: no model runs
        if layer not in result.model.layers:
            return gr.skip()
        return await wait(scored, subject.photograph, result, layer, readout, t, given)

    @spoken
    async def restored(ref: str, drop: str) -> object:
        found = await wait(lambda: library.recorded(ref, drop))
        if found is None:
            gr.Info("No fixations are recorded for this photograph: choose an image of a fixation data set.")
            return gr.skip()
        return found.to_json()

    @spoken
    async def uploaded(path: str | None, ref: str, request: gr.Request) -> object:
        if not (path and ref):
            return gr.skip()
        photograph = await wait(services.photograph, session_of(request), ref)
        found = await wait(read_table, Path(path), ref, photograph.title, photograph.height, photograph.width)
        return found.to_json()

    results = [words, listed, labels, *charts]
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": None}
    gr.on(
        [photo.change, model.change],
        show,
        [photo, model, maps.layer, maps.readout, iteration, points, first],
        [viewer, weights, maps.layer, iteration, points, *results],
        show_progress="minimal",
        show_progress_on=viewer,
        trigger_mode="always_last",
        **private,
    )
    gr.on(
        [points.change, maps.layer.input, maps.readout.change, iteration.change],
        rescore,
        [photo, model, maps.layer, maps.readout, iteration, points],
        results,
        show_progress="hidden",
        trigger_mode="always_last",
        **private,
    )
    gr.on([restore.click, first.input], restored, [photo, first], points, show_progress="hidden", **private)
    upload.upload(uploaded, [upload, photo], points, show_progress="hidden", **private)
    viewer.select(fn=None, inputs=[points, photo], outputs=points, js=ADD)
    undo.click(fn=None, inputs=points, outputs=points, js=UNDO)
    clear.click(fn=None, inputs=points, outputs=points, js=CLEAR)
    if library.layouts:
        image.input(fn=None, inputs=[image, shell.photo], outputs=shell.photo, js="(image, old) => image || old")
    maps.connect(shell, TAB, points=points, labels=labels)
