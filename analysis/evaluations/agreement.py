"""How far a model's map of a corrupted picture agrees with its map of the clean one (paper, figures 3 and 11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import markdown
from analysis.corruptions import corrupt
from analysis.corruptions.tree import crop
from analysis.engine import Item, Scored
from analysis.evaluations.frame import Evaluation
from analysis.evaluations.grouping import Entry, rows_of_maps
from analysis.evaluations.report_parts import report_of, with_interval
from analysis.metrics.bootstrap import interval
from analysis.metrics.table import CLEAN_MAP, metrics_that_need
from analysis.provenance import input_size, weights
from analysis.runs import Row, Run
from analysis.saliency import is_degenerate
from vars_core.images import decode_image

if TYPE_CHECKING:
    from vars_core.backend import Backend

BY = ("corruption", "severity")
"""What the values are averaged for, one after the other."""


@dataclass(frozen=True)
class PictureFile:
    """A photograph: its id, on which its noise depends, and its file."""

    id: str
    path: Path


class AgreementEvaluation(Evaluation):
    """The evaluation: photographs, corrupted, and each model's default map of them beside that of the clean one.

    Photographs are first cropped to 224 px as ImageNet-C is, since its severities are meant for that size. Maps are
    those of the model's default layer and readout at its last iterate. ``names``, ``severities``, ``seed``: of the
    corruptions. ``pictures_at_once``: per forward pass.
    """

    def __init__(
        self,
        samples: Sequence[PictureFile],
        names: Sequence[str],
        severities: Sequence[int],
        *,
        seed: int = 0,
        pictures_at_once: int = 16,
    ) -> None:
        self.samples = samples
        self.variants = [(name, severity) for name in names for severity in severities]
        self.seed = seed
        self.pictures_at_once = pictures_at_once
        self.schema = rows_of_maps(
            ("corruption", pa.string()),
            ("severity", pa.int64()),
            *((name, pa.float64()) for name in metrics_that_need(CLEAN_MAP)),
            ("degenerate", pa.bool_()),  # one of the two maps
        )

    def load(self, sample: PictureFile) -> tuple[np.ndarray, list[np.ndarray]]:
        """The clean picture and each corrupted one: corrupted once for all models."""
        image = crop(decode_image(sample.path))
        return image, [corrupt(image, name, severity, sample.id, self.seed) for name, severity in self.variants]

    def score(self, backend: Backend, items: Sequence[Item]) -> Scored:
        """A row per picture, corruption and severity."""
        return Scored([row for item in items for row in self._rows(backend, item)])

    def model_facts(self, backend: Backend) -> Mapping[str, Any]:
        """Which map is looked at."""
        return {"layer": backend.default_layer, "readout": backend.default_readout}

    def summarise(self, run: Run) -> list[Entry]:
        """Each metric's mean over everything, with its interval over images, then by corruption and by severity."""
        entries: list[Entry] = []
        for model in run.values("model"):
            stored = run.rows(where=pc.field("model") == model)
            where = {name: stored[name][0].as_py() for name in ("model", "layer", "readout", "iteration")}
            images = np.array(stored["position"])
            for metric in metrics_that_need(CLEAN_MAP):
                values = np.array(stored[metric])
                entries.append({**where, "metric": metric, **over_images(values, images)})
                for by in BY:
                    column = np.array(stored[by].to_pylist())
                    for one in dict.fromkeys(column.tolist()):
                        chosen = column == one
                        entries.append(
                            {**where, "metric": metric, **over_images(values[chosen], images[chosen]), by: one}
                        )
        return entries

    def report(self, run: Run, summary: Sequence[Entry]) -> str:
        """Tables by corruption and by severity."""
        data = run.facts["data"]
        seen = f"Data: {data['folder']}, {data['samples']} of {data['of']} photographs; seed {self.seed}."
        report = report_of(run, "Maps under corruption", [seen], len(self.samples))
        report.text(
            "A cell is the mean over images and over what its line does not name, with a 95 % interval over images. "
            + " ".join(f"{one.title}: {one.source}." for one in metrics_that_need(CLEAN_MAP).values())
        )
        models = list(dict.fromkeys(entry["model"] for entry in summary))
        for metric, one in metrics_that_need(CLEAN_MAP).items():
            report.heading(one.title)
            for by in (*BY, None):
                lines = _lines_by(summary, metric, by)
                rows = [
                    (line, *(with_interval(cells.get(m), one.digits, " to ") for m in models))
                    for line, cells in lines.items()
                ]
                report.table((by or "over everything", *models), rows)
        flat = sum(run.rows(["degenerate"], where=pc.is_valid(pc.field("model")))["degenerate"].to_pylist())
        report.text(f"{flat} comparisons involve a degenerate map.")
        return report.html()

    def lines(self, run: Run, summary: Sequence[Entry]) -> Iterator[str]:
        """Markdown: what was measured, then a table by corruption and one by severity."""
        data = run.facts["data"]
        failed = len(run.rows(["error"], where=pc.is_valid(pc.field("error"))))
        yield (
            f"Correlation / SSIM with the clean map; {data['samples'] - failed} photographs of {data['folder']}, "
            f"seed {self.seed}.\n"
        )
        last = {entry["model"]: entry["iteration"] for entry in summary}
        for model, sha in weights(run.facts).items():
            facts = run.facts["models"][model]
            place = f"layer {facts['layer']}, {facts['readout']}, iterate {last.get(model, '–')}"
            yield f"- {model}: {place}; weights {sha}; input {input_size(facts)}"
        for by in BY:
            yield f"\n{table_by(summary, by)}"
        rows = run.rows(["degenerate"], where=pc.is_valid(pc.field("model")))["degenerate"].to_pylist()
        yield f"\n{sum(rows)} of {len(rows)} comparisons involve a degenerate map"

    def _rows(self, backend: Backend, item: Item) -> Iterator[Row]:
        clean, *maps = self._maps(backend, [item.image, *item.target])
        for (name, severity), (values, iteration) in zip(self.variants, maps, strict=True):
            yield {
                "position": item.position,
                "id": item.sample.id,
                "model": backend.name,
                "layer": backend.default_layer,
                "readout": backend.default_readout,
                "iteration": iteration,
                "corruption": name,
                "severity": severity,
                **{
                    metric: one.function(values, clean[0])
                    for metric, one in metrics_that_need(CLEAN_MAP).items()
                    if one.function
                },
                "degenerate": is_degenerate(values) or is_degenerate(clean[0]),
            }

    def _maps(self, backend: Backend, pictures: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, int]]:
        """The default map (h, w) of each picture at the last iterate, and that iterate's number."""
        layer, readout = backend.default_layer, backend.default_readout
        for start in range(0, len(pictures), self.pictures_at_once):
            batch, _ = backend.prepare(pictures[start : start + self.pictures_at_once])
            iterates = backend.maps(batch, (readout,), (layer,))[layer].maps[readout]
            yield from ((values.numpy(), len(iterates) - 1) for values in iterates[-1])


