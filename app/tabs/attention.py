"""The Attention tab: components and wiring. What it computes is in `app.handlers.attention`."""

from __future__ import annotations

import gradio as gr

from app.handlers import attention
from app.models import EMBEDDED, title
from app.shell import Shell, fine, heading
from app.traced import READOUTS, LayerMaps
from app.viewer import control, map_viewer, select_iterate
from app.wiring import session_of, spoken, traced, wait

TAB = "attention"
START_STEPS = 3


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            viewer = map_viewer(TAB)
            iteration = gr.Slider(
                0, START_STEPS, value=START_STEPS, step=1, label="Iterate t", elem_id="attention-iteration"
            )
            with gr.Row(elem_classes="charts"):
                charts = [gr.Plot(show_label=False, elem_id=f"attention-chart-{i}") for i in range(3)]
            no_charts = gr.HTML("", apply_default_css=False)
        with gr.Column(elem_classes="controls", scale=0):
            model = gr.Dropdown(
                [(title(name), name) for name in services.models.names],
                value=EMBEDDED[0],
                label="Model",
                elem_id="attention-model",
            )
            weights = gr.HTML("", apply_default_css=False, elem_id="attention-weights")
            layer = gr.Dropdown([], value=None, label="Layer", elem_id="attention-layer")
            readout = gr.Radio(
                list(READOUTS), value="stream", label="Readout", elem_id="attention-readout", elem_classes="stack"
            )
            meaning = gr.HTML(readout_html("stream"), apply_default_css=False, elem_id="attention-meaning")
            opacity = gr.Slider(0, 1, value=0.6, step=0.05, label="Opacity", elem_id="attention-opacity")
            scale = gr.Radio(
                [("this map's own", "map"), ("shared by all iterates", "shared")],
                value="map",
                label="Colour scale",
                elem_id="attention-scale",
            )
            heading("Prediction")
            prediction = gr.HTML("", apply_default_css=False, elem_id="attention-prediction")

    @spoken
    async def show(ref: str, name: str, wanted: str | None, request: gr.Request) -> object:
        if not ref:
            return gr.skip()
        session = session_of(request)
        subject = await wait(services.subject, session, ref)
        result = await traced(services, session, subject, name)
        choices = attention.layer_choices(result.model, result)
        chosen = attention.chosen(wanted, choices, result.model.default_layer)
        steps = result.layer(chosen).num_steps if choices else 0
        return (
            await wait(attention.view, subject, result),
            attention.model_words(result.model),
            gr.update(choices=choices, value=chosen or None, interactive=bool(choices)),
            gr.update(maximum=max(1, steps), interactive=steps > 0),
            attention.prediction_words(result, services.class_names(result)),
            *charted(result.layer(chosen) if choices else None),
        )

    @spoken
    async def chart(ref: str, name: str, chosen: str | None, request: gr.Request) -> object:
        if not (ref and chosen):
            return gr.skip()
        session = session_of(request)
        subject = await wait(services.subject, session, ref)
        return charted((await traced(services, session, subject, name)).layer(chosen))

    outputs = [viewer, weights, layer, iteration, prediction, *charts, no_charts]
    gr.on(
        [photo.change, model.change],
        show,
        [photo, model, layer],
        outputs,
        api_visibility="private",
        show_progress="minimal",
        show_progress_on=viewer,
        concurrency_limit=None,
        trigger_mode="always_last",
    )
    layer.input(
        chart,
        [photo, model, layer],
        [*charts, no_charts],
        api_visibility="private",
        show_progress="hidden",
        concurrency_limit=None,
        trigger_mode="always_last",
    )
    control(shell.page, TAB, {"layer": layer, "readout": readout, "t": iteration, "opacity": opacity, "scale": scale})
    select_iterate(TAB, viewer, iteration)
    readout.change(readout_html, readout, meaning, api_visibility="private", show_progress="hidden")


def charted(layer: LayerMaps | None) -> list[object]:
    """Updates for the three charts and for the sentence that stands in their place."""
    figures = attention.step_figures(layer) if layer is not None else None
    if figures is None:
        words = "Softmax and Performer attention are computed in one step: there is nothing to iterate."
        return [*(gr.update(value=None, visible=False) for _ in range(3)), fine(words)]
    return [*(gr.update(value=figure, visible=True) for figure in figures), fine(attention.STEP_WORDS)]


def readout_html(readout: str) -> str:
    """The sentence that explains a readout."""
    return fine(attention.READOUT_WORDS[readout])
