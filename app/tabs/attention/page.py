"""The Attention tab: components and wiring."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.inference.models import sized
from app.inference.tasks import ShownMap
from app.inference.traced import Traced
from app.page import animations, share
from app.page.choices import iteration_slider, layer_update, map_controls, model_and_size, tell_model
from app.page.events import Updates, in_browser
from app.page.shell import Shell, fine, heading, unseen
from app.page.viewer import map_viewer, more_maps, select_iterate
from app.page.wiring import map_shown, other_maps, subject_traced, wait
from app.tabs.attention import closer_page as closer
from app.tabs.attention import pipeline_page as pipeline
from app.tabs.attention import rows_page as rows
from app.tabs.attention import words
from app.tabs.attention.asked import NOBODY, Asked
from app.tabs.attention.export import export, seen, with_closer
from app.views import payload
from app.views.exports import Export
from app.views.look import look
from app.views.weights import model_words

TAB = "attention"
CHARTS = ("chart-0", "chart-1", "chart-2")
COPIED = {"python": "Copy Python", "command": "Copy command"}

SECONDS = 0.8
"""An iterate is shown for, in an animation."""


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            strip, equation = pipeline.strip()
            viewer, more = map_viewer(TAB), more_maps(TAB)
            iteration = iteration_slider(TAB)
            with gr.Row(elem_classes="charts", elem_id=f"{TAB}-charts"):
                charts = {name: gr.Plot(show_label=False, elem_id=f"{TAB}-{name}") for name in CHARTS}
            no_charts = gr.HTML("", apply_default_css=False)
            closer_pictures = closer.pictures()
            of_each = rows.component()
        with gr.Column(elem_classes="controls", scale=0) as controls:
            model, size = model_and_size(shell, TAB)
            weights = gr.HTML("", apply_default_css=False, elem_id="attention-weights")
            maps = map_controls(shell, TAB, iteration, shared="shared by all iterates")
            heading("Prediction")
            prediction = gr.HTML("", apply_default_css=False, elem_id="attention-prediction")
            asking = closer.controls()

    async def show(
        session: str | None, photo: str, model: str, size: str, layer: str | None, readout: str, t: float
    ) -> Updates | None:
        """The map that the controls ask for; the others follow."""
        subject = await wait(services.subject, session, photo)
        result = await map_shown(services, session, subject, sized(model, size), ShownMap(layer, readout))
        return {
            "viewer": {**await wait(words.view, subject, result), "key": key_of(photo, model, size)},
            "strip": result.model.mixer,
            "weights": model_words(result.model),
            "prediction": words.prediction_words(result, services.class_names(result)),
            **layer_update([result], layer, t),
        }

    async def complete(session: str | None, photo: str, model: str, size: str, layer: str | None) -> Updates:
        """The maps that are not on the screen yet, and the charts."""
        subject = await wait(services.subject, session, photo)
        result = await other_maps(services, session, subject, sized(model, size))
        more = await wait(payload.more_maps, [result])
        key = key_of(photo, model, size)
        return {**charted(result, layer), "more": {**more, "key": key, "turn": secrets.token_hex(4)}}

    async def chart(session: str | None, photo: str, model: str, size: str, layer: str | None) -> Updates:
        subject = await wait(services.subject, session, photo)
        return charted(await other_maps(services, session, subject, sized(model, size)), layer)

    async def exported(session: str | None, photo: str, model: str, size: str, **view: Any) -> Export:
        asked = Asked(view.pop("whose"), view.pop("token"), view.pop("class"), view.pop("head"))
        closer_readout, seen = view.pop("closer"), look(**view)
        subject, result = await subject_traced(services, session, photo, model, size)
        made = await wait(export, subject, result, seen)
        if asked.whose == NOBODY:
            return made
        _, layer, heads = await closer.head_maps(services, session, subject, sized(model, size), seen.layer, asked)
        return with_closer(made, asked, heads, layer.name, closer_readout, result)

    async def filmed(session: str | None, photo: str, model: str, size: str, **view: Any) -> animations.Film:
        subject, result = await subject_traced(services, session, photo, model, size)
        shown = await wait(seen, subject, result, look(**view))
        return animations.Film(await wait(shown.frames), SECONDS)

    with controls:
        linked = {"model": model, "size": size, **maps.linked()}
        share.build(shell, TAB, {**linked, **asking.linked()}, exported)
        animations.build(shell, TAB, linked, filmed)
        copied(shell, {"photo": photo, **linked, **asking.linked()}, exported)
    which = {"photo": photo, "model": model, "size": size, "layer": maps.layer}
    told = {"viewer": viewer, "strip": strip, "weights": weights, "prediction": prediction}
    shown = shell.events.on(
        [photo.change, model.change, size.change],
        show,
        {**which, "readout": maps.readout, "t": iteration},
        {**told, "layer": maps.layer, "t": iteration},
        progress=viewer,
        back=("model", "size"),
    )
    # Charts come after the map, too: drawing them takes the browser longer than the map does.
    drawn = {**charts, "no charts": no_charts}
    shell.events.after(shown, complete, which, {"more": more, **drawn})
    shell.events.on([maps.layer.input], chart, which, drawn, quiet=True)
    closer.connect(shell, closer_pictures, asking, maps, which)
    rows.connect(shell, of_each, maps, which, shown)
    tell_model(TAB, model, size)
    pipeline.connect(strip, equation, maps.readout)
    maps.connect(shell, TAB)
    select_iterate(TAB, viewer, iteration)


def copied(shell: Shell, view: Mapping[str, Component], exported: share.Exporter) -> None:
    """Buttons that copy what makes the same map again."""
    with gr.Row(elem_classes="share"):
        buttons = {kind: gr.Button(label, size="sm", elem_id=f"{TAB}-{kind}") for kind, label in COPIED.items()}
    for kind, button in buttons.items():
        text = unseen(f"{TAB}-{kind}-text")

        async def make(session: str | None, kind: str = kind, **values: Any) -> Updates:
            text = (await exported(session, **values)).settings["reproduce"][kind]
            return {"text": json.dumps([secrets.token_hex(4), text])}

        shell.events.on([button.click], make, view, {"text": text})
        in_browser([text.change], f"({{text}}) => VARS.closer.copy('{TAB}-{kind}', text)", {"text": text})


def key_of(photo: str, model: str, size: str) -> str:
    """What maps are of: more of them join their own payload alone."""
    return repr((photo, model, size))


def charted(result: Traced, layer: str | None) -> Updates:
    """Updates for the three charts of a layer and for the sentence that stands in their place."""
    figures = words.step_figures(result.shown(layer)) if result.layers else None
    if figures is None:
        said = "This model's layers are computed in one step: there is nothing to iterate."
        return {**{name: gr.update(value=None, visible=False) for name in CHARTS}, "no charts": fine(said)}
    drawn = {name: gr.update(value=figure, visible=True) for name, figure in zip(CHARTS, figures, strict=True)}
    return {**drawn, "no charts": fine(words.STEP_WORDS)}
