"""Figure 6: what the number of steps T and λ change in a model as it was trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from analysis.ablation import Point, Setting, agreement_points
from analysis.metrics.table import METRICS
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.marks import SOFT, Dot, Polyline, Text
from analysis.paper_figures.studio import Studio, described, last
from analysis.paper_figures.typeface import typeface
from vars_core.errors import InputError

TITLES = {"same_class": "photographs with the same first class, %"}
"""Of what is no metric of an evaluation."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F", "#8C564B")
"""Okabe and Ito's palette, grey and brown: five models, three floors and people."""

WIDTH, HEIGHT, ROW = 300, 120, 198
LEFT, TOP, BETWEEN = 62, 72, 76


@dataclass(frozen=True)
class Axis:
    """One side of the figure: T at each model's trained λ, or λ at its trained T.

    ``name``, ``symbol``: in words, and short. ``ticks``: where there are points, ascending. ``trained``: model → the
    setting it was trained under; None for one without a solver. ``at``: where a setting stands. ``held``: what of it
    must be as trained.
    """

    name: str
    symbol: str
    ticks: tuple[float, ...]
    trained: Mapping[str, Setting | None]
    at: Callable[[Setting], float]
    held: Callable[[Setting], float]

    def shows(self, model: str, setting: Setting | None) -> bool:
        """Whether a value under this setting stands on this side."""
        own = self.trained.get(model)
        return setting is None or own is None or self.held(setting) == self.held(own)

    def curves(self, points: Sequence[Point]) -> dict[str, list[tuple[float | None, float]]]:
        """(place, value) of one metric's points by curve: a model's own weights, and those trained for each setting."""
        drawn: dict[str, list[tuple[float | None, float]]] = {}
        for model in dict.fromkeys(point.model for point in points):
            own = [p for p in points if p.model == model and self.shows(model, p.setting)]
            tried = [p for p in own if not p.trained or p.setting == self.trained.get(model)]
            trained = [p for p in own if p.trained and p.setting is not None]
            for name, chosen in (
                (model, tried),
                (f"{model}, trained so", trained if len({p.setting for p in trained}) > 1 else []),
            ):
                places = [(None if p.setting is None else self.at(p.setting), p.value) for p in chosen]
                if places:
                    drawn[name] = sorted(places, key=lambda place: place[0] or 0)
        return drawn


def axes(points: Sequence[Point], trained: Mapping[str, Setting | None]) -> list[Axis]:
    """Both sides, of what the points cover."""
    settings = [point.setting for point in points if point.setting is not None]

    def axis(name: str, symbol: str, at: Callable[[Setting], float], held: Callable[[Setting], float]) -> Axis:
        own = [setting for setting in trained.values() if setting is not None]
        ticks = {at(setting) for setting in settings if any(held(setting) == held(one) for one in own)}
        return Axis(name, symbol, tuple(sorted(ticks)), trained, at, held)

    return [
        axis("T, steps of the solver", "T", lambda s: s.num_steps, lambda s: s.lam_factor),
        axis("λ, times the trained one", "λ ÷ trained λ", lambda s: s.lam_factor, lambda s: s.num_steps),
    ]


def figure_6(studio: Studio) -> Canvas:
    """A row a metric; on the left against T, on the right against λ. Computed on the photographs given."""
    if not studio.with_dictionary:
        raise InputError("expected a --model that solves for codes (vars_s, vars_d, vars_sd) for figure 6")
    photographs = list(studio.photographs.values())
    points = [point for backend in studio.with_dictionary for point in agreement_points(backend, photographs)]
    caption = [
        f"Mean over {len(photographs)} photographs. Each curve is of one set of weights, not trained again; T = 0 is "
        "the solver's start decoded. Accuracy, NSS, IoU and cost: python -m analysis ablation.",
        *(described(b, b.default_layer, b.default_readout, last(b)) for b in studio.with_dictionary),
    ]
    trained = {backend.name: Setting(backend.num_steps) for backend in studio.with_dictionary}
    return plot("Figure 6. Steps and sparsity", points, trained, caption)


