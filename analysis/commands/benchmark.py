"""``python -m analysis benchmark``: how fast the models are, beside the plain formulas and the authors' own code."""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.benchmark import Clock, processor
from vars_core.image_size import parse_size, size_text
from vars_core.spec import mixers_of, parse_spec

if TYPE_CHECKING:
    import torch

BACKBONES = ("rvt_nano", "rvt_tiny")
BATCHES = [1, 8]


def benchmark(
    model: Annotated[
        list[str] | None, typer.Option(help="Model spec; repeatable. None: rvt_nano and rvt_tiny with every mixer.")
    ] = None,
    batch: Annotated[list[int] | None, typer.Option(min=1, help="Images at once; repeatable. None: 1 and 8.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Counted rounds of the models, traced and plain.")] = 15,
    reference_rounds: Annotated[int, typer.Option(min=0, help="Rounds beside the formulas; 0 leaves them out.")] = 3,
    threads: Annotated[int, typer.Option(min=1, help="Threads of PyTorch.")] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "cpu",
    image_size: Annotated[
        str | None, typer.Option(help="Pixels of the models' input, 224 or 224x168. None: their own.")
    ] = None,
    released: Annotated[
        Path | None, typer.Option(help="A checkout of the authors' code: rvt_tiny is run against it, on the CPU.")
    ] = None,
    exactness_images: Annotated[
        int, typer.Option(min=0, help="Images whose logits are compared with the authors', in double as well; 0: none.")
    ] = 64,
    compiled: Annotated[bool, typer.Option(help="Through torch.compile as well; takes minutes to compile.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the numbers of all tables here.")] = None,
) -> None:
    """Print tables in Markdown: images a second, against formulas and released code, what tracing costs, a profile.

    Calls run in turns; ratios are medians over rounds, with quartiles. One thread on the CPU is timed by processor
    time, which other programs disturb little; all else by elapsed time.
    """
    import torch

    from analysis import speed_tables
    from analysis.released import check_released
    from vars_core.backend import Backend
    from vars_core.registry import create_model

    specs = [
        str(parse_spec(spec)) for spec in model or [f"{one}/{mixer}" for one in BACKBONES for mixer in mixers_of(one)]
    ]
    if released is not None:
        check_released(released)
    size = None if image_size is None else parse_size(image_size)
    batches = batch or BATCHES
    torch.set_num_threads(threads)
    backends = []
    for spec in specs:
        torch.manual_seed(0)
        backends.append(Backend(create_model(spec, num_classes=200, image_size=size), device=device))
    clock, timed = _clock(backends[0].device, threads)
    machine = _machine(backends[0].device)
    inputs = "inputs of " + ", ".join(f"{size_text(one)} px" for one in dict.fromkeys(b.image_size for b in backends))
    typer.echo(f"{machine}; torch {torch.__version__}, {threads} thread(s); {timed}; {inputs}.\n")
    tables: list[speed_tables.Table] = []

    def show(table: speed_tables.Table) -> None:
        typer.echo(f"{table}\n")
        tables.append(table)

    if reference_rounds:
        show(speed_tables.against_formulas(backends, reference_rounds, clock))
    show(speed_tables.throughput(backends, batches, rounds, clock, compiled=compiled))
    if released is not None:
        mixers = [parse_spec(spec).mixer for spec in specs if spec.startswith("rvt_tiny/")]
        show(speed_tables.against_released(released, mixers, batches, rounds, clock, compiled=compiled))
        if exactness_images:
            show(speed_tables.exactness(released, mixers, exactness_images))
    show(speed_tables.tracing(backends, batches, rounds, clock))
    show(speed_tables.readouts(backends, rounds, clock))
    show(speed_tables.matrix_limit(backends, batches[-1], rounds, clock))
    show(speed_tables.where_time_goes(backends, batches[-1], rounds))
    peak = _peak_memory(backends[0].device)
    typer.echo(f"Peak memory: {peak / 1e6:.0f} MB.")
    if json_file is not None:
        facts = {
            "machine": machine,
            "system": platform.platform(),
            "torch": torch.__version__,
            "threads": threads,
            "clock": timed,
            "peak_memory_bytes": peak,
            "tables": {table.name: list(table.records) for table in tables},
        }
        json_file.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _clock(device: torch.device, threads: int) -> tuple[Clock, str]:
    """A clock and what it measures. Results of a backend lie on the CPU, so a call ends when the device is done."""
    if device.type == "cpu" and threads == 1:
        return time.process_time, "processor time"
    return time.perf_counter, "elapsed time"


def _machine(device: torch.device) -> str:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{processor()}, {os.cpu_count()} cores"


def _peak_memory(device: torch.device) -> int:
    """Bytes that the process, or on an accelerator PyTorch, has held at most."""
    import torch

    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes if sys.platform == "darwin" else kilobytes * 1024
