"""The closer look below the map: heads, tokens, classes, deletion and insertion; nothing runs unasked."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from gradio.components.base import Component

from app.inference.closer import READOUTS, ClassBaselines, CurvesOf, HeadMaps, Rollout
from app.inference.models import sized
from app.inference.traced import LayerMaps, Traced
from app.library.photographs import Subject
from app.page.changing_dropdown import ChangingDropdown
from app.page.choices import MapControls
from app.page.events import Updates, in_browser
from app.page.shell import Shell, fine, heading, unseen
from app.page.viewer import control, scripted
from app.page.wiring import answered, changes, subject_traced, traced, wait
from app.services import Services
from app.tabs.attention import closer_words as words
from app.tabs.attention.asked import A_CLASS, ALL_HEADS, NOBODY, ONE_TOKEN, PREDICTED, WHOSE, Asked, class_choices
from app.views.answers import class_name
from vars_core.errors import InputError
from vars_core.targets import ClassLogit, ClassToken, Token

CURVE_STEPS = 14
"""Of the curves on the page: each step is two runs of the model for each of three maps."""

CURVES = ("curve-0", "curve-1")

LOOK = """
<div class="closer">
  <div class="viewer" id="attention-closer-viewer" data-viewer="attention-closer"></div>
  <div class="closer-heads" role="group" aria-label="Heads"></div>
