"""Evaluations on a Ray cluster: many machines, or the cores of one. Nothing else in the project imports Ray.

Ray Data streams the parts of a run to actors that hold the models on a device each, on GPUs by way of tasks on the CPUs
that decode and corrupt; rows come back to whoever started the run and go to the same store as on one machine, in
whatever order they come. What is lost with a worker or a node is computed again: a part is stored whole or not at all,
and those that are missing are what the next round computes, on the workers that are left.
"""

from __future__ import annotations

import copy
import gc
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from analysis.engine import Computed, Measured, Scored, model_wants
from vars_core.errors import InputError

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")

import cloudpickle
import ray
from ray.data import ActorPoolStrategy, DataContext
from ray.data.exceptions import SystemException
from ray.exceptions import RayError

from analysis.ray_worker import SCHEMA, DecodingScorer, Failed, Scorer, Sent, block, decode, loads, parts

if TYPE_CHECKING:
    from vars_core.backend import Backend

PARTS_AT_ONCE = 4096
"""Parts whose samples are handed to Ray together: what bounds the memory, whatever the number of images."""
FRUITLESS_ROUNDS = 3
"""Rounds without a single finished part after which the run gives up."""
PATIENCE_SECONDS = 30.0
"""For which a round waits until a device is free."""


class RayEngine:
    """A cluster.

    ``address``: of a cluster that runs, "host:port" or "auto"; None for one on this machine, for as long as the run.
    ``device``: "auto" (GPUs where the cluster has any), "cpu" or "cuda": an actor for each GPU.
    """

    device = "cpu"  # models are loaded here and sent

    def __init__(self, address: str | None = None, device: str = "auto") -> None:
        if device not in ("auto", "cpu", "cuda"):
            raise InputError(f"expected --device auto, cpu or cuda with --engine ray, got {device!r}")
        self.address, self.asked = address, device

    def facts(self, backends: Sequence[Backend]) -> Mapping[str, Any]:
        with self._connected():
            crew = _crew(self.asked)
        return {"device": crew.device if backends else "none", "engine": "ray", "threads": crew.threads}

    def computed(self, evaluation: Measured, backends: Sequence[Backend], parts: Mapping[int, range]) -> Computed:
        """In any order. Raises InputError: no such cluster, or one that cannot compute anything."""
        missing, fruitless = dict(parts), 0
        with self._connected():
            shipped = _ship(evaluation, backends)
            while missing and fruitless < FRUITLESS_ROUNDS:
                before = len(missing)
                chunk = dict(islice(missing.items(), PARTS_AT_ONCE))
                try:
                    for part, scored in _round(evaluation, chunk, shipped, _crew(self.asked)):
                        del missing[part]
                        yield part, scored
                except (RayError, SystemException) as error:
                    lost = str(error).strip().splitlines()[0]
                    print(f"a worker was lost ({lost}); {len(missing)} parts are left to compute", file=sys.stderr)
                gc.collect()  # lets go of the actors of a round that was broken off
                fruitless = 0 if len(missing) < before else fruitless + 1
        if missing:
            raise InputError(f"the cluster finished none of {len(missing)} parts in {FRUITLESS_ROUNDS} attempts")

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Within it, Ray runs; a cluster of our own ends with it, one that was there before stays."""
        if ray.is_initialized():
            yield
            return
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            if self.address is None:  # nothing of it is reachable from another machine
                ray.init(address="local", include_dashboard=False, _node_ip_address="127.0.0.1", **quiet)
            else:
                ray.init(address=self.address, **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise InputError(f"expected a Ray cluster at {self.address or 'this machine'}: {error}") from None
        try:
            yield
        finally:
            ray.shutdown()


@dataclass(frozen=True)
class Crew:
    """How a cluster's devices are used: ``actors`` with a copy of the models each, and ``threads`` a model on a CPU."""

    device: str
    actors: int
    threads: int


