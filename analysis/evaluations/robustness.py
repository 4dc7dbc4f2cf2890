"""Top-1 on clean, corrupted, drawn, adversarially chosen and attacked images: the paper's tables 2 and 3 (SPEC §9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.corruptions import corrupt
from analysis.engine import Item, Scored, model_input
from analysis.evaluations.frame import Evaluation
from analysis.evaluations.grouping import Entry, entry_of
from analysis.evaluations.robustness_report import build_report
from analysis.evaluations.suites import CLEAN, CORRUPTED, SUITES, Labelled, class_ids
from analysis.evaluations.table import EVALUATIONS
from analysis.metrics.robustness import Estimate, Predictions, error
from analysis.metrics.table import metrics_that_need, predictions_on
from analysis.runs import Run
from vars_core.images import Placement, decode_image

if TYPE_CHECKING:
    import torch

    from analysis.attacks import Attack
    from vars_core.backend import Backend

SCHEMA = pa.schema(
    [
        ("position", pa.int64()),  # in the list of samples, from 0
        ("id", pa.string()),
        ("model", pa.string()),
        ("suite", pa.string()),
        ("picture", pa.string()),  # the photograph, the same for all corruptions of it
        ("corruption", pa.string()),  # null where there is none
        ("severity", pa.int64()),  # 0 where there is none
        ("wordnet", pa.string()),  # the true class
        ("predicted", pa.string()),
        ("correct", pa.bool_()),
        ("error", pa.string()),
    ]
)

PREDICTION = ("suite", "picture", "corruption", "severity", "correct")
"""The columns that say what a model made of an image."""

PHOTOGRAPHS = 4
"""That stay decoded while their variants are made: those of the batches under way."""
SIDE = 224
"""Pixels at which pictures are corrupted, as ImageNet-C was: its severities are meant for that size."""


class RobustnessEvaluation(Evaluation):
    """The evaluation: labelled images of several suites, and what a model takes them for.

    ``samples``: of all suites, one after the other.
    ``own_classes``: suite → the classes among which predictions are made, for those that restrict them.
    ``attacks``: suite → how its clean images are attacked.
    ``absent``: models that were asked for and have no weights: never run, but said.
    ``seed``: of the corruptions on the fly.
    ``checked``: images of an attacked suite on which the attack itself is checked; 0 for no check.
    """

    schema = SCHEMA

    def __init__(
        self,
        samples: Sequence[Labelled],
        own_classes: Mapping[str, Sequence[str]],
        attacks: Mapping[str, Attack],
        *,
        backends: Sequence[Backend] = (),
        absent: Sequence[str] = (),
        seed: int = 0,
        checked: int = 0,
    ) -> None:
        self.samples = samples
        self.own_classes = own_classes
        self.attacks = attacks
        self.backends = backends
        self.absent = tuple(absent)
        self.seed = seed
        self.checked = checked
        self._fitted = lru_cache(maxsize=PHOTOGRAPHS)(_fitted)

    def __getstate__(self) -> dict[str, Any]:
        """What travels to another process: neither the models nor the photographs that are kept."""
        return {name: value for name, value in vars(self).items() if name != "_fitted"} | {"backends": ()}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update(state)
        self._fitted = lru_cache(maxsize=PHOTOGRAPHS)(_fitted)

    def policy(self, sample: Labelled) -> str:
        """The sample's own; one corrupted on the fly was fitted before, and is seen whole."""
        return "whole" if sample.suite == CORRUPTED else sample.policy

    def load(self, sample: Labelled) -> tuple[np.ndarray, str]:
        """The image, corrupted where the suite does so on the fly, and its class."""
        if sample.suite != CORRUPTED or sample.corruption is None:
            return decode_image(sample.read()), sample.wordnet
        fitted = self._fitted(sample.read, sample.policy)
        return corrupt(fitted, sample.corruption, sample.severity, sample.picture, self.seed), sample.wordnet

    def score(self, backend: Backend, items: Sequence[Item]) -> Scored:
        """A row per image."""
        ids = self._ids(backend)
        by_suite: dict[str, list[Item]] = {}
        for item in items:
            by_suite.setdefault(item.sample.suite, []).append(item)
        rows = [
            {
                "position": item.position,
                "id": item.sample.id,
                "model": backend.name,
                "suite": suite,
                "picture": item.sample.picture,
                "corruption": item.sample.corruption,
                "severity": item.sample.severity,
                "wordnet": item.target,
                "predicted": predicted,
                "correct": predicted == item.target,
            }
            for suite, of_suite in by_suite.items()
            for item, predicted in zip(of_suite, self._predicted(backend, suite, of_suite, ids), strict=True)
        ]
        return Scored(rows)

    def model_facts(self, backend: Backend) -> Mapping[str, Any]:
        """How many classes it tells apart."""
        return {"classes": backend.model.num_classes}

    def summarise(self, run: Run) -> list[Entry]:
        """The metrics of each model's suites, and the error of every corruption, over severities and at each."""
        entries: list[Entry] = []
        for model in run.values("model"):
            predictions = predictions_of(run, model)
            where = {"model": model, "layer": None, "readout": None, "iteration": None}
            for suite in SUITES:
                if suite not in predictions:
                    continue
                for name, metric in metrics_that_need(predictions_on(suite)).items():
                    assert metric.function is not None
                    estimate = metric.function(predictions[suite], predictions.get(CLEAN))
                    entries += _entries(where, name, metric.scale, estimate)
                if SUITES[suite].corrupted:
                    entries += _errors(where, suite, predictions[suite])
        return entries

    def report(self, run: Run, summary: Sequence[Entry]) -> str:
        if self.checked and self.attacks and "attack_checks" not in run.facts:
            run.record("attack_checks", self._checks())
        return build_report(run, len(self.samples), self.absent, summary)

    def lines(self, run: Run, summary: Sequence[Entry]) -> Iterator[str]:
        """Markdown: a line a model, a column a metric."""
        metrics = EVALUATIONS["robustness"].shown(summary)
        yield "| model | " + " | ".join(metric.title for metric in metrics.values()) + " |"
        yield "|---|" + "---:|" * len(metrics)
        values = {(e["model"], e["metric"]): e for e in summary if "corruption" not in e}
        for model in dict.fromkeys(entry["model"] for entry in summary):
            cells = (values.get((model, name)) for name in metrics)
            yield f"| {model} | " + " | ".join("–" if one is None else f"{one['value']:.2f}" for one in cells) + " |"
        for model in self.absent:
            yield f"| {model} | no weights: not run |" + " |" * (len(metrics) - 1)

    def _ids(self, backend: Backend) -> tuple[str, ...]:
        ids = class_ids(backend.model.num_classes)
        assert ids is not None  # checked before the first batch
        return ids

    def _predicted(self, backend: Backend, suite: str, items: Sequence[Item], ids: Sequence[str]) -> list[str]:
        batch, placements = model_input(backend, items)
        attack = self.attacks.get(suite)
        logits = backend.logits(batch) if attack is None else self._attacked(backend, attack, items, placements)
        known = [ids.index(name) for name in self.own_classes.get(suite, ids)]
        return [ids[known[int(place)]] for place in logits[:, known].argmax(1)]

    def _attacked(
        self, backend: Backend, attack: Attack, items: Sequence[Item], placements: Sequence[Placement]
    ) -> torch.Tensor:
        import torch

        from analysis.attacks import Untargeted, pixel_logits, to_pixels

        pixels = to_pixels([one.place(item.image) for one, item in zip(placements, items, strict=True)])
        ids = self._ids(backend)
        labels = torch.tensor([ids.index(item.target) for item in items])
        with torch.enable_grad():
            attacked = attack(
                pixel_logits(backend.model), pixels, Untargeted(labels), [item.sample.picture for item in items]
            )
        return attacked.logits.detach()

    def _checks(self) -> list[dict[str, Any]]:
        """SPEC §9's checks of an attack, on the run's own images, for every model."""
        import torch

        from analysis.attacks import Pgd, check_model, to_pixels

        suite, attack = next((name, one) for name, one in self.attacks.items())
        chosen = [sample for sample in self.samples if sample.suite == suite][: self.checked]
        images = [decode_image(sample.read()) for sample in chosen]
        checks = []
        for backend in self.backends:
            ids = self._ids(backend)
            placed = [
                backend.prepare([image], sample.policy)[1][0].place(image)
                for image, sample in zip(images, chosen, strict=True)
            ]
            labels = torch.tensor([ids.index(sample.wordnet) for sample in chosen])
            assert isinstance(attack, Pgd)
            names = [sample.picture for sample in chosen]
            for check in check_model(backend.model, to_pixels(placed), labels, names, attack):
                checks.append({"model": backend.name, "images": len(chosen), **vars(check)})
        return checks


