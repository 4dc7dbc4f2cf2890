"""Evaluations of maps: floors, ceilings and models are sources of maps, and every map is scored in the same way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from analysis.engine import Item, Scored
from analysis.evaluations.frame import Evaluation
from analysis.evaluations.grouping import Entry
from analysis.map_sources import Factors, MapSource, SourceMaps
from analysis.placed_map import PlacedMap, placed
from analysis.runs import KeptMap, Row, Run
from analysis.saliency import MapKey, Reading
from vars_core.image_size import stored_size
from vars_core.images import Placement
from vars_core.preprocessing import Preprocessing

if TYPE_CHECKING:
    from vars_core.backend import Backend


@dataclass(frozen=True)
class Headline:
    """The map of a model that the report's first table shows: ``step`` None for the last iterate."""

    layer: str
    readout: str
    step: int | None

    def key(self, last: int) -> MapKey:
        """The map itself. Attention has one iterate, whatever the others have: one is shown at its ``last`` at most."""
        return MapKey(self.layer, self.readout, last if self.step is None else min(self.step, last))


class MapEvaluation(Evaluation, ABC):
    """What segmentation and fixations have in common.

    ``samples``: each has an ``id``. ``readings``: per model name, which of its maps are scored. ``headlines``: per
    model name, which of these the report shows pictures of. ``factors``: how maps are placed on their images.
    """

    baselines: ClassVar[Sequence[type]] = ()
    """The sources that need no model, in the order of the rows."""

    def __init__(
        self,
        samples: Sequence[Any],
        readings: Mapping[str, Reading],
        headlines: Mapping[str, Headline] | None,
        factors: Factors,
    ) -> None:
        self.samples = samples
        self.readings = readings
        self.headlines = headlines or {}
        self.factors = factors
        self.sources: list[MapSource] = [make() for make in self.baselines]

    @abstractmethod
    def source_of(self, backend: Backend) -> MapSource:
        """A model as a source of maps."""

    @abstractmethod
    def described(self, item: Item) -> Row:
        """The columns that every row of an image has."""

    @abstractmethod
    def score_maps(self, source: MapSource, item: Item, maps: SourceMaps) -> Iterator[Row]:
        """The columns that say how each of some maps scored."""

    def model_facts(self, backend: Backend) -> Mapping[str, Any]:
        """The layers and readouts that are scored."""
        return vars(self.readings[backend.name])

    def keys(self, summary: Sequence[Entry]) -> dict[str, MapKey]:
        """The map of each model that the report's first table shows."""
        keys = {}
        for model, headline in self.headlines.items():
            where = (model, headline.layer, headline.readout)
            iterates = (e["iteration"] for e in summary if (e["model"], e["layer"], e["readout"]) == where)
            keys[model] = headline.key(max(iterates, default=0))
        return keys

    def headline_lines(self, summary: Sequence[Entry]) -> dict[str, dict[str, float]]:
        """The first table: title → metric → value, of the maps `keys` as they are, and of what is no model."""
        keys, lines = self.keys(summary), dict[str, dict[str, float]]()
        for entry in summary:
            name = (entry["model"], entry["layer"], entry["readout"], entry["iteration"])
            key = keys.get(entry["model"])
            if "blur" not in entry and (key is None or key == MapKey(*name[1:])):
                title = " ".join(str(part) for part in name if part is not None)
                lines.setdefault(title, {})[entry["metric"]] = entry["value"]
        return lines

    def takes(self, item: Item) -> bool:
        """Whether anything can be scored on this image; one where nothing can is a row that says no more."""
        return True

    def baseline_rows(self, items: Sequence[Item]) -> list[Row]:
        """Rows of the sources that need no model."""
        rows: list[Row] = []
        for item in items:
            if not self.takes(item):
                rows.append(self.described(item))
            for source in self.sources if self.takes(item) else ():
                (of_image,) = source.maps([item])
                rows += self._rows(source, item, of_image).rows
        return rows

    def score(self, backend: Backend, items: Sequence[Item]) -> Scored:
        """One row per image and map of a model."""
        source = self.source_of(backend)
        scored = [self._rows(source, item, of_image) for item, of_image in zip(items, source.maps(items), strict=True)]
        return Scored([row for one in scored for row in one.rows], [kept for one in scored for kept in one.maps])

    def shown_map(self, run: Run, model: str, key: MapKey | None, item: Item) -> PlacedMap | None:
        """The map of an image that a report shows: a baseline's made again, a model's as it was kept in the run."""
        for source in self.sources:
            if source.name == model:
                (of_image,) = source.maps([item])
                return next((maps.placed[0] for maps in of_image), None)
        raw = None if key is None else run.kept_map(item.position, model, key)
        if raw is None:
            return None
        facts = run.facts["models"][model]
        size, covered = (stored_size(facts[key]) if key in facts else None for key in ("image_size", "covered"))
        assert size is not None
        height, width = item.image.shape[:2]
        seen = Preprocessing(covered=covered)
        placement = Placement(height, width, size, self.policy(item.sample), seen)
        return placed(raw, self.factors(placement, (raw.shape[0], raw.shape[1])))

    def _rows(self, source: MapSource, item: Item, of_image: Iterator[SourceMaps]) -> Scored:
        if not self.takes(item):
            return Scored(())
        rows: list[Row] = []
        kept: list[KeptMap] = []
        headline = self.headlines.get(source.name)
        for maps in of_image:
            fixed = {**self.described(item), "model": source.name, "seconds": maps.seconds}
            for index, row in enumerate(self.score_maps(source, item, maps)):
                key = maps.keys[index]
                rows.append(fixed | _named(maps, index) | row)
                if headline and key and not maps.blur and key == headline.key(_last(maps, key)):
                    assert maps.raw is not None
                    kept.append(KeptMap(item.position, source.name, key, maps.raw[index]))
        return Scored(rows, kept)


def _named(maps: SourceMaps, index: int) -> Row:
    key, raw = maps.keys[index], maps.raw
    if key is None or raw is None:
        return {}
    return {**vars(key), "map_min": float(raw[index].min()), "map_max": float(raw[index].max())}


def _last(maps: SourceMaps, key: MapKey) -> int:
    """The number of the last iterate of a map's readout."""
    return max(one.iteration for one in maps.keys if one is not None and one.readout == key.readout)
