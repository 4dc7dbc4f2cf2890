"""The inputs of endpoints, as annotations: a parameter's annotation says how its component is made of its default.

What a component takes is said twice by gradio: to people by its label, to programs (the documentation of the endpoints
and the MCP tools) by a JSON schema. The schemas say here what gradio's own do not: which names there are, which range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import gradio as gr
from gradio.components.base import Component

from analysis.colour_maps import SEQUENTIAL
from analysis.corruptions import NAMES, SEVERITIES
from analysis.token_drawing import TOKEN_DRAWINGS
from app.inference.models import DEFAULT_SIZE
from app.inference.traced import READOUTS
from app.library.photographs import MODEL_SIZES, SAMPLES
from app.page.rail import as_sent
from app.services import Services
from app.views.look import SCALES

Input = Callable[[Any, Services], Component]
"""From a parameter's default, and what this server has, to its component: see `app.page.endpoint.declare`."""

PHOTO = "sample:cat"


def saying(component: Component, **schema: Any) -> Component:
    """The component, whose JSON schema says this too."""
    told = {**component.api_info(), **schema}
    # Gradio makes the schema of a component of its kind; what one component takes, it has no argument for.
    component.api_info_as_input = lambda: told  # type: ignore[method-assign]  # of this one alone
    return component


def text(label: str, **schema: Any) -> Input:
    """A line of text."""
    return lambda default, _: saying(gr.Textbox(default, label=label), **schema)


def number(label: str, **schema: Any) -> Input:
    """Any number."""
    return lambda default, _: saying(gr.Number(default, label=label), **schema)


def whole(label: str, **schema: Any) -> Input:
    """A whole number."""
    return lambda default, _: saying(gr.Number(default, label=label, precision=0), **schema)


def yes_or_no(label: str) -> Input:
    """Whether something is wanted."""
    return lambda default, _: gr.Checkbox(default, label=label)


def one_of(choices: Iterable[str], label: str) -> Input:
    """One of a few words."""
    return lambda default, _: gr.Radio(list(choices), value=default, label=label)


def name_of(choices: Iterable[str], label: str) -> Input:
    """One of many names; an unknown one gets through, to be answered with the nearest known ones."""
    return lambda default, _: gr.Dropdown(list(choices), value=default, label=label, allow_custom_value=True)


def names_of(choices: Iterable[str], label: str, most: int) -> Input:
    """A list of one to ``most`` names; unknown ones get through, to be answered with the nearest known ones."""
    return lambda default, _: several(choices, default, label, most)


def several(choices: Iterable[str], default: Any, label: str, most: int, **schema: Any) -> Component:
    """A list of one to ``most`` words, whatever they are."""
    names = gr.Dropdown(list(choices), value=default, multiselect=True, allow_custom_value=True, label=label)
    return saying(names, **schema, minItems=1, maxItems=most)


def numbers(label: str) -> Input:
    """A list of numbers, None for none."""
    return lambda default, _: saying(gr.JSON(default, label=label), type="array", items={"type": "number"})


def file(label: str) -> Input:
    """A file as it was sent, whatever it holds; None for none."""
    return lambda _, __: as_sent(gr.File(label=label))


def files(label: str) -> Input:
    """Several files as they were sent; an empty list for none."""

    def made(_: Any, __: Services) -> Component:
        component = as_sent(gr.File(label=label, file_count="multiple"), several=True)
        # Of a list's parts gradio knows only a reference to what a file is, which it drops for tools.
        return saying(component, items=gr.File().api_info())

    return made


def model_schema(services: Services) -> dict[str, Any]:
    """A model: one of those on offer, or any of timm's; what is none gets through to the sentence that says so."""
    others = {"type": "string", "description": "timm/<name>: any model of timm, with fresh weights"}
    return {"anyOf": [{"type": "string", "enum": services.models.names}, others]}


def a_model(default: Any, services: Services) -> Component:
    """A model by its name; an unknown one gets through, to be answered with the nearest known ones."""
    return saying(gr.Textbox(default, label="Model, one of /models or timm/<name>"), **model_schema(services))


def some_models(default: Any, services: Services) -> Component:
    """One to four models by their names."""
    label = "Models, a list of 1 to 4, each one of /models or timm/<name>"
    return several(services.models.names, default, label, most=4, items=model_schema(services))


KNOWN = [f"sample:{name}" for name in SAMPLES]


def reference_schema(services: Services) -> dict[str, Any]:
    """What names a photograph that the server has."""
    examples = KNOWN + [f"data:{folder}/{files[0]}" for folder, files in services.folders.files.items() if files]
    return {"type": "string", "pattern": "^(sample|data|upload):", "examples": examples}


def a_photograph(default: Any, services: Services) -> Component:
    """A photograph that the server has, by its reference."""
    label = f"Photograph that the server has, used without a file: {', '.join(KNOWN)}, or another of /models"
    return saying(gr.Textbox(default, label=label), **reference_schema(services))


def some_photographs(most: int) -> Input:
    """One to ``most`` photographs that the server has, by their references."""

    def made(default: Any, services: Services) -> Component:
        label = f"Photographs that the server has, used without files, 1 to {most}: as {KNOWN[0]}, or others of /models"
        return several(KNOWN, default, label, most, items=reference_schema(services))

    return made


def a_run(default: Any, services: Services) -> Component:
    """A finished run by its name."""
    known = {"enum": services.runs.names} if services.runs.names else {}
    return saying(gr.Textbox(default, label="Run, one of /runs"), **known)


Picture = Annotated[
    str | None, lambda _, __: as_sent(gr.Image(label="Photograph as a file; without one `photo` is used"))
]
Photo = Annotated[str, a_photograph]
Model = Annotated[str, a_model]
Models = Annotated[list[str], some_models]
Run = Annotated[str, a_run]
Size = Annotated[
    str,
    text(
        f"Input size in pixels a side: {', '.join(map(str, MODEL_SIZES))}, or {DEFAULT_SIZE}",
        enum=[DEFAULT_SIZE, *map(str, MODEL_SIZES)],
    ),
]
Layer = Annotated[
    str,
    text(
        "Layer as stage.block, e.g. 0.3; empty for the model's default",
        pattern=r"^(\d+\.\d+)?$",
        examples=["", "0.3", "1.1"],
    ),
]
ReadoutName = Annotated[str, one_of(READOUTS, "Readout")]
Iteration = Annotated[float, whole("Iterate 0..T; -1 for the last", minimum=-1)]
Scale = Annotated[str, one_of(SCALES, "Colour scale: each map's own, or shared by all that are shown")]
Colours = Annotated[str, one_of(SEQUENTIAL, "Colour map of maps without a sign; those with one are blue to vermilion")]
Tokens = Annotated[str, one_of(TOKEN_DRAWINGS, "Tokens smooth, or as the squares that they are")]
CorruptionName = Annotated[str, name_of(NAMES, "Corruption")]
Severity = Annotated[float, whole("Severity 1..5", enum=list(SEVERITIES))]
Seed = Annotated[float, whole("Seed", minimum=0)]