def table_by(summary: Sequence[Entry], by: str) -> str:
    """A line for each value of ``by``, a column for each model; the last line is the mean of all, with intervals."""
    models = list(dict.fromkeys(entry["model"] for entry in summary))
    cells: dict[Any, dict[str, list[str]]] = {}
    for metric in metrics_that_need(CLEAN_MAP):
        for line, entries in _lines_by(summary, metric, by).items():
            for model, entry in entries.items():
                cells.setdefault(line, {}).setdefault(model, []).append(f"{entry['value']:.3f}")
        for model, entry in _lines_by(summary, metric, None)[""].items():
            cells.setdefault(None, {}).setdefault(model, []).append(markdown.with_interval(entry, 3))
    rows = [(str(line), *(" / ".join(of[model]) for model in models)) for line, of in cells.items() if line is not None]
    rows.append(("**mean** [95 %]", *(" / ".join(cells[None][model]) for model in models)))
    return "\n".join(markdown.table((by, *models), rows))


def over_images(values: np.ndarray, images: np.ndarray, draws: int = 2000) -> Entry:
    """Mean of ``values``, its 95 % interval when whole ``images`` are drawn with replacement, and their number."""
    means = np.array([values[images == image].mean() for image in np.unique(images)])
    picks = np.random.default_rng(0).integers(len(means), size=(draws, len(means)))
    return {"value": float(values.mean()), "ci95": list(interval(means[picks].mean(axis=1))), "n": len(means)}


def _lines_by(summary: Sequence[Entry], metric: str, by: str | None) -> dict[Any, dict[str, Entry]]:
    """Value of ``by`` → model → entry; with ``by`` None the one line "" of what is over everything."""
    lines: dict[Any, dict[str, Entry]] = {}
    for entry in summary:
        over_everything = not any(name in entry for name in BY)
        if entry["metric"] == metric and (over_everything if by is None else by in entry):
            lines.setdefault("" if by is None else entry[by], {})[entry["model"]] = entry
    return lines
