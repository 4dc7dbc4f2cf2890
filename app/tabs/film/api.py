"""``/film``: each frame of a short video a map."""

from __future__ import annotations

from typing import Annotated, Any

import gradio as gr

from analysis.animation import animation
from app.inference.models import DEFAULT_MODEL, DEFAULT_SIZE
from app.library.clips import FRAME_SIDE
from app.page import inputs as given
from app.page.endpoint import declare, picture_output, written
from app.page.wiring import session_of, wait
from app.services import Services
from app.tabs.film import figure
from app.tabs.film.frames import last_map, mapped
from app.views.exports import arrays_file
from app.views.look import Look
from vars_core.errors import InputError, nearest
from vars_core.readings import DEFAULT_READOUT


def build(services: Services) -> None:
    """The endpoint."""

    async def film(
        video: Annotated[
            str | None, given.file("Video (MP4, WebM, GIF, AVI) of at most 20 seconds; without one a pan over `photo`")
        ] = None,
        photo: given.Photo = given.PHOTO,
        model: given.Model = DEFAULT_MODEL,
        layer: given.Layer = "",
        readout: given.ReadoutName = DEFAULT_READOUT,
        scale: given.Scale = "map",
        size: given.Size = DEFAULT_SIZE,
        request: gr.Request | None = None,
    ) -> Any:
        """Each frame of a short video a map: one layer's, at its last iterate. About 8 frames of a second are kept.

        Returns a figure of six frames beside their maps, the whole film so as MP4, facts, and the maps of all frames
        with their seconds as .npz.
        """
        session = session_of(request)
        if video is None:
            clip = await wait(services.clip, session, f"pan:{photo}")
        else:
            clip = await wait(services.upload_clip, session, video)
        name, task = await last_map(services, model, size, layer, readout)
        if layer and layer != task.layer:
            layers = services.models.facts(name).layers
            raise InputError(f"{model} has no layer {layer!r}; nearest: {nearest(layer, layers)}")
        maps = await mapped(services, session, clip, range(len(clip)), name, task)
        seen = Look(task.layer, readout, scale=scale)
        made = await wait(animation, await wait(figure.film, clip, maps, seen), ".mp4", clip.seconds)
        export = await wait(figure.export, clip, maps, seen)
        arrays = await wait(arrays_file, "film", export)
        several = await wait(figure.overview, clip, maps, seen)
        sheet = await wait(several.pixels_with, FRAME_SIDE)
        return sheet, await wait(written, made, "film.mp4"), export.settings, await wait(written, arrays.data)

    answers = [
        picture_output("Frames"),
        gr.File(label="Film (.mp4)"),
        gr.JSON(label="Facts"),
        gr.File(label="Arrays (.npz)"),
    ]
    declare(services, film, answers, "film")
