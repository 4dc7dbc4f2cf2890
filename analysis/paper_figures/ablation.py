"""Figure 6: what the number of steps T and λ change in a model as it was trained."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.ablation import LAM_FACTORS, STEPS, Entry, map_agreement
from analysis.paper_figures.canvas import SOFT, Canvas, Dot, Line, Text
from analysis.paper_figures.studio import Studio, described, last
from vars_core.errors import InputError

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
TITLES = {
    "map_correlation": "correlation with the map of the trained setting",
    "same_class": "photographs with the same first class",
}
WIDTH, HEIGHT = 300, 170


def figure_6(studio: Studio) -> Canvas:
    """A row a metric; on the left against T, on the right against λ. Computed on the photographs given."""
    if not studio.with_dictionary:
        raise InputError("expected a --model that solves for codes (vars_s, vars_d, vars_sd) for figure 6")
    photographs = list(studio.photographs.values())
    entries = [entry for backend in studio.with_dictionary for entry in map_agreement(backend, photographs)]
    caption = [
        f"Mean over {len(photographs)} photographs. Each curve is of one set of weights, not trained again.",
        *(described(b, b.default_layer, b.default_readout, last(b)) for b in studio.with_dictionary),
    ]
    trained = {backend.name: backend.num_steps for backend in studio.with_dictionary}
    return plot("Figure 6. Steps and sparsity", entries, trained, caption)


def plot(title: str, entries: Sequence[Entry], trained: dict[str, int], caption: Sequence[str]) -> Canvas:
    """``trained``: the T of each model."""
    metrics = list(dict.fromkeys(entry.metric for entry in entries))
    canvas = Canvas(760, 60 + (HEIGHT + 70) * len(metrics) + 30 + 15 * len(caption), title)
    canvas.add(Text(title, 14, 20, 15, bold=True))
    for row, metric in enumerate(metrics):
        top = 66 + row * (HEIGHT + 70)
        own = [entry for entry in entries if entry.metric == metric]
        low = min(0.0, min(entry.value for entry in own))
        high = max(1e-9, max(entry.value for entry in own))
        panels: list[tuple[str, Sequence[float], list[tuple[Entry, float]]]] = [
            ("T, steps of the solver", STEPS, [(e, e.num_steps) for e in own if e.lam_factor == 1]),
            (
                "λ, times the trained one",
                LAM_FACTORS,
                [(e, e.lam_factor) for e in own if e.num_steps == trained[e.model]],
            ),
        ]
        canvas.add(Text(TITLES.get(metric, metric), 14, top - 16, 11.5, bold=True))
        for column, (axis, ticks, points) in enumerate(panels):
            left = 60 + column * (WIDTH + 60)
            spots = {tick: left + WIDTH * k / (len(ticks) - 1) for k, tick in enumerate(ticks)}
            for share in (0.0, 0.5, 1.0):
                y = top + HEIGHT * (1 - share)
                canvas.add(Line([(left, y), (left + WIDTH, y)], "#d0d7de", 1))
                canvas.add(Text(f"{low + (high - low) * share:.2f}", left - 6, y, 10, "end", SOFT))
            for tick, x in spots.items():
                canvas.add(Text(f"{tick:g}", x, top + HEIGHT + 12, 10, "middle", SOFT))
            canvas.add(Text(axis, left + WIDTH / 2, top + HEIGHT + 28, 10.5, "middle"))
            for model, colour in zip(trained, COLOURS, strict=False):
                curve = sorted((x, e.value) for e, x in points if e.model == model)
                places = [(spots[x], top + HEIGHT * (1 - (y - low) / (high - low))) for x, y in curve]
                canvas.add(Line(places, colour, 2, title=model))
                for (x, y), place in zip(curve, places, strict=True):
                    canvas.add(Dot(*place, 3, colour, f"{model}: {y:.3f} at {x:g}"))
    below = 40 + (HEIGHT + 70) * len(metrics)
    for k, (model, colour) in enumerate(zip(trained, COLOURS, strict=False)):
        canvas.add(Dot(20 + 150 * k, below + 8, 4, colour), Text(model, 30 + 150 * k, below + 8, 11))
    for k, line in enumerate(caption):
        canvas.add(Text(line, 14, below + 30 + 15 * k, 10, colour=SOFT))
    return canvas
