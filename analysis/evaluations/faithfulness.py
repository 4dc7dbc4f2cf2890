"""Deletion and insertion of every readout, beside a random and a centred map (`analysis.metrics.faithfulness`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import markdown
from analysis.baselines import centre_gaussian
from analysis.engine import Item, Scored, model_input
from analysis.evaluations.frame import Evaluation
from analysis.evaluations.grouping import COORDINATES, Entry, entry_of, rows_by, rows_of_maps
from analysis.evaluations.report_parts import report_of, with_interval
from analysis.metrics.bootstrap import interval, resamples
from analysis.metrics.faithfulness import STEPS, Faithfulness
from analysis.metrics.table import PIXELS_GONE, metrics_that_need
from analysis.provenance import input_size, weights
from analysis.runs import Row, Run
from analysis.saliency import Reading, is_degenerate
from vars_core.images import decode_image

if TYPE_CHECKING:
    from vars_core.backend import Backend

CENTRE, RANDOM = "baseline:centre", "baseline:random"
"""Where a readout stands otherwise: maps that have seen nothing of the picture, on the layer's grid."""

SCHEMA = rows_of_maps(  # of a baseline, the layer is whose grid it was made on
    ("predicted", pa.int64()),  # the class that the model gives the whole picture
    ("probability", pa.float64()),  # and with what probability
    ("deletion_curve", pa.list_(pa.float32())),
    ("insertion_curve", pa.list_(pa.float32())),
    ("deletion", pa.float64()),
    ("insertion", pa.float64()),
    ("degenerate", pa.bool_()),
)


@dataclass(frozen=True)
class PictureToScore:
    """Its id, on which the random map depends, and what gives its file's bytes."""

    id: str
    read: Callable[[], bytes]


