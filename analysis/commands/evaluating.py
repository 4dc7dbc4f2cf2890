"""What the commands that run models are asked for, each option declared once, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from analysis.commands.options import ModelRequest, choose_layers, choose_readouts, parse_models
from analysis.corruptions.tree import find_images
from analysis.engine import Engine, Local
from analysis.evaluations.maps import Headline
from analysis.saliency import Reading
from vars_core.data.notes import Note, left_out, notes_of
from vars_core.errors import InputError, check_range
from vars_core.image_size import ImageSize, parse_size, size_text
from vars_core.training.options import check_ranges, option

if TYPE_CHECKING:
    from vars_core.backend import Backend

WORKERS = "Parts of the run at once, a thread each. None: one a core, 8 at most."
LAYOUT = "{}. None: the one that the folder looks like."


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Which models, on which weights, computed where."""

    model: tuple[str, ...] = option("Model spec, e.g. rvt_nano/vars_d; repeatable.")
    checkpoint: tuple[str, ...] = option("SPEC=FILE, or NAME=SPEC:FILE for --model NAME; repeatable.", ())
    device: str = option("auto, cpu, cuda, mps.", "auto")

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def size(self) -> ImageSize | None:
        """Of the models' input; None for each model's own."""
        return None

    @cached_property
    def requests(self) -> list[ModelRequest]:
        """The models; nothing is loaded. Raises InputError as `parse_models` does."""
        return parse_models(self.model, self.checkpoint, self.size)


@dataclass(frozen=True, kw_only=True)
class Models(Weights):
    """Which models, and the size of their input."""

    image_size: str | None = option(
        "Pixels of the models' input, 224 or 224x168 (width x height). None: their own.", None
    )

    @cached_property
    def size(self) -> ImageSize | None:
        return None if self.image_size is None else parse_size(self.image_size)

    @property
    def told(self) -> dict[str, Any]:
        """What a run's settings say of its models."""
        size = None if self.size is None else size_text(self.size)
        return {"models": [request.name for request in self.requests], "image_size": size}


@dataclass(frozen=True, kw_only=True)
class Evaluated(Models):
    """An evaluation of models as a run, part by part."""

    out: Path = option("The run's folder; an interrupted run there is continued.")
    limit: int | None = option("Only the first N images.", None, low=1)
    batch_size: int = option("Images per forward pass and per part of the run.", 8, low=1)

    @property
    def told_last(self) -> dict[str, Any]:
        """What a run's settings end with."""
        return {"limit": self.limit, "batch_size": self.batch_size, "device": self.device}


@dataclass(frozen=True, kw_only=True)
class OnEngine(Evaluated):
    """An evaluation on this machine or on a cluster."""

    engine: str = option("local, or ray: a cluster (docs/cluster.md).", "local")
    address: str | None = option(
        "ray: a running cluster, host:port or auto. None: one on this machine, for this run.", None
    )
    workers: int | None = option(WORKERS, None, low=1)

    @cached_property
    def chosen_engine(self) -> Engine:
        """Raises InputError: no such engine, or Ray is not installed."""
        if self.engine == "local" and self.address is None:
            return Local(self.workers, self.device)
        if self.engine == "local":
            raise InputError(f"expected --engine ray for --address {self.address}")
        if self.engine != "ray":
            raise InputError(f"expected --engine local or ray, got {self.engine!r}")
        try:
            from analysis.ray_engine import RayEngine
        except ModuleNotFoundError as error:
            raise InputError(f"expected Ray for --engine ray (pip install '.[cluster]'): {error}") from None
        return RayEngine(self.address, self.device)


@dataclass(frozen=True, kw_only=True)
class OfMaps(OnEngine):
    """An evaluation of every iterate of some maps on a data set; without a model, of what needs none."""

    data: Path = option("The data set's folder.")
    model: tuple[str, ...] = option("Model spec, e.g. rvt_nano/vars_d; repeatable. None: baselines alone.", ())
    layer: tuple[str, ...] = option('Layer, e.g. 0.9; repeatable; "default" (the model\'s own) or "all".', ())
    readout: tuple[str, ...] = option(
        'energy, gap, contribution, stream; repeatable; "default" (the model\'s own) or "all".', ()
    )
    iteration: str = option('Iterate in the report\'s first table: a number or "last"; all are scored.', "last")

    @cached_property
    def step(self) -> int | None:
        """``--iteration``: a number from 0, or None for "last". Raises InputError."""
        if self.iteration == "last":
            return None
        if not self.iteration.isdecimal():
            raise InputError(f'expected --iteration "last" or a number from 0, got {self.iteration!r}')
        return int(self.iteration)

    @property
    def told_maps(self) -> dict[str, Any]:
        """What a run's settings say of models and maps."""
        layers, readouts = list(self.layer) or ["default"], list(self.readout) or ["default"]
        return {**self.told, "layers": layers, "readouts": readouts, "iteration": self.iteration}

    def read(self, backends: Sequence[Backend]) -> tuple[dict[str, Reading], dict[str, Headline]]:
        """By model, the maps that are scored and the one of the first table. Raises InputError."""
        readings = choose_readings(backends, self.layer, self.readout)
        return readings, choose_headlines(backends, readings, self.step)


def tell(notes: Sequence[Note], assumptions: Sequence[str]) -> None:
    """Print what is odd about some data (on stderr where it is to be repaired), and what is assumed of them."""
    for note in notes:
        typer.echo(note.sentence(), err=note.fault)
    for sentence in assumptions:
        typer.echo(f"assumed: {sentence}")


def list_photographs(folder: Path) -> tuple[dict[str, Path], tuple[Note, ...]]:
    """Name → file of every picture in a folder, at any depth; the notes say what is no picture, and are printed."""
    listing = find_images(folder)
    notes = notes_of(left_out(listing.left_out))
    for note in notes:
        typer.echo(note.sentence(), err=True)
    return listing.by_name(), notes


def choose_readings(backends: Sequence[Backend], layer: Sequence[str], readout: Sequence[str]) -> dict[str, Reading]:
    """By model, the layers and readouts asked for; its own where none was."""
    return {one.name: Reading(choose_layers(one, layer), choose_readouts(one, readout)) for one in backends}


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
