"""What every tab gets from the page around it."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

import gradio as gr
from gradio.components.base import Component

from app.page.events import Events, in_browser
from app.services import Services


@dataclass(frozen=True)
class Appearance:
    """The controls of how maps look, which all tabs share: a choice stays when another tab is shown."""

    colours: gr.Dropdown
    tokens: gr.Radio
    said: gr.HTML

    def linked(self) -> dict[str, Component]:
        """These, by the names that they have in a link and in `app.views.look.Look`."""
        return {"colours": self.colours, "tokens": self.tokens}


@dataclass
class Shell:
    """The shared parts of the page.

    ``page``: the Blocks under construction, for `page.load`.
    ``services``: models, photographs, results.
    ``photo``: holds the reference of the chosen photograph ("sample:coffee", see `app.library.photographs`).
    ``active``: holds the id of the tab that is shown.
    ``events``: wires handlers, see `app.page.events`.
    ``tabs``: the tabs, whose ``selected`` is the one that is shown; change ``active`` with it.
    ``links``: for each tab the components that a link to it restores; `app.page.share.build` fills it in.
    ``map_tab``: id of the tab that shows one map of one model, which others open.
    ``appearance``: how maps look, in all tabs alike.
    """

    page: gr.Blocks
    services: Services
    photo: gr.Textbox
    active: gr.Textbox
    events: Events
    tabs: gr.Tabs
    map_tab: str
    appearance: Appearance
    links: dict[str, dict[str, Component]] = field(default_factory=dict)
    _followers: dict[str, gr.Textbox] = field(default_factory=dict)

    def follow(self, tab: str) -> gr.Textbox:
        """A component that holds the photograph's reference, changed only while tab ``tab`` is shown.

        A tab computes when this changes, so a hidden tab costs nothing and catches up once it is shown.
        """
        self._followers[tab] = unseen(f"photo-{tab}")
        return self._followers[tab]

    def followed(self, tab: str) -> gr.Textbox:
        """What changes with the photograph of tab ``tab``: its follower, or the photograph itself where it has none."""
        return self._followers.get(tab, self.photo)

    def connect(self) -> None:
        """Wire the followers; called once, after all tabs are built."""
        in_browser(
            [self.photo.change, self.active.change],
            "({photo, active}) => ({[active]: photo})",
            {"photo": self.photo, "active": self.active},
            self._followers,
        )


def unseen(identifier: str, value: str = "") -> gr.Textbox:
    """A text that is part of the page's state but never shown."""
    return gr.Textbox(value, elem_id=identifier, elem_classes="unseen", container=False, show_label=False)


def heading(text: str, identifier: str | None = None) -> gr.HTML:
    """A small heading of a group of controls. ``identifier``: of one that `app.page.help` has words for."""
    return gr.HTML(f'<h2 class="heading">{text}</h2>', apply_default_css=False, elem_id=identifier)


def fine(text: str) -> str:
    """HTML: a sentence in small type. ``text`` is plain."""
    return f'<p class="fine">{html.escape(text)}</p>'
