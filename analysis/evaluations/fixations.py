"""Maps against eye fixations: every iterate of the chosen layers and readouts, between floors and ceiling (SPEC §7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from analysis.engine import Item
from analysis.evaluations.fixation_report import build_report
from analysis.evaluations.fixation_summary import image_metrics, summarise
from analysis.evaluations.grouping import Entry, rows_of_maps
from analysis.evaluations.maps import Headline, MapEvaluation
from analysis.map_sources import Blurred, Centre, MapSource, ModelMaps, OtherImages, People, SourceMaps, Trial
from analysis.metrics.fixations.pool import FixationPool
from analysis.metrics.fixations.truth import FixationTruth, Frame
from analysis.metrics.table import DENSITY, FIXATIONS
from analysis.placed_map import points_on
from analysis.runs import Row, Run
from analysis.saliency import Reading
from analysis.source_factors import source_factors
from vars_core.data.fixations import FixationSet, Stimulus
from vars_core.images import decode_image

if TYPE_CHECKING:
    from vars_core.backend import Backend


def schema() -> pa.Schema:
    """Of the rows: a column for every metric of the table. An image without a fixation inside it has no model."""
    return rows_of_maps(
        ("blur", pa.float64()),  # σ of the map's own blur, pixels; 0 for none
        ("height", pa.int64()),
        ("width", pa.int64()),
        ("fixations", pa.int64()),  # scored: those inside the frame
        ("outside", pa.int64()),  # dropped: outside the frame
        ("not_numbers", pa.int64()),  # dropped: NaN
        ("nss_sum", pa.float64()),  # over the scored fixations
        *((name, pa.float64()) for name in image_metrics()),  # mean over fixations; humans: over observers
        ("observer_fixations", pa.list_(pa.int32())),  # by observer, in the order of run.json
        ("observer_nss_sum", pa.list_(pa.float64())),
        ("map_min", pa.float64()),  # of the map as it left the layer
        ("map_max", pa.float64()),
        ("degenerate", pa.bool_()),
        ("seconds", pa.float64()),  # the model's share of one image: from its input to its maps
    )


class FixationEvaluation(MapEvaluation):
    """The evaluation: ``samples`` and what becomes of a batch of them.

    ``fixations``: the data set.
    ``sizes``: (height, width) of every image whose fixations may serve as the others'.
    ``readings``, ``headlines``: see `MapEvaluation`.
    ``metrics``: names of `image_metrics`; None for all.
    ``sigma``: pixels of one degree of visual angle: the blur of fixations.
    ``blurs``: σ in pixels by which maps are blurred before they are scored; 0 leaves them.
    ``limit``: only the first so many images are scored; the others' fixations still count as other images'.
    """

    baselines = (Centre, OtherImages, People)

    def __init__(
        self,
        fixations: FixationSet,
        sizes: Mapping[str, tuple[int, int]],
        readings: Mapping[str, Reading],
        headlines: Mapping[str, Headline] | None = None,
        *,
        metrics: Sequence[str] | None = None,
        sigma: float,
        blurs: Sequence[float] = (0.0,),
        limit: int | None = None,
    ) -> None:
        super().__init__(fixations.stimuli[:limit], readings, headlines, source_factors)
        self.schema = schema()
        self.observers = fixations.observers
        self.metrics = {name: one for name, one in image_metrics().items() if metrics is None or name in metrics}
        self.sigma = sigma
        self.blurs = tuple(blurs)
        pooled = {s.id: (s.fixations.xs, s.fixations.ys) for s in fixations.stimuli if s.id in sizes}
        self.pool = FixationPool(pooled, {name: sizes[name] for name in pooled}, sigma)

    def load(self, sample: Stimulus) -> tuple[np.ndarray, FixationTruth]:
        """The image and where it was looked at."""
        image = decode_image(sample.path)
        return image, self.truth(sample, image.shape[0], image.shape[1])

    def truth(self, sample: Stimulus, height: int, width: int) -> FixationTruth:
        """The fixations of a sample as pixels of an image of that size."""
        recorded = sample.fixations
        points, kept = points_on(recorded.xs, recorded.ys, height, width)
        not_numbers = int((np.isnan(recorded.xs) | np.isnan(recorded.ys)).sum())
        return FixationTruth(
            frame=Frame(sample.id, (height, width), self.sigma, self.pool),
            points=points,
            observers=recorded.observers[kept],
            outside=len(kept) - len(points) - not_numbers,
            not_numbers=not_numbers,
        )

    def source_of(self, backend: Backend) -> MapSource:
        """The model, its maps placed in double precision, as they are and blurred."""
        return Blurred(ModelMaps(backend, self.readings[backend.name], self.factors), self.blurs)

    def takes(self, item: Item) -> bool:
        """An image that nobody looked at enters no mean."""
        return len(item.target.points) > 0

    def described(self, item: Item) -> Row:
        truth: FixationTruth = item.target
        return {
            "position": item.position,
            "id": item.sample.id,
            "height": truth.frame.shape[0],
            "width": truth.frame.shape[1],
            "fixations": len(truth.points),
            "outside": truth.outside,
            "not_numbers": truth.not_numbers,
        }

    def score_maps(self, source: MapSource, item: Item, maps: SourceMaps) -> Iterator[Row]:
        """Every chosen metric, and the sums over fixations behind NSS."""
        for one in maps.placed:
            trials = {needs: source.trials(one, item.target, needs) for needs in (FIXATIONS, DENSITY)}
            row: Row = {"blur": maps.blur, "degenerate": one.degenerate, **self._sums(trials[FIXATIONS])}
            for name, metric in self.metrics.items():
                assert metric.function is not None
                scores = [metric.function(trial.placed, trial.truth) for trial in trials[metric.needs]]
                known = len(scores) > 0 and not np.isnan(scores).any()  # there may be no other image or pixel
                row[name] = float(np.mean(scores)) if known else None
            yield row

    def summarise(self, run: Run) -> list[Entry]:
        return summarise(run)

    def report(self, run: Run, summary: Sequence[Entry]) -> str:
        return build_report(run, self, self.sigma, self.observers, summary)

    def lines(self, run: Run, summary: Sequence[Entry]) -> Iterator[str]:
        """The first table in short, and how many images and fixations stand behind it."""
        lines = self.headline_lines(summary)
        shown = list(dict.fromkeys(metric for values in lines.values() for metric in values))
        widths = [max(12, len(metric) + 2) for metric in shown]
        yield f"{'model':<44}" + "".join(f"{metric:>{width}}" for metric, width in zip(shown, widths, strict=True))
        for title, values in lines.items():
            cells = (f"{values[m]:.6f}" if m in values else "–" for m in shown)
            yield f"{title:<44}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        yield _counted(run)

    def _sums(self, trials: Sequence[Trial]) -> Row:
        """z-values summed over an image's fixations, in all and by observer."""
        counts = np.zeros(len(self.observers), dtype=int)
        sums = np.zeros(len(self.observers))
        for trial in trials:
            z = trial.placed.z_at(trial.truth.points)
            counts += np.bincount(trial.truth.observers, minlength=len(counts))
            if trial.observer is None:
                sums += np.bincount(trial.truth.observers, weights=z, minlength=len(sums))
                total = float(z.sum())
            else:
                sums[trial.observer] += z.sum()
                total = float(sums.sum())
        return {
            "fixations": int(counts.sum()),
            "nss_sum": total,
            "observer_fixations": counts,
            "observer_nss_sum": sums,
        }


def _counted(run: Run) -> str:
    """From the rows: each image once, whatever models it was scored with."""
    table = run.rows(["position", "fixations", "outside", "not_numbers", "error"])
    first = {row["position"]: row for row in table.to_pylist() if row["error"] is None}
    sums = {name: sum(row[name] for row in first.values()) for name in ("fixations", "outside", "not_numbers")}
    scored = sum(row["fixations"] > 0 for row in first.values())
    return (
        f"{scored} images scored with {sums['fixations']} fixations; {len(first) - scored} images skipped without any; "
        f"on these images {sums['outside']} fixations outside and {sums['not_numbers']} without a number dropped"
    )
