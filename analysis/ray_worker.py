"""What runs on the workers of a Ray cluster: samples are decoded and corrupted, then scored by actors with models.

Where the models are on GPUs, tasks on the CPUs decode and an actor a GPU scores; where they are on CPUs, an actor takes
a part from its files to its rows, and no pixel travels between processes.

A block of the stream is a table with one part of the run: its number, and a payload. What travels in a payload leaves
out whatever the evaluation itself holds (all other fixations, say): that is sent to a worker once.
"""

from __future__ import annotations

import io
import pickle
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import cloudpickle
import pyarrow as pa
import ray

from analysis.engine import Item, Measured, Scored, Wanted, load, rows_without_model, score_part
from analysis.runs import Row

if TYPE_CHECKING:
    from vars_core.models.base import VisionModel

SCHEMA = pa.schema([("part", pa.int64()), ("payload", pa.large_binary())])


@dataclass(frozen=True)
class Sent:
    """What every worker is sent once.

    ``evaluation``: without its samples. ``wanted``: what the models want of an image.
    """

    evaluation: Measured
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True)
class Failed:
    """An error of the evaluation itself, which would come again wherever the part is computed."""

    error: Exception
    where: str


def block(part: int, payload: bytes) -> pa.Table:
    """One part as it travels."""
    return pa.table({"part": [part], "payload": pa.array([payload], pa.large_binary())}, SCHEMA)


def parts(table: pa.Table) -> list[tuple[int, bytes]]:
    """The parts of a table."""
    return list(zip(table["part"].to_pylist(), table["payload"].to_pylist(), strict=True))


def decode(table: pa.Table, sent: ray.ObjectRef[bytes]) -> pa.Table:
    """(start, samples) of a part → (rows that need no model, what was loaded)."""
    held = _held(sent)
    ((part, payload),) = parts(table)
    return block(part, dumps(_tried(partial(_decoded, held), payload), held.evaluation))


class Scorer:
    """An actor: the models of a run on one device. (rows that need no model, what was loaded) → `Scored`.

    ``models``: pickled once for all actors. ``device``, ``precision``: of the backends. ``threads``: that one model
    computes with on a CPU: sums are taken in another order with another number.
    """

    def __init__(
        self, sent: ray.ObjectRef[bytes], models: ray.ObjectRef[bytes], device: str, precision: str, threads: int
    ) -> None:
        import torch

        from vars_core.backend import Backend

        torch.set_num_threads(threads)
        self.held = _held(sent)
        networks: Sequence[VisionModel] = cloudpickle.loads(ray.get(models))
        self.backends = [Backend(model, device, precision) for model in networks]

    def __call__(self, table: pa.Table) -> pa.Table:
        ((part, payload),) = parts(table)
        given = loads(payload, self.held.evaluation)
        scored = given if isinstance(given, Failed) else _tried(self._scored, given)
        return block(part, dumps(scored, self.held.evaluation))

    def _scored(self, decoded: tuple[list[Row], list[Item | Row]]) -> Scored:
        without_model, loaded = decoded
        return score_part(self.held.evaluation, self.backends, loaded, without_model)


class DecodingScorer(Scorer):
    """An actor that decodes as well. (start, samples) of a part → `Scored`."""

    def __call__(self, table: pa.Table) -> pa.Table:
        ((part, payload),) = parts(table)
        scored = _tried(lambda given: self._scored(_decoded(self.held, given)), payload)
        return block(part, dumps(scored, self.held.evaluation))


def _decoded(held: Sent, payload: bytes) -> tuple[list[Row], list[Item | Row]]:
    """The rows of a part that need no model, and what was loaded."""
    start, samples = cloudpickle.loads(payload)
    loaded = [load(held.evaluation, held.wanted, start + i, sample) for i, sample in enumerate(samples)]
    return rows_without_model(held.evaluation, loaded), loaded


def _tried(step: Callable[[Any], Any], given: Any) -> Any:
    """The step's result, or how it failed: an error that a retry on another worker would only meet again."""
    try:
        return step(given)
    except Exception as error:  # anything; it is raised where the run was started
        return Failed(error, traceback.format_exc())


@lru_cache(maxsize=2)
def _held(sent: ray.ObjectRef[bytes]) -> Sent:
    """What was sent, unpacked once in this process."""
    held: Sent = cloudpickle.loads(ray.get(sent))
    return held


def dumps(value: Any, evaluation: Measured) -> bytes:
    """``value`` without what the evaluation holds: of that only the attribute's name."""
    names = {id(one): name for name, one in vars(evaluation).items() if not isinstance(one, _PLAIN)}

    class Pickler(cloudpickle.Pickler):
        def persistent_id(self, obj: Any) -> str | None:
            return names.get(id(obj))

    stream = io.BytesIO()
    Pickler(stream).dump(value)
    return stream.getvalue()


def loads(payload: bytes, evaluation: Measured) -> Any:
    """The inverse of :func:`dumps`, on any worker that holds the same evaluation."""

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, pid: str) -> Any:
            return getattr(evaluation, pid)

    return Unpickler(io.BytesIO(payload)).load()


_PLAIN = (type(None), bool, int, float, str, bytes, tuple)
"""Values that may be the same object by chance."""
