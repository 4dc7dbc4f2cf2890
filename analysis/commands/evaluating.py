"""What the commands that score a model's maps on a data set share: their options, their checks, their first table."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.commands.options import choose_layers, choose_readouts
from analysis.evaluations.grouping import Entry
from analysis.runs import Run
from analysis.saliency import MapKey, Reading
from vars_core.errors import InputError

if TYPE_CHECKING:
    from vars_core.backend import Backend

EXIT_WITH_ERROR_ROWS = 3
"""The exit status where some of the data could not be read or scored."""

DataOption = Annotated[Path, typer.Option(help="The data set's folder.")]
CheckpointOption = Annotated[list[str] | None, typer.Option(help="SPEC=FILE; repeatable.")]
ImageSizeOption = Annotated[
    str | None, typer.Option(help="Pixels of the models' input, 224 or 224x168 (width x height). None: their own.")
]
LayerOption = Annotated[
    list[str] | None, typer.Option(help='Layer, e.g. 0.9; repeatable; "default" (the model\'s own) or "all".')
]
ReadoutOption = Annotated[
    list[str] | None,
    typer.Option(help='energy, gap, contribution, stream; repeatable; "default" (the model\'s own) or "all".'),
]
IterationOption = Annotated[
    str, typer.Option(help='Iterate in the report\'s first table: a number or "last"; all are scored.')
]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Only the first N images.")]
BatchSizeOption = Annotated[int, typer.Option(min=1, help="Images per forward pass and per part of the run.")]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")]


def parse_iteration(text: str) -> int | None:
    """``--iteration``: a number from 0, or None for "last"."""
    if text == "last":
        return None
    if not text.isdecimal():
        raise InputError(f'expected --iteration "last" or a number from 0, got {text!r}')
    return int(text)


def check_iteration(backends: Sequence[Backend], step: int | None) -> None:
    """Refuse an iterate that no model reaches."""
    longest = max((backend.num_steps for backend in backends), default=0)
    if backends and step is not None and step > longest:
        raise InputError(f"expected --iteration between 0 and {longest}, got {step}")


def choose_readings(
    backends: Sequence[Backend], layer: Sequence[str] | None, readout: Sequence[str] | None
) -> dict[str, Reading]:
    """By model, the layers and readouts asked for; its own where none was."""
    return {
        backend.name: Reading(choose_layers(backend, layer or []), choose_readouts(backend, readout or []))
        for backend in backends
    }


def confirm_models(run: Run, backends: Sequence[Backend], readings: Mapping[str, Reading]) -> None:
    """Record in the run which models it is of, or refuse others than those it was started with."""
    described = {
        backend.name: {
            "checkpoint": backend.checkpoint_hash,
            "num_steps": backend.num_steps,
            "image_size": backend.image_size,
            "layers": readings[backend.name].layers,
            "readouts": readings[backend.name].readouts,
        }
        for backend in backends
    }
    run.confirm("models", described)
    run.confirm("device", str(backends[0].device) if backends else "none")


def headline_keys(
    backends: Sequence[Backend], readings: Mapping[str, Reading], step: int | None, summary: Sequence[Entry]
) -> dict[str, MapKey]:
    """Each model's map in the first table: its own layer and readout where they are read, else the last of those.

    Attention has one iterate, whatever the others have: a model is shown at ``step`` or at its last before that.
    """
    keys = {}
    for backend in backends:
        reading = readings[backend.name]
        own_layer, own_readout = backend.default_layer, backend.default_readout
        layer = own_layer if own_layer in reading.layers else reading.layers[-1]
        readout = own_readout if own_readout in reading.readouts else reading.readouts[-1]
        where = (backend.name, layer, readout)
        found = (e["iteration"] for e in summary if (e["model"], e["layer"], e["readout"]) == where)
        last = max(found, default=0)
        keys[backend.name] = MapKey(layer, readout, last if step is None else min(step, last))
    return keys


def headline_lines(summary: Sequence[Entry], keys: Mapping[str, MapKey]) -> dict[str, dict[str, float]]:
    """The first table: title → metric → value, of the maps ``keys`` as they are, and of whatever is in no model."""
    lines: dict[str, dict[str, float]] = {}
    for entry in summary:
        name = (entry["model"], entry["layer"], entry["readout"], entry["iteration"])
        key = keys.get(entry["model"])
        if "blur" not in entry and (key is None or key == MapKey(*name[1:])):
            title = " ".join(str(part) for part in name if part is not None)
            lines.setdefault(title, {})[entry["metric"]] = entry["value"]
    return lines


def show_progress(done: int, total: int) -> None:
    """A line that overwrites itself, where someone is looking."""
    if sys.stderr.isatty():
        print(f"\r{done} of {total} batches", end="\n" if done == total else "", file=sys.stderr, flush=True)


def peak_memory() -> str:
    """The most memory this process has held, in words."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{kilobytes / (1024**2 if sys.platform == 'darwin' else 1024):.0f} MB"
