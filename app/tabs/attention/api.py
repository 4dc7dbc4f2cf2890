"""``/attention``: the map of one model."""

from __future__ import annotations

from typing import Annotated, Any

import gradio as gr

from app.inference.models import DEFAULT_MODEL, DEFAULT_SIZE, sized
from app.page import inputs as given
from app.page.endpoint import declare, listed, outputs, subject_of, written
from app.page.wiring import session_of, traced, wait
from app.services import Services
from app.tabs.attention.export import export, overlay_image
from app.views.answers import predictions
from app.views.exports import arrays_file
from app.views.layers import layer_of
from app.views.look import LAST, Look, exact
from vars_core.readings import DEFAULT_READOUT


def build(services: Services) -> None:
    """The endpoint."""

    async def attend(
        image: given.Picture = None,
        photo: given.Photo = given.PHOTO,
        model: given.Model = DEFAULT_MODEL,
        layer: given.Layer = "",
        readout: given.ReadoutName = DEFAULT_READOUT,
        iteration: given.Iteration = LAST,
        opacity: Annotated[float, given.number("Opacity 0..1", minimum=0, maximum=1)] = 0.6,
        scale: given.Scale = "map",
        size: given.Size = DEFAULT_SIZE,
        request: gr.Request | None = None,
    ) -> Any:
        """The attention map of one model over a photograph.

        Returns the overlay, a sheet with all iterates, facts (layer, grid, raw map, energy, sparsity and change per
        iterate, top five classes), and all raw maps of the layer as .npz.
        """
        session = session_of(request)
        subject = await subject_of(services, session, image, photo)
        result = await traced(services, session, subject, sized(model, size))
        seen = exact(Look(layer or None, readout, int(iteration), opacity, scale), [result])
        made = await wait(export, subject, result, seen)
        shown = result.layer(layer_of(result, seen.layer))
        facts = {
            **made.settings,
            "grid": list(shown.grid),
            "map": made.arrays["map"].tolist(),
            "objective": listed(shown.objective),
            "sparsity": listed(shown.sparsity),
            "delta": listed(shown.delta),
            "trained": result.model.trained,
            "top5": predictions(result, services.class_names(result)) if result.model.trained else [],
        }
        overlay = await wait(overlay_image, subject, result, seen)
        return overlay, made.figure, facts, await wait(written, arrays_file("attention", made).data)

    declare(services, attend, outputs("Picture", "Figure"), "attention")
