"""Walks a data set through models into a run: decode threads ahead, batches, the backend, rows.

An evaluation is ``samples`` and what to do with a batch of them (:class:`Measured`); a run stores the rows. Part
number k of the run is always samples k·B .. k·B + B − 1. Hence:

- continuing is skipping the parts that are stored;
- a part holds the same rows whoever computes it and whenever (batches are never re-cut, so not even the last bit of a
  matrix product moves);
- memory is bounded by the few batches under way, not by the number of images.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from analysis.runs import KeptMap, Row, Run
from vars_core.errors import InputError

if TYPE_CHECKING:  # a run of baselines alone loads neither torch nor a model
    from torch import Tensor

    from vars_core.backend import Backend
    from vars_core.image_size import ImageSize
    from vars_core.images import Placement
    from vars_core.preprocessing import Preprocessing

    Wanted = tuple[ImageSize, Preprocessing]

BATCHES_AHEAD = 2
"""Batches that are decoded while one is scored."""


@dataclass(frozen=True)
class Item:
    """One decoded sample.

    Attributes:
        position: its place in the list of samples, from 0.
        sample: the entry of ``Measured.samples``; it has an ``id``.
        image: uint8 (height, width, 3).
        target: what the evaluation compares with (a mask, fixations), as its ``load`` returned it.
        prepared: the model input (1, 3, H, W) and its placement, by what the model wants of it (`model_wants`).
    """

    position: int
    sample: Any
    image: np.ndarray
    target: Any
    prepared: dict[Wanted, tuple[Tensor, Placement]]


@dataclass(frozen=True)
class Scored:
    """What a model gave for a batch: its rows, and the maps that the report will show."""

    rows: Sequence[Row]
    maps: Sequence[KeptMap] = ()


class Measured(Protocol):
    """What is measured, as far as walking the samples goes; `analysis.evaluations.frame` has the rest."""

    samples: Sequence[Any]
    """Each has an ``id`` (str)."""
    schema: pa.Schema
    """Of the rows; has ``position``, ``id`` and ``error``."""

    def policy(self, sample: Any) -> str:
        """How the sample's image is fitted to a model's input: "whole" or "center"."""

    def load(self, sample: Any) -> tuple[np.ndarray, Any]:
        """(image, target) of a sample; runs in a thread. An InputError or OSError becomes the sample's error row."""

    def baseline_rows(self, items: Sequence[Item]) -> list[Row]:
        """Rows that need no model."""

    def score(self, backend: Backend, items: Sequence[Item]) -> Scored:
        """Rows of one model for the items of one batch."""


def evaluate(
    evaluation: Measured,
    backends: Sequence[Backend],
    run: Run,
    *,
    batch_size: int,
    workers: int,
    on_part: Callable[[int, int], None] | None = None,
) -> int:
    """Compute and store the parts of ``run`` that are missing, on this machine.

    A sample that cannot be loaded becomes one row with ``error`` and nothing else; the rest goes on.

    Args:
        backends: none for baselines alone.
        batch_size: samples per part. The same run must always be given the same.
        workers: decode threads; results do not depend on it.
        on_part: called after each part with (parts stored, parts in all).

    Returns:
        How many samples were visited now; the others were stored already.
    """
    count = -(-len(evaluation.samples) // batch_size)
    stored = run.complete_parts()
    missing = [part for part in range(count) if part not in stored]
    done, visited = count - len(missing), 0
    for part, loaded in _decoded(evaluation, backends, missing, batch_size, workers):
        items = [entry for entry in loaded if isinstance(entry, Item)]
        rows: list[Row] = [entry for entry in loaded if not isinstance(entry, Item)]
        maps: list[KeptMap] = []
        if items:
            rows += evaluation.baseline_rows(items)
            for backend in backends:
                scored = evaluation.score(backend, items)
                rows += scored.rows
                maps += scored.maps
        if maps:
            run.write_maps(part, maps)  # before the rows: a part with rows has all that belongs to it
        run.write_part(part, rows, evaluation.schema)
        done, visited = done + 1, visited + len(loaded)
        if on_part is not None:
            on_part(done, count)
    return visited


def model_wants(backend: Backend) -> Wanted:
    """Models that want the same of an image share its preparation."""
    return backend.image_size, backend.preprocessing


def model_input(backend: Backend, items: Sequence[Item]) -> tuple[Tensor, list[Placement]]:
    """The prepared images of a batch, (B, 3, H, W) float32, and the placement of each."""
    import torch

    prepared = [item.prepared[model_wants(backend)] for item in items]
    return torch.cat([tensor for tensor, _ in prepared]), [placement for _, placement in prepared]


def _decoded(
    evaluation: Measured, backends: Sequence[Backend], parts: Sequence[int], batch_size: int, workers: int
) -> Iterator[tuple[int, list[Item | Row]]]:
    """Parts in order, each with its loaded items or error rows, decoded a bounded number of batches ahead."""
    by_wanted = {model_wants(backend): backend for backend in backends}

    def load(position: int) -> Item | Row:
        sample = evaluation.samples[position]
        try:
            image, target = evaluation.load(sample)
        except (InputError, OSError) as error:
            return {"position": position, "id": sample.id, "error": str(error)}
        prepared = {}
        for wanted, backend in by_wanted.items():
            tensor, (placement,) = backend.prepare([image], evaluation.policy(sample))
            prepared[wanted] = tensor, placement
        return Item(position, sample, image, target, prepared)

    under_way: deque[tuple[int, list[Future[Item | Row]]]] = deque()
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="decode") as pool:
        try:
            for part in parts:
                positions = range(part * batch_size, min((part + 1) * batch_size, len(evaluation.samples)))
                under_way.append((part, [pool.submit(load, position) for position in positions]))
                if len(under_way) > BATCHES_AHEAD:
                    yield _collect(under_way.popleft())
            while under_way:
                yield _collect(under_way.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _collect(entry: tuple[int, list[Future[Item | Row]]]) -> tuple[int, list[Item | Row]]:
    part, futures = entry
    return part, [future.result() for future in futures]