class FaithfulnessEvaluation(Evaluation):
    """The evaluation: the last iterate of each readout of a model's layer, and the two baselines.

    ``readings``: by model, what is read. ``steps``: of the curves. ``seed``: of the random maps.
    """

    schema = SCHEMA

    def __init__(
        self,
        samples: Sequence[PictureToScore],
        readings: Mapping[str, Reading],
        *,
        steps: int = STEPS,
        seed: int = 0,
    ) -> None:
        self.samples = samples
        self.readings = readings
        self.steps = steps
        self.seed = seed

    def load(self, sample: PictureToScore) -> tuple[np.ndarray, None]:
        """The picture; there is nothing to compare with but the model's own answer."""
        return decode_image(sample.read()), None

    def score(self, backend: Backend, items: Sequence[Item]) -> Scored:
        """A row for each picture, layer and readout, and for each baseline, which needs the model's answers as well."""
        reading = self.readings[backend.name]
        batch, _ = model_input(backend, items)
        trace = backend.trace(batch, reading.readouts, reading.layers)
        rows: list[Row] = []
        for i, item in enumerate(items):
            scores = trace.logits[i].double().softmax(0)
            predicted = int(scores.argmax())
            common = {
                "position": item.position,
                "id": item.sample.id,
                "model": backend.name,
                "predicted": predicted,
                "probability": float(scores[predicted]),
            }
            asked = Faithfulness(class_probability(backend, predicted), batch[i].numpy(), steps=self.steps)
            for layer in reading.layers:
                recorded = trace[layer]
                for readout, iteration, one in self._maps(recorded, i, item, reading.readouts):
                    curves = asked.curves(one)
                    probabilities = {"deletion": curves.deletion, "insertion": curves.insertion}
                    values = {
                        name: metric.function(probabilities[name])
                        for name, metric in metrics_that_need(PIXELS_GONE).items()
                        if metric.function
                    }
                    rows.append(
                        {
                            **common,
                            "layer": layer,
                            "readout": readout,
                            "iteration": iteration,
                            "deletion_curve": curves.deletion.tolist(),
                            "insertion_curve": curves.insertion.tolist(),
                            **values,
                            "degenerate": is_degenerate(one),
                        }
                    )
        return Scored(rows)

    def model_facts(self, backend: Backend) -> Mapping[str, Any]:
        """Which maps are looked at."""
        reading = self.readings[backend.name]
        return {"layers": list(reading.layers), "readouts": list(reading.readouts)}

    def summarise(self, run: Run) -> list[Entry]:
        """The mean over pictures of each metric, with its interval over pictures."""
        scored = run.rows(where=pc.is_valid(pc.field("model")))
        entries: list[Entry] = []
        for key, indices in rows_by(scored, COORDINATES).items():
            where = dict(zip(COORDINATES, key, strict=True))
            for metric in metrics_that_need(PIXELS_GONE):
                values = scored[metric].to_numpy()[indices]
                means = resamples(len(values)) @ values / len(values)
                entries.append(entry_of(where, metric, float(values.mean()), interval(means), len(values)))
        return entries

    def report(self, run: Run, summary: Sequence[Entry]) -> str:
        """A table for each metric: maps down, models across."""
        data = run.facts["data"]
        seen = f"Data: {data['folder']}, {data['samples']} of {data['of']} pictures; {self.steps} steps."
        report = report_of(run, "Deletion and insertion", [seen], len(self.samples))
        report.text(
            "The mean over pictures with its 95 % interval; the class is the one that the model gives the whole "
            "picture, the map that of the last iterate. "
            + " ".join(f"{one.title}: {one.source}." for one in metrics_that_need(PIXELS_GONE).values())
        )
        models = list(dict.fromkeys(entry["model"] for entry in summary))
        for metric, one in metrics_that_need(PIXELS_GONE).items():
            report.heading(f"{one.title}, {'higher' if one.higher_is_better else 'lower'} is better")
            lines = _lines(summary, metric)
            rows = [
                (*line, *(with_interval(cells.get(m), one.digits, " to ") for m in models)) for line, cells in lines
            ]
            report.table(("layer", "map", *models), rows)
        flat = run.rows(["degenerate"], where=pc.is_valid(pc.field("model")))["degenerate"].to_pylist()
        report.text(f"{sum(flat)} of {len(flat)} maps are degenerate: their pixels go row by row.")
        return report.html()

    def lines(self, run: Run, summary: Sequence[Entry]) -> Iterator[str]:
        """Markdown: what was measured, then deletion / insertion of each map."""
        data = run.facts["data"]
        failed = len(run.rows(["error"], where=pc.is_valid(pc.field("error"))))
        yield (
            f"Deletion (lower is better) / insertion (higher is better), mean [95 %]; {data['samples'] - failed} "
            f"pictures of {data['folder']}, {self.steps} steps, seed {self.seed}.\n"
        )
        for model, sha in weights(run.facts).items():
            yield f"- {model}: weights {sha}; input {input_size(run.facts['models'][model])}"
        yield f"\n{table_of(summary)}"
        flat = run.rows(["degenerate"], where=pc.is_valid(pc.field("model")))["degenerate"].to_pylist()
        yield f"\n{sum(flat)} of {len(flat)} maps are degenerate"

    def _maps(
        self, recorded: Any, index: int, item: Item, readouts: Sequence[str]
    ) -> Iterator[tuple[str, int | None, np.ndarray]]:
        """(name, iterate, map (h, w)) of each readout and baseline."""
        for readout in readouts:
            iterates = recorded.maps[readout]
            yield readout, len(iterates) - 1, iterates[-1, index].numpy()
        yield CENTRE, None, centre_gaussian(*recorded.grid)
        yield RANDOM, None, np.random.default_rng([self.seed, item.position]).random(recorded.grid)


def class_probability(backend: Backend, index: int) -> Callable[[np.ndarray], np.ndarray]:
    """Normalised pictures (n, 3, H, W) -> the probability that the model gives to the class, (n,) float64."""
    import torch

    def probability(pictures: np.ndarray) -> np.ndarray:
        logits = backend.logits(torch.from_numpy(pictures))
        return logits.double().softmax(1)[:, index].numpy()

    return probability


def table_of(summary: Sequence[Entry]) -> str:
    """A line for each map, a column for each model: deletion / insertion with their intervals."""
    models = list(dict.fromkeys(entry["model"] for entry in summary))
    tables = {metric: dict(_lines(summary, metric)) for metric in metrics_that_need(PIXELS_GONE)}

    def cell(line: tuple[str, str], model: str) -> str:
        return " / ".join(markdown.with_interval(of[line].get(model), 3) for of in tables.values())

    rows = [(*line, *(cell(line, model) for model in models)) for line in next(iter(tables.values()), {})]
    return "\n".join(markdown.table(("layer", "map", *models), rows, left=2))


def _lines(summary: Sequence[Entry], metric: str) -> list[tuple[tuple[str, str], dict[str, Entry]]]:
    """((layer, map), model → entry), in the order of the summary."""
    lines: dict[tuple[str, str], dict[str, Entry]] = {}
    for entry in summary:
        if entry["metric"] == metric:
            lines.setdefault((entry["layer"], entry["readout"]), {})[entry["model"]] = entry
    return list(lines.items())
