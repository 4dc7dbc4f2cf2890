"""The Compare tab: up to four models on the clean photograph and on corrupted ones, everything linked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
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
from app.page.viewer import handed_on, map_viewer
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
    viewer = map_viewer(TAB)
    corrupted = handed_on("compare-further", "VARS.compare.further(props.value)")  # becomes further rows of the table
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
        session: str | None, ref: str, asked: Asked, corruptions: Sequence[Corruption | None]
    ) -> tuple[list[Subject], list[list[Traced]]]:
        grids.check_models(asked.models)
        grids.check_pictures(corruptions)
        return await traced_corrupted(services, session, ref, corruptions, asked.sized())

    def answered(corruptions: Sequence[Corruption | None], results: list[list[Traced]]) -> list[Answer | None]:
        clean = results[corruptions.index(None)] if None in corruptions else None
        return answers(results, services.class_names, clean)

    async def show(
        session: str | None, photo: str, layer: str | None, t: float, reference: str | None, **choice: Any
    ) -> Updates | None:
        asked = Asked(**choice)
        corruptions = asked.corruptions()
        first = at_once(corruptions)
        subjects, results = await run(session, photo, asked, first)
        panels = grids.panel_names(asked.models, corruptions)
        references = [("none: show the maps", "none"), *((name, str(i)) for i, name in enumerate(panels))]
        known = reference if reference in {value for _, value in references} else "none"
        table = await wait(grids.grid, subjects, results, answered(first, results))
        return {
            "viewer": {**table, "key": asked.key(photo)},
            "weights": several_words(results[0]),
            "reference": gr.update(choices=references, value=known),
            **layer_update(results[0], layer, t),
        }

    async def complete(session: str | None, photo: str, **choice: Any) -> Updates | None:
        """The rows below the clean one, which is shown meanwhile."""
        asked = Asked(**choice)
        corruptions = asked.corruptions()
        shown = len(at_once(corruptions))
        if shown == len(corruptions):
            return None
        subjects, results = await run(session, photo, asked, corruptions)
        rest = answered(corruptions, results)[shown * len(asked.models) :]
        table = await wait(grids.grid, subjects[shown:], results[shown:], rest)
        # The same rows twice are two answers.
        return {"corrupted": {**table, "key": asked.key(photo), "turn": secrets.token_hex(4)}}

    async def exported(session: str | None, photo: str, reference: str | None, **values: Any) -> Export:
        asked, seen = Asked(**{name: values.pop(name) for name in choice}), look(**values)
        corruptions = asked.corruptions()
        subjects, results = await run(session, photo, asked, corruptions)
        export = partial(grids.export, reference=reference)
        return await wait(export, subjects, results, seen, answered(corruptions, results))

    choice: dict[str, Component] = {
        "models": models,
        "size": size,
        "pictures": pictures,
        "severity": severity,
        "seed": seed,
    }
    with last:
        share.build(shell, TAB, {**choice, "reference": reference, **maps.linked()}, exported)
    moved = {"layer": maps.layer, "t": iteration, "reference": reference}
    shown = shell.events.on(
        [photo.change, models.change, size.change, pictures.change, severity.release, seed.change],
        show,
        {"photo": photo, **choice, **moved},
        {"viewer": viewer, "weights": weights, **moved},
        progress=viewer,
        back=("models", "size"),
    )
    shell.events.after(shown, complete, {"photo": photo, **choice}, {"corrupted": corrupted})
    maps.connect(shell, TAB, reference=reference)


@dataclass(frozen=True)
class Asked:
    """What the controls that choose pictures and models ask for, by the names in a link."""

    models: list[str]
    size: str
    pictures: list[str]
    severity: float
    seed: float | None

    def corruptions(self) -> list[Corruption | None]:
        """The pictures in the order in which they were chosen. Raises InputError."""
        return [None if name == CLEAN else checked(name, self.severity, self.seed) for name in self.pictures]

    def sized(self) -> list[str]:
        """The models at the input size. Raises InputError."""
        return [sized(one, self.size) for one in self.models]

    def key(self, photo: str) -> str:
        """What a table is of: rows are added to their own table alone, see script.js."""
        return repr((photo, self))


def at_once(corruptions: list[Corruption | None]) -> list[Corruption | None]:
    """What is computed before anything is shown: the clean picture where it comes first, else all."""
    return corruptions[:1] if corruptions[:1] == [None] else corruptions
