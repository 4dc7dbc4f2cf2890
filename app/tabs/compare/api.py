"""``/attention``, ``/compare`` and ``/corrupt``: maps of one model, of several, and the pictures they may look at."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr

from analysis.corruptions import NAMES
from app.library.photographs import Subject
from app.page.endpoint import (
    MODEL,
    PHOTO,
    declare,
    listed,
    map_inputs,
    model_input,
    photograph_inputs,
    picture_output,
    several,
    subject_of,
    written,
)
from app.page.wiring import session_of, traced, traced_all, wait
from app.services import Services
from app.tabs.attention import words as attention
from app.tabs.corruptions import words as corruptions
from app.tabs.corruptions.words import checked
from app.views import grids
from app.views.exports import arrays_file
from app.views.look import SCALES, look

START_MODELS = [MODEL, "rvt_nano/self"]
START_PICTURES = ["clean", "fog"]


def build(services: Services) -> None:
    """The endpoints."""
    photograph = photograph_inputs()
    which = map_inputs()
    scale = gr.Radio(list(SCALES), value="map", label="Colour scale")
    severity = gr.Number(3, label="Severity 1..5", precision=0)
    seed = gr.Number(0, label="Seed", precision=0)
    picture, figure = picture_output("Picture"), picture_output("Figure")
    answer = gr.JSON(label="Facts")

    async def attend(
        image: str | None = None,
        photo: str = PHOTO,
        model: str = MODEL,
        layer: str = "",
        readout: str = "stream",
        iteration: float = 3,
        opacity: float = 0.6,
        scale: str = "map",
        request: gr.Request | None = None,
    ) -> Any:
        """The attention map of one model over a photograph.

        Returns the overlay, a sheet with all iterates, facts (layer, grid, raw map, energy, sparsity and change per
        iterate, top five classes), and all raw maps of the layer as .npz.
        """
        session = session_of(request)
        subject = await subject_of(services, session, image, photo)
        result = await traced(services, session, subject, model)
        seen = look(layer or None, readout, iteration, opacity, scale)
        made = await wait(attention.export, subject, result, seen)
        shown = result.layer(attention.layer_of(result, seen.layer))
        facts = {
            **made.settings,
            "grid": list(shown.grid),
            "map": made.arrays["map"].tolist(),
            "objective": listed(shown.objective),
            "sparsity": listed(shown.sparsity),
            "delta": listed(shown.delta),
            "trained": result.model.trained,
            "top5": attention.predictions(result, services.class_names(result)) if result.model.trained else [],
        }
        overlay = await wait(attention.overlay_image, subject, result, seen)
        return overlay, made.figure, facts, await wait(written, arrays_file("attention", made).data)

    async def compare(
        image: str | None = None,
        photo: str = PHOTO,
        models: list[str] = START_MODELS,
        pictures: list[str] = START_PICTURES,
        severity: float = 3,
        seed: float = 0,
        layer: str = "",
        readout: str = "stream",
        iteration: float = 3,
        scale: str = "map",
        reference: str = "none",
        request: gr.Request | None = None,
    ) -> Any:
        """Up to four models on the clean photograph and on corrupted ones: a figure, and the agreement of each
        corrupted picture's map with the clean one's (correlation, SSIM).
        """
        session = session_of(request)
        names = [None if one == "clean" else checked(one, severity, seed) for one in pictures]
        grids.check_models(models)
        grids.check_pictures(names)
        clean = await subject_of(services, session, image, photo)
        subjects = [clean if one is None else Subject(clean.photograph, one) for one in names]
        results = await traced_all(services, session, [clean, *subjects], models)
        seen = look(layer or None, readout, iteration, 0.6, scale)
        said = await wait(corruptions.notes, results[0], results[1:], seen)
        made = await wait(partial(grids.export, reference=reference, captions=said), subjects, results[1:], seen)
        return made.figure, {**made.settings, "agreement": said}

    async def corrupt(
        image: str | None = None,
        photo: str = PHOTO,
        name: str = "fog",
        severity: float = 3,
        seed: float = 0,
        request: gr.Request | None = None,
    ) -> Any:
        """A photograph with a corruption of ImageNet-C, drawn at its scale (short side 256 pixels)."""
        subject = await subject_of(services, session_of(request), image, photo, checked(name, severity, seed))
        return await wait(lambda: subject.display)

    declare(
        attend,
        [*photograph, model_input(), *which, gr.Number(0.6, label="Opacity 0..1"), scale],
        [picture, figure, answer, gr.File(label="Arrays (.npz)")],
        "attention",
    )
    declare(
        compare,
        [
            *photograph,
            several(services.models.names, START_MODELS, "Models, a list of 1 to 4"),
            several(["clean", *NAMES], START_PICTURES, "Pictures: clean or names of corruptions, 1 to 5"),
            severity,
            seed,
            *which,
            scale,
            gr.Textbox("none", label="none, or the index of the panel to subtract"),
        ],
        [figure, answer],
        "compare",
    )
    name = gr.Dropdown(list(NAMES), value="fog", label="Corruption", allow_custom_value=True)
    declare(corrupt, [*photograph, name, severity, seed], [picture], "corrupt")
