"""``/attention``: the map of one model; ``/rows``: of several photographs; ``/closer``: heads, tokens, classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import gradio as gr

from analysis.colour_maps import DEFAULT
from analysis.token_drawing import SMOOTH
from app.inference.closer import READOUTS as CLOSER_READOUTS
from app.inference.closer import CurvesOf
from app.inference.models import DEFAULT_MODEL, DEFAULT_SIZE, sized
from app.library.photographs import Subject
from app.page import inputs as given
from app.page.endpoint import declare, listed, outputs, subject_of, told
from app.page.wiring import answered, sentence, session_of, traced, traced_all, wait
from app.services import Services
from app.tabs.attention.asked import A_CLASS, ALL_HEADS, NOBODY, PREDICTED, WHOSE, Asked
from app.tabs.attention.closer_export import answer as closer_answer
from app.tabs.attention.closer_export import class_index, place_of
from app.tabs.attention.closer_page import CURVE_STEPS, head_maps, others
from app.tabs.attention.export import export, overlay_image
from app.tabs.attention.rows import MAX_ROWS
from app.tabs.attention.rows import export as rows_export
from app.views.answers import answer, predictions
from app.views.look import LAST, Look, exact
from vars_core.errors import InputError
from vars_core.readings import DEFAULT_READOUT

START_PHOTOS = ["sample:cat", "sample:coffee"]


async def readable(
    services: Services, session: str | None, paths: Sequence[str], refs: Sequence[str]
) -> tuple[list[Subject], list[str]]:
    """The photographs of the files where there are any, else those of the references; a sentence for each that is none.

    Raises InputError where there are none at all, or more than `MAX_ROWS`.
    """
    named = list(paths) or list(refs)
    if not 1 <= len(named) <= MAX_ROWS:
        raise InputError(f"expected 1 to {MAX_ROWS} photographs, got {len(named)}")
    subjects, left_out = [], []
    for number, one in enumerate(named, start=1):
        try:
            subjects.append(await subject_of(services, session, one if paths else None, one))
        except InputError as error:
            left_out.append(f"Photograph {number} of {len(named)} is left out. {sentence(error)}.")
    if not subjects:
        raise InputError(left_out[0])
    return subjects, left_out


WHOSE_LABEL = "Whose attention: " + ", ".join(f"{name}: {read}" for name, read in WHOSE.items() if name != NOBODY)


def build(services: Services) -> None:
    """The endpoints."""

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
        colours: given.Colours = DEFAULT.name,
        tokens: given.Tokens = SMOOTH.name,
        request: gr.Request | None = None,
    ) -> Any:
        """The attention map of one model over a photograph.

        Returns the overlay, a figure of all iterates, facts (layer, grid, raw map, energy, sparsity and change per
        iterate, top five classes), and all raw maps of the layer as .npz.
        """
        session = session_of(request)
        subject = await subject_of(services, session, image, photo)
        result = await traced(services, session, subject, sized(model, size))
        seen = exact(Look(layer or None, readout, int(iteration), opacity, scale, colours, tokens), [result])
        made = await wait(export, subject, result, seen)
        shown = result.shown(seen.layer)
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
        return overlay, *await told("attention", made, facts)

    declare(services, attend, outputs("Picture", "Figure"), "attention")

    async def rows_of_maps(
        images: Annotated[list[str] | None, given.files(f"Photographs as files, at most {MAX_ROWS}")] = None,
        photos: Annotated[list[str], given.some_photographs(MAX_ROWS)] = START_PHOTOS,
        model: given.Model = DEFAULT_MODEL,
        layer: given.Layer = "",
        readout: given.ReadoutName = DEFAULT_READOUT,
        scale: given.Scale = "map",
        size: given.Size = DEFAULT_SIZE,
        colours: given.Colours = DEFAULT.name,
        tokens: given.Tokens = SMOOTH.name,
        request: gr.Request | None = None,
    ) -> Any:
        """The maps of one model for several photographs, a row each: the photograph, then every iterate.

        Returns the rows as a figure, facts (of each photograph its size and the likeliest class; what could not be
        read, in a sentence each), and all raw maps of the layer as .npz, "00/..." of the first photograph.
        """
        session = session_of(request)
        subjects, left_out = await readable(services, session, images or [], photos)
        results = [row[0] for row in await traced_all(services, session, subjects, [sized(model, size)])]
        seen = exact(Look(layer or None, readout, LAST, scale=scale, colours=colours, tokens=tokens), results[:1])
        found = [answer(result, services.class_names) for result in results]
        made = await wait(rows_export, subjects, results, found, seen)
        facts = {**made.settings, "left_out": left_out, "trained": results[0].model.trained}
        return await told("rows", made, facts)

    declare(services, rows_of_maps, outputs("Figure"), "rows")

    async def look_closer(
        image: given.Picture = None,
        photo: given.Photo = given.PHOTO,
        model: given.Model = DEFAULT_MODEL,
        layer: given.Layer = "",
        whose: Annotated[str, given.one_of([one for one in WHOSE if one != NOBODY], WHOSE_LABEL)] = A_CLASS,
        x: Annotated[float | None, given.number("x of the token in pixels of the photograph; none: the middle")] = None,
        y: Annotated[float | None, given.number("y of the token in pixels of the photograph; none: the middle")] = None,
        class_name: Annotated[str, given.text("Class by its name or index; empty for the predicted one")] = PREDICTED,
        head: Annotated[
            str, given.text("Head from 0; all for all of them together", pattern=r"^(all|\d+)$")
        ] = ALL_HEADS,
        readout: Annotated[str, given.one_of(CLOSER_READOUTS, "Readout, read from a gradient")] = CLOSER_READOUTS[0],
        iteration: given.Iteration = LAST,
        curves: Annotated[bool, given.yes_or_no("Also deletion and insertion of the map")] = False,
        opacity: Annotated[float, given.number("Opacity 0..1", minimum=0, maximum=1)] = 0.6,
        size: given.Size = DEFAULT_SIZE,
        colours: given.Colours = DEFAULT.name,
        tokens: given.Tokens = SMOOTH.name,
        request: gr.Request | None = None,
    ) -> Any:
        """Whose attention a layer's map is: of all tokens head by head, what one token listens to, what the class token
        of a ViT listens to, or what speaks for a class (Grad-CAM and gradient × activation beside it where captum is
        installed; attention rollout beside the class token's).

        Returns the map over the photograph, a figure of every head of the layer and of the other methods, facts (raw
        map, number of heads, token or class, and if asked for the areas under deletion and insertion of this map, a
        centred and a random one), and the maps of all heads and iterates as .npz.
        """
        session, name = session_of(request), sized(model, size)
        subject = await subject_of(services, session, image, photo)
        result = await traced(services, session, subject, name)
        names = services.class_names(result)
        seen = exact(Look(layer or None, readout, int(iteration), opacity, colours=colours, tokens=tokens), [result])
        place = place_of(subject.photograph, x, y)
        asked = Asked(whose, place, class_index(class_name, names), head)
        _, shown, closer = await head_maps(services, session, subject, name, layer or None, asked)
        seen, target = replace(seen, layer=shown.name), asked.target(result, shown)
        beside = await others(services, session, subject, name, shown.name, target)
        made = None
        if curves:
            one = asked.head_of(closer.layer(shown.name).num_heads)
            task = CurvesOf(shown.name, readout, seen.t, CURVE_STEPS, target, one)
            made = await answered(services, session, subject, name, task)
        picture, export = await wait(closer_answer, subject, result, closer, asked, seen, beside, made, names)
        return picture, *await told("closer", export, export.settings)

    declare(services, look_closer, outputs("Picture", "Figure"), "closer")
