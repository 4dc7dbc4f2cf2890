"""``python -m analysis benchmark``: the models beside the plain formulas, and what tracing costs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.benchmark import Clock, interleaved, markdown, processor, ratio, spread
from analysis.commands.evaluating import ImageSizeOption
from analysis.commands.options import parse_image_size
from vars_core.image_size import height_and_width, size_text
from vars_core.spec import mixers_of, parse_spec

if TYPE_CHECKING:
    import torch

    from vars_core.backend import Backend

BACKBONES = ("rvt_nano", "rvt_tiny")
BATCHES = [1, 8]
TRACE_LIMIT = 1.3


def benchmark(
    model: Annotated[
        list[str] | None, typer.Option(help="Model spec; repeatable. None: rvt_nano and rvt_tiny with every mixer.")
    ] = None,
    batch: Annotated[list[int] | None, typer.Option(min=1, help="Images at once; repeatable. None: 1 and 8.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Counted rounds of the models, traced and plain.")] = 15,
    reference_rounds: Annotated[int, typer.Option(min=0, help="Rounds beside the formulas; 0 leaves them out.")] = 3,
    threads: Annotated[int, typer.Option(min=1, help="Threads of PyTorch.")] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "cpu",
    image_size: ImageSizeOption = None,
) -> None:
    """Print tables in Markdown: plain forward against formulas, tracing against plain forward, cost of each readout.

    Calls run in turns; ratios are medians over rounds, with quartiles. On the CPU, times are processor time of all
    threads together, which other programs disturb little; elsewhere they are elapsed time.
    """
    import torch

    from vars_core.backend import Backend
    from vars_core.registry import create_model

    specs = [
        str(parse_spec(spec)) for spec in model or [f"{one}/{mixer}" for one in BACKBONES for mixer in mixers_of(one)]
    ]
    size = parse_image_size(image_size)
    batches = batch or BATCHES
    torch.set_num_threads(threads)
    backends = []
    for spec in specs:
        torch.manual_seed(0)
        backends.append(Backend(create_model(spec, num_classes=200, image_size=size), device=device))
    clock, timed = _clock(backends[0].device)
    inputs = "inputs of " + ", ".join(f"{size_text(one)} px" for one in dict.fromkeys(b.image_size for b in backends))
    typer.echo(f"{_machine(backends[0].device)}; torch {torch.__version__}, {threads} thread(s); {timed}; {inputs}.\n")
    if reference_rounds:
        typer.echo(
            f"Plain forward of one image against the formulas in the same precision, {reference_rounds} rounds:\n"
        )
        typer.echo(against_reference(backends, reference_rounds, clock) + "\n")
    typer.echo(f"`energy` of every layer and iterate against the plain forward, {rounds} rounds:\n")
    typer.echo(tracing(backends, batches, rounds, clock) + "\n")
    typer.echo(f"Each readout of every layer and iterate against the plain forward, one image, {rounds} rounds:\n")
    typer.echo(readouts(backends, rounds, clock))


def against_reference(backends: Sequence[Backend], rounds: int, clock: Clock) -> str:
    """Table of `vars_core.reference` over the plain forward, one image, float32, no readouts on either side."""
    import torch

    from vars_core.reference import Architecture, reference_logits

    rows = []
    for backend in backends:
        images = _images(backend, 1)
        state = {key: value.cpu() for key, value in backend.model.state_dict().items()}
        formulas = partial(reference_logits, images, state, Architecture(backend.name), torch.float32)
        seconds = interleaved({"plain": partial(backend.logits, images), "formulas": formulas}, rounds, clock)
        times = [f"{1e3 * spread(seconds[name]).median:.1f}" for name in ("plain", "formulas")]
        rows.append([backend.name, *times, str(ratio(seconds["formulas"], seconds["plain"]))])
    return markdown(["model", "plain, ms", "formulas, ms", "formulas ÷ plain"], rows)


def tracing(backends: Sequence[Backend], batches: Sequence[int], rounds: int, clock: Clock) -> str:
    """Table of tracing `energy` everywhere over the plain forward, for each batch size."""
    rows = []
    for backend in backends:
        for size in batches:
            images = _images(backend, size)
            traced = partial(backend.trace, images, ("energy",))
            seconds = interleaved({"plain": partial(backend.logits, images), "traced": traced}, rounds, clock)
            cost = ratio(seconds["traced"], seconds["plain"])
            times = [f"{1e3 * spread(seconds[name]).median:.1f}" for name in ("plain", "traced")]
            verdict = "yes" if cost.median <= TRACE_LIMIT else "no"
            rows.append([backend.name, str(size), *times, str(cost), verdict])
    return markdown(["model", "batch", "plain, ms", "traced, ms", "traced ÷ plain", f"≤ {TRACE_LIMIT}"], rows)


def readouts(backends: Sequence[Backend], rounds: int, clock: Clock) -> str:
    """Table of what each readout costs: the median ratio of a trace of it alone, everywhere, to the plain forward."""
    from vars_core.readouts import READOUTS

    rows = []
    for backend in backends:
        images = _images(backend, 1)
        calls: dict[str, Callable[[], object]] = {name: partial(backend.trace, images, (name,)) for name in READOUTS}
        calls["all"] = partial(backend.trace, images, READOUTS)
        calls["all, per head, statistics"] = partial(backend.trace, images, READOUTS, per_head=True, statistics=True)
        seconds = interleaved({"plain": partial(backend.logits, images), **calls}, rounds, clock)
        rows.append([backend.name, *(str(ratio(seconds[name], seconds["plain"])) for name in calls)])
    return markdown(["model", *READOUTS, "all", "all, per head, statistics"], rows)


def _images(backend: Backend, batch: int) -> torch.Tensor:
    import torch

    return torch.randn(batch, 3, *height_and_width(backend.image_size), generator=torch.Generator().manual_seed(0))


def _clock(device: torch.device) -> tuple[Clock, str]:
    """A clock and what it measures. Results of a backend lie on the CPU, so a call ends when the device is done."""
    return (time.process_time, "processor time") if device.type == "cpu" else (time.perf_counter, "elapsed time")


def _machine(device: torch.device) -> str:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{processor()}, {os.cpu_count()} cores"
