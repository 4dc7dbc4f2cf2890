"""Domain generalisation (SPEC §9): fine-tune on all domains but one, test on that one, all ways, several seeds.

The weights are chosen by their top-1 on held-out pictures of the source domains; nothing of the target is seen before
the test. One fine-tuning (seed, target, model) is one part of the run: a row for every picture of the target.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.engine import Item, Scored
from analysis.evaluations.domain_table import MEAN, domain_lines, domain_report
from analysis.evaluations.frame import Evaluation
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


@dataclass(frozen=True)
class Tuning:
    """How all of a run is fine-tuned. ``weights``: model → its file, None for a model that begins untrained."""

    weights: Mapping[str, Path | None]
    recipe: Recipe
    held_out: float
    cache: Path
    cache_size: int
    device: str = "auto"


@dataclass(frozen=True)
class FineTuning:
    """One fine-tuning and its test: everything but ``target`` is trained on."""

    seed: int
    target: str
    model: str

    @property
    def id(self) -> str:
        return f"{self.model} on {self.target}, seed {self.seed}"


def fine_tunings(models: Sequence[str], targets: Sequence[str], seeds: int) -> list[FineTuning]:
    """All of a run, seed by seed, so that one stopped early holds whole tables."""
    return [FineTuning(seed, target, model) for seed in range(seeds) for target in targets for model in models]


class DomainGeneralisation(Evaluation):
    """The evaluation: its samples are fine-tunings, and a part of the run holds a row for every picture of a target.

    ``samples``: those to do now, of ``planned`` in all. ``folder``: where weights are kept while a fine-tuning is under
    way, and after it while pictures cannot be read.
    """

    schema = SCHEMA

    def __init__(
        self, samples: Sequence[FineTuning], domains: Sequence[Domain], tuning: Tuning, folder: Path, planned: int
    ) -> None:
        self.samples = samples
        self.domains = domains
        self.tuning = tuning
        self.folder = folder
        self.planned = planned

    def load(self, sample: FineTuning) -> tuple[np.ndarray, None]:
        """A fine-tuning has no image of its own."""
        return np.empty((0, 0, 3), np.uint8), None

    def baseline_rows(self, items: Sequence[Item]) -> list[Row]:
        """Fine-tune and test; what a run killed half-way left of it is continued.

        Raises InputError: no picture can be read, or the weights do not fit.
        """
        return [row for item in items for row in self._rows(item)]

    def score(self, backend: Backend, items: Sequence[Item]) -> Scored:
        """Nothing: no model is there before it is fine-tuned."""
        return Scored(())

    def summarise(self, run: Run) -> list[Entry]:
        return summarise(run)

    def report(self, run: Run, summary: Sequence[Entry]) -> str:
        return domain_report(run, summary, self.planned)

    def lines(self, run: Run, summary: Sequence[Entry]) -> Sequence[str]:
        """The table in markdown."""
        return domain_lines(run, summary)

    def _rows(self, item: Item) -> list[Row]:
        tuned, began, worked = item.sample, time.perf_counter(), time.process_time()
        folder = self.folder / f"{item.position:06d}"
        state = fine_tuned(tuned, self.domains, self.tuning, folder)
        target = next(domain for domain in self.domains if domain.name == tuned.target).target()
        model = create_model(tuned.model, num_classes=state["num_classes"], image_size=state["image_size"])
        load_state(model, state["model"], BEST)
        chosen = state["history"][-1]
        tested = list(predictions(Backend(model, self.tuning.device, self.tuning.recipe.precision), target))
        facts = {
            "model": tuned.model,
            "target": tuned.target,
            "seed": tuned.seed,
            "source_top1": chosen["top1"],
            "chosen_epoch": chosen["epoch"],
            "seconds": time.perf_counter() - began,
            "processor_seconds": time.process_time() - worked,
        }
        if all(row["error"] is None for row in tested):  # otherwise the pictures may be repaired and tested again
            shutil.rmtree(folder)
        right = sum(row["label"] == row["predicted"] for row in tested) / len(tested)
        print(f"{tuned.id}: top-1 {right:.2%}, on the sources {chosen['top1']:.2%}", flush=True)
        return [facts | row for row in tested]


def fine_tuned(tuned: FineTuning, domains: Sequence[Domain], tuning: Tuning, folder: Path) -> dict[str, Any]:
    """The checkpoint with the best top-1 on the held-out pictures of the source domains."""
    halves = [domain.source(tuning.held_out, tuned.seed) for domain in domains if domain.name != tuned.target]
    kept, held = zip(*halves, strict=True)
    training, validation = (
        JoinedArrays([decoded(part, tuning.cache, tuning.cache_size) for part in parts]) for parts in (kept, held)
    )
    request = Request(
        data=(),
        out=folder,
        recipe=tuning.recipe,
        model=tuned.model,
        seed=tuned.seed,
        init=tuning.weights[tuned.model],
        keep_best=True,
    )
    device = choose_device(tuning.device)
    feed = ArrayFeed(training, validation, tuning.recipe, tuned.seed, device, identity(JoinedImages(kept)))
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
            by_seed = [score for (m, t, _), score in sorted(scores.items()) if (m, t) == (model, target)]
            if by_seed:
                entries.append(_entry(model, target, by_seed))
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
