"""The Dictionary tab: components and wiring."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.inference.atoms import DictionaryOf, LayerAtoms
from app.inference.models import sized
from app.inference.traced import Traced
from app.library.photographs import Subject
from app.page import share
from app.page.assets import page_html
from app.page.changing_dropdown import ChangingDropdown
from app.page.choices import iteration_slider, layer_update, model_and_size
from app.page.events import Updates, in_browser
from app.page.shell import Shell, fine, unseen
from app.page.viewer import scripted
from app.page.wiring import answered, changes, subject_traced, wait
from app.tabs.dictionary import words
from app.tabs.dictionary.order import ALL, PARTS, SCALES, SORTS, AtomLook
from app.views.exports import Export
from app.views.numbers import whole
from app.views.weights import model_words

TAB = "dictionary"
START_MODEL = "rvt_nano/vars_sd"
"""The one with both parts."""

MEANING = (
    "z = Pu: what the layer answers is a sum of atoms, the columns of P, weighted by the codes u. Dynamic atoms Φ are "
    "computed from this photograph, static ones A are learned. Use is the mean |u| of an atom's codes. Heads and atoms "
    "(VARS-S: channels and kernels) are counted from 0, as in the arrays."
)


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            iteration = iteration_slider(TAB)
            atoms = scripted("dictionary-atoms", page_html(TAB), "VARS.dictionary")  # of what `words.view` returns
        with gr.Column(elem_classes="controls", scale=0) as controls:
            model, size = model_and_size(shell, TAB, START_MODEL)
            weights = gr.HTML("", apply_default_css=False)
            layer = ChangingDropdown([], value=None, label="Layer", elem_id="dictionary-layer")
            head = ChangingDropdown([("all heads", ALL)], value=ALL, label="Head", elem_id="dictionary-head")
            part = gr.Radio(list(PARTS), value=ALL, label="Part", elem_id="dictionary-part")
            sort = gr.Radio(list(SORTS), value=SORTS[0], label="Sorted by", elem_id="dictionary-sort")
            scale = gr.Radio(
                list(zip(("each atom's own", "shared"), SCALES, strict=True)),
                value=SCALES[0],
                label="Colour scale",
                elem_id="dictionary-scale",
            )
            gr.HTML(fine(MEANING), apply_default_css=False)
    page, atom = unseen("dictionary-page", "1"), unseen("dictionary-atom")

    async def read(
        session: str | None, ref: str, model: str, size: str, layer: str | None
    ) -> tuple[Subject, Traced, LayerAtoms | None]:
        """The photograph, what the model computes for it, and its dictionary, None where it has none."""
        subject, result = await subject_traced(services, session, ref, model, size)
        if not result.has_dictionary:
            return subject, result, None
        task = DictionaryOf(result.model.layer_or_default(layer))
        return subject, result, await answered(services, session, subject, sized(model, size), task)

    async def show(
        session: str | None, photo: str, model: str, size: str, layer: str | None, head: str | None, part: str, t: float
    ) -> Updates | None:
        subject, result, made = await read(session, photo, model, size, layer)
        without = {"words": f"{words.no_dictionary(result.model)}."}
        return {
            "atoms": without if made is None else await wait(words.view, subject, made),
            "weights": model_words(result.model),
            **layer_update([result], layer, t),
            **choices_update(made, head, part),
        }

    async def exported(
        session: str | None, photo: str, model: str, size: str, layer: str | None, head: str | None, **view: Any
    ) -> Export:
        subject, result, made = await read(session, photo, model, size, layer)
        if made is None:
            raise words.no_dictionary(result.model)
        kept = {name: view[name] for name in ("part", "sort", "scale", "colours")}
        look = AtomLook(layer, head or ALL, t=int(view["t"]), page=max(1, whole(view["p"]) or 1), **kept)
        return await wait(words.export, subject, made, look)

    seen: dict[str, Component] = {
        "head": head,
        "part": part,
        "sort": sort,
        "t": iteration,
        "scale": scale,
        "p": page,  # in an address gradio takes "page" for its own
        "atom": atom,
        **shell.appearance.linked(),
    }
    with controls:
        share.build(shell, TAB, {"model": model, "size": size, "layer": layer, **seen}, exported)
    settled = {"layer": layer, "head": head, "part": part, "t": iteration}
    shell.events.on(
        [photo.change, model.change, size.change, layer.input],
        show,
        {"photo": photo, "model": model, "size": size, **settled},
        {"atoms": atoms, "weights": weights, **settled},
        progress=atoms,
        back=("model", "size"),
    )
    in_browser([shell.page.load, *changes(seen.values())], "view => VARS.dictionary.view(view)", seen)
    first = {"p": page}
    in_browser([one.input for one in (layer, head, part, sort)], "() => ({p: '1'})", outputs=first)
    in_browser([atoms.select], "() => VARS.dictionary.chosen()", outputs={"p": page, "atom": atom})


def choices_update(atoms: LayerAtoms | None, head: str | None, part: str) -> Updates:
    """Updates of "head" and "part"; a choice that this dictionary lacks becomes "all"."""
    if atoms is None:
        return {"head": gr.update(interactive=False), "part": gr.update(interactive=False)}
    heads = words.head_choices(atoms)
    known = {value for _, value in heads}
    label = "Channels" if atoms.convolutional else "Head"
    both = len(atoms.parts) > 1
    return {
        "head": gr.update(choices=heads, value=head if head in known else ALL, label=label, interactive=True),
        "part": gr.update(visible=both, value=part if both else ALL, interactive=True),
    }
