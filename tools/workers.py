"""What each further worker brings: ``python -m tools.workers --data VOC``.

The same segmentation run with one worker more each time: threads of one process (``--engine local``), then actors of
simulated Ray nodes of one CPU each (``--engine ray``), beside a head that only coordinates. Images a second are
counted from the first finished parts to the last, so that starting processes and loading models is not in them.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from analysis.engine import Engine, Measured
    from vars_core.backend import Backend

PART = 4
"""Images a part: small, so that the last parts keep all workers busy to nearly the end."""


def main(
    data: Annotated[Path, typer.Option(help="Photographs with masks, in the layout of PASCAL VOC.")],
    images: Annotated[int, typer.Option(help="Images a run.", min=8 * PART)] = 96,
    most: Annotated[int, typer.Option(help="Workers at most.", min=1)] = 3,
    rounds: Annotated[int, typer.Option(help="Of which the median is taken, engines and numbers in turns.", min=1)] = 3,
    model: Annotated[str, typer.Option(help="Which model.")] = "rvt_nano/vars_d",
) -> None:
    """Measure and print a Markdown table."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # read by Ray when it is imported: it keeps to 127.0.0.1
    from analysis.benchmark import processor
    from analysis.engine import Local, cores

    evaluation, backend = made(data, images, model)
    rates: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for workers in range(1, most + 1):
            local = rate(evaluation, backend, Local(workers, "cpu"), workers)
            rates.setdefault(("local", workers), []).append(local)
            with simulated(workers) as engine:
                rates.setdefault(("ray", workers), []).append(rate(evaluation, backend, engine, workers))
    print(
        f"{processor()}, {cores()} cores; {model}, {images} images, {PART} a part; median [lowest, highest] of {rounds}"
    )
    print("\n| workers | local: images/s | times one | ray: images/s | times one |\n|---:|---:|---:|---:|---:|")
    for workers in range(1, most + 1):
        cells = []
        for engine_name in ("local", "ray"):
            all_of, one = rates[engine_name, workers], statistics.median(rates[engine_name, 1])
            cells.append(f"{statistics.median(all_of):.1f} [{min(all_of):.1f}, {max(all_of):.1f}]")
            cells.append(f"{statistics.median(all_of) / one:.2f}")
        print(f"| {workers} | {' | '.join(cells)} |")


def made(data: Path, images: int, model: str) -> tuple[Measured, Backend]:
    """A segmentation of ``images`` photographs by one model, which has run once."""
    from dataclasses import replace

    import torch

    from analysis.evaluations.segmentation import Segmentation
    from analysis.saliency import Reading
    from vars_core.backend import Backend
    from vars_core.data.mask_values import MaskValues
    from vars_core.data.voc import read_voc
    from vars_core.weights import load_model

    backend = Backend(load_model(model), device="cpu")
    backend.logits(torch.zeros(1, 3, 112, 112))
    masks = read_voc(data, values=MaskValues.parse("voc"))
    masks = replace(masks, pairs=masks.pairs[:images])
    return Segmentation(masks, {backend.name: Reading(("0.3",), ("stream",))}, threshold=0.3), backend


def rate(evaluation: Measured, backend: Backend, engine: Engine, workers: int) -> float:
    """Images a second, from the moment that each worker has finished about one part."""
    from analysis.engine import evaluate
    from analysis.runs import Run

    done: list[tuple[float, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        run = Run.open(Path(folder), {"batch_size": PART})
        evaluate(
            evaluation,
            [backend],
            run,
            engine,
            batch_size=PART,
            on_part=lambda parts, _: done.append((time.perf_counter(), parts)),
        )
    (began, first), (ended, last) = done[workers], done[-1]
    return PART * (last - first) / (ended - began)


@contextmanager
def simulated(actors: int) -> Iterator[Engine]:
    """A Ray cluster on this machine: a head that computes nothing, and a node of one CPU for each actor."""
    import ray
    from ray.cluster_utils import Cluster

    from analysis.ray_engine import RayEngine

    node = {"object_store_memory": 100 * 2**20, "node_ip_address": "127.0.0.1"}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "num_cpus": 0, "include_dashboard": False})
    try:
        ray.init(address=cluster.address, log_to_driver=False)
        for _ in range(actors):
            cluster.add_node(num_cpus=1, **node)
        cluster.wait_for_nodes()
        yield RayEngine(device="cpu")
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    typer.run(main)
