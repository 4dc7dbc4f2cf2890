"""Events of the page: one way to wire them, so that each is quick, says what is wrong, and stops when nobody waits.

They do not go through gradio's queue, whose two extra requests would take longer than a model run: what has to wait
waits in the model queue (`app.work`), which is bounded.
"""

from __future__ import annotations

import asyncio
import functools
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import gradio as gr
from gradio.components.base import Component
from gradio.events import Dependency

from app.wiring import sentence, session_of
from vars_core.errors import InputError

DISCONNECT_POLL = 0.25
"""Seconds between two looks whether the visitor is still there."""

Handler = Callable[..., Awaitable[Any]]


class Events:
    """Wires handlers to components. ``message``: the component whose change shows a sentence to the visitor."""

    def __init__(self, message: gr.Textbox) -> None:
        self.message = message
        self._running: dict[tuple[str, int], asyncio.Task[Any]] = {}
        self._count = 0
        message.change(fn=None, inputs=message, js="text => { VARS.say(text); return []; }")

    def on(
        self,
        triggers: Sequence[Callable[..., Any]],
        handler: Handler,
        inputs: Sequence[Component] | Component | None,
        outputs: Sequence[Component] | Component,
        *,
        progress: Component | None = None,
        quiet: bool = False,
        js: str | None = None,
    ) -> Dependency:
        """Run ``handler`` when one of ``triggers`` fires.

        A new event of the same visitor cancels the one still running, and a visitor who leaves cancels it too. An
        InputError becomes a message and leaves the outputs as they are; ``quiet``: without the message, for an event
        that follows another one. ``progress``: the component that shows that something is being computed.
        ``js``: a function in the browser from the inputs to those that are sent.
        """
        wired = self._wired(handler, outputs, quiet)
        return gr.on(
            list(triggers),
            inputs=inputs,
            js=js,
            **wired,
            show_progress="minimal" if progress else "hidden",
            show_progress_on=progress,
        )

    def after(
        self,
        event: Dependency,
        handler: Handler,
        inputs: Sequence[Component] | Component | None,
        outputs: Sequence[Component] | Component,
    ) -> Dependency:
        """Run ``handler`` each time ``event`` is done, quietly."""
        return event.success(inputs=inputs, **self._wired(handler, outputs, True), show_progress="hidden")

    def _wired(self, handler: Handler, outputs: Sequence[Component] | Component, quiet: bool) -> dict[str, Any]:
        shown = list(outputs) if isinstance(outputs, Sequence) else [outputs]
        self._count += 1
        return {
            "fn": self._wrapped(handler, len(shown), self._count, quiet),
            "outputs": [*shown, self.message],
            "queue": False,
            "api_visibility": "private",
            "trigger_mode": "multiple",
        }

    def _wrapped(self, handler: Handler, count: int, number: int, quiet: bool) -> Handler:
        nothing = [gr.skip()] * count

        @functools.wraps(handler)
        async def event(*values: Any) -> list[Any]:
            request = next((value for value in values if isinstance(value, gr.Request)), None)
            try:
                finished, result = await self._newest(
                    (session_of(request) or secrets.token_hex(8), number), handler(*values), request
                )
            except InputError as error:
                return [*nothing, gr.skip() if quiet else said(sentence(error))]
            if not finished or result == gr.skip():
                return [*nothing, gr.skip()]
            return [*(result if count > 1 else [result]), gr.skip()]

        return event

    async def _newest(self, key: tuple[str, int], work: Awaitable[Any], request: gr.Request | None) -> tuple[bool, Any]:
        """(True, result), or (False, None) when a newer event took over or the visitor left."""
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        if older := self._running.get(key):
            older.cancel()
        self._running[key] = task
        watching = asyncio.ensure_future(left(request))
        try:
            await asyncio.wait({task, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
            return (False, None) if task.cancelled() else (True, task.result())
        finally:
            task.cancel()
            watching.cancel()
            if self._running.get(key) is task:
                del self._running[key]


async def left(request: gr.Request | None) -> None:
    """Return once the visitor has closed the connection."""
    while True:
        await asyncio.sleep(DISCONNECT_POLL)
        if request is not None and request.request is not None and await request.request.is_disconnected():
            return


def said(text: str) -> str:
    """A message as the page takes it; the same words twice are two messages."""
    return json.dumps({"text": text, "id": secrets.token_hex(4)})
