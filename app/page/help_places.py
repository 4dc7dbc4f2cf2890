"""Which elements of the page the entries of `app.page.help` belong to, and how they get there.

A control's name is what follows the tab in its element id: "attention-layer" is "layer", unless the whole id has an
entry of its own. static/help.js shows the entry, by a click on the "?" or by a key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import gradio as gr
from gradio.blocks import Block

from app.page.help import HELP


def entry_of(identifier: str) -> str | None:
    """The name of the entry of an element: its whole id, else what follows the tab in it."""
    name = identifier.partition("-")[2]
    return identifier if identifier in HELP else name if name in HELP else None


def spoken_for(identifier: str) -> str | None:
    """The name of the entry that a button without a "?" stands under."""
    names = {identifier, identifier.partition("-")[2]}
    exact = [name for name, entry in HELP.items() if identifier in entry.speaks_for]
    return next(iter(exact), None) or next((name for name, entry in HELP.items() if names & {*entry.speaks_for}), None)


def helped(page: gr.Blocks) -> dict[str, str]:
    """Element id -> name of its entry, for every component of the page that has one."""
    return {identifier: entry for identifier in identifiers(page) if (entry := entry_of(identifier))}


def under(page: gr.Blocks) -> dict[str, str]:
    """Element id of a button without a "?" -> name of the entry that speaks for it."""
    return {identifier: entry for identifier in identifiers(page) if (entry := spoken_for(identifier))}


def identifiers(page: gr.Blocks) -> Iterator[str]:
    """The element ids of a page's components that a visitor sees."""
    blocks: list[Block] = list(page.blocks.values())
    for block in blocks:
        identifier, classes = getattr(block, "elem_id", None), getattr(block, "elem_classes", None) or []
        if identifier and "unseen" not in classes:
            yield identifier


def head(page: gr.Blocks) -> str:
    """HTML for the page's head: the entries, and the elements that they belong to."""
    entries = {name: [entry.words, entry.picture] for name, entry in HELP.items()}
    given = json.dumps([entries, helped(page), under(page)], ensure_ascii=False, separators=(",", ":"))
    return "<script>VARS.help.of(...{});</script>".format(given.replace("</", "<\\/"))
