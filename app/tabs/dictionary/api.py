"""``/dictionary``: the atoms of one layer, and how much the codes use them."""

from __future__ import annotations

from typing import Annotated, Any

import gradio as gr

from app.inference.atoms import DictionaryOf
from app.inference.models import DEFAULT_SIZE, sized
from app.page import inputs as given
from app.page.endpoint import declare, outputs, subject_of, told
from app.page.wiring import answered, session_of, traced, wait
from app.services import Services
from app.tabs.dictionary import words
from app.tabs.dictionary.order import ALL, PARTS, SCALES, SORTS, AtomLook
from vars_core.errors import check_range

MODEL = "rvt_nano/vars_sd"


def build(services: Services) -> None:
    """The endpoint."""

    async def atoms(
        image: given.Picture = None,
        photo: given.Photo = given.PHOTO,
        model: given.Model = MODEL,
        layer: given.Layer = "",
        head: Annotated[
            str, given.text("Head from 0, for VARS-S a block of 16 channels; all for every one", pattern=r"^(all|\d+)$")
        ] = ALL,
        part: Annotated[str, given.one_of(PARTS, "Part: computed from the image, or learned")] = ALL,
        sort: Annotated[str, given.one_of(SORTS, "Order: by use at the iterate, or by index")] = SORTS[0],
        iteration: Annotated[float, given.whole("Iterate 0..T", minimum=0)] = 3,
        scale: Annotated[str, given.one_of(SCALES, "Colour scale: each atom's own, or shared")] = SCALES[0],
        page: Annotated[float, given.whole("Page of 64 atoms, from 1", minimum=1)] = 1,
        size: given.Size = DEFAULT_SIZE,
        request: gr.Request | None = None,
    ) -> Any:
        """The dictionary of one VARS layer: its atoms over the token grid, and their use by the codes.

        Returns a figure of one page of 64 atoms, facts (of each atom on the page: head and index, part, its mean |u|
        and the fraction of codes that are not zero per iterate), and all atoms of the layer as .npz.
        """
        session = session_of(request)
        look = AtomLook(layer or None, head, part, sort, int(iteration), scale, int(page))
        subject = await subject_of(services, session, image, photo)
        result = await traced(services, session, subject, sized(model, size))
        if not result.has_dictionary:
            raise words.no_dictionary(result.model)
        task = DictionaryOf(layer or result.model.default_layer)
        dictionary = await answered(services, session, subject, sized(model, size), task)
        check_range("an iterate", look.t, 0, dictionary.num_steps)
        made = await wait(words.export, subject, dictionary, look)
        groups, count, *grid = dictionary.atoms.shape
        facts = {
            **made.settings,
            "grid": grid,
            "channels" if dictionary.convolutional else "heads": groups,
            "atoms_each": count,
            "dynamic_each": dictionary.num_dynamic,
            "atoms": words.listed(dictionary, look),
            "trained": dictionary.model.trained,
        }
        return await told("dictionary", made, facts)

    declare(services, atoms, outputs("Figure"), "dictionary")
