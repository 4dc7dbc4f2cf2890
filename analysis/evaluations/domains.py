"""Domain generalisation (SPEC §9): fine-tune on all domains but one, test on that one, all ways, several seeds.

The weights are chosen by their top-1 on held-out pictures of the source domains; nothing of the target is seen before
the test. One job (seed, target, model) is one part of the run: a row for every picture of the target.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pyarrow as pa

from analysis.evaluations.grouping import Entry, rows_by
from analysis.runs import Row, Run
from vars_core.backend import Backend, choose_device
from vars_core.checkpoints import load_state
from vars_core.data.domains import Domain
from vars_core.data.labelled import JoinedImages, LabelledImages, identity
from vars_core.errors import InputError
from vars_core.images import decode_image
from vars_core.registry import create_model
from vars_core.training.checkpoint import read_training_state
from vars_core.training.data import JoinedArrays, decoded
from vars_core.training.feed import ArrayFeed
from vars_core.training.loop import train
from vars_core.training.recipe import Recipe
from vars_core.training.request import Request
from vars_core.training.run import BEST, LAST

SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("model", "target")),
        *((name, pa.int64()) for name in ("seed", "position")),
        ("id", pa.string()),
        *((name, pa.int64()) for name in ("label", "predicted")),
        ("error", pa.string()),
        ("source_top1", pa.float64()),
        ("chosen_epoch", pa.int64()),
        *((name, pa.float64()) for name in ("seconds", "processor_seconds")),
    ]
)
MEAN = "mean"
"""Beside the targets' names: the mean over all of them."""


@dataclass(frozen=True)
class Tuning:
    """How every job of a run fine-tunes. ``weights``: model → its file, None for a model that begins untrained."""

    weights: Mapping[str, Path | None]
    recipe: Recipe
    held_out: float
    cache: Path
    cache_size: int
    device: str = "auto"


@dataclass(frozen=True)
class DomainJob:
    """One fine-tuning and its test: everything but ``target`` is trained on."""

    number: int
    seed: int
    target: str
    model: str

    @property
    def name(self) -> str:
        return f"{self.model} on {self.target}, seed {self.seed}"


def domain_jobs(models: Sequence[str], targets: Sequence[str], seeds: int) -> list[DomainJob]:
    """All jobs of a run, seed by seed, so that one stopped early holds whole tables."""
    places = ((seed, target, model) for seed in range(seeds) for target in targets for model in models)
    return [DomainJob(number, *place) for number, place in enumerate(places)]


def unfinished(run: Run, jobs: Sequence[DomainJob]) -> list[DomainJob]:
    """The jobs whose rows are not stored yet."""
    return [job for job in jobs if not run.part_path(job.number).is_file()]


def run_job(run: Run, job: DomainJob, domains: Sequence[Domain], tuning: Tuning) -> list[Row]:
    """Fine-tune, test and store the rows of one job; what a run killed half-way left of it is continued.

    Raises:
        InputError: no picture can be read, or the weights do not fit.
    """
    began, worked = time.perf_counter(), time.process_time()
    folder = run.folder / "training" / f"{job.number:06d}"
    state = fine_tuned(job, domains, tuning, folder)
    target = next(domain for domain in domains if domain.name == job.target).target()
    model = create_model(job.model, num_classes=state["num_classes"], image_size=state["image_size"])
    load_state(model, state["model"], BEST)
    backend = Backend(model, tuning.device, tuning.recipe.precision)
    chosen = state["history"][-1]
    facts = {
        "model": job.model,
        "target": job.target,
        "seed": job.seed,
        "source_top1": chosen["top1"],
        "chosen_epoch": chosen["epoch"],
    }
    tested = list(predictions(backend, target))
    facts |= {"seconds": time.perf_counter() - began, "processor_seconds": time.process_time() - worked}
    rows = [facts | row for row in tested]
    run.write_part(job.number, rows, SCHEMA)
    shutil.rmtree(folder)
    return rows


