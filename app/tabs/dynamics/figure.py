"""What a visitor takes along from the Dynamics tab: a row of maps, four charts below, and the same step by step."""

from __future__ import annotations

import numpy as np

from analysis.painting import USUAL, Painting
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.column import CAPTION, GAP, MARGIN, Column, colour_bar
from analysis.paper_figures.iterates import frames_of
from analysis.paper_figures.marks import INK, PALE, SOFT, Polyline, Text
from app.inference.models import title
from app.inference.settling import LayerSettling
from app.library.photographs import Subject
from app.tabs.dynamics.words import CHARTS, COLOURS, fact_words, group_words, names
from app.views.exports import Export, described
from app.views.weights import figure_words
from vars_core.dynamics.paths import ATTENTION, Path

CHART_HEIGHT, ABOVE, BELOW, NUMBERS = 46.0, 13.0, 13.0, 27.0
"""Points: of the space between the axes of a chart, of the room for its title, for steps, for numbers beside it."""


def export(subject: Subject, made: LayerSettling, step: int, painting: Painting = USUAL) -> Export:
    """The maps at a step and the charts as a figure; the arrays hold every frame of every way."""
    arrays: dict[str, np.ndarray] = {"picture": subject.display}
    for name, path in made.settling.paths.items():
        arrays |= {f"{name}_{key}": values for key, values in vars(path).items()}
    settings = {"layer": made.layer, "head": made.head, "channel": made.channel, "t": step, **vars(made.rates)}
    settings |= {"colours": painting.colours.name, "tokens": painting.tokens.name}
    column = begun(subject, made, step, painting)
    charts(column, made, step)
    column.words(f"{fact_words(made)} {figure_words(made.model)}".rstrip())
    return Export(column.canvas, subject.display.shape[1], arrays, described([subject], [made.model], settings))


def film(subject: Subject, made: LayerSettling, painting: Painting = USUAL) -> list[np.ndarray]:
    """The figure without its numbers, step by step: uint8 (h, w, 3) each."""
    drawings = []
    for step in range(made.rates.num_steps + 1):
        column = begun(subject, made, step, painting)
        charts(column, made, step)
        column.words(f"Circuit time {step * made.settling.frame_time:.2f}.")
        drawings.append(column.canvas)
    return frames_of(drawings)


def begun(subject: Subject, made: LayerSettling, step: int, painting: Painting) -> Column:
    """Heading, the maps of all ways at a step, what their colours mean."""
    titles = names(made)
    place = f"layer {made.layer}, {group_words(made.head, made.convolutional)}"
    column = Column(f"{title(made.model.name)} · {place} · step {step} of {made.rates.num_steps}")
    column.pictures(
        [overlay(subject, made, path, step, painting) for path in made.settling.paths.values()],
        [titles[name] for name in made.settling.paths],
        columns=len(made.settling.paths),
        keys=[COLOURS[name] for name in made.settling.paths],
    )
    column.bars([colour_bar(painting.colours, None)])
    return column


def overlay(subject: Subject, made: LayerSettling, path: Path, step: int, painting: Painting) -> np.ndarray:
    """The map of a way at a step over the photograph, by its own colour scale: uint8 (h, w, 3)."""
    values = path.maps[min(step, len(path.maps) - 1)]
    finite_values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    return painting.over(subject.display, finite_values, made.model.placement(*subject.display.shape[:2]))


def charts(column: Column, made: LayerSettling, step: int) -> None:
    """`CHARTS`, two in a row."""
    width = (column.room - GAP) / 2
    for first in range(0, len(CHARTS), 2):
        for at, (name, (words, _)) in enumerate(list(CHARTS.items())[first : first + 2]):
            chart(column.canvas, made, name, words, step, MARGIN + at * (width + GAP), column.top + 2, width)
        column.space(ABOVE + CHART_HEIGHT + BELOW + GAP)


def chart(
    canvas: Canvas, made: LayerSettling, name: str, words: str, step: int, left: float, top: float, width: float
) -> None:
    """One of `CHARTS` on a canvas: every way's values by step, the optimum, and the step that is shown."""
    settling, above = made.settling, top + ABOVE
    bottom = above + CHART_HEIGHT
    usual = [path for path in settling.paths.values() if not path.diverges] or list(settling.paths.values())
    high = max(float(np.nanmax(getattr(path, name))) for path in usual) or 1.0
    low = min(settling.optimum, high) if name == "objective" else 0.0
    logarithmic = name == "objective" and low > 0

    def y_of(value: float) -> float:
        share = np.log(value / low) / max(np.log(high / low), 1e-9) if logarithmic else (value - low) / (high - low)
        return float(bottom - CHART_HEIGHT * np.clip(share, 0, 1))

    def x_of(frame: float) -> float:
        return left + NUMBERS + (width - NUMBERS - 4) * frame / made.rates.num_steps

    canvas.add(Text(words, left, top + CAPTION / 2, CAPTION, bold=True))
    for value in (low, high):
        canvas.add(Polyline([(x_of(0), y_of(value)), (x_of(made.rates.num_steps), y_of(value))], PALE, 0.5))
        canvas.add(Text(short_number(value), x_of(0) - 3, y_of(value), CAPTION, "end", SOFT))
    for frame in (0, made.rates.num_steps):
        canvas.add(Polyline([(x_of(frame), bottom), (x_of(frame), bottom + 2)], INK, 0.4))
        canvas.add(Text(str(frame), x_of(frame), bottom + 2 + 0.6 * CAPTION, CAPTION, "middle", SOFT))
    middle = x_of(made.rates.num_steps / 2)
    canvas.add(Text("step", middle, bottom + 2 + 0.6 * CAPTION, CAPTION, "middle", SOFT))
    canvas.add(Polyline([(x_of(step), above), (x_of(step), bottom)], SOFT, 0.6))
    for way, path in settling.paths.items():
        values = enumerate(getattr(path, name))
        points = [(x_of(k), y_of(max(v, low) if logarithmic else v)) for k, v in values if np.isfinite(v)]
        if way == ATTENTION and name != "change":
            points.append((x_of(made.rates.num_steps), points[-1][1]))
        canvas.add(Polyline(points, COLOURS[way], 1.2))


def short_number(value: float) -> str:
    """To three digits, large numbers in full: 11,700."""
    return f"{float(f'{value:.3g}'):,.0f}" if 1000 <= value < 1e6 else f"{value:.3g}"
