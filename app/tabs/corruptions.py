"""The Corruptions tab: the photograph before and after, and what becomes of the maps."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from app.handlers import corruptions, grids
from app.handlers.corruptions import CHOICES, checked
from app.photographs import Corruption, Subject
from app.shell import Shell, unseen
from app.tabs.choices import iteration_slider, layer_update, map_controls, several_models, weights_html
from app.traced import Traced
from app.viewer import map_viewer
from app.wiring import session_of, spoken, traced_all, wait

TAB = "corruptions"


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    services = shell.services
    photo = shell.follow(TAB)
    with gr.Row(elem_classes="work"):
        with gr.Column(elem_classes="sheet", scale=1):
            divided = gr.HTML("", apply_default_css=False, elem_id="corruptions-before-after")
            viewer = map_viewer(TAB)
            iteration = iteration_slider(TAB)
            with gr.Row(elem_classes="charts"):
                charts = [gr.Plot(show_label=False, elem_id=f"corruptions-chart-{i}") for i in range(2)]
            notes = unseen("corruptions-notes", "[]")
        with gr.Column(elem_classes="controls", scale=0):
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

    @spoken
    async def show(
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
        request: gr.Request,
    ) -> object:
        if not ref:
            return gr.skip()
        session = session_of(request)
        corruption = checked(chosen, degree, draw)
        wanted = asked(corruption, kind, several)
        grids.check_models(names)
        grids.check_pictures(wanted)
        subjects, results = await results_for(session, ref, [None, *wanted], names)
        shown = await wait(services.subject, session, ref, corruption)
        said = corruptions.notes(results[0], results, layer, readout, int(t))
        return (
            await wait(corruptions.before_after, subjects[0].photograph, shown),
            await wait(grids.grid, subjects, results, said),
            weights_html(results[0]),
            *layer_update(results[0], layer),
        )

    @spoken
    async def agree(
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
        request: gr.Request,
    ) -> object:
        if not (ref and names):
            return gr.skip()
        session = session_of(request)
        corruption = checked(chosen, degree, draw)
        shown = asked(corruption, kind, several)
        _, results = await results_for(session, ref, [None, *shown], names)
        _, steps = await results_for(session, ref, list(corruptions.severities(corruption)), names)
        said = await wait(corruptions.notes, results[0], results, layer, readout, int(t))
        figures = await wait(corruptions.agreement_figures, chosen, results[0], steps, layer, readout, int(t))
        return (json.dumps(said), *figures)

    inputs = [photo, name, severity, seed, rows, others, models, maps.layer, maps.readout, iteration]
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": None, "trigger_mode": "always_last"}
    shown = gr.on(
        [photo.change, name.change, severity.release, seed.change, rows.change, others.change, models.change],
        show,
        inputs,
        [divided, viewer, weights, maps.layer, iteration],
        show_progress="minimal",
        show_progress_on=viewer,
        **private,
    )
    shown.success(agree, inputs, [notes, *charts], show_progress="hidden", **private)
    gr.on(
        [maps.layer.input, maps.readout.input, iteration.change],
        agree,
        inputs,
        [notes, *charts],
        show_progress="hidden",
        **private,
    )
    notes.change(fn=None, inputs=notes, js=f"text => {{ VARS.notes('{TAB}', JSON.parse(text)); return []; }}")
    rows.change(lambda kind: gr.update(visible=kind == "corruptions"), rows, others, api_visibility="private")
    maps.connect(shell, TAB)


def asked(corruption: Corruption, kind: str, several: list[str]) -> list[Corruption | None]:
    """The rows below the clean one."""
    if kind == "severities":
        return list(corruptions.severities(corruption))
    return [checked(name, corruption.severity, corruption.seed) for name in several]