def fine_tuned(job: DomainJob, domains: Sequence[Domain], tuning: Tuning, folder: Path) -> dict[str, Any]:
    """The checkpoint with the best top-1 on the held-out pictures of the source domains."""
    halves = [domain.source(tuning.held_out, job.seed) for domain in domains if domain.name != job.target]
    kept, held = zip(*halves, strict=True)
    training, validation = (
        JoinedArrays([decoded(part, tuning.cache, tuning.cache_size) for part in parts]) for parts in (kept, held)
    )
    request = Request(
        data=(),
        out=folder,
        recipe=tuning.recipe,
        model=job.model,
        seed=job.seed,
        init=tuning.weights[job.model],
        keep_best=True,
    )
    device = choose_device(tuning.device)
    feed = ArrayFeed(training, validation, tuning.recipe, job.seed, device, identity(JoinedImages(kept)))
    stored = read_training_state(folder / LAST) if (folder / LAST).is_file() else None
    done = train(request, feed, resume=stored)
    if done.progress.epoch < tuning.recipe.epochs:
        raise KeyboardInterrupt
    return read_training_state(folder / BEST)


def predictions(backend: Backend, source: LabelledImages, batch_size: int = 128) -> Iterator[Row]:
    """A row for every picture: what it is, what the model takes it for, or why it could not be read."""
    for start in range(0, len(source), batch_size):
        rows: list[Row] = []
        images = []
        for position in range(start, min(start + batch_size, len(source))):
            row = {"position": position, "id": source.name(position), "label": int(source.labels[position])}
            try:
                images.append(decode_image(source.encoded(position)))
                rows.append(row | {"predicted": None, "error": None})
            except InputError as error:
                rows.append(row | {"predicted": None, "error": str(error)})
        if images:
            batch, _ = backend.prepare(images)
            taken = iter(backend.logits(batch).argmax(1).tolist())
            rows = [row | {"predicted": next(taken)} if row["error"] is None else row for row in rows]
        yield from rows


def summarise(run: Run) -> list[Entry]:
    """Top-1 in percent of every model on every target, and on all of them together: mean over seeds, standard error.

    The error of one seed is None. What all targets together come to is taken seed by seed, over the seeds that have
    every target; it is left out where none has.
    """
    table = run.rows(["model", "target", "seed", "label", "predicted", "error", "source_top1"])
    scores: dict[tuple[str, str, int], tuple[float, float, int]] = {}
    columns = {name: table[name].to_pylist() for name in ("label", "predicted", "error", "source_top1")}
    for key, indices in rows_by(table, ("model", "target", "seed")).items():
        read = [i for i in indices if columns["error"][i] is None]
        right = sum(columns["label"][i] == columns["predicted"][i] for i in read)
        scores[key] = (100 * right / max(len(read), 1), 100 * columns["source_top1"][indices[0]], len(read))
    models = list(dict.fromkeys(model for model, *_ in scores))
    targets = list(run.facts["settings"]["targets"])
    entries = []
    for model in models:
        for target in targets:
            found = [score for (m, t, _), score in sorted(scores.items()) if (m, t) == (model, target)]
            if found:
                entries.append(_entry(model, target, found))
        seeds = sorted({seed for m, _, seed in scores if m == model})
        whole = [[scores[model, t, seed] for t in targets if (model, t, seed) in scores] for seed in seeds]
        over = [
            (fmean(s[0] for s in parts), fmean(s[1] for s in parts), sum(s[2] for s in parts))
            for parts in whole
            if len(parts) == len(targets)
        ]
        if over:
            entries.append(_entry(model, MEAN, over))
    return entries


def _entry(model: str, target: str, scores: Sequence[tuple[float, float, int]]) -> Entry:
    values = [value for value, *_ in scores]
    return {
        "model": model,
        "layer": None,
        "readout": None,
        "iteration": None,
        "metric": f"top1 {target}",
        "value": fmean(values),
        "ci95": None,
        "n": scores[0][2],
        "target": target,
        "standard_error": stdev(values) / len(values) ** 0.5 if len(values) > 1 else None,
        "seeds": len(values),
        "source_top1": fmean(source for _, source, _ in scores),
    }
