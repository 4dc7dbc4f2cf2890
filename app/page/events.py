"""Events of the page: one way to wire them, so that each is quick, says what is wrong, and stops when nobody waits.

They do not go through gradio's queue, whose two extra requests would take longer than a model run: what waits does so
in the model queue (`app.inference.work`), which is bounded. Their requests may overtake each other on the way, so each
carries its turn, counted by the browser.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components.base import Component
from gradio.events import Dependency

from app.page.wiring import sentence, session_of
from vars_core.errors import InputError

DISCONNECT_POLL = 0.25
"""Seconds between two looks whether the visitor is still there."""

MAX_TURN_DIGITS = 15

UNQUEUED: dict[str, Any] = {
    "queue": False,
    "api_visibility": "private",
    "show_progress": "hidden",
    "show_progress_on": [],
}
"""How gradio runs every event of the page.

Its page holds the state of each component that may show progress, and copies them all, part by part, at each step of
each event; that took longer than drawing the map. With no such component there is nothing to copy.
"""

Components = Mapping[str, Block]
"""The inputs or outputs of an event, by the names that its handler knows them by."""

Updates = Mapping[str, Any]
"""What a handler answers: new values of outputs, by name; what is not named stays as it is."""

Handler = Callable[..., Awaitable[Updates | None]]
"""Called with the visitor's session and the values of the inputs by name; None changes nothing."""


class Events:
    """Wires handlers to components.

    ``message``: the component whose change shows a sentence to the visitor; ``turn``: one that is never shown, in whose
    place the browser sends the event's turn.
    """

    def __init__(self, message: gr.Textbox, turn: gr.Textbox) -> None:
        self.message = message
        self.turn = turn
        self._running: dict[tuple[str, int], asyncio.Task[Any]] = {}
        self._turns: dict[str, dict[int, int]] = {}  # per session and handler the newest event's
        self._shown: dict[str, dict[int, dict[str, Any]]] = {}  # likewise what the last good answer was for
        self._numbers: dict[int, int] = {}  # of a handler, by the id that gradio gives its event
        self._followers: dict[int, list[int]] = {}  # handlers that run after another one, by its number
        self._count = 0
        in_browser([message.change], "({text}) => VARS.say(text)", {"text": message})

    def forget(self, session: str | None) -> None:
        """The visitor has left."""
        if session is not None:
            self._turns.pop(session, None)
            self._shown.pop(session, None)

    def on(
        self,
        triggers: Sequence[Callable[..., Any]],
        handler: Handler,
        inputs: Components,
        outputs: Components,
        *,
        progress: Component | None = None,
        quiet: bool = False,
        js: str = "given => given",
        back: Sequence[str] = (),
    ) -> Dependency:
        """Run ``handler`` when one of ``triggers`` fires.

        A newer event of the same visitor cancels the one still running, and a visitor who leaves cancels it too; an
        event that arrives after a newer one does nothing. An InputError becomes a message and leaves the outputs as
        they are; ``quiet``: without the message, for an event that follows another one. ``progress``: the component
        that says that something is being computed where it takes long. ``js``: a function in the browser from the
        inputs, an object by name, to those that are sent. ``back``: names of inputs that go back to what is still shown
        where the handler fails: a control never names what is not on the screen.

        An event with a ``photo`` among its inputs does nothing until one is chosen.
        """
        outputs = {**{name: inputs[name] for name in back}, **outputs}
        busy = progress.elem_id if progress else None
        event = gr.on(list(triggers), **self._wired(handler, inputs, outputs, quiet, js, back, busy))
        self._numbers[event["id"]] = self._count
        if busy:
            event.then(None, js=f"() => VARS.waited('{busy}')")
        return event

    def after(self, event: Dependency, handler: Handler, inputs: Components, outputs: Components) -> Dependency:
        """Run ``handler`` each time ``event`` is done, quietly. A newer one of ``event`` cancels this too."""
        followed = event.success(**self._wired(handler, inputs, outputs, True))
        self._followers.setdefault(self._numbers[event["id"]], []).append(self._count)
        return followed

    def _wired(
        self,
        handler: Handler,
        inputs: Components,
        outputs: Components,
        quiet: bool,
        js: str = "given => given",
        back: Sequence[str] = (),
        busy: str | None = None,
    ) -> dict[str, Any]:
        self._count += 1
        first = {name: getattr(inputs[name], "value", None) for name in back}
        return {
            "fn": self._wrapped(handler, list(inputs), list(outputs), self._count, quiet, first),
            "inputs": [self.turn, *inputs.values()],
            "js": in_turn(js, list(inputs), busy),
            "outputs": [*outputs.values(), self.message],
            "trigger_mode": "multiple",
            **UNQUEUED,
        }

    def _wrapped(
        self,
        handler: Handler,
        inputs: Sequence[str],
        outputs: Sequence[str],
        number: int,
        quiet: bool,
        first: Mapping[str, Any],
    ) -> Callable[..., Awaitable[list[Any]]]:
        nothing = [gr.skip()] * len(outputs)

        async def event(turn: str, request: gr.Request, *values: Any) -> list[Any]:
            session = session_of(request)
            if self._is_overtaken(session, number, turn):
                return [*nothing, gr.skip()]
            key = session or secrets.token_hex(8), number
            given = dict(zip(inputs, values, strict=True))
            if given.get("photo") == "":
                return [*nothing, gr.skip()]
            shown = self._shown.setdefault(session, {}) if session is not None else {}
            try:
                finished, updates = await self._newest(key, handler(session, **given), request)
            except Exception as error:
                if not isinstance(error, InputError):
                    logging.getLogger(__name__).exception("an event failed")
                kept = shown.get(number, first)
                changed = {name: value for name, value in kept.items() if value != given[name]}
                return [*ordered(changed, outputs), gr.skip() if quiet else said(failure(error))]
            if not finished or updates is None:
                return [*nothing, gr.skip()]
            shown[number] = {name: given[name] for name in first}
            return [*ordered(updates, outputs), gr.skip()]

        return event

    def _is_overtaken(self, session: str | None, number: int, turn: str) -> bool:
        """Whether a newer event of this handler has arrived before this one. What is no turn is never late."""
        if session is None or not (turn.isdecimal() and len(turn) <= MAX_TURN_DIGITS):
            return False
        turns = self._turns.setdefault(session, {})
        newest = turns[number] = max(int(turn), turns.get(number, 0))
        return int(turn) < newest

    async def _newest(
        self, key: tuple[str, int], work: Awaitable[Updates | None], request: gr.Request
    ) -> tuple[bool, Updates | None]:
        """(True, updates), or (False, None) when a newer event took over or the visitor left."""
        task: asyncio.Task[Updates | None] = asyncio.ensure_future(work)
        session, number = key
        for one in (number, *self._followers.get(number, ())):
            if older := self._running.get((session, one)):
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


