"""``/fixations``: a map against where people looked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import gradio as gr

from app.inference.models import DEFAULT_MODEL, DEFAULT_SIZE, sized
from app.library.fixation_library import FIRST
from app.library.fixation_points import Points, listed_points
from app.library.photographs import Photograph
from app.page import inputs as given
from app.page.endpoint import declare, outputs, subject_of, told
from app.page.wiring import session_of, traced, wait
from app.services import Services
from app.tabs.fixations.export import export
from app.tabs.fixations.tables import table_points
from app.views.look import LAST, Look, exact
from vars_core.errors import InputError
from vars_core.readings import DEFAULT_READOUT


def build(services: Services) -> None:
    """The endpoint."""

    def points_of(photograph: Photograph, xs: Any, ys: Any, table: str | None, first: str) -> Points:
        ref, height, width = photograph.ref, photograph.height, photograph.width
        if table is not None:
            return table_points(Path(table), ref, photograph.title, height, width)
        if xs is not None or ys is not None:
            return listed_points(ref, xs, ys, height, width)
        recorded = services.fixations.recorded(ref, first)
        if recorded is None:
            raise InputError("expected fixations as xs and ys, as a table, or a photograph of a fixation data set")
        return recorded

    async def fixate(
        image: given.Picture = None,
        photo: given.Photo = given.PHOTO,
        xs: Annotated[list[float] | None, given.numbers("x of the fixations, a list of numbers")] = None,
        ys: Annotated[list[float] | None, given.numbers("y of the fixations, a list of numbers")] = None,
        table: Annotated[str | None, given.file("Table of fixations (.csv, .parquet)")] = None,
        first: Annotated[str, given.one_of(FIRST, "First fixation of each observer, of recorded ones")] = "usual",
        model: given.Model = DEFAULT_MODEL,
        layer: given.Layer = "",
        readout: given.ReadoutName = DEFAULT_READOUT,
        iteration: given.Iteration = LAST,
        size: given.Size = DEFAULT_SIZE,
        request: gr.Request | None = None,
    ) -> Any:
        """One map against fixations: xs and ys in pixels of the photograph, or a table (CSV or Parquet with x, y and
        optionally observer and image), or those recorded for a photograph of a fixation data set.

        Fixations outside the photograph do not count; if all lie outside, that is an error.

        Returns a figure (the map and the centre Gaussian with the points), facts (NSS, AUC-Judd, NSS of every iterate,
        both of the centre Gaussian, which has seen no image, the NSS of people where observers are named, and the
        z-value of each point), and the arrays as .npz.
        """
        session = session_of(request)
        seen = Look(layer or None, readout, int(iteration))
        subject = await subject_of(services, session, image, photo)
        points = await wait(points_of, subject.photograph, xs, ys, table, first)
        result = await traced(services, session, subject, sized(model, size))
        made = await wait(export, subject, result, exact(seen, [result]), points, first)
        return await told("fixations", made, made.settings)

    declare(services, fixate, outputs("Figure"), "fixations")
