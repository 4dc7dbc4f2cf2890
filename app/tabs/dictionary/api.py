"""``/dictionary``: the atoms of one layer, and how much the codes use them."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.inference.models import DEFAULT_SIZE, sized
from app.page.endpoint import (
    PHOTO,
    declare,
    layer_input,
    model_input,
    photograph_inputs,
    picture_output,
    size_input,
    subject_of,
    written,
)
from app.page.wiring import dictionary_of, session_of, traced, wait
from app.services import Services
from app.tabs.dictionary import words
from app.tabs.dictionary.order import ALL, PARTS, SCALES, SORTS, AtomLook
from app.views.exports import arrays_file
from app.views.layers import layer_of
from vars_core.errors import check_range

MODEL = "rvt_nano/vars_sd"


def build(services: Services) -> None:
    """The endpoint."""

    async def atoms(
        image: str | None = None,
        photo: str = PHOTO,
        model: str = MODEL,
        layer: str = "",
        head: str = ALL,
        part: str = ALL,
        sort: str = SORTS[0],
        iteration: float = 3,
        scale: str = SCALES[0],
        page: float = 1,
        size: str = DEFAULT_SIZE,
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
        if not words.has_dictionary(result):
            raise words.no_dictionary(result.model)
        where = layer or layer_of(result, None)
        dictionary = await dictionary_of(services, session, subject, sized(model, size), where)
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
        return made.figure, facts, await wait(written, arrays_file("dictionary", made).data)

    declare(
        atoms,
        [
            *photograph_inputs(),
            model_input(MODEL),
            layer_input(),
            gr.Textbox(ALL, label="Head from 0, for VARS-S a block of 16 channels; all for every one"),
            gr.Radio(list(PARTS), value=ALL, label="Part: computed from the image, or learned"),
            gr.Radio(list(SORTS), value=SORTS[0], label="Order: by use at the iterate, or by index"),
            gr.Number(3, label="Iterate 0..T", precision=0),
            gr.Radio(list(SCALES), value=SCALES[0], label="Colour scale: each atom's own, or shared"),
            gr.Number(1, label="Page of 64 atoms, from 1", precision=0),
            size_input(),
        ],
        [picture_output("Figure"), gr.JSON(label="Facts"), gr.File(label="Arrays (.npz)")],
        "dictionary",
    )