def _crew(device: str) -> Crew:
    """An actor for each GPU, with a CPU each and one left that decodes; without a GPU, an actor for each CPU.

    With OMP_NUM_THREADS threads a model, 1 by default: as many as a run on one machine under the same setting; an actor
    has as many CPUs.
    """
    threads = int(os.environ.get("OMP_NUM_THREADS") or 1)
    gpus, cpus = _free(threads)
    if device == "cuda" and not gpus:
        raise InputError("expected a Ray cluster with GPUs for --device cuda, this one has none")
    if gpus and device != "cpu":
        if cpus < 2:
            raise InputError(f"expected a Ray cluster of at least 2 free CPUs beside its GPUs, this one has {cpus}")
        return Crew("cuda", min(gpus, cpus - 1), threads)
    if cpus < threads:
        raise InputError(f"expected a Ray cluster of at least {threads} free CPUs, this one has {cpus}")
    return Crew("cpu", cpus // threads, threads)


def _free(needed: int) -> tuple[int, int]:
    """GPUs and CPUs that nothing else holds, once ``needed`` CPUs are free or half a minute has passed.

    Beside a GPU one more is needed: it decodes.

    An actor of a round that was broken off may hold its device a while longer: counted as free, a new round would wait
    for it.
    """
    patient = time.monotonic() + PATIENCE_SECONDS
    while True:
        there = ray.available_resources()
        gpus, cpus = int(there.get("GPU", 0)), int(there.get("CPU", 0))
        if cpus >= needed + (gpus > 0) or time.monotonic() > patient:
            return gpus, cpus
        time.sleep(0.5)


def _bare(evaluation: Measured) -> Measured:
    """An evaluation without its samples."""
    bare = copy.copy(evaluation)
    bare.samples = ()
    return bare


def _ship(evaluation: Measured, backends: Sequence[Backend]) -> tuple[Any, Any, str]:
    """What workers need, put where they find it: the evaluation without its samples, the models, their precision."""
    sent = Sent(_bare(evaluation), tuple(dict.fromkeys(map(model_wants, backends))))
    models = ray.put(cloudpickle.dumps([backend.model for backend in backends])) if backends else None
    return ray.put(cloudpickle.dumps(sent)), models, backends[0].precision if backends else "fp32"


def _round(
    evaluation: Measured, chunk: Mapping[int, range], shipped: tuple[Any, Any, str], crew: Crew
) -> Iterator[tuple[int, Scored]]:
    """Compute parts; they come in any order, and none after a worker with a model was lost."""
    context = DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what is lost is said in a line of ours
    sent, models, precision = shipped
    samples = [
        block(part, cloudpickle.dumps((places.start, [evaluation.samples[i] for i in places])))
        for part, places in chunk.items()
    ]
    one_part: dict[str, Any] = {"batch_size": 1, "batch_format": "pyarrow"}
    stream = ray.data.from_arrow(samples)
    on_gpus = crew.device == "cuda"
    if models is None or on_gpus:
        stream = stream.map_batches(decode, fn_args=(sent,), num_cpus=1, **one_part)
    if models is not None:
        stream = stream.map_batches(
            Scorer if on_gpus else DecodingScorer,
            fn_constructor_args=(sent, models, crew.device, precision, crew.threads),
            compute=ActorPoolStrategy(size=min(crew.actors, len(chunk))),
            max_restarts=0,  # an actor that waits for a lost device would keep its parts waiting as well
            num_gpus=1 if on_gpus else 0,
            num_cpus=1 if on_gpus else crew.threads,
            **one_part,
        )
    held = _bare(evaluation)
    for table in stream.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=1):
        for part, payload in parts(table.cast(SCHEMA)):
            yield part, _scored(loads(payload, held))


def _scored(received: Any) -> Scored:
    """A part's rows and maps; an error of the evaluation is raised here as it would have been on one machine."""
    if isinstance(received, Failed):
        raise received.error from RuntimeError(f"on a worker:\n{received.where}")
    return received if isinstance(received, Scored) else Scored(received[0])
