"""The Corruptions tab: the photograph before and after, and what becomes of the maps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import gradio as gr

from app.inference.traced import Traced
from app.library.photographs import Corruption, Subject
from app.page import share
from app.page.choices import iteration_slider, layer_update, map_controls, several_models, weights_html
from app.page.shell import Shell, unseen
from app.page.viewer import map_viewer
from app.page.wiring import traced_corrupted, wait
from app.tabs.corruptions import words as corruptions
from app.tabs.corruptions.words import CHOICES, checked
from app.views import grids
from app.views.exports import Export
from app.views.look import Look, look

TAB = "corruptions"


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
                    charts = [gr.Plot(show_label=False, elem_id=f"corruptions-chart-{i}") for i in range(2)]
            iteration = iteration_slider(TAB)
            viewer = map_viewer(TAB)
            notes = unseen("corruptions-notes", "[]")
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
            weights = gr.HTML("", apply_default_css=False)
            maps = map_controls(TAB, iteration)

    async def answered(session: str | None, ref: str, asked: Asked) -> tuple[list[Subject], list[list[Traced]]]:
        pictures = asked.pictures()
        grids.check_models(asked.models)
        grids.check_pictures(pictures[1:])
        return await traced_corrupted(services, session, ref, pictures, asked.models)

    async def show(session: str | None, ref: str, *values: Any) -> object:
        if not ref:
            return gr.skip()
        asked, (layer, readout, t) = split(values)
        subjects, results = await answered(session, ref, asked)
        shown = await wait(services.subject, session, ref, asked.corruption())
        said = corruptions.notes(results[0], results, Look(layer, readout, int(t)))
        return (
            await wait(corruptions.before_after, subjects[0].photograph, shown),
            await wait(grids.grid, subjects, results, said),
            weights_html(results[0]),
            *layer_update(results[0], layer, t),
        )

    async def agree(session: str | None, ref: str, *values: Any) -> object:
        if not ref:
            return gr.skip()
        asked, (layer, readout, t) = split(values)
        seen = Look(layer, readout, int(t))
        _, results = await answered(session, ref, asked)
        severities = corruptions.severities(asked.corruption())
        _, steps = await traced_corrupted(services, session, ref, severities, asked.models)
        said = await wait(corruptions.notes, results[0], results, seen)
        figures = await wait(corruptions.agreement_figures, asked.name, results[0], steps, seen)
        return (json.dumps(said), *figures)

    async def export(session: str | None, ref: str, *values: Any) -> Export:
        asked, view = split(values)
        subjects, results = await answered(session, ref, asked)
        seen = look(*view)
        said = await wait(corruptions.notes, results[0], results, seen)
        return await wait(partial(grids.export, captions=said), subjects, results, seen)

    with controls:
        view = {
            "corruption": name,
            "severity": severity,
            "seed": seed,
            "rows": rows,
            "several": others,
            "models": models,
        }
        share.build(shell, TAB, {**view, **maps.linked()}, export)
    inputs = [photo, name, severity, seed, rows, others, models, maps.layer, maps.readout, iteration]
    shown = shell.events.on(
        [photo.change, name.change, severity.release, seed.change, rows.change, others.change, models.change],
        show,
        inputs,
        [divided, viewer, weights, maps.layer, iteration],
        progress=viewer,
    )
    moved = [maps.layer.input, maps.readout.input, iteration.change]
    shell.events.after(shown, agree, inputs, [notes, *charts])
    shell.events.on(moved, agree, inputs, [notes, *charts], quiet=True)
    notes.change(fn=None, inputs=notes, js=f"text => {{ VARS.notes('{TAB}', JSON.parse(text)); return []; }}")
    rows.change(
        lambda kind: gr.update(visible=kind == "corruptions"), rows, others, queue=False, api_visibility="private"
    )
    maps.connect(shell, TAB)


@dataclass(frozen=True)
class Asked:
    """The values of the controls that choose pictures and models, in their order on the page."""

    name: str
    severity: float
    seed: float | None
    rows: str
    several: list[str]
    models: list[str]

    def corruption(self) -> Corruption:
        """Raises InputError."""
        return checked(self.name, self.severity, self.seed)

    def pictures(self) -> list[Corruption | None]:
        """The clean photograph, and the rows below it. Raises InputError."""
        if self.rows == "severities":
            return [None, *corruptions.severities(self.corruption())]
        return [None, *(checked(name, self.severity, self.seed) for name in self.several)]


def split(values: Sequence[Any]) -> tuple[Asked, Sequence[Any]]:
    """Of the controls' values: what is asked for, and how it is looked at."""
    count = len(fields(Asked))
    return Asked(*values[:count]), values[count:]
