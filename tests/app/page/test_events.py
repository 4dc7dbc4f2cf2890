"""Events of one visitor: the newest counts, in the order in which the browser sent them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from app.page.events import Events, ordered
from app.page.viewer import map_viewer
from vars_core.errors import InputError


class Bench:
    """One event on a page of its own, called as gradio does. ``shown`` holds what each answer changes."""

    def __init__(self, handler: Callable[..., Awaitable[Any]]) -> None:
        with gr.Blocks() as page:
            self.events = Events(gr.Textbox(), gr.Textbox())
            button, text = gr.Button(), gr.Textbox()
            self.events.on([button.click], handler, {"value": text}, {"shown": text})
        self.function = list(page.fns.values())[-1].fn
        self.shown: list[Any] = []

    async def send(self, turn: str, value: str, session: str = "a") -> None:
        request: Any = SimpleNamespace(session_hash=session, request=None)
        answer, _ = await self.function(turn, request, value)
        if answer != gr.skip():
            self.shown.append(answer)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """In a thread: where browser tests run too, this one's loop belongs to the browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def soon(session: str | None, value: str) -> dict[str, str]:
    await asyncio.sleep(0.01 if value == "quick" else 0.3)
    return {"shown": value}


def sent(*requests: tuple[str, ...]) -> list[Any]:
    """What is shown after these (turn, value, session) have arrived in this order, all while the first still runs."""
    bench = Bench(soon)

    async def arrive() -> None:
        running = []
        for request in requests:
            running.append(asyncio.create_task(bench.send(*request)))
            await asyncio.sleep(0.005)
        await asyncio.gather(*running)

    run(arrive())
    return bench.shown


def test_a_newer_event_takes_the_place_of_the_one_that_runs() -> None:
    assert sent(("1", "old"), ("2", "new")) == ["new"]


def test_an_event_that_was_overtaken_on_the_way_neither_runs_nor_stops_the_newer_one() -> None:
    assert sent(("2", "new"), ("1", "old")) == ["new"]


def test_an_overtaken_event_does_nothing_even_when_the_newer_one_is_done() -> None:
    bench = Bench(soon)

    async def arrive() -> None:
        await bench.send("2", "quick")
        await bench.send("1", "old")

    run(arrive())
    assert bench.shown == ["quick"]


def test_visitors_do_not_overtake_each_other() -> None:
    assert sorted(sent(("2", "one", "a"), ("1", "other", "b"))) == ["one", "other"]


def test_a_visitor_who_comes_back_starts_to_count_anew() -> None:
    bench = Bench(soon)
    run(bench.send("7", "before"))
    bench.events.forget("a")
    run(bench.send("1", "after"))
    assert bench.shown == ["before", "after"]


@pytest.mark.parametrize("turn", ["", "-1", "1e9", "9" * 400, "٣x"])
def test_what_is_no_turn_is_taken_as_it_comes(turn: str) -> None:
    assert sent(("5", "slow"), (turn, "any")) == ["any"]


def test_bad_input_leaves_the_outputs_and_becomes_a_message() -> None:
    async def refuse(session: str | None, value: str) -> dict[str, str]:
        raise InputError("a number was expected, got a word")

    bench = Bench(refuse)
    request: Any = SimpleNamespace(session_hash="a", request=None)
    answer, message = run(bench.function("1", request, "word"))
    assert answer == gr.skip()
    assert "A number was expected, got a word" in message


def test_an_output_that_is_not_named_stays_and_an_unknown_name_is_an_error() -> None:
    assert ordered({"layer": "0.1"}, ["viewer", "layer"]) == [gr.skip(), "0.1"]
    with pytest.raises(KeyError, match="expected updates of viewer, layer, got legend"):
        ordered({"legend": ""}, ["viewer", "layer"])


def test_what_changes_nothing_answers_with_nothing() -> None:
    async def idle(session: str | None, value: str) -> None:
        return None

    bench = Bench(idle)
    run(bench.send("1", "any"))
    assert bench.shown == []


def test_a_control_goes_back_to_what_is_still_shown() -> None:
    async def load(session: str | None, value: str) -> dict[str, str]:
        if value == "broken":
            raise InputError("this model cannot be loaded")
        if value == "worse":
            raise ZeroDivisionError
        return {}

    with gr.Blocks() as page:
        button, text = gr.Button(), gr.Textbox("first")
        Events(gr.Textbox(), gr.Textbox()).on([button.click], load, {"value": text}, {"value": text}, back=["value"])
    event = list(page.fns.values())[-1].fn
    request: Any = SimpleNamespace(session_hash="a", request=None)
    assert run(event("1", request, "broken"))[0] == "first"
    assert run(event("2", request, "good"))[0] == gr.skip()
    back, message = run(event("3", request, "broken"))
    assert back == "good" and "This model cannot be loaded" in message
    back, message = run(event("4", request, "worse"))
    assert back == "good" and "its log says why" in message


def test_no_component_of_the_page_shows_progress_for_an_event() -> None:
    """Gradio's page would copy the state of every one that does, at each step of each event."""
    with gr.Blocks() as page:
        events = Events(gr.Textbox(), gr.Textbox())
        button, text = gr.Button(), gr.Textbox(elem_id="text")

        async def handler(session: str | None) -> dict[str, str]:
            return {"shown": "done"}

        shown = events.on([button.click], handler, {}, {"shown": text}, progress=text)
        events.after(shown, handler, {}, {"shown": text})
    answered = [entry for entry in page.get_config_file()["dependencies"] if entry["backend_fn"]]
    assert len(answered) == 2
    assert all(entry["show_progress"] == "hidden" and entry["show_progress_on"] == [] for entry in answered)
    assert 'VARS.turn("text")' in answered[0]["js"]


def test_a_payload_reaches_the_page_as_one_text() -> None:
    with gr.Blocks():
        viewer = map_viewer("attention")
    assert json.loads(str(viewer.postprocess({"panels": [1, {"a": "…"}]}))) == {"panels": [1, {"a": "…"}]}
    assert viewer.postprocess(None) is None


def test_a_newer_event_cancels_what_follows_the_older_one() -> None:
    ends: list[str] = []

    async def at_once(session: str | None, value: str) -> dict[str, str]:
        return {"shown": value}

    async def later(session: str | None, value: str) -> dict[str, str]:
        try:
            await asyncio.sleep(0 if value == "new" else 60)
        except asyncio.CancelledError:
            ends.append(f"{value} cancelled")
            raise
        ends.append(f"{value} done")
        return {"shown": value}

    with gr.Blocks() as page:
        events, button, text = Events(gr.Textbox(), gr.Textbox()), gr.Button(), gr.Textbox()
        first = events.on([button.click], at_once, {"value": text}, {"shown": text})
        events.after(first, later, {"value": text}, {"shown": text})
    leading, following = (one.fn for one in list(page.fns.values())[-2:])
    request: Any = SimpleNamespace(session_hash="a", request=None)

    async def arrive() -> None:
        await leading("1", request, "old")
        follower = asyncio.create_task(following("2", request, "old"))
        await asyncio.sleep(0.01)
        await leading("3", request, "new")
        await follower
        await following("4", request, "new")

    run(arrive())
    assert ends == ["old cancelled", "new done"]
