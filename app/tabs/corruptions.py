"""The Corruptions tab: the photograph before and after, and what becomes of the maps."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import gradio as gr

from app import share
from app.exports import Export
from app.handlers import corruptions, grids
from app.handlers.corruptions import CHOICES, checked
from app.look import Look, look
from app.photographs import Corruption, Subject
from app.shell import Shell, unseen
from app.tabs.choices import iteration_slider, layer_update, map_controls, several_models, weights_html
from app.traced import Traced
from app.viewer import map_viewer
from app.wiring import traced_all, wait

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

    async def results_for(
        session: str | None, ref: str, wanted: list[Corruption | None], names: list[str]
    ) -> tuple[list[Subject], list[list[Traced]]]:
        subjects = [await wait(services.subject, session, ref, corruption) for corruption in wanted]
        return subjects, await traced_all(services, session, subjects, names)

    async def show(
        session: str | None,
        ref: str,
        chosen: str,
        degree: float,
        draw: float | None,
        kind: str,
        several: list[str],
        names: list[str],
        layer: str | None,
        readout: str,
        t: float,
    ) -> object:
        if not ref:
            return gr.skip()
        corruption = checked(chosen, degree, draw)
        wanted = asked(corruption, kind, several)
        grids.check_models(names)
        grids.check_pictures(wanted)
        subjects, results = await results_for(session, ref, [None, *wanted], names)
        shown = await wait(services.subject, session, ref, corruption)
        said = corruptions.notes(results[0], results, Look(layer, readout, int(t)))
        return (
            await wait(corruptions.before_after, subjects[0].photograph, shown),
            await wait(grids.grid, subjects, results, said),
            weights_html(results[0]),
            *layer_update(results[0], layer, t),
        )

    async def agree(
        session: str | None,
        ref: str,
        chosen: str,
        degree: float,
        draw: float | None,
        kind: str,
        several: list[str],
        names: list[str],
        layer: str | None,
        readout: str,
        t: float,
    ) -> object:
        if not (ref and names):
            return gr.skip()
        corruption = checked(chosen, degree, draw)
        shown = asked(corruption, kind, several)
        seen = Look(layer, readout, int(t))
        _, results = await results_for(session, ref, [None, *shown], names)
        _, steps = await results_for(session, ref, list(corruptions.severities(corruption)), names)
        said = await wait(corruptions.notes, results[0], results, seen)
        figures = await wait(corruptions.agreement_figures, chosen, results[0], steps, seen)
        return (json.dumps(said), *figures)

    async def export(
        session: str | None,
        ref: str,
        chosen: str,
        degree: float,
        draw: float | None,
        kind: str,
        several: list[str],
        names: list[str],
        *view: Any,
    ) -> Export:
        wanted = asked(checked(chosen, degree, draw), kind, several)
        grids.check_models(names)
        subjects, results = await results_for(session, ref, [None, *wanted], names)
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


def asked(corruption: Corruption, kind: str, several: list[str]) -> list[Corruption | None]:
    """The rows below the clean one."""
    if kind == "severities":
        return list(corruptions.severities(corruption))
    return [checked(name, corruption.severity, corruption.seed) for name in several]
