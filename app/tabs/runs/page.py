"""The Runs tab: components and wiring. What it shows is in `words`, `rows` and `view`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.library.run_images import image_ref, image_refs
from app.library.run_library import RunLibrary
from app.page import downloads, share
from app.page.changing_dropdown import ChangingDropdown
from app.page.shell import Shell, fine, heading, unseen
from app.page.wiring import sentence, wait
from app.services import Services
from app.tabs.attention import page as attention
from app.tabs.runs import files as run_files
from app.tabs.runs import rows as run_rows
from app.tabs.runs import words as runs
from app.tabs.runs.view import (
    ORDERS,
    Sight,
    Wish,
    layers_of,
    look_at,
    metrics_of,
    models_of,
    readouts_of,
    steps_of,
    whole,
)
from app.views.exports import File
from vars_core.errors import InputError

TAB = "runs"

OPENED = f"(active, old) => active === '{TAB}' ? '{TAB}' : old"
"""A hidden tab reads no run; it does once it is first shown."""


@dataclass(frozen=True)
class Parts:
    """The components of the tab. ``opened``, ``page`` and ``picked`` are never shown: see `connect`."""

    run: gr.Dropdown
    facts: gr.HTML
    summary: gr.HTML
    details: gr.Column
    chart: gr.Plot
    model: gr.Dropdown
    layer: gr.Dropdown
    readout: gr.Dropdown
    t: gr.Dropdown
    metric: gr.Dropdown
    order: gr.Radio
    failures: gr.HTML
    rows: gr.HTML
    opened: gr.Textbox
    page: gr.Textbox
    picked: gr.Textbox

    def linked(self) -> dict[str, Component]:
        """What a link to the tab restores: the run, and then the fields of a `Wish` in their order."""
        return {name: getattr(self, name) for name in ("run", *Wish.__dataclass_fields__)}

    def images(self) -> list[Any]:
        """What changes with the view, in the order of `looked`."""
        controls = [self.details, self.model, self.layer, self.readout, self.t, self.metric]
        return [*controls, self.chart, self.failures, self.rows, self.page]


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    library = shell.services.runs
    if not library.names:
        gr.HTML(fine(runs.NO_RUNS), apply_default_css=False, elem_id="runs-none")
        return
    parts = lay_out(runs.described(library))
    with gr.Column(elem_classes="run-share"):
        share.build(shell, TAB, parts.linked())
        files: dict[str, tuple[str, Callable[..., File]]] = {
            "summary-json": ("Summary (JSON)", lambda name, *_: run_files.summary_json(library.open(name))),
            "summary-csv": ("Summary (CSV)", lambda name, *_: run_files.summary_csv(library.open(name))),
            "images-csv": ("Images (CSV)", lambda *asked: run_files.images_csv(seen(library, *asked))),
        }
        with gr.Row(elem_classes="share"):
            makers = {
                gr.Button(label, size="sm", elem_id=f"{TAB}-{key}"): waiting(make)
                for key, (label, make) in files.items()
            }
        downloads.connect(shell, TAB, makers, list(parts.linked().values()))
    connect(shell, parts)


def lay_out(listed: Sequence[Mapping[str, Any]]) -> Parts:
    """The components, in their order on the page. ``listed``: as `runs.described` has them."""
    first = next((entry["run"] for entry in listed if entry.get("finished")), listed[0]["run"])
    run = gr.Dropdown([runs.choice(entry) for entry in listed], value=first, label="Run", elem_id="runs-run")
    facts = gr.HTML("", apply_default_css=False, elem_id="runs-facts")
    summary = gr.HTML("", apply_default_css=False, elem_id="runs-summary")
    with gr.Column(visible=False) as details:
        chart = gr.Plot(show_label=False, elem_id="runs-chart")
        gr.HTML(fine(runs.CHART), apply_default_css=False)
        heading("Images")
        with gr.Row(elem_classes="run-filters"):
            model, layer, readout, t, metric = (
                ChangingDropdown([], label=label, elem_id=f"runs-{label.lower()}")
                for label in ("Model", "Layer", "Readout", "Iterate", "Metric")
            )
            orders = [(f"{one} first", one) for one in ORDERS]
            order = gr.Radio(orders, value=ORDERS[0], label="Order", elem_id="runs-order")
        failures = gr.HTML("", apply_default_css=False, elem_id="runs-failures")
        mount = "VARS.runs.mount(element, () => trigger('select'));"
        rows = gr.HTML("", js_on_load=mount, apply_default_css=False, elem_id="runs-rows")
    hidden = unseen("runs-opened"), unseen("runs-page", "1"), unseen("runs-picked")
    return Parts(run, facts, summary, details, chart, model, layer, readout, t, metric, order, failures, rows, *hidden)


def connect(shell: Shell, parts: Parts) -> None:
    """What happens when something is chosen.

    ``opened`` changes once the tab is first shown. A click in the table changes ``picked`` (a row, as "position
    count"), ``page``, or metric and order, which are therefore watched for any change and not for input alone.
    """
    services, events = shell.services, shell.events
    library, folders = services.runs, services.settings.data

    def page_words(sight: Sight, number: int) -> str:
        facts = sight.stored.facts
        return run_rows.page_words(sight, number, lambda name: len(image_refs(facts, name, folders)) == 1)

    def looked(name: str, *wish: str | None) -> list[object]:
        sight = seen(library, name, *wish)
        drawn = runs.chart(sight.stored, sight.view), run_rows.failures_words(sight.scores), page_words(sight, 1)
        return [gr.update(visible=True), *control_updates(sight), *drawn, "1"]

    def shown(name: str, *wish: str | None) -> list[object]:
        facts = summary = ""
        try:
            stored = library.open(name)
            facts = runs.provenance_words(stored, served_weights(services))
            summary = runs.summary_words(stored)
            return [facts, summary, *looked(name, *wish)]
        except InputError as error:  # what can be shown of a run stands beside the reason why there is no more
            reason = f'<p class="notice">{runs.escaped(sentence(error))}</p>'
            return [facts, summary + reason, gr.update(visible=False), *(gr.skip() for _ in parts.images()[1:])]

    def turned(number: str, *asked: str) -> str:
        return page_words(seen(library, *asked), whole(number) or 1)

    def jumped(click: str, *asked: str) -> list[object]:
        sight = seen(library, *asked)
        image = sight.image(whole(click.partition(" ")[0]))
        ref = image_ref(sight.stored.facts, image, folders)
        return [ref, attention.TAB, gr.update(selected=attention.TAB), *attention_updates(shell, sight)]

    asked = list(parts.linked().values())
    shell.active.change(fn=None, inputs=[shell.active, parts.opened], outputs=parts.opened, js=OPENED)
    words = [parts.facts, parts.summary]
    events.on([parts.opened.change, parts.run.input], waiting(shown), asked, [*words, *parts.images()])
    chosen = [one.input for one in (parts.model, parts.layer, parts.readout, parts.t)]
    events.on([*chosen, parts.metric.change, parts.order.change], waiting(looked), asked, parts.images())
    events.on([parts.page.change], waiting(turned), [parts.page, *asked], parts.rows)
    clicked = [parts.picked, parts.page, parts.metric, parts.order]
    parts.rows.select(fn=None, inputs=clicked, outputs=clicked, js="(...values) => VARS.runs.answered(...values)")
    opens: list[Any] = [shell.photo, shell.active, shell.tabs, *shell.links[attention.TAB].values()]
    events.on([parts.picked.change], waiting(jumped), [parts.picked, *asked], opens)


def seen(library: RunLibrary, name: str, *wish: str | None) -> Sight:
    """What the values of `Parts.linked` ask for. Raises InputError."""
    return look_at(library, name, Wish(*wish))


def waiting(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """A handler that runs blocking work in a thread; it is the same for every visitor."""

    async def handler(session: str | None, *values: Any) -> Any:
        return await wait(function, *values)

    return handler


def control_updates(sight: Sight) -> list[object]:
    """Updates for model, layer, readout, iterate and metric: what the run has, and what of it is seen."""
    stored, view = sight.stored, sight.view
    key = view.key
    layer, readout, t = (key.layer, key.readout, str(key.iteration)) if key else (None, None, None)
    metrics = [(one.title, name) for name, one in metrics_of(stored).items()]
    return [
        gr.update(choices=[(runs.model_title(one), one) for one in models_of(stored)], value=view.model),
        gr.update(choices=layers_of(stored, view.model), value=layer, interactive=key is not None),
        gr.update(choices=readouts_of(stored, view.model, layer), value=readout, interactive=key is not None),
        gr.update(choices=[str(step) for step in steps_of(stored, view.place)], value=t, interactive=key is not None),
        gr.update(choices=metrics, value=view.metric),
    ]


def attention_updates(shell: Shell, sight: Sight) -> list[object]:
    """Updates that make the Attention tab show the map of the view; a baseline leaves it as it is."""
    key = sight.view.key
    values = (
        {"model": sight.view.model, "layer": key.layer, "readout": key.readout, "t": str(key.iteration)} if key else {}
    )
    linked = shell.links[attention.TAB].items()
    return [share.read(component, values[name]) if name in values else gr.skip() for name, component in linked]


def served_weights(services: Services) -> dict[str, str | None]:
    """The checkpoint hash of each embedded model that is loaded."""
    states = services.models.states()
    return {name: services.models.facts(name).checkpoint_hash for name, state in states.items() if state == "ready"}