def ordered(updates: Updates, outputs: Sequence[str]) -> list[Any]:
    """One value an output, in the order of the outputs. Raises KeyError for a name that is none of them."""
    if unknown := updates.keys() - set(outputs):
        raise KeyError(f"expected updates of {', '.join(outputs)}, got {', '.join(sorted(unknown))}")
    return [updates.get(name, gr.skip()) for name in outputs]


def in_turn(js: str, inputs: Sequence[str], busy: str | None = None) -> str:
    """A function in the browser that puts the event's turn before what ``js`` makes of the inputs.

    ``busy``: the element that says meanwhile that something is being computed.
    """
    names = json.dumps(inputs)
    turn = f"VARS.turn({json.dumps(busy)})" if busy else "VARS.turn()"
    return f"(turn, ...values) => [{turn}, ...VARS.byName({names}, values, {js}, {names})]"


def in_browser(
    triggers: Sequence[Callable[..., Any]], js: str, inputs: Components | None = None, outputs: Components | None = None
) -> Dependency:
    """Run ``js`` in the browser, without a request: from the inputs, an object by name, to the outputs, another one.

    What it does not name stays as it is.
    """
    return gr.on(list(triggers), **_by_name(js, inputs or {}, outputs or {}))


def in_browser_after(event: Dependency, js: str, inputs: Components, outputs: Components) -> Dependency:
    """`in_browser`, each time ``event`` is done."""
    done: Dependency = event.success(**_by_name(js, inputs, outputs))
    return done


def _by_name(js: str, inputs: Components, outputs: Components) -> dict[str, Any]:
    names = json.dumps(list(inputs)), json.dumps(list(outputs))
    return {
        "fn": None,
        "inputs": list(inputs.values()),
        "outputs": list(outputs.values()),
        "js": f"(...values) => VARS.byName({names[0]}, values, {js}, {names[1]})",
    }


def failure(error: Exception) -> str:
    """What a visitor is told: an InputError's sentence; of anything else only that the log has it."""
    return sentence(error) if isinstance(error, InputError) else "The server failed to answer; its log says why."


async def left(request: gr.Request) -> None:
    """Return once the visitor has closed the connection."""
    while True:
        await asyncio.sleep(DISCONNECT_POLL)
        if request.request is not None and await request.request.is_disconnected():
            return


def said(text: str) -> str:
    """A message as the page takes it; the same words twice are two messages."""
    return json.dumps({"text": text, "id": secrets.token_hex(4)})
