"""The Compare tab: up to four models on the clean photograph and on corrupted ones, everything linked."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.inference.models import sized
from app.inference.traced import Traced
from app.library.photographs import Corruption, Subject
from app.page import share
from app.page.changing_dropdown import ChangingDropdown
from app.page.choices import iteration_slider, layer_update, map_controls, several_models, size_choice
from app.page.events import Updates
from app.page.shell import Shell
from app.page.viewer import Viewer, map_viewer
from app.page.wiring import traced_corrupted, wait
from app.views import grids
from app.views.answers import Answer, answers
from app.views.exports import Export
from app.views.look import look
from app.views.pictures import CHOICES, checked
from app.views.weights import several_words

TAB = "compare"
CLEAN = "clean"

FIRST_MODELS = ("rvt_nano/self", "rvt_nano/vars_s", "rvt_nano/vars_d", "rvt_nano/vars_sd")
FIRST_PICTURES = (CLEAN, "fog")
"""What the page is about: attention beside the VARS variants, on a photograph and in fog."""


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="compare-asked"):
        models = several_models(shell, TAB, FIRST_MODELS)
        pictures = gr.Dropdown(
            [(CLEAN, CLEAN), *CHOICES],
            value=list(FIRST_PICTURES),
            multiselect=True,
            max_choices=grids.MAX_PICTURES,
            label=f"Pictures (up to {grids.MAX_PICTURES})",
            elem_id="compare-pictures",
        )
    weights = gr.HTML("", apply_default_css=False)
    iteration = iteration_slider(TAB)
    viewer, corrupted = map_viewer(TAB), further_rows()
    with gr.Row(elem_classes="compare-controls"):
        with gr.Column(min_width=220):
            severity = gr.Slider(1, 5, value=3, step=1, label="Severity", elem_id="compare-severity")
            seed = gr.Number(0, label="Seed", precision=0, minimum=0, elem_id="compare-seed")
            size = size_choice(TAB)
        with gr.Column(min_width=220):
            reference = ChangingDropdown(
                [("none: show the maps", "none")], value="none", label="Difference to", elem_id="compare-reference"
            )
            maps = map_controls(shell, TAB, iteration)
        with gr.Column(min_width=220) as last:
            pass

    async def run(
        session: str | None, ref: str, models: list[str], size: str, corruptions: list[Corruption | None]
    ) -> tuple[list[Subject], list[list[Traced]]]:
        grids.check_models(models)
        grids.check_pictures(corruptions)
        return await traced_corrupted(services, session, ref, corruptions, [sized(one, size) for one in models])

    def answered(corruptions: list[Corruption | None], results: list[list[Traced]]) -> list[Answer | None]:
        clean = results[corruptions.index(None)] if None in corruptions else None
        return answers(results, services.class_names, clean)

    async def show(
        session: str | None,
        photo: str,
        models: list[str],
        size: str,
        pictures: list[str],
        severity: float,
        seed: float | None,
        layer: str | None,
        t: float,
        reference: str | None,
    ) -> Updates | None:
        corruptions = wanted(pictures, severity, seed)
        first = at_once(corruptions)
        subjects, results = await run(session, photo, models, size, first)
        panels = grids.panel_names(models, corruptions)
        references = [("none: show the maps", "none"), *((name, str(i)) for i, name in enumerate(panels))]
        known = reference if reference in {value for _, value in references} else "none"
        table = await wait(grids.grid, subjects, results, answered(first, results))
        return {
            "viewer": {**table, "key": key_of(photo, models, size, corruptions)},
            "weights": several_words(results[0]),
            "reference": gr.update(choices=references, value=known),
            **layer_update(results[0], layer, t),
        }

    async def complete(
        session: str | None,
        photo: str,
        models: list[str],
        size: str,
        pictures: list[str],
        severity: float,
        seed: float | None,
    ) -> Updates | None:
        """The rows below the clean one, which is shown meanwhile."""
        corruptions = wanted(pictures, severity, seed)
        shown = len(at_once(corruptions))
        if shown == len(corruptions):
            return None
        subjects, results = await run(session, photo, models, size, corruptions)
        found = answered(corruptions, results)
        table = await wait(grids.grid, subjects[shown:], results[shown:], found[shown * len(models) :])
        key = key_of(photo, models, size, corruptions)
        return {"corrupted": {**table, "key": key, "turn": secrets.token_hex(4)}}  # the same rows twice are two answers

    async def exported(
        session: str | None,
        photo: str,
        models: list[str],
        size: str,
        pictures: list[str],
        severity: float,
        seed: float | None,
        reference: str | None,
        **view: Any,
    ) -> Export:
        corruptions = wanted(pictures, severity, seed)
        subjects, results = await run(session, photo, models, size, corruptions)
        found = answered(corruptions, results)
        return await wait(partial(grids.export, reference=reference), subjects, results, look(**view), found)

    chosen: dict[str, Component] = {
        "models": models,
        "size": size,
        "pictures": pictures,
        "severity": severity,
        "seed": seed,
        "reference": reference,
    }
    with last:
        share.build(shell, TAB, {**chosen, **maps.linked()}, exported)
    moved = {"layer": maps.layer, "t": iteration, "reference": reference}
    shown = shell.events.on(
        [photo.change, models.change, size.change, pictures.change, severity.release, seed.change],
        show,
        {"photo": photo, **chosen, **moved},
        {"viewer": viewer, "weights": weights, **moved},
        progress=viewer,
        back=("models", "size"),
    )
    asked = {"photo": photo, **{name: one for name, one in chosen.items() if name != "reference"}}
    shell.events.after(shown, complete, asked, {"corrupted": corrupted})
    maps.connect(shell, TAB, reference=reference)


def wanted(chosen: list[str], severity: float, seed: float | None) -> list[Corruption | None]:
    """The pictures in the order in which they were chosen."""
    return [None if name == CLEAN else checked(name, severity, seed) for name in chosen]


def at_once(corruptions: list[Corruption | None]) -> list[Corruption | None]:
    """What is computed before anything is shown: the clean picture where it comes first, else all."""
    return corruptions[:1] if corruptions[:1] == [None] else corruptions


def key_of(photo: str, models: list[str], size: str, corruptions: list[Corruption | None]) -> str:
    """What a table is of: rows are added to their own table alone, see script.js."""
    return repr((photo, models, size, corruptions))


def further_rows() -> Viewer:
    """Never seen: its value, a payload as the viewer's, becomes further rows of the viewer's table."""
    return Viewer(
        value=None,
        html_template="<i></i>",
        js_on_load="watch('value', () => VARS.compare.further(props.value));",
        apply_default_css=False,
        elem_id="compare-further",
        elem_classes="unseen",
    )
