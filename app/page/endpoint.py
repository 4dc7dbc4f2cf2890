"""What the endpoints share: how one is declared, and the inputs that several have."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from app.inference.models import DEFAULT_SIZE, SIZES
from app.inference.traced import READOUTS
from app.library.photographs import Corruption, Subject
from app.page.rail import as_sent, photograph_input
from app.page.wiring import raised, wait
from app.services import Services
from app.views.look import LAST, SCALES
from vars_core.readings import DEFAULT_READOUT

Endpoint = Callable[..., Awaitable[Any]]

PHOTO = "sample:cat"
MODEL = "rvt_nano/vars_d"


def declare(handler: Endpoint, inputs: list[Any], outputs: list[Any], name: str) -> None:
    """One endpoint: ``/name``, documented by the handler's docstring. The model queue bounds its work."""
    endpoint = raised(handler)
    endpoint.__name__ = name  # the name of the MCP tool
    gr.on([], endpoint, inputs, outputs, api_name=name, api_visibility="public", concurrency_limit=None)


def photograph_inputs() -> list[Any]:
    """``image`` and ``photo``, which `subject_of` reads."""
    return [
        photograph_input("Photograph as a file; None to use `photo`"),
        gr.Textbox(PHOTO, label="Photograph that the server has, used without a file"),
    ]


def model_input(name: str = MODEL) -> gr.Textbox:
    """``model``."""
    return gr.Textbox(name, label="Model, one of /models")


def size_input() -> gr.Textbox:
    """``size``."""
    offered = ", ".join(map(str, SIZES))
    return gr.Textbox(DEFAULT_SIZE, label=f"Input size in pixels a side: {offered}, or {DEFAULT_SIZE}")


def layer_input() -> gr.Textbox:
    """``layer``."""
    return gr.Textbox("", label="Layer as stage.block, e.g. 0.3; empty for the model's default")


def map_inputs() -> list[Any]:
    """``layer``, ``readout`` and ``iteration``: which map."""
    return [
        layer_input(),
        gr.Radio(list(READOUTS), value=DEFAULT_READOUT, label="Readout"),
        gr.Number(LAST, label="Iterate 0..T; -1 for the last", precision=0),
    ]


def scale_input() -> gr.Radio:
    """``scale``: how maps are coloured."""
    return gr.Radio(list(SCALES), value="map", label="Colour scale")


def corruption_inputs() -> list[Any]:
    """``severity`` and ``seed``."""
    return [gr.Number(3, label="Severity 1..5", precision=0), gr.Number(0, label="Seed", precision=0)]


def several(choices: list[str], value: list[str], label: str) -> gr.Dropdown:
    """A list of names; unknown ones get through, to be answered with the nearest known ones."""
    return gr.Dropdown(choices, value=value, multiselect=True, allow_custom_value=True, label=label)


def file_input(label: str) -> gr.File:
    """A file as it was sent, whatever it holds; None for none."""
    made = gr.File(label=label)
    as_sent(made)
    return made


def picture_output(label: str) -> gr.Image:
    """A picture, as PNG."""
    return gr.Image(label=label, format="png")


async def subject_of(
    services: Services, session: str | None, path: str | None, ref: str, corruption: Corruption | None = None
) -> Subject:
    """The photograph of a request: the file where there is one, else the server's own."""
    if path is None:
        return await wait(services.subject, session, ref, corruption)
    return Subject(await wait(services.upload, session, path), corruption)


def listed(values: Any) -> list[float] | None:
    """An array as numbers for JSON, None where there is none."""
    return None if values is None else values.tolist()


def written(data: bytes) -> str:
    """A file for gradio to hand out, in the folder that is swept."""
    folder = Path(get_upload_folder()) / secrets.token_hex(16)
    folder.mkdir(parents=True)
    path = folder / "vars.npz"
    path.write_bytes(data)
    return str(path)
