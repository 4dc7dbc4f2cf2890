"""``python -m analysis benchmark-fixations``: what scoring one map costs, beside the plain way of doing the same."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import typer

from analysis.benchmark import interleaved
from analysis.metrics.fixations import (
    auc_judd,
    cc,
    fixation_counts,
    fixation_density,
    kl,
    nss,
    shuffled_auc,
    shuffled_auc_splits,
    sim,
)
from analysis.placed_map import DenseMap, Pixels, PlacedStack
from analysis.source_factors import source_factors
from vars_core.images import Placement

HEIGHT, WIDTH, FIXATIONS, SIGMA = 768, 1024, 100, 35.0
OTHER_IMAGES, DRAWS, SPLITS = 100, 10, 100
MAPS, GRID, MODEL_SIZE = 192, (14, 14), 112


@dataclass(frozen=True)
class Task:
    """One line: what is done, how many milliseconds it may take (None: no limit was set), and the plain way."""

    name: str
    limit: float | None
    ours: Callable[[], object]
    plain: Callable[[], object]


def benchmark_fixations(
    repeats: Annotated[int, typer.Option(min=1, help="Interleaved repetitions of both ways.")] = 9,
) -> None:
    """CPU time of the fixation metrics on a 1024×768 map with 100 fixations; exit status 1 where a limit is passed."""
    typer.echo(f"{'CPU ms, least (median) of ' + str(repeats):<64}{'ours':>18}{'plain':>18}{'ratio':>8}{'limit':>8}")
    passed = [measure(task, repeats) for task in tasks()]
    if not all(passed):
        raise typer.Exit(1)


def measure(task: Task, repeats: int) -> bool:
    """Print the task's line; whether it keeps its limit."""
    seconds = interleaved({"ours": task.ours, "plain": task.plain}, repeats)
    ours, plain = ([1e3 * one for one in rounds] for rounds in seconds.values())
    limit = "–" if task.limit is None else f"{task.limit:g}"
    cells = (f"{min(times):.1f} ({statistics.median(times):.1f})" for times in (ours, plain))
    ratio = f"{min(plain) / min(ours):.1f}"
    typer.echo(f"{task.name:<64}" + "".join(f"{cell:>18}" for cell in cells) + f"{ratio:>8}{limit:>8}")
    return task.limit is None or min(ours) <= task.limit


def tasks() -> list[Task]:
    """The lines, on made data."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    saliency_map = gaussian_filter(rng.random((HEIGHT, WIDTH)), 20)
    points = Pixels(rng.integers(0, HEIGHT, FIXATIONS), rng.integers(0, WIDTH, FIXATIONS))
    rows, columns = points.rows, points.columns
    others = [Pixels(rng.integers(0, HEIGHT, 140), rng.integers(0, WIDTH, 140)) for _ in range(OTHER_IMAGES)]
    everybody = Pixels(np.concatenate([o.rows for o in others]), np.concatenate([o.columns for o in others]))
    small = rng.random((MAPS, *GRID))
    factors = source_factors(Placement(HEIGHT, WIDTH, MODEL_SIZE), GRID)

    def five() -> tuple[float, ...]:
        truth = fixation_density(points, (HEIGHT, WIDTH), SIGMA)
        placed = DenseMap(saliency_map)
        return (
            nss(placed, points),
            auc_judd(placed, points),
            cc(placed, truth),
            sim(placed.density, truth),
            kl(placed.density, truth),
        )

    def five_plainly() -> tuple[float, ...]:
        counts = fixation_counts(points, (HEIGHT, WIDTH))
        truth = gaussian_filter(counts, SIGMA, mode="nearest")
        truth /= truth.sum()
        predicted = DenseMap(saliency_map).density
        rest = saliency_map[counts == 0]
        area = np.mean([np.mean(rest < v) + np.mean(rest == v) / 2 for v in saliency_map[rows, columns]])
        correlation = np.corrcoef(saliency_map.ravel(), truth.ravel())[0, 1]
        z = (saliency_map - saliency_map.mean()) / saliency_map.std()
        divergence = float((truth * np.log(truth / predicted + 1e-300)).sum())
        return float(z[rows, columns].mean()), float(area), correlation, sim(predicted, truth), divergence

    def splits() -> float:
        return shuffled_auc_splits(DenseMap(saliency_map), points, others, images=10, splits=SPLITS, draws=DRAWS)

    def splits_plainly() -> float:
        positives = saliency_map[rows, columns]
        areas = []
        for _ in range(DRAWS):
            chosen = rng.permutation(OTHER_IMAGES)[:10]
            pool = np.concatenate([saliency_map[others[i].rows, others[i].columns] for i in chosen])
            for _ in range(SPLITS):
                drawn = rng.choice(pool, FIXATIONS, replace=False)[None, :]
                areas.append(np.mean((positives[:, None] > drawn) + 0.5 * (positives[:, None] == drawn)))
        return float(np.mean(areas))

    def many() -> np.ndarray:
        stack = PlacedStack(small, np.zeros(MAPS, dtype=bool), factors)
        return np.array([nss(one, points) for one in stack])

    def many_plainly() -> list[float]:
        return [nss(DenseMap(factors.place(one)), points) for one in small]

    return [
        Task("NSS, AUC-Judd, CC, SIM, KL of one map, fixations blurred too", 60, five, five_plainly),
        Task(f"shuffled AUC, {DRAWS} draws of 10 images × {SPLITS} splits", 500, splits, splits_plainly),
        Task(
            "shuffled AUC against all other fixations (as reported)",
            None,
            lambda: shuffled_auc(DenseMap(saliency_map), points, everybody),
            splits_plainly,
        ),
        Task(f"NSS of {MAPS} maps of one image, without forming them", None, many, many_plainly),
    ]
