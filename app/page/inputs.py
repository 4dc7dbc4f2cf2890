"""The inputs of endpoints, as annotations: a parameter's annotation says how its component is made of its default."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import gradio as gr
from gradio.components.base import Component

from app.inference.models import DEFAULT_SIZE, SIZES
from app.inference.traced import READOUTS
from app.page.rail import as_sent, photograph_input
from app.views.look import SCALES

Input = Callable[[Any], Component]
"""From a parameter's default to its component: see `app.page.endpoint.declare`."""

PHOTO = "sample:cat"


def text(label: str) -> Input:
    """A line of text."""
    return lambda default: gr.Textbox(default, label=label)


def number(label: str) -> Input:
    """Any number."""
    return lambda default: gr.Number(default, label=label)


def whole(label: str) -> Input:
    """A whole number."""
    return lambda default: gr.Number(default, label=label, precision=0)


def one_of(choices: Iterable[str], label: str) -> Input:
    """One of a few words."""
    return lambda default: gr.Radio(list(choices), value=default, label=label)


def name_of(choices: Iterable[str], label: str) -> Input:
    """One of many names; an unknown one gets through, to be answered with the nearest known ones."""
    return lambda default: gr.Dropdown(list(choices), value=default, label=label, allow_custom_value=True)


def names_of(choices: Iterable[str], label: str) -> Input:
    """A list of names; unknown ones get through, to be answered with the nearest known ones."""
    return lambda default: gr.Dropdown(
        list(choices), value=default, multiselect=True, allow_custom_value=True, label=label
    )


def values(label: str) -> Input:
    """Anything that JSON holds."""
    return lambda default: gr.JSON(default, label=label)


def file(label: str) -> Input:
    """A file as it was sent, whatever it holds; None for none."""

    def made(_: Any) -> Component:
        component = gr.File(label=label)
        as_sent(component)
        return component

    return made


Picture = Annotated[str | None, lambda _: photograph_input("Photograph as a file; None to use `photo`")]
Photo = Annotated[str, text("Photograph that the server has, used without a file")]
Model = Annotated[str, text("Model, one of /models")]
Size = Annotated[str, text(f"Input size in pixels a side: {', '.join(map(str, SIZES))}, or {DEFAULT_SIZE}")]
Layer = Annotated[str, text("Layer as stage.block, e.g. 0.3; empty for the model's default")]
ReadoutName = Annotated[str, one_of(READOUTS, "Readout")]
Iteration = Annotated[float, whole("Iterate 0..T; -1 for the last")]
Scale = Annotated[str, one_of(SCALES, "Colour scale")]
Severity = Annotated[float, whole("Severity 1..5")]
Seed = Annotated[float, whole("Seed")]
