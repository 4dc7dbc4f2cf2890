"""``/compare``: several models on several pictures."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import gradio as gr

from analysis.colour_maps import DEFAULT
from analysis.corruptions import NAMES
from analysis.token_drawing import SMOOTH
from app.inference.models import DEFAULT_MODEL, DEFAULT_SIZE, sized
from app.library.photographs import Subject
from app.page import inputs as given
from app.page.endpoint import declare, picture_output, subject_of
from app.page.wiring import session_of, traced_all, wait
from app.services import Services
from app.views import grids
from app.views.agreement import notes
from app.views.answers import answers
from app.views.look import LAST, Look, exact
from app.views.pictures import checked
from vars_core.readings import DEFAULT_READOUT

START_MODELS = [DEFAULT_MODEL, "rvt_nano/self"]
PICTURES = ["clean", *NAMES]
START_PICTURES = ["clean", "fog"]


def build(services: Services) -> None:
    """The endpoint."""

    async def compare(
        image: given.Picture = None,
        photo: given.Photo = given.PHOTO,
        models: given.Models = START_MODELS,
        pictures: Annotated[
            list[str], given.names_of(PICTURES, "Pictures: clean or names of corruptions, 1 to 5", most=5)
        ] = START_PICTURES,
        severity: given.Severity = 3,
        seed: given.Seed = 0,
        layer: given.Layer = "",
        readout: given.ReadoutName = DEFAULT_READOUT,
        iteration: given.Iteration = LAST,
        scale: given.Scale = "map",
        reference: Annotated[
            str, given.text("none, or the index of the panel to subtract", pattern=r"^(none|\d+)$")
        ] = "none",
        size: given.Size = DEFAULT_SIZE,
        colours: given.Colours = DEFAULT.name,
        tokens: given.Tokens = SMOOTH.name,
        request: gr.Request | None = None,
    ) -> Any:
        """Up to four models on the clean photograph and on corrupted ones: a figure, the likeliest class of each panel
        (and whether it is another than of the clean picture), and the agreement of each corrupted picture's map with
        the clean one's (correlation, SSIM).
        """
        session = session_of(request)
        names = [None if one == "clean" else checked(one, severity, seed) for one in pictures]
        grids.check_models(models)
        grids.check_pictures(names)
        grids.check_reference(reference, len(models) * len(names))
        clean = await subject_of(services, session, image, photo)
        subjects = [clean if one is None else Subject(clean.photograph, one) for one in names]
        results = await traced_all(services, session, [clean, *subjects], [sized(one, size) for one in models])
        seen = exact(
            Look(layer or None, readout, int(iteration), scale=scale, colours=colours, tokens=tokens), results[0]
        )
        said = await wait(notes, results[0], results[1:], seen)
        answered = answers(results[1:], services.class_names, results[0])
        export = partial(grids.export, reference=reference, captions=said)
        made = await wait(export, subjects, results[1:], seen, answered)
        return await wait(made.figure), {**made.settings, "agreement": said}

    declare(services, compare, [picture_output("Figure"), gr.JSON(label="Facts")], "compare")
