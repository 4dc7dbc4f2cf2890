"""What of a run is looked at: which map, by which metric, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.evaluations.image_scores import ImageScores
from analysis.evaluations.table import kind_of
from analysis.metrics.table import Metric
from analysis.saliency import MapKey
from analysis.summary_table import Place
from app.library.run_library import RunLibrary, StoredRun
from app.views.numbers import whole
from vars_core.errors import InputError
from vars_core.readings import DEFAULT_READOUT

ORDERS = ("best", "worst")
OWN_TABS = {"segmentation": "Segmentation", "fixations": "Fixations"}
"""Kinds of run whose images open in a tab of the same name, and its label; others open where a map is shown."""

MAP_TAB = "Attention"

UNFINISHED = "this run has not finished: repeat its command to continue it"
NOTHING = "the images of this kind of run are not shown here: open its report.html"


@dataclass(frozen=True)
class View:
    """Every value is one that the run has. ``key`` is None for a baseline and for people, who have no layers."""

    model: str
    key: MapKey | None
    metric: str
    order: str

    @property
    def place(self) -> Place:
        """Where the map stands in the summary."""
        return (self.model, self.key.layer, self.key.readout) if self.key else (self.model, None, None)


@dataclass(frozen=True)
class Wish:
    """What was asked for, by a visitor or a link; the run may lack any of it."""

    model: str | None = None
    layer: str | None = None
    readout: str | None = None
    t: str | None = None
    metric: str | None = None
    order: str | None = None


@dataclass(frozen=True)
class Sight:
    """A run, what is looked at of it, and the scores behind that."""

    stored: StoredRun
    view: View
    scores: ImageScores

    def image(self, position: int | None) -> str:
        """The name of the image at a position of the list of samples. Raises InputError."""
        for at, name in zip(self.scores.positions, self.scores.ids, strict=True):
            if at == position:
                return name
        raise InputError(f"no image at position {position} of the run {self.stored.name!r} was scored with this map")


def look_at(library: RunLibrary, name: str, wish: Wish) -> Sight:
    """A run as far as it can meet the wish. Raises InputError for a run without scores of images."""
    stored = library.open(name)
    view = settled(stored, wish)
    if view is None:
        raise InputError(NOTHING if stored.finished else UNFINISHED)
    return Sight(stored, view, library.scores(name, view.model, view.key))


def models_of(stored: StoredRun) -> list[str]:
    """Everything that was scored: models as they were given, then baselines and people."""
    every = list(dict.fromkeys(model for model, _, _ in stored.places))
    return sorted(every, key=lambda model: (model, None, None) in stored.places)


def metrics_of(stored: StoredRun) -> dict[str, Metric]:
    """The metrics that an image has and the run computed."""
    computed = {entry["metric"] for entry in stored.summary or []}
    return {name: one for name, one in kind_of(stored.kind).image_metrics.items() if one.name in computed}


def layers_of(stored: StoredRun, model: str) -> list[str]:
    """Layers that a model was read at; none of a baseline."""
    return list(dict.fromkeys(layer for name, layer, _ in stored.places if name == model and layer is not None))


def readouts_of(stored: StoredRun, model: str, layer: str | None) -> list[str]:
    """Readouts of one of its layers."""
    return [readout for name, at, readout in stored.places if (name, at) == (model, layer) and readout is not None]


def place_near(stored: StoredRun, model: str, layer: str | None, readout: str | None) -> Place:
    """That layer and readout of a model where it has them, else its last layer and its usual readout."""
    chosen = picked(layers_of(stored, model), layer)
    if chosen is None:
        return model, None, None
    there = readouts_of(stored, model, chosen)
    return model, chosen, picked(there, readout if readout in there else DEFAULT_READOUT)


def settled(stored: StoredRun, wish: Wish) -> View | None:
    """The wish as far as the run can meet it; None where it has no scores of images."""
    models, metrics = models_of(stored), list(metrics_of(stored))
    if not (models and metrics):
        return None
    model = wish.model if wish.model in models else models[0]
    place = place_near(stored, model, wish.layer, wish.readout)
    _, layer, readout = place
    key = None
    if layer is not None and readout is not None:
        steps, t = stored.places[place], whole(wish.t)
        key = MapKey(layer, readout, t if t in steps else steps[-1])
    metric = wish.metric if wish.metric in metrics else metrics[0]
    return View(model, key, metric, wish.order if wish.order in ORDERS else ORDERS[0])


def picked(choices: Sequence[str], wanted: str | None) -> str | None:
    """The wanted one of some choices, else the last; None where there is none."""
    if wanted in choices:
        return wanted
    return choices[-1] if choices else None
