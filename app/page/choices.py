"""Controls that several tabs have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from app.inference.models import DEFAULT_MODEL, DEFAULT_SIZE, title
from app.inference.traced import READOUTS, Traced
from app.library.photographs import MODEL_SIZES
from app.page.changing_dropdown import ChangingDropdown
from app.page.events import Updates, in_browser
from app.page.shell import Appearance, Shell, fine
from app.page.viewer import control
from app.views.grids import MAX_MODELS
from vars_core.readings import DEFAULT_READOUT
from vars_core.readouts import READOUTS as READOUT_TABLE

START_STEPS = 3


@dataclass(frozen=True)
class MapControls:
    """What steers a viewer: which map, and how it is coloured."""

    layer: gr.Dropdown
    readout: gr.Radio
    t: gr.Slider
    opacity: gr.Slider
    scale: gr.Radio
    appearance: Appearance

    def linked(self) -> dict[str, gr.components.Component]:
        """These and what all tabs share, by the names that they have in a link and in `app.views.look.Look`."""
        return {**self.own(), **self.appearance.linked()}

    def own(self) -> dict[str, gr.components.Component]:
        """These, by the names that they have in a link."""
        return {name: component for name, component in vars(self).items() if name != "appearance"}

    def connect(self, shell: Shell, viewer: str, **more: gr.components.Component) -> None:
        """Steer a viewer by these, and by ``more`` of its view's keys."""
        control(shell.page, viewer, {**self.own(), **more})


def iteration_slider(tab: str) -> gr.Slider:
    """t = 0..T."""
    return gr.Slider(0, START_STEPS, value=START_STEPS, step=1, label="Iterate t", elem_id=f"{tab}-iteration")


def map_controls(shell: Shell, tab: str, iteration: gr.Slider, *, shared: str = "shared by all maps") -> MapControls:
    """Layer, readout with its sentence, opacity and colour scale."""
    layer = ChangingDropdown([], value=None, label="Layer", elem_id=f"{tab}-layer")
    readout = gr.Radio(list(READOUTS), value=DEFAULT_READOUT, label="Readout", elem_id=f"{tab}-readout")
    meaning = gr.HTML(readout_html(DEFAULT_READOUT), apply_default_css=False, elem_id=f"{tab}-meaning")
    scale = gr.Radio(
        [("each map's own", "map"), (shared, "shared")], value="map", label="Colour scale", elem_id=f"{tab}-scale"
    )
    opacity = gr.Slider(0, 1, value=0.6, step=0.05, label="Opacity", elem_id=f"{tab}-opacity")
    words = json.dumps({readout: readout_html(readout) for readout in READOUTS})
    in_browser(
        [readout.change], f"({{readout}}) => ({{words: ({words})[readout]}})", {"readout": readout}, {"words": meaning}
    )
    return MapControls(layer, readout, iteration, opacity, scale, shell.appearance)


def tell_model(tab: str, model: gr.Dropdown, size: gr.Dropdown) -> None:
    """Say in the viewer that another model is asked, and remember it for the next visit."""
    in_browser([model.input, size.input], f"asked => VARS.asked('{tab}', asked)", {"model": model, "size": size})


def model_and_size(shell: Shell, tab: str, model: str = DEFAULT_MODEL) -> tuple[gr.Dropdown, gr.Dropdown]:
    """Which model looks, at first ``model``, and at which input size."""
    named = gr.Dropdown(model_choices(shell), value=model, label="Model", elem_id=f"{tab}-model")
    return named, size_choice(tab)


def size_choice(tab: str) -> gr.Dropdown:
    """The input size of the models."""
    choices = [("each model's default", DEFAULT_SIZE), *((f"{size} pixels", str(size)) for size in MODEL_SIZES)]
    return gr.Dropdown(choices, value=DEFAULT_SIZE, label="Input size", elem_id=f"{tab}-size")


def several_models(shell: Shell, tab: str, value: Sequence[str] = (DEFAULT_MODEL, "rvt_nano/self")) -> gr.Dropdown:
    """Up to four models."""
    return gr.Dropdown(
        model_choices(shell),
        value=list(value),
        multiselect=True,
        max_choices=MAX_MODELS,
        label=f"Models (up to {MAX_MODELS})",
        elem_id=f"{tab}-models",
    )


def model_choices(shell: Shell) -> list[tuple[str, str]]:
    """(title, name) of every model on offer; one without trained weights says so."""
    models = shell.services.models
    return [(title(name) if models.trained(name) else f"{title(name)} (untrained)", name) for name in models.names]


def layer_choices(traced: Traced) -> list[tuple[str, str]]:
    """(what is read, name) for each layer, e.g. ("0.4 — 14×14 tokens", "0.4")."""
    grids = ((name, traced.grids[name]) for name in traced.model.layers)
    return [(f"{name} — {height}×{width} tokens", name) for name, (height, width) in grids]


def layer_update(results: Sequence[Traced], wanted: str | None, t: float) -> Updates:
    """Updates of "layer" and "t", the iterate, for the first model that has layers. ``t``: the slider's.

    A slider must not end below its value, which gradio would refuse from then on.
    """
    traced = next((result for result in results if result.layers), None)
    if traced is None:
        return {"layer": gr.update(choices=[], value=None, interactive=False), "t": gr.update(interactive=False)}
    choices = layer_choices(traced)
    layer = gr.update(choices=choices, value=traced.model.layer_or_default(wanted), interactive=True)
    steps = max(result.layers[0].num_steps for result in results if result.layers)
    if not steps:
        return {"layer": layer, "t": gr.update(interactive=False)}
    slider = gr.update(maximum=steps, interactive=True)
    return {"layer": layer, "t": {**slider, "value": steps} if t > steps else slider}


def readout_html(readout: str) -> str:
    """The sentence that explains a readout."""
    return fine(READOUT_TABLE[readout].words)
