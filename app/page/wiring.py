"""Between gradio's events and plain functions: bad input becomes a sentence, waiting stays off the event loop."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import gradio as gr
from gradio.components.base import Component

from app.inference.models import sized
from app.inference.tasks import EveryMap, ShownMap, Task
from app.inference.traced import Traced
from app.inference.work import BusyError
from app.library.photographs import Corruption, Subject
from app.services import Services
from vars_core.errors import InputError

BUSY_POLL = 1.0
"""Seconds between two attempts to find a place in the queue."""

P = ParamSpec("P")
R = TypeVar("R")


def changes(components: Iterable[Component]) -> list[Callable[..., Any]]:
    """The change event of each component."""
    return [one.change for one in components]  # type: ignore[attr-defined]  # gradio makes events at run time


class Refusal(gr.Error):
    """What cannot be done, in one sentence, which is also what MCP tools answer: gradio's own is quoted there."""

    def __str__(self) -> str:
        return str(self.message)


def raised(handler: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """For API endpoints: an InputError reaches the caller as its sentence, without a traceback in the log.

    Any other error stays in the log, and the caller is told no more than that.
    """

    @functools.wraps(handler)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await handler(*args, **kwargs)
        except InputError as error:
            raise Refusal(sentence(error), print_exception=False) from None
        except Exception as error:
            raise gr.Error("The server failed to answer; its log says why.") from error

    return wrapper


def sentence(error: InputError) -> str:
    """The error's words, begun like a sentence."""
    text = str(error)
    return text[:1].upper() + text[1:]


async def looked_up(services: Services, model: str) -> None:
    """Whether a model of timm's exists: timm takes seconds to import, once, and others do not wait for it."""
    if model.startswith("timm/"):
        await wait(services.models.check, model)


async def answered(services: Services, session: str | None, subject: Subject, model: str, task: Task[R]) -> R:
    """What a model answers to a task about a picture; a cancelled event takes its request out of the queue."""
    await looked_up(services, model)
    return await asyncio.wrap_future(services.answer(session, subject, model, task))


async def traced(services: Services, session: str | None, subject: Subject, model: str) -> Traced:
    """What a model computes: the `answered` task of every map."""
    return await answered(services, session, subject, model, EveryMap())


async def map_shown(services: Services, session: str | None, subject: Subject, model: str, wish: ShownMap) -> Traced:
    """The map that is on the screen first, and others where they are there already."""
    await looked_up(services, model)
    return await asyncio.wrap_future(services.shown_map(session, subject, model, wish))


async def other_maps(services: Services, session: str | None, subject: Subject, model: str) -> Traced:
    """Every map, once one is on the screen: where the server is busy, as soon as it is no longer."""
    while True:
        try:
            return await asyncio.wrap_future(services.other_maps(session, subject, model))
        except BusyError:
            await asyncio.sleep(BUSY_POLL)


async def subject_traced(
    services: Services, session: str | None, photo: str, model: str, size: str
) -> tuple[Subject, Traced]:
    """The photograph of a reference, and what a model computes for it at an input size."""
    subject = await wait(services.subject, session, photo)
    return subject, await traced(services, session, subject, sized(model, size))


def session_of(request: gr.Request | None) -> str | None:
    """The visitor's key."""
    return getattr(request, "session_hash", None) or None


@contextmanager
def waited_for(futures: Iterable[Future[Any]]) -> Iterator[None]:
    """Requests leave the queue where one of them fails, or the event that waits for them is cancelled."""
    try:
        yield
    except BaseException:
        for future in futures:
            future.cancel()
        raise


async def wait(function: Callable[..., R], *args: Any) -> R:
    """Run blocking work in a thread."""
    return await asyncio.to_thread(function, *args)


async def traced_corrupted(
    services: Services,
    session: str | None,
    ref: str,
    corruptions: Sequence[Corruption | None],
    models: Sequence[str],
) -> tuple[list[Subject], list[list[Traced]]]:
    """The photograph with each corruption, and ``[corruption][model]`` what the models compute for it."""
    subjects = [await wait(services.subject, session, ref, corruption) for corruption in corruptions]
    return subjects, await traced_all(services, session, subjects, models)


async def traced_all(
    services: Services, session: str | None, subjects: Sequence[Subject], models: Sequence[str]
) -> list[list[Traced]]:
    """``[subject][model]``. All wait in the queue at once, model by model so that they run as batches."""
    futures: dict[tuple[int, str], Future[Traced]] = {}
    with waited_for(futures.values()):
        for model in models:
            for row, subject in enumerate(subjects):
                futures[row, model] = services.trace(session, subject, model)
        await asyncio.gather(*map(asyncio.wrap_future, futures.values()))
    return [[futures[row, model].result() for model in models] for row in range(len(subjects))]
