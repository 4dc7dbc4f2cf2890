"""The Attention tab: components and wiring. What it computes is in `app.tabs.attention.words`."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.inference.models import EMBEDDED
from app.inference.traced import LayerMaps
from app.page import share
from app.page.choices import iteration_slider, layer_update, map_controls, model_choices
from app.page.shell import Shell, fine, heading
from app.page.viewer import map_viewer, select_iterate
from app.page.wiring import traced, wait
from app.tabs.attention import words as attention
from app.views.exports import Export
from app.views.look import look

TAB = "attention"


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            viewer = map_viewer(TAB)
            iteration = iteration_slider(TAB)
            with gr.Row(elem_classes="charts"):
                charts = [gr.Plot(show_label=False, elem_id=f"attention-chart-{i}") for i in range(3)]
            no_charts = gr.HTML("", apply_default_css=False)
        with gr.Column(elem_classes="controls", scale=0) as controls:
            model = gr.Dropdown(model_choices(shell), value=EMBEDDED[0], label="Model", elem_id="attention-model")
            weights = gr.HTML("", apply_default_css=False, elem_id="attention-weights")
            maps = map_controls(TAB, iteration, shared="shared by all iterates")
            heading("Prediction")
            prediction = gr.HTML("", apply_default_css=False, elem_id="attention-prediction")

    async def show(session: str | None, ref: str, name: str, wanted: str | None, t: float) -> object:
        if not ref:
            return gr.skip()
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)
        return (
            await wait(attention.view, subject, result),
            attention.model_words(result.model),
            *layer_update([result], wanted, t),
            attention.prediction_words(result, services.class_names(result)),
        )

    async def chart(session: str | None, ref: str, name: str, chosen: str | None) -> object:
        if not ref:
            return gr.skip()
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)
        return charted(result.layer(attention.layer_of(result, chosen)) if result.layers else None)

    async def export(session: str | None, ref: str, name: str, *view: Any) -> Export:
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)
        return await wait(attention.export, subject, result, look(*view))

    with controls:
        share.build(shell, TAB, {"model": model, **maps.linked()}, export)
    inputs = [photo, model, maps.layer]
    shown = shell.events.on(
        [photo.change, model.change],
        show,
        [*inputs, iteration],
        [viewer, weights, maps.layer, iteration, prediction],
        progress=viewer,
    )
    # Charts come after the map: drawing them takes the browser longer than the map does.
    shell.events.after(shown, chart, inputs, [*charts, no_charts])
    shell.events.on([maps.layer.input], chart, inputs, [*charts, no_charts], quiet=True)
    maps.connect(shell, TAB)
    select_iterate(TAB, viewer, iteration)


def charted(layer: LayerMaps | None) -> list[object]:
    """Updates for the three charts and for the sentence that stands in their place."""
    figures = attention.step_figures(layer) if layer is not None else None
    if figures is None:
        words = "Softmax and Performer attention are computed in one step: there is nothing to iterate."
        return [*(gr.update(value=None, visible=False) for _ in range(3)), fine(words)]
    return [*(gr.update(value=figure, visible=True) for figure in figures), fine(attention.STEP_WORDS)]
