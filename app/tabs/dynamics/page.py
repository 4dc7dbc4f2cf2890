"""The Dynamics tab: components and wiring."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components.base import Component

from analysis.painting import painting
from app.inference.models import sized
from app.inference.settling import LayerSettling, SettlingOf
from app.inference.traced import Traced
from app.library.photographs import Subject
from app.page import animations, share
from app.page.assets import page_html
from app.page.changing_dropdown import ChangingDropdown
from app.page.choices import layer_choices, model_and_size
from app.page.events import Updates, in_browser
from app.page.shell import Shell, heading
from app.page.viewer import scripted
from app.page.wiring import answered, changes, subject_traced, wait
from app.tabs.dynamics import words
from app.tabs.dynamics.figure import export, film
from app.views.exports import Export
from app.views.numbers import whole
from app.views.weights import model_words
from vars_core.dynamics.circuit import ALPHA, BETA, GAMMA

TAB = "dynamics"
MAX_STEPS = 80
STEPS = 40

SECONDS = 0.12
"""A step is shown for, in an animation."""


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            step = gr.Slider(0, STEPS, value=STEPS, step=1, label="Step", elem_id=f"{TAB}-iteration")
            pictures = scripted("dynamics-pictures", page_html(TAB), "VARS.dynamics")  # of what `words.view` returns
            gr.Markdown(
                words.EQUATIONS,
                latex_delimiters=[
                    {"left": "$$", "right": "$$", "display": True},
                    {"left": "$", "right": "$", "display": False},
                ],
                elem_id=f"{TAB}-equations",
            )
        with gr.Column(elem_classes="controls", scale=0) as controls:
            model, size = model_and_size(shell, TAB)
            weights = gr.HTML("", apply_default_css=False)
            layer = ChangingDropdown([], value=None, label="Layer", elem_id=f"{TAB}-layer")
            head = ChangingDropdown([("head 0", "0")], value="0", label="Head", elem_id=f"{TAB}-head")
            channel = ChangingDropdown([("channel 0", "0")], value="0", label="Channel", elem_id=f"{TAB}-channel")
            heading("The problem and the steps")
            lam = slider("lam", 0.25, 4, 1, 0.25, "λ, times the layer's own")
            bound = slider("bound", 0.3, 2, 1, 0.1, "L of ISTA, times the largest eigenvalue")
            steps = slider("steps", 3, MAX_STEPS, STEPS, 1, "T, steps shown")
            heading("The circuit's rates")
            alpha = slider("alpha", 0.25, 4, ALPHA, 0.25, "α, leak of z")
            beta = slider("beta", 0.25, 4, BETA, 0.25, "β, leak of the potentials")
            gamma = slider("gamma", 0, 4, GAMMA, 0.25, "γ, inhibition")
    rates: dict[str, Component] = {
        "lam": lam,
        "bound": bound,
        "steps": steps,
        "alpha": alpha,
        "beta": beta,
        "gamma": gamma,
    }
    chosen: dict[str, Component] = {"layer": layer, "head": head, "channel": channel}

    async def settled(
        session: str | None,
        photo: str,
        model: str,
        size: str,
        layer: str | None,
        head: str | None,
        channel: str | None,
        **rates: float,
    ) -> tuple[Subject, Traced, LayerSettling | None]:
        """The photograph, what the model computes for it, and how the head settles; None where nothing does."""
        subject, result = await subject_traced(services, session, photo, model, size)
        if not result.has_dictionary:
            return subject, result, None
        place = result.model.layer_or_default(layer), whole(head) or 0, whole(channel) or 0
        asked = SettlingOf(*place, words.rates_of(**rates))
        return subject, result, await answered(services, session, subject, sized(model, size), asked)

    async def show(session: str | None, photo: str, model: str, t: float, **asked: Any) -> Updates | None:
        subject, result, made = await settled(session, photo, model, **asked)
        if made is None:
            without = {"words": f"{words.no_dictionary(result.model)}."}
            closed = {name: gr.update(interactive=False) for name in ("layer", "head", "channel", "t")}
            return {"pictures": without, "weights": model_words(result.model), **closed}
        return {
            "pictures": await wait(words.view, subject, made),
            "weights": model_words(result.model),
            **choices_update(result, made, t),
        }

    async def exported(
        session: str | None, photo: str, model: str, t: float, colours: str, tokens: str, **asked: Any
    ) -> Export:
        subject, result, made = await settled(session, photo, model, **asked)
        if made is None:
            raise words.no_dictionary(result.model)
        return await wait(export, subject, made, min(int(t), made.rates.num_steps), painting(colours, tokens))

    async def filmed(
        session: str | None, photo: str, model: str, t: float, colours: str, tokens: str, **asked: Any
    ) -> animations.Film:
        subject, result, made = await settled(session, photo, model, **asked)
        if made is None:
            raise words.no_dictionary(result.model)
        return animations.Film(await wait(film, subject, made, painting(colours, tokens)), SECONDS)

    view = {"model": model, "size": size, **chosen, **rates, "t": step}
    with controls:
        taken = {**view, **shell.appearance.linked()}
        share.build(shell, TAB, taken, exported)
        animations.build(shell, TAB, taken, filmed)
    shell.events.on(
        [
            photo.change,
            model.change,
            size.change,
            *(one.input for one in (layer, head, channel)),
            *changes(rates.values()),
        ],
        show,
        {"photo": photo, **view},
        {"pictures": pictures, "weights": weights, **chosen, "t": step},
        progress=pictures,
        back=("model", "size"),
    )
    in_browser([shell.page.load, step.change], "view => VARS.dynamics.view(view)", {"t": step})


def slider(name: str, low: float, high: float, value: float, by: float, label: str) -> gr.Slider:
    """One of the numbers that a visitor may turn."""
    return gr.Slider(low, high, value=value, step=by, label=label, elem_id=f"{TAB}-{name}")


def choices_update(result: Traced, made: LayerSettling, t: float) -> Updates:
    """Updates of "layer", "head", "channel" and "t", the step. A slider must not end below its value."""
    heads = [(words.group_words(i, made.convolutional), str(i)) for i in range(made.num_heads)]
    channels = [(f"channel {i}", str(i)) for i in range(made.settling.num_channels)]
    steps = made.rates.num_steps
    moved = gr.update(maximum=steps, interactive=True)
    return {
        "layer": gr.update(choices=layer_choices(result), value=made.layer, interactive=True),
        "head": gr.update(
            choices=heads, value=str(made.head), label="Channels" if made.convolutional else "Head", interactive=True
        ),
        "channel": gr.update(choices=channels, value=str(made.channel), interactive=True),
        "t": {**moved, "value": steps} if t > steps else moved,
    }
