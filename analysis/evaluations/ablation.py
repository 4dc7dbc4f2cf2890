"""What T and λ change in a model: four evaluations of the table, repeated under every setting (paper, figure 6).

Nothing is measured in a way of its own: a labelled image is scored by `robustness`, a stimulus by `fixations`, a mask
by `segmentation`, a photograph to be corrupted by `agreement`. A sample's type says whose it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analysis.ablation import Variant
from analysis.engine import Item, Measured, Scored
from analysis.evaluations.ablation_report import build_report, figure_of, markdown
from analysis.evaluations.ablation_summary import SETTING, summarise
from analysis.evaluations.frame import Evaluation
from analysis.evaluations.grouping import Entry, rows_of_maps
from analysis.evaluations.suites import Labelled
from analysis.metrics.table import TRAINED_MAP, metrics_that_need
from analysis.runs import Row, Run

if TYPE_CHECKING:
    import numpy as np

    from vars_core.backend import Backend

SCHEMA = rows_of_maps(  # layer, readout and iteration are null for predictions and baselines
    (SETTING[0], pa.int64()),  # num_steps: null where the model has no solver, as is the next
    (SETTING[1], pa.float64()),  # lam_factor: λ as a multiple of the trained one
    (SETTING[2], pa.bool_()),  # trained: whether the weights were trained so
    ("suite", pa.string()),  # of predictions
    ("picture", pa.string()),
    ("corruption", pa.string()),  # of predictions, and of maps compared with the clean picture's
    ("severity", pa.int64()),
    ("correct", pa.bool_()),
    ("nss", pa.float64()),
    ("tp", pa.int64()),  # pixels of a mask
    ("fp", pa.int64()),
    ("fn", pa.int64()),
    ("tn", pa.int64()),
    ("correlation", pa.float64()),  # with the clean picture's map
    ("trained_correlation", pa.float64()),  # with the map of the same picture under the trained setting
    ("degenerate", pa.bool_()),
    ("seconds", pa.float64()),  # a prediction's share of its batch's forward pass
)


class AblationEvaluation(Evaluation):
    """The evaluation.

    ``parts``: type of sample → the evaluation that loads and scores it. ``variants``: model → its settings, the one it
    was trained with first.
    """

    schema = SCHEMA

    def __init__(self, parts: Mapping[type, Measured], variants: Mapping[str, Sequence[Variant]]) -> None:
        self.parts = parts
        self.variants = variants
        self.samples: Sequence[Any] = [sample for part in parts.values() for sample in part.samples]

    def policy(self, sample: Any) -> str:
        """That of the sample's own evaluation."""
        return self.parts[type(sample)].policy(sample)

    def load(self, sample: Any) -> tuple[np.ndarray, Any]:
        """As the sample's own evaluation loads it: once for all settings and models."""
        return self.parts[type(sample)].load(sample)

    def baseline_rows(self, items: Sequence[Item]) -> list[Row]:
        """Floors and ceilings of the maps: what no setting changes."""
        return [row for kind, of_kind in by_kind(items).items() for row in self.parts[kind].baseline_rows(of_kind)]

    def score(self, backend: Backend, items: Sequence[Item]) -> Scored:
        """The rows of every setting; of maps, those of the last iterate."""
        return Scored([row for kind, of_kind in by_kind(items).items() for row in self._rows(backend, kind, of_kind)])

    def model_facts(self, backend: Backend) -> Mapping[str, Any]:
        """Which settings, which map, and which weights where they were trained for a setting."""
        variants = self.variants[backend.name]
        return {
            "layer": backend.default_layer,
            "readout": backend.default_readout,
            "settings": [vars(one.setting) for one in variants if one.setting],
            "trained": {
                f"T = {one.setting.num_steps}, λ × {one.setting.lam_factor:g}": one.backend.checkpoint_hash
                for one in variants[1:]
                if one.setting and one.trained
            },
        }

    def summarise(self, run: Run) -> list[Entry]:
        return summarise(run)

    def report(self, run: Run, summary: Sequence[Entry]) -> str:
        """Figure 6 is written beside it."""
        for suffix in ("svg", "png", "webp"):
            figure_of(run, summary).save(run.folder / f"figure_6.{suffix}")
        return build_report(run, len(self.samples), summary)

    def lines(self, run: Run, summary: Sequence[Entry]) -> Iterator[str]:
        """Markdown: what was measured, then a table against T and one against λ."""
        yield from markdown(run, summary)

    def _rows(self, backend: Backend, kind: type, items: Sequence[Item]) -> Iterator[Row]:
        part, trained = self.parts[kind], dict[int, "np.ndarray"]()
        (compare,) = metrics_that_need(TRAINED_MAP).values()
        assert compare.function is not None
        for variant in self.variants[backend.name]:
            started = time.perf_counter()
            scored = part.score(variant.backend, items)
            seconds = (time.perf_counter() - started) / len(items)
            last = {kept.position: kept for kept in scored.maps}
            for position, kept in last.items():
                trained.setdefault(position, kept.values)  # the trained setting comes first
            setting = vars(variant.setting) if variant.setting else {}
            fixed: Row = {**setting, "trained": variant.trained, "seconds": seconds if kind is Labelled else None}
            for row in scored.rows:
                one = last.get(row["position"])
                if one is None:
                    yield row | fixed
                elif row["iteration"] == one.key.iteration:
                    alike = compare.function(one.values, trained[one.position]) if variant.setting else None
                    yield row | fixed | {compare.name: alike}


def by_kind(items: Sequence[Item]) -> dict[type, list[Item]]:
    """The items of a batch by the type of their samples."""
    kinds: dict[type, list[Item]] = {}
    for item in items:
        kinds.setdefault(type(item.sample), []).append(item)
    return kinds
