"""The Corruptions tab: the photograph before and after, and what becomes of the maps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.inference.models import sized
from app.inference.traced import Traced
from app.library.photographs import Corruption, Subject
from app.page import share
from app.page.choices import iteration_slider, layer_update, map_controls, several_models, size_choice
from app.page.events import UNQUEUED, Updates, in_browser
from app.page.shell import Shell, unseen
from app.page.viewer import map_viewer
from app.page.wiring import traced_corrupted, wait
from app.tabs.corruptions import attack_page, words
from app.views import grids
from app.views.agreement import notes
from app.views.answers import Answer, answers
from app.views.exports import Export
from app.views.look import Look, look
from app.views.pictures import CHOICES, checked, severities
from app.views.weights import several_words

TAB = "corruptions"
CHARTS = ("chart-0", "chart-1")


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            with gr.Row(elem_classes="over"):
                with gr.Column(scale=3):
                    divided = gr.HTML("", apply_default_css=False, elem_id="corruptions-before-after")
                with gr.Column(scale=2):
                    charts = {name: gr.Plot(show_label=False, elem_id=f"{TAB}-{name}") for name in CHARTS}
            iteration = iteration_slider(TAB)
            viewer = map_viewer(TAB)
            agreements = unseen("corruptions-notes", "[]")
            shown_attack = attack_page.sheet()
        with gr.Column(elem_classes="controls", scale=0) as controls:
            name = gr.Dropdown(CHOICES, value="fog", label="Corruption", elem_id="corruptions-name")
            severity = gr.Slider(1, 5, value=3, step=1, label="Severity", elem_id="corruptions-severity")
            seed = gr.Number(0, label="Seed", precision=0, minimum=0, elem_id="corruptions-seed")
            rows = gr.Radio(
                [("the five severities", "severities"), ("several corruptions", "corruptions")],
                value="severities",
                label="Rows",
                elem_id="corruptions-rows",
            )
            others = gr.Dropdown(
                CHOICES,
                value=["gaussian_noise", "motion_blur", "fog", "jpeg_compression"],
                multiselect=True,
                max_choices=grids.MAX_PICTURES,
                label=f"Corruptions (up to {grids.MAX_PICTURES})",
                visible=False,
                elem_id="corruptions-others",
            )
            models = several_models(shell, TAB)
            size = size_choice(TAB)
            weights = gr.HTML("", apply_default_css=False)
            maps = map_controls(shell, TAB, iteration)
            attacking = attack_page.controls(shown_attack)

    async def answered(session: str | None, ref: str, asked: Asked) -> tuple[list[Subject], list[list[Traced]]]:
        pictures = asked.pictures()
        grids.check_models(asked.models)
        grids.check_pictures(pictures[1:])
        return await traced_corrupted(services, session, ref, pictures, asked.sized())

    def answers_of(results: list[list[Traced]]) -> list[Answer | None]:
        return answers(results, services.class_names, results[0])

    async def show(
        session: str | None, photo: str, layer: str | None, readout: str, t: float, **choice: Any
    ) -> Updates | None:
        asked = Asked(**choice)
        subjects, results = await answered(session, photo, asked)
        shown = await wait(services.subject, session, photo, asked.first())
        said = notes(results[0], results, Look(layer, readout, int(t)))
        return {
            "divided": await wait(words.before_after, subjects[0].photograph, shown),
            "viewer": await wait(grids.grid, subjects, results, answers_of(results), said),
            "weights": several_words(results[0]),
            **layer_update(results[0], layer, t),
        }

    async def agree(
        session: str | None, photo: str, layer: str | None, readout: str, t: float, **choice: Any
    ) -> Updates | None:
        asked, seen = Asked(**choice), Look(layer, readout, int(t))
        _, results = await answered(session, photo, asked)
        _, steps = await traced_corrupted(services, session, photo, severities(asked.first()), asked.sized())
        said = await wait(notes, results[0], results, seen)
        figures = await wait(words.agreement_figures, asked.corruption, results[0], steps, seen)
        return {"notes": json.dumps(said), **dict(zip(CHARTS, figures, strict=True))}

    async def exported(session: str | None, photo: str, **values: Any) -> Export:
        asked = Asked(**{name: values.pop(name) for name in choice})
        seen = look(**{name: values[name] for name in maps.linked()})
        subjects, results = await answered(session, photo, asked)
        said = await wait(notes, results[0], results, seen)
        return await wait(partial(grids.export, captions=said), subjects, results, seen, answers_of(results))

    choice: dict[str, Component] = {
        "corruption": name,
        "severity": severity,
        "seed": seed,
        "rows": rows,
        "several": others,
        "models": models,
        "size": size,
    }
    with controls:
        share.build(shell, TAB, {**choice, **maps.linked(), **attacking.linked()}, exported)
    inputs = {"photo": photo, **choice, "layer": maps.layer, "readout": maps.readout, "t": iteration}
    shown = shell.events.on(
        [
            photo.change,
            name.change,
            severity.release,
            seed.change,
            rows.change,
            others.change,
            models.change,
            size.change,
        ],
        show,
        inputs,
        {
            "divided": divided,
            "viewer": viewer,
            "weights": weights,
            "layer": maps.layer,
            "t": iteration,
        },
        progress=viewer,
        back=("models", "size"),
    )
    moved = [maps.layer.input, maps.readout.input, iteration.change]
    told = {"notes": agreements, **charts}
    shell.events.after(shown, agree, inputs, told)
    shell.events.on(moved, agree, inputs, told, quiet=True)
    in_browser([agreements.change], f"({{notes}}) => VARS.notes('{TAB}', JSON.parse(notes))", {"notes": agreements})
    rows.change(lambda kind: gr.update(visible=kind == "corruptions"), rows, others, **UNQUEUED)
    maps.connect(shell, TAB)
    attack_page.connect(shell, photo, models, size, maps, attacking)


@dataclass(frozen=True)
class Asked:
    """What the controls that choose pictures and models ask for, by the names in a link."""

    corruption: str
    severity: float
    seed: float | None
    rows: str
    several: list[str]
    models: list[str]
    size: str

    def first(self) -> Corruption:
        """The corruption that is shown before and after. Raises InputError."""
        return checked(self.corruption, self.severity, self.seed)

    def sized(self) -> list[str]:
        """The models at the input size. Raises InputError."""
        return [sized(model, self.size) for model in self.models]

    def pictures(self) -> list[Corruption | None]:
        """The clean photograph, and the rows below it. Raises InputError."""
        if self.rows == "severities":
            return [None, *severities(self.first())]
        return [None, *(checked(name, self.severity, self.seed) for name in self.several)]
