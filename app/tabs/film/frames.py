"""Maps of a clip's frames, through the queue that everybody shares."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager

from app.inference.frame_map import FrameMap, LastMap
from app.inference.models import sized
from app.inference.work import BusyError
from app.library.clips import Clip
from app.page.wiring import wait, waited_for
from app.services import Services
from app.tabs.film.words import CHUNK, layer_of

MAX_CAMERAS = 4
"""Visitors whose camera's frame may wait for a model at once."""


async def last_map(services: Services, model: str, size: str, layer: str | None, readout: str) -> tuple[str, LastMap]:
    """The model at an input size, and what it is asked of every frame: of the layer, or of its usual one."""
    name = sized(model, size)
    facts = await wait(services.models.facts, name)
    return name, LastMap(layer_of(facts, layer), readout)


async def mapped(
    services: Services, session: str | None, clip: Clip, indices: Sequence[int], model: str, task: LastMap
) -> list[FrameMap]:
    """The maps of some frames. At most a batch of one film waits, so that others come in between."""
    maps: list[FrameMap] = []
    for start in range(0, len(indices), CHUNK):
        futures: list[Future[FrameMap]] = []
        with waited_for(futures):
            for index in indices[start : start + CHUNK]:
                futures.append(services.frame(session, clip, index, model, task))
            maps += await asyncio.gather(*map(asyncio.wrap_future, futures))
    return maps


@asynccontextmanager
async def turn(cameras: asyncio.Semaphore) -> AsyncIterator[None]:
    """While a camera's frame waits for a model. Raises BusyError where as many wait as may."""
    if cameras.locked():
        raise BusyError(f"{MAX_CAMERAS} cameras are being looked at: please try again in a moment")
    async with cameras:
        yield
