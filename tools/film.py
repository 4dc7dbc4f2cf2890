"""How many frames a film gets its maps for in a second: ``python -m tools.film``, on an otherwise idle machine.

For each embedded model, the last iterate's map of its usual layer at its usual input size, through the page's own
queue: eight frames at a time, as a film is shown, and one by one, as a camera is. Besides frames a second of the clock
it prints the processor's milliseconds a frame, which other programs change little.
"""

from __future__ import annotations

import asyncio
import time

from app.inference.frame_map import LastMap
from app.inference.models import EMBEDDED
from app.library.clips import Clip
from app.library.photographs import sample
from app.services import Services
from app.serving.settings import Settings
from app.tabs.film.frames import mapped
from vars_core.readings import DEFAULT_READOUT

FRAMES = 48


async def measured(services: Services, clip: Clip, model: str) -> str:
    """A line of numbers."""
    task = LastMap(services.models.facts(model).default_layer, DEFAULT_READOUT)
    await mapped(services, None, clip, [0], model, task)
    figures = []
    for step in (FRAMES, 1):
        clock, processor = time.perf_counter(), time.process_time()
        for start in range(0, FRAMES, step):
            await mapped(services, None, clip, [i % len(clip) for i in range(start, start + step)], model, task)
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        figures.append(f"{FRAMES / clock:.1f} frames/s, {1000 * processor / FRAMES:.0f} ms of processor")
    return f"{model}: as a film {figures[0]}; as a camera {figures[1]}"


def main() -> None:
    services = Services(Settings())
    clip = services.clip(None, f"pan:{sample('astronaut').ref}")
    for model in EMBEDDED:
        print(asyncio.run(measured(services, clip, model)), flush=True)
    services.close()


if __name__ == "__main__":
    main()
