"""Links and downloads: the same small group of buttons in every tab."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.page import downloads
from app.page.events import Components, in_browser
from app.page.shell import Shell, heading
from app.page.wiring import changes, wait
from app.views.exports import KINDS, Export, File

Exporter = Callable[..., Awaitable[Export]]
"""Called with the session, ``photo`` (its reference), and the values of the view's components by name."""

MAX_TEXT = 1000
"""Characters of a text that a link may hold."""

MAX_ITERATE = 100
"""The last iterate that a link may name."""


def build(
    shell: Shell,
    tab: str,
    view: Mapping[str, Component],
    export: Exporter | None = None,
    *,
    also: Components | None = None,
) -> None:
    """Buttons that copy a link and download the view.

    ``view``: what reproduces it, by the name that it has in the link (the photograph and the tab are added).
    ``also``: what the exporter gets beside it.
    """
    shell.links[tab] = dict(view)
    in_browser(
        [shell.page.load, shell.followed(tab).change, shell.active.change, *changes(view.values())],
        f"view => VARS.link('{tab}', view)",
        {"photo": shell.photo, "active": shell.active, **view},
    )
    heading("Share", f"{tab}-share")
    with gr.Row(elem_classes="share"):
        copy = gr.Button("Copy link", size="sm", elem_id=f"{tab}-link")
        makers = {
            gr.Button(label, size="sm", elem_id=f"{tab}-{kind}"): exported(tab, file_of, export)
            for kind, (label, file_of) in KINDS.items()
            if export is not None
        }
    in_browser([copy.click], f"() => VARS.copyLink('{tab}')")
    if makers:
        downloads.connect(shell, tab, makers, {"photo": shell.photo, **view, **(also or {})})


def exported(tab: str, file_of: Callable[[str, Export], File], export: Exporter) -> downloads.Maker:
    """What makes one kind of file of the view."""

    async def make(session: str | None, **values: Any) -> File:
        return await wait(file_of, tab, await export(session, **values))

    return make


def linked(links: Mapping[str, Mapping[str, Component]]) -> list[Component]:
    """Every component that a link may restore, once: several tabs may share one."""
    return list({id(one): one for view in links.values() for one in view.values()}.values())


def restored(links: Mapping[str, Mapping[str, Component]], query: Mapping[str, str]) -> list[object]:
    """Updates for `linked`, in its order, from the address; components that it does not name are left."""
    view = links.get(query.get("tab", ""), {})
    named = {id(one): reader(name, one)(one, query[name]) for name, one in view.items() if name in query}
    return [named.get(id(one), gr.skip()) for one in linked(links)]


def reader(name: str, component: Component) -> Callable[[Any, str], object]:
    """What gives a component of that name in the link its value."""
    return iterate if name == "t" and isinstance(component, gr.Slider) else read


def read(component: Component, text: str) -> object:
    """The update that gives a component the value of a link; what cannot be read changes nothing."""
    if isinstance(component, gr.Slider | gr.Number):
        try:
            number = float(text)
        except ValueError:
            return gr.skip()
        if not math.isfinite(number):
            return gr.skip()
        if isinstance(component, gr.Slider):
            number = float(min(max(number, component.minimum), component.maximum))
        return gr.update(value=int(number) if number.is_integer() else number)
    if isinstance(component, gr.Dropdown) and component.multiselect:
        return with_choices(component, [part for part in text.split(",") if part])
    if isinstance(component, gr.Dropdown):
        return with_choices(component, [text], single=True)
    if isinstance(component, gr.Radio):
        return gr.update(value=text) if text in {value for _, value in component.choices} else gr.skip()
    if isinstance(component, gr.Checkbox):
        return gr.update(value=text == "true")
    return gr.update(value=text[:MAX_TEXT])


def iterate(slider: gr.Slider, text: str) -> object:
    """The update of an iterate's slider, which ends where the model's iterates do: known once the model has run."""
    if not (text.isdecimal() and len(text) <= 4 and int(text) <= MAX_ITERATE):
        return gr.skip()
    return gr.update(value=int(text), maximum=max(slider.maximum, int(text)))


def with_choices(component: gr.Dropdown, chosen: Sequence[str], *, single: bool = False) -> object:
    """A dropdown refuses what is not among its choices: the link's values become choices, and are checked when used."""
    known = [tuple(choice) for choice in component.choices]
    added = [(value, value) for value in chosen if value not in {value for _, value in known}]
    return gr.update(choices=[*known, *added], value=chosen[0] if single and chosen else list(chosen))