def plot(title: str, points: Sequence[Point], trained: Mapping[str, Setting | None], caption: Sequence[str]) -> Canvas:
    """A row a metric. What has no setting is a dashed line across; a larger dot marks the trained setting."""
    metrics = list(dict.fromkeys(point.metric for point in points))
    names = list(dict.fromkeys(name for axis in axes(points, trained) for name in axis.curves(points)))
    colours = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(names)}
    width = LEFT + 2 * WIDTH + BETWEEN + 22
    lines = [line for text in caption for line in typeface().wrapped(text, width - 28, 10)]
    legend_rows = -(-len(names) // 4)
    canvas = Canvas(width, TOP + ROW * len(metrics) + 18 * legend_rows + 14 * len(lines) + 12, title)
    canvas.add(Text(title, 14, 20, 15, bold=True))
    for row, metric in enumerate(metrics):
        top = TOP + row * ROW
        known = METRICS.get(metric)
        unit = f", {known.unit}" if known and known.unit else ""
        canvas.add(Text(f"{known.title}{unit}" if known else TITLES[metric], 14, top - 22, 11.5, bold=True))
        own = [point for point in points if point.metric == metric]
        for column, axis in enumerate(axes(points, trained)):
            panel(canvas, axis, own, colours, LEFT + column * (WIDTH + BETWEEN), top)
    below = TOP + ROW * len(metrics) - 12
    for k, (name, colour) in enumerate(colours.items()):
        x, y = 20 + (width - 28) / 4 * (k % 4), below + 18 * (k // 4)
        canvas.add(Dot(x, y, 4, colour), Text(name, x + 10, y, 10.5))
    for k, line in enumerate(lines):
        canvas.add(Text(line, 14, below + 18 * legend_rows + 6 + 14 * k, 10, colour=SOFT))
    return canvas


def panel(
    canvas: Canvas, axis: Axis, points: Sequence[Point], colours: Mapping[str, str], left: float, top: float
) -> None:
    """One metric on one side."""
    values = [point.value for point in points]
    low, high = bounds(values)
    spots = {tick: left + WIDTH * (k + 0.5) / len(axis.ticks) for k, tick in enumerate(axis.ticks)}

    def y_of(value: float) -> float:
        return top + HEIGHT * (1 - (value - low) / (high - low))

    for share in (0.0, 0.5, 1.0):
        value = low + (high - low) * share
        canvas.add(Polyline([(left, y_of(value)), (left + WIDTH, y_of(value))], "#d0d7de", 1))
        canvas.add(Text(f"{value:.4g}", left - 6, y_of(value), 10, "end", SOFT))
    for tick, x in spots.items():
        canvas.add(Text(f"{tick:g}", x, top + HEIGHT + 12, 10, "middle", SOFT))
    canvas.add(Text(axis.name, left + WIDTH / 2, top + HEIGHT + 28, 10.5, "middle"))
    for name, curve in axis.curves(points).items():
        model, colour = name.partition(",")[0], colours[name]
        flat = [value for place, value in curve if place is None]
        for value in flat:
            for start in range(0, WIDTH, 12):
                canvas.add(
                    Polyline([(left + start, y_of(value)), (left + start + 7, y_of(value))], colour, 1.5, title=name)
                )
        places = [(spots[x], y_of(value), x, value) for x, value in curve if x is not None]
        if len(places) > 1:
            canvas.add(Polyline([(x, y) for x, y, _, _ in places], colour, 2, title=name))
        own = axis.trained.get(model)
        for x, y, tick, value in places:
            trained = own is not None and tick == axis.at(own)
            canvas.add(Dot(x, y, 5 if trained else 3, colour, f"{name}: {value:.4g} at {tick:g}"))


def bounds(values: Sequence[float]) -> tuple[float, float]:
    """A range of round numbers that holds all values, never empty."""
    low, high = min(values), max(values)
    span = high - low or abs(high) or 1.0
    step = next(s for s in (10.0**e * m for e in range(-6, 9) for m in (1, 2, 5)) if s >= span / 3)
    first, end = step * (low // step), step * -(-high // step)
    return first, end if end > first else first + step
