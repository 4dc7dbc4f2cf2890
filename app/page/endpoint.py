"""What the endpoints share: how one is declared, and how a request becomes a photograph."""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import gradio as gr
import numpy as np
from gradio.components.base import Component
from gradio.utils import get_upload_folder

from app.library.photographs import Corruption, Subject
from app.page.wiring import raised, wait
from app.services import Services
from app.views.exports import Export, arrays_file

Endpoint = Callable[..., Awaitable[Any]]


def declare(services: Services, handler: Endpoint, answers: list[Any], name: str) -> None:
    """One endpoint: ``/name``, documented by the handler's docstring. The model queue bounds its work.

    Its inputs are the parameters of the handler that are annotated with one (`app.page.inputs`).
    """
    hints = get_type_hints(handler, include_extras=True)
    inputs = {
        one.name: get_args(hints[one.name])[1](one.default, services)
        for one in inspect.signature(handler).parameters.values()
        if get_origin(hints[one.name]) is Annotated
    }
    endpoint = raised(handler)
    endpoint.__name__ = name  # the name of the MCP tool
    endpoint.__doc__ = "\n".join(
        [inspect.getdoc(handler) or "", "", "Parameters:", *(f"    {key}: {one.label}" for key, one in inputs.items())]
    )  # from where gradio takes what a tool says of its parameters
    # Without gradio's queue an MCP tool is called here, instead of by a client of this server's own, and its answer
    # keeps its parts; clients of the endpoint are queued all the same.
    gr.on(
        [],
        endpoint,
        [*inputs.values()],
        answers,
        api_name=name,
        api_visibility="public",
        queue=False,
        concurrency_limit=None,
    )


def picture_output(label: str) -> gr.Image:
    """A picture, as PNG."""
    return gr.Image(label=label, format="png")


def outputs(*pictures: str) -> list[Component]:
    """Pictures by their labels, facts, and arrays."""
    return [*map(picture_output, pictures), gr.JSON(label="Facts"), gr.File(label="Arrays (.npz)")]


async def subject_of(
    services: Services, session: str | None, path: str | None, ref: str, corruption: Corruption | None = None
) -> Subject:
    """The photograph of a request: the file where there is one, else the server's own."""
    if path is None:
        return await wait(services.subject, session, ref, corruption)
    return Subject(await wait(services.upload, session, path), corruption)


async def told(name: str, made: Export, facts: Mapping[str, Any]) -> tuple[np.ndarray, Mapping[str, Any], str]:
    """What an endpoint answers with an export: its figure, facts, and its arrays as a file."""
    figure = await wait(made.figure)
    return figure, facts, await wait(lambda: written(arrays_file(name, made).data))


def listed(values: Any) -> list[float] | None:
    """An array as numbers for JSON, None where there is none."""
    return None if values is None else values.tolist()


def written(data: bytes, name: str = "vars.npz") -> str:
    """A file for gradio to hand out, in the folder that is swept."""
    folder = Path(get_upload_folder()) / secrets.token_hex(16)
    folder.mkdir(parents=True)
    path = folder / name
    path.write_bytes(data)
    return str(path)
