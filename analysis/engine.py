"""Walks a data set through models into a run: several parts at once, each by one thread from file to rows.

:class:`Local` computes on this machine; `analysis.ray_engine.RayEngine` on a cluster, from the same steps
(:func:`load`, :func:`rows_without_model`, :func:`score_part`). :func:`evaluate` stores what either has computed.

An evaluation is ``samples`` and what to do with a batch of them (:class:`Measured`); a run stores the rows. Part
number k of the run is always samples k·B .. k·B + B − 1. Hence:

- continuing is skipping the parts that are stored;
- a part holds the same rows whoever computes it and whenever (batches are never re-cut, so not even the last bit of a
  matrix product moves);
- memory is bounded by the few parts under way, not by the number of images;
- while one part is decoded or scored another is in the model: no core waits for a step that another core is at.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa

from analysis.runs import KeptMap, Row, Run
from vars_core.errors import InputError
from vars_core.image_size import ImageSize
from vars_core.images import Placement, prepare
from vars_core.preprocessing import Preprocessing

if TYPE_CHECKING:  # a run of baselines alone loads neither torch nor a model
    from torch import Tensor

    from vars_core.backend import Backend

Wanted = tuple[ImageSize, Preprocessing]
"""What models want of an image's preparation."""

MOST_WORKERS = 8
"""Parts at once where nobody says how many: beyond that threads wait for one another in Python."""

WAITING = 2
"""Parts that may be finished, or not begun, beside those under way: who is slow then keeps nobody waiting."""


@dataclass(frozen=True)
class Item:
    """One decoded sample.

    ``position``: its place in the list of samples, from 0. ``sample``: the entry of ``Measured.samples``; it has an
    ``id``. ``image``: uint8 (height, width, 3). ``target``: what the evaluation compares with (a mask, fixations), as
    its ``load`` returned it. ``prepared``: the model input (1, 3, H, W) and its placement, by what the model wants of
    it (`model_wants`).
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


Computed = Generator[tuple[int, Scored], None, None]


class Engine(Protocol):
    """Who computes parts of a run. The rows do not depend on it."""

    @property
    def device(self) -> str:
        """Where models are loaded by who starts it."""

    def facts(self, backends: Sequence[Backend]) -> Mapping[str, Any]:
        """What ``run.json`` says of how it was computed: at least the ``device``."""

    def computed(self, evaluation: Measured, backends: Sequence[Backend], parts: Mapping[int, range]) -> Computed:
        """(part, what became of it) of ``parts``, numbered, each with the positions of its samples; in any order.

        ``backends``: none for baselines alone.
        """


def cores() -> int:
    """Of this machine, those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Local:
    """This machine.

    ``workers``: parts at once, each in a thread of its own; the rows do not depend on it. None: one for each core that
    this process may use, `MOST_WORKERS` at most. ``device``: of the models. On a CPU PyTorch computes a part with one
    thread: sums are taken in another order with another number.
    """

    workers: int | None = None
    device: str = "auto"

    def facts(self, backends: Sequence[Backend]) -> Mapping[str, Any]:
        return {"device": str(backends[0].device) if backends else "none"}

    def computed(self, evaluation: Measured, backends: Sequence[Backend], parts: Mapping[int, range]) -> Computed:
        """In the order of the parts."""
        wanted = tuple(dict.fromkeys(map(model_wants, backends)))

        def scored(part: int) -> Scored:
            with _one_thread() if backends else nullcontext():
                loaded = [load(evaluation, wanted, position, evaluation.samples[position]) for position in parts[part]]
                return score_part(evaluation, backends, loaded, rows_without_model(evaluation, loaded))

        return _computed(scored, list(parts), self.workers or min(cores(), MOST_WORKERS))


def evaluate(
    evaluation: Measured,
    backends: Sequence[Backend],
    run: Run,
    engine: Engine,
    *,
    batch_size: int,
    on_part: Callable[[int, int], None] = lambda done, count: None,
) -> int:
    """Have the parts of ``run`` that are missing computed, and store each as it comes.

    A sample that cannot be loaded becomes one row with ``error`` and nothing else; the rest goes on. ``batch_size``:
    samples per part. The same run must always be given the same. ``on_part``: called after each part with (parts
    stored, parts in all). Returns how many samples were visited now; the others were stored already.
    """
    samples = len(evaluation.samples)
    stored, count = run.complete_parts(), -(-samples // batch_size)
    starts = {part: part * batch_size for part in range(count) if part not in stored}
    missing = {part: range(start, min(start + batch_size, samples)) for part, start in starts.items()}
    with closing(engine.computed(evaluation, backends, missing)) as computed:
        for done, (part, scored) in enumerate(computed, start=count - len(missing) + 1):
            if scored.maps:
                run.write_maps(part, scored.maps)
            run.write_part(part, scored.rows, evaluation.schema)  # last: a part with rows has all that belongs to it
            on_part(done, count)
    return sum(map(len, missing.values()))


def load(evaluation: Measured, wanted: Iterable[Wanted], position: int, sample: Any) -> Item | Row:
    """A sample decoded and prepared for every kind of model input, or the row that says why it cannot be."""
    try:
        image, target = evaluation.load(sample)
    except (InputError, OSError) as error:
        return {"position": position, "id": sample.id, "error": str(error)}
    prepared = {}
    for size, preprocessing in wanted:
        tensor, (placement,) = prepare([image], size, evaluation.policy(sample), preprocessing)
        prepared[size, preprocessing] = tensor, placement
    return Item(position, sample, image, target, prepared)


def rows_without_model(evaluation: Measured, loaded: Sequence[Item | Row]) -> list[Row]:
    """The first rows of a part: what could not be loaded, then the baselines."""
    items = [entry for entry in loaded if isinstance(entry, Item)]
    errors = [entry for entry in loaded if not isinstance(entry, Item)]
    return errors + (evaluation.baseline_rows(items) if items else [])


def score_part(
    evaluation: Measured, backends: Sequence[Backend], loaded: Sequence[Item | Row], without_model: Sequence[Row]
) -> Scored:
    """All rows of a part, after those that need no model each model's, and the maps that are kept."""
    items = [entry for entry in loaded if isinstance(entry, Item)]
    scored = [evaluation.score(backend, items) for backend in backends] if items else []
    return Scored(
        [*without_model, *(row for one in scored for row in one.rows)], [kept for one in scored for kept in one.maps]
    )


def model_wants(backend: Backend) -> Wanted:
    """Models that want the same of an image share its preparation."""
    return backend.image_size, backend.preprocessing


def model_input(backend: Backend, items: Sequence[Item]) -> tuple[Tensor, list[Placement]]:
    """The prepared images of a batch, (B, 3, H, W) float32, and the placement of each."""
    import torch

    prepared = [item.prepared[model_wants(backend)] for item in items]
    return torch.cat([tensor for tensor, _ in prepared]), [placement for _, placement in prepared]


def _computed(scored: Callable[[int], Scored], parts: Sequence[int], workers: int) -> Computed:
    """What becomes of each part, in order; a bounded number is under way. One worker is the thread that asks."""
    if workers == 1:
        for part in parts:
            yield part, scored(part)
        return
    under_way: deque[tuple[int, Future[Scored]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="part") as pool:
        try:
            for part in parts:
                under_way.append((part, pool.submit(scored, part)))
                if len(under_way) >= workers + WAITING:
                    yield _finished(under_way.popleft())
            while under_way:
                yield _finished(under_way.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let PyTorch compute with one thread whatever this thread asks of it."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _finished(entry: tuple[int, Future[Scored]]) -> tuple[int, Scored]:
    part, future = entry
    return part, future.result()