def _fitted(read: Callable[[], bytes], policy: str) -> np.ndarray:
    """A photograph fitted to the corruptions' size."""
    image = decode_image(read())
    return Placement(image.shape[0], image.shape[1], SIDE, policy).place(image)


def predictions_of(run: Run, model: str) -> dict[str, Predictions]:
    """A model's predictions by suite, from the rows alone."""
    return predictions_in(run.rows(list(PREDICTION), where=pc.field("model") == model))


def predictions_in(table: pa.Table) -> dict[str, Predictions]:
    """The predictions of some rows of one model, by suite."""
    suites = np.array(table["suite"].to_pylist(), dtype=object)
    whole = Predictions(
        correct=np.array(table["correct"], dtype=bool),
        pictures=np.array(table["picture"].to_pylist(), dtype=str),
        corruptions=np.array(table["corruption"].to_pylist(), dtype=object),
        severities=np.array(table["severity"]),
    )
    return {suite: _chosen(whole, suites == suite) for suite in dict.fromkeys(suites.tolist())}


def _chosen(whole: Predictions, rows: np.ndarray) -> Predictions:
    return replace(whole, **{name: values[rows] for name, values in vars(whole).items()})


def _entries(where: Entry, metric: str, scale: float, estimate: Estimate | None, **part: Any) -> list[Entry]:
    if estimate is None:
        return []
    bounds = (estimate.low, estimate.high) if np.isfinite(estimate.high) else None
    return [entry_of(where, metric, estimate.value, bounds, estimate.images, scale) | part]


def _errors(where: Entry, suite: str, predictions: Predictions) -> Iterator[Entry]:
    """The top-1 error of every corruption in percent; with ``severity``, at that one."""
    for name in predictions.names:
        of_name = predictions.of(name)
        yield from _entries(where, f"error_{suite}", 100.0, error(_chosen(predictions, of_name)), corruption=name)
        for severity in sorted(set(predictions.severities[of_name].tolist())):
            one = error(_chosen(predictions, predictions.of(name, severity)))
            yield from _entries(where, f"error_{suite}", 100.0, one, corruption=name, severity=severity)
