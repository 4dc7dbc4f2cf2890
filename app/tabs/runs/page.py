"""The Runs tab: components and wiring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components.base import Component

from app.library.run_images import image_ref, image_refs
from app.library.run_library import RunLibrary
from app.page import downloads, share
from app.page.changing_dropdown import ChangingDropdown
from app.page.events import Updates, in_browser
from app.page.shell import Shell, fine, heading, unseen
from app.page.wiring import sentence, wait
from app.services import Services
from app.tabs.runs import files, opening_page, rows, words
from app.tabs.runs.view import (
    ORDERS,
    Sight,
    Wish,
    layers_of,
    look_at,
    metrics_of,
    models_of,
    readouts_of,
)
from app.views.exports import File
from app.views.numbers import whole
from vars_core.errors import InputError

TAB = "runs"

OPENED = f"({{active, opened}}) => ({{opened: active === '{TAB}' ? '{TAB}' : opened}})"
"""A hidden tab reads no run; it does once it is first shown."""


@dataclass(frozen=True)
class Parts:
    """The components of the tab. ``opened``, ``page``, ``picked`` and ``sorting`` are never shown: see `connect`."""

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
    sorting: gr.Textbox

    def linked(self) -> dict[str, Component]:
        """What a link to the tab restores: the run, and the fields of a `Wish`."""
        return {name: getattr(self, name) for name in ("run", *Wish.__dataclass_fields__)}

    def images(self) -> dict[str, Block]:
        """What changes with the view."""
        names = ("details", "model", "layer", "readout", "t", "metric", "chart", "failures", "rows", "page")
        return {name: getattr(self, name) for name in names}


def build(shell: Shell) -> None:
    """Inside its `gr.Tab`."""
    library = shell.services.runs
    if not library.names:
        gr.HTML(fine(words.NO_RUNS), apply_default_css=False, elem_id="runs-none")
        return
    parts = lay_out(words.described(library))
    with gr.Column(elem_classes="run-share"):
        share.build(shell, TAB, parts.linked())
        offers: dict[str, tuple[str, Callable[..., File]]] = {
            "summary-json": ("Summary (JSON)", lambda run, **_: files.summary_json(library.open(run))),
            "summary-csv": ("Summary (CSV)", lambda run, **_: files.summary_csv(library.open(run))),
            "images-csv": ("Images (CSV)", lambda **asked: files.images_csv(seen(library, **asked))),
        }
        with gr.Row(elem_classes="share"):
            makers = {
                gr.Button(label, size="sm", elem_id=f"{TAB}-{key}"): waiting(make)
                for key, (label, make) in offers.items()
            }
        downloads.connect(shell, TAB, makers, parts.linked())
    connect(shell, parts)


def lay_out(listed: Sequence[Mapping[str, Any]]) -> Parts:
    """The components, in their order on the page. ``listed``: as `words.described` has them."""
    first = next((entry["run"] for entry in listed if entry.get("finished")), listed[0]["run"])
    run = gr.Dropdown([words.choice(entry) for entry in listed], value=first, label="Run", elem_id="runs-run")
    facts = gr.HTML("", apply_default_css=False, elem_id="runs-facts")
    summary = gr.HTML("", apply_default_css=False, elem_id="runs-summary")
    with gr.Column(visible=False) as details:
        chart = gr.Plot(show_label=False, elem_id="runs-chart")
        gr.HTML(fine(words.CHART), apply_default_css=False)
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
        table = gr.HTML("", js_on_load=mount, apply_default_css=False, elem_id="runs-rows")
    hidden = unseen("runs-opened"), unseen("runs-page", "1"), unseen("runs-picked"), unseen("runs-sorting")
    return Parts(run, facts, summary, details, chart, model, layer, readout, t, metric, order, failures, table, *hidden)


def connect(shell: Shell, parts: Parts) -> None:
    """What happens when something is chosen.

    ``opened`` changes once the tab is first shown. A click in the table changes ``picked`` (a row, as "position
    count"), ``page``, or metric and order, of which ``sorting`` tells: these two also change with the run, and the page
    that a visitor turned to meanwhile would be lost to a second answer of the same rows.
    """
    services, events = shell.services, shell.events
    library, folders = services.runs, services.settings.data

    def page_words(sight: Sight, number: int) -> str:
        facts = sight.stored.facts
        return rows.page_words(sight, number, lambda name: len(image_refs(facts, name, folders)) == 1)

    def looked(**asked: Any) -> Updates:
        sight = seen(library, **asked)
        return {
            "details": gr.update(visible=True),
            **control_updates(sight),
            "chart": words.chart(sight.stored, sight.view),
            "failures": rows.failures_words(sight.scores),
            "rows": page_words(sight, 1),
            "page": "1",
        }

    def shown(run: str, **wish: Any) -> Updates:
        facts = summary = ""
        try:
            stored = library.open(run)
            facts = words.provenance_words(stored, served_weights(services))
            summary = words.summary_words(stored)
            return {"facts": facts, "summary": summary, **looked(run=run, **wish)}
        except InputError as error:  # what can be shown of a run stands beside the reason why there is no more
            reason = f'<p class="notice">{words.escaped(sentence(error))}</p>'
            return {"facts": facts, "summary": summary + reason, "details": gr.update(visible=False)}

    def turned(page: str, **asked: Any) -> Updates:
        return {"rows": page_words(seen(library, **asked), whole(page) or 1)}

    def jumped(picked: str, **asked: Any) -> Updates:
        sight = seen(library, **asked)
        image = sight.image(whole(picked.partition(" ")[0]))
        tab = opening_page.tab_for(shell, sight.stored)
        return {
            "photo": image_ref(sight.stored.facts, image, folders),
            "active": tab,
            "tabs": gr.update(selected=tab),
            **opening_page.updates_for(shell, sight),
        }

    asked, images = parts.linked(), parts.images()
    opened = {"opened": parts.opened}
    in_browser([shell.active.change], OPENED, {"active": shell.active, **opened}, opened)
    whole_run = {"facts": parts.facts, "summary": parts.summary, **images}
    events.on([parts.opened.change, parts.run.input], waiting(shown), asked, whole_run)
    chosen = [one.input for one in (parts.model, parts.layer, parts.readout, parts.t, parts.metric, parts.order)]
    events.on([*chosen, parts.sorting.change], waiting(looked), asked, images)
    events.on([parts.page.change], waiting(turned), {"page": parts.page, **asked}, {"rows": parts.rows})
    clicked = {name: getattr(parts, name) for name in ("picked", "page", "metric", "order", "sorting")}
    in_browser([parts.rows.select], "values => VARS.runs.answered(values)", clicked, clicked)
    opens = {"photo": shell.photo, "active": shell.active, "tabs": shell.tabs, **opening_page.linked(shell)}
    in_browser([shell.active.change], "() => { window.scrollTo(0, 0); }")  # rows lie far down, what they open does not
    events.on([parts.picked.change], waiting(jumped), {"picked": parts.picked, **asked}, opens)


def seen(library: RunLibrary, run: str, **wish: str | None) -> Sight:
    """What the values of `Parts.linked` ask for. Raises InputError."""
    return look_at(library, run, Wish(**wish))


def waiting(function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """A handler that runs blocking work in a thread; it is the same for every visitor."""

    async def handler(session: str | None, **values: Any) -> Any:
        return await wait(partial(function, **values))

    return handler


def control_updates(sight: Sight) -> Updates:
    """Updates for model, layer, readout, iterate and metric: what the run has, and what of it is seen."""
    stored, view = sight.stored, sight.view
    key = view.key
    layer, readout, t = (key.layer, key.readout, str(key.iteration)) if key else (None, None, None)
    metrics = [(one.title, name) for name, one in metrics_of(stored).items()]
    steps = [str(step) for step in stored.places.get(view.place, [])]
    return {
        "model": gr.update(choices=[(words.model_title(one), one) for one in models_of(stored)], value=view.model),
        "layer": gr.update(choices=layers_of(stored, view.model), value=layer, interactive=key is not None),
        "readout": gr.update(
            choices=readouts_of(stored, view.model, layer), value=readout, interactive=key is not None
        ),
        "t": gr.update(choices=steps, value=t, interactive=key is not None),
        "metric": gr.update(choices=metrics, value=view.metric),
    }


def served_weights(services: Services) -> dict[str, str | None]:
    """The checkpoint hash of each embedded model that is loaded."""
    states = services.models.states()
    return {name: services.models.facts(name).checkpoint_hash for name, state in states.items() if state == "ready"}
