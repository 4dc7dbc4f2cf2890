"""Buttons that download a file made on demand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.components.base import Component

from app.exports import File
from app.shell import Shell, unseen
from app.wiring import wait

Maker = Callable[..., File]
"""Called with the values of the inputs in their order, in a thread."""


def build(shell: Shell, tab: str, makers: Mapping[str, tuple[str, Maker]], inputs: Sequence[Component]) -> None:
    """A row of buttons; ``makers``: key → label and what makes the file."""
    token = unseen(f"{tab}-file")
    with gr.Row(elem_classes="share"):
        for key, (label, make) in makers.items():
            button = gr.Button(label, size="sm", elem_id=f"{tab}-{key}")
            shell.events.on([button.click], offering(shell, make), inputs, token)
    token.change(fn=None, inputs=token, js="token => { VARS.download(token); return []; }")


def offering(shell: Shell, make: Maker) -> Callable[..., Awaitable[str]]:
    """The handler behind one button: answers with the token that the page downloads."""

    async def offer(session: str | None, *values: Any) -> str:
        return shell.services.downloads.offer(await wait(make, *values))

    return offer
