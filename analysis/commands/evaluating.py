"""What the commands that score a model's maps on a data set share: their options and their checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.commands.options import choose_layers, choose_readouts
from analysis.engine import Engine, Local
from analysis.evaluations.maps import Headline
from analysis.saliency import Reading
from vars_core.errors import InputError, check_range

if TYPE_CHECKING:
    from vars_core.backend import Backend

DataOption = Annotated[Path, typer.Option(help="The data set's folder.")]
CheckpointOption = Annotated[
    list[str] | None, typer.Option(help="SPEC=FILE, or NAME=SPEC:FILE for --model NAME; repeatable.")
]
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
EngineOption = Annotated[str, typer.Option(help="local, or ray: a cluster (docs/cluster.md).")]
AddressOption = Annotated[
    str | None, typer.Option(help="ray: a running cluster, host:port or auto. None: one on this machine, for this run.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")]


def parse_engine(name: str, address: str | None, device: str, workers: int = 2) -> Engine:
    """``--engine``, ``--address``, ``--device`` and ``--workers`` (of the local engine). Raises InputError."""
    if name == "local" and address is None:
        return Local(workers, device)
    if name == "local":
        raise InputError(f"expected --engine ray for --address {address}")
    if name != "ray":
        raise InputError(f"expected --engine local or ray, got {name!r}")
    try:
        from analysis.ray_engine import RayEngine
    except ModuleNotFoundError as error:
        raise InputError(f"expected Ray for --engine ray (pip install '.[cluster]'): {error}") from None
    return RayEngine(address, device)


def parse_iteration(text: str) -> int | None:
    """``--iteration``: a number from 0, or None for "last"."""
    if text == "last":
        return None
    if not text.isdecimal():
        raise InputError(f'expected --iteration "last" or a number from 0, got {text!r}')
    return int(text)


def choose_readings(
    backends: Sequence[Backend], layer: Sequence[str] | None, readout: Sequence[str] | None
) -> dict[str, Reading]:
    """By model, the layers and readouts asked for; its own where none was."""
    return {
        backend.name: Reading(choose_layers(backend, layer or []), choose_readouts(backend, readout or []))
        for backend in backends
    }


def choose_headlines(
    backends: Sequence[Backend], readings: Mapping[str, Reading], step: int | None
) -> dict[str, Headline]:
    """Each model's map in the first table: its own layer and readout where they are read, else the last of those.

    Raises InputError: an iterate that no model reaches.
    """
    longest = max((backend.num_steps for backend in backends), default=0)
    if backends and step is not None:
        check_range("--iteration", step, 0, longest)
    chosen = {}
    for backend in backends:
        reading = readings[backend.name]
        own_layer, own_readout = backend.default_layer, backend.default_readout
        layer = own_layer if own_layer in reading.layers else reading.layers[-1]
        readout = own_readout if own_readout in reading.readouts else reading.readouts[-1]
        chosen[backend.name] = Headline(layer, readout, step)
    return chosen