</div>
"""


@dataclass(frozen=True)
class Controls:
    """What a visitor asks with; ``curves`` draws deletion and insertion."""

    whose: gr.Radio
    token: gr.Textbox
    index: gr.Dropdown
    head: gr.Dropdown
    readout: gr.Radio
    curves: gr.Button

    def linked(self) -> dict[str, Component]:
        """These, by the names that they have in a link."""
        return {
            "whose": self.whose,
            "token": self.token,
            "class": self.index,
            "head": self.head,
            "closer": self.readout,
        }


@dataclass(frozen=True)
class Pictures:
    """Where it is shown."""

    look: gr.HTML
    said: gr.HTML
    charts: dict[str, gr.Plot]
    curves_said: gr.HTML


def pictures() -> Pictures:
    """Below the map."""
    look = scripted("attention-closer", LOOK, "VARS.closer")
    said = gr.HTML("", apply_default_css=False, elem_classes="when-said")
    with gr.Row(elem_classes=["charts", "when-said"]):
        charts = {name: gr.Plot(show_label=False, visible=False, elem_id=f"attention-{name}") for name in CURVES}
    return Pictures(look, said, charts, gr.HTML("", apply_default_css=False, elem_classes="when-said"))


def controls() -> Controls:
    """Beside the map."""
    heading("Look closer", "attention-look-closer")
    whose = gr.Radio(
        [(read, name) for name, read in WHOSE.items()], value=NOBODY, label="Show also", elem_id="attention-whose"
    )
    head = ChangingDropdown(
        words.head_choices(0), value=ALL_HEADS, label="Head", elem_id="attention-head", elem_classes="when-asked"
    )
    index = ChangingDropdown(
        [("the predicted class", PREDICTED)],
        value=PREDICTED,
        label="Class",
        elem_id="attention-class",
        elem_classes="when-class",
    )
    readout = gr.Radio(
        list(READOUTS),
        value=READOUTS[0],
        label="Read as",
        elem_id="attention-closer-readout",
        elem_classes="when-asked",
    )
    curves = gr.Button("Deletion and insertion", size="sm", elem_id="attention-curves")
    return Controls(whose, unseen("attention-token"), index, head, readout, curves)


async def head_maps(
    services: Services, session: str | None, subject: Subject, model: str, layer: str | None, asked: Asked
) -> tuple[Traced, LayerMaps, Traced]:
    """What the model computes, the layer looked at, and its maps head by head. Raises InputError."""
    result = await traced(services, session, subject, model)
    if not result.layers:
        raise words.without(result)
    shown = result.shown(layer)
    task = HeadMaps(asked.target(result, shown), (shown.name,) if asked.whose == ONE_TOKEN else None)
    return result, shown, await answered(services, session, subject, model, task)


async def others(
    services: Services, session: str | None, subject: Subject, model: str, layer: str, target: object
) -> dict[str, np.ndarray]:
    """Maps of other methods beside a class's or the class token's, where this model has them."""
    with suppress(InputError):  # Grad-CAM of one of timm's models, rollout of one whose grid changes
        if isinstance(target, ClassToken):
            return await answered(services, session, subject, model, Rollout())
        if isinstance(target, ClassLogit) and isinstance(target.classes, int):
            return await answered(services, session, subject, model, ClassBaselines(layer, target.classes))
    return {}


def connect(shell: Shell, shown: Pictures, asking: Controls, maps: MapControls, which: Mapping[str, Component]) -> None:
    """``which``: photo, model, size and layer."""
    services = shell.services

    async def look(
        session: str | None, photo: str, model: str, size: str, layer: str | None, **given: Any
    ) -> Updates | None:
        asked = Asked(**given)
        if asked.whose == NOBODY:
            return {"look": None, "said": ""}
        subject = await wait(services.subject, session, photo)
        name = sized(model, size)
        result, layer_maps, closer = await head_maps(services, session, subject, name, layer, asked)
        target = asked.target(result, layer_maps)
        beside = await others(services, session, subject, name, layer_maps.name, target)
        names = services.class_names(result)
        title = words.heading(
            asked,
            (target.row, target.column) if isinstance(target, Token) else None,
            class_name(asked.class_of(result), names) if asked.whose == A_CLASS else "",
        )
        heads = words.head_choices(closer.layer(layer_maps.name).num_heads)
        kept = asked.head if asked.head in {value for _, value in heads} else ALL_HEADS
        return {
            "look": await wait(words.view, subject, result, closer, title, layer_maps.name, beside),
            "said": "".join(map(fine, words.said(asked))),
            "head": gr.update(choices=heads, value=kept),
            "index": gr.update(choices=class_choices(result, names)),
        }

    async def curves(
        session: str | None,
        photo: str,
        model: str,
        size: str,
        layer: str | None,
        readout: str,
        t: float,
        closer: str,
        **given: Any,
    ) -> Updates | None:
        subject, result = await subject_traced(services, session, photo, model, size)
        name = sized(model, size)
        if not result.layers:
            raise words.without(result)
        layer_maps = result.shown(layer)
        asked = Asked(**given)
        task = CurvesOf(layer_maps.name, readout, int(t), CURVE_STEPS)
        if asked.whose != NOBODY:
            _, _, looked = await head_maps(services, session, subject, name, layer, asked)
            one = asked.head_of(looked.layer(layer_maps.name).num_heads)
            task = CurvesOf(layer_maps.name, closer, int(t), CURVE_STEPS, asked.target(result, layer_maps), one)
        made = await answered(services, session, subject, name, task)
        drawn = await wait(words.curve_figures, made)
        said = words.curve_words(class_name(made.predicted, services.class_names(result)), CURVE_STEPS)
        updates = {key: gr.update(value=one, visible=True) for key, one in zip(CURVES, drawn, strict=True)}
        return {**updates, "curves said": fine(said)}

    asked: dict[str, Any] = {"whose": asking.whose, "token": asking.token, "index": asking.index, "head": asking.head}
    key = unseen("attention-asked")
    in_browser(
        [*changes([*which.values(), asking.whose, asking.token]), asking.index.input],
        "given => ({key: VARS.closer.key(given)})",
        {**which, **{name: one for name, one in asked.items() if name != "head"}},
        {"key": key},
    )
    shell.events.on(
        [key.change],
        look,
        {**which, **asked},
        {"look": shown.look, "said": shown.said, "head": asking.head, "index": asking.index},
        progress=shown.look,
    )
    shell.events.on(
        [asking.curves.click],
        curves,
        {**which, "readout": maps.readout, "t": maps.t, **asked, "closer": asking.readout},
        {**shown.charts, "curves said": shown.curves_said},
        progress=shown.curves_said,
    )
    control(shell.page, "attention-closer", {**maps.own(), "readout": asking.readout})
    steering = {**asked, "layer": maps.layer, "t": maps.t, "readout": asking.readout}
    in_browser([shell.page.load, *changes(steering.values())], "view => VARS.closer.view(view)", steering)
    picked = {"whose": asking.whose, "token": asking.token, "head": asking.head, "layer": maps.layer}
    in_browser([shown.look.select], "given => VARS.closer.picked(given)", picked, picked)
