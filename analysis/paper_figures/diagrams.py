"""Figures 1 and 2: what a layer does, as a diagram whose numbers are read off a layer of the first model given."""

from __future__ import annotations

from analysis.corruptions import corrupt
from analysis.paper_figures.canvas import Canvas
from analysis.paper_figures.column import draw_bar
from analysis.paper_figures.maps import default_lines
from analysis.paper_figures.marks import SOFT, Box, Polyline, Raster, Text
from analysis.paper_figures.studio import Studio, described, paper_layer, short, square
from vars_core.backend import Backend
from vars_core.dynamics import Layer, layer_problem, read_layer
from vars_core.dynamics.circuit import ALPHA, BETA, GAMMA
from vars_core.errors import InputError
from vars_core.solver import Lista

PALE, BLUE, RED, GREEN = "#f6f8fa", "#0072B2", "#D55E00", "#009E73"


def traced(studio: Studio) -> tuple[Backend, Layer]:
    """The first model with a dictionary, and its layer on the first photograph."""
    if not studio.with_dictionary:
        raise InputError("expected a --model with a dictionary (vars_s, vars_d, vars_sd) for the diagrams")
    backend = studio.with_dictionary[0]
    batch, _ = backend.prepare([next(iter(studio.photographs.values()))])
    return backend, read_layer(backend.model, batch.to(backend.device), paper_layer(backend))


def box(canvas: Canvas, x: float, y: float, width: float, lines: list[str], colour: str) -> None:
    height = 20 + 16 * len(lines)
    canvas.add(Box(x, y, width, height, PALE, colour))
    for k, line in enumerate(lines):
        canvas.add(Text(line, x + width / 2, y + 18 + 16 * k, 12 if k == 0 else 10.5, "middle", bold=k == 0))


def figure_1(studio: Studio) -> Canvas:
    """One step against many: attention and sparse reconstruction, above what both see of one corrupted photograph."""
    backend, layer = traced(studio)
    name, image = next(iter(studio.photographs.items()))
    noisy = corrupt(image, "gaussian_noise", 3, image_id=name, seed=studio.seed)
    canvas = Canvas(760, 470, "Figure 1. Attention is one step, VARS goes on until the codes settle")
    canvas.add(Text(canvas.title, 14, 20, 15, bold=True))
    canvas.add(Text("self-attention: one step forward", 14, 52, 12, colour=BLUE, bold=True))
    box(canvas, 14, 66, 90, ["x", "tokens"], SOFT)
    box(canvas, 150, 66, 150, ["Φᵀ x", "keys gather values"], BLUE)
    box(canvas, 346, 66, 150, ["Φ (Φᵀ x)", "queries read them"], BLUE)
    for x in (104, 300):
        canvas.add(Polyline([(x, 92), (x + 46, 92)], arrow=True))
    steps = backend.num_steps
    canvas.add(
        Text(f"VARS: the same step, then {steps} of inhibition and shrinkage", 14, 142, 12, colour=RED, bold=True)
    )
    box(canvas, 14, 156, 90, ["x", "tokens"], SOFT)
    box(canvas, 150, 156, 150, ["u = Pᵀ x", "encode: the drive"], RED)
    box(canvas, 346, 156, 220, ["u - (PᵀP u - Pᵀ x) / L", f"shrink by λ / L, {steps} times"], RED)
    box(canvas, 612, 156, 120, ["z = P u", "decode"], RED)
    for x in (104, 300, 566):
        canvas.add(Polyline([(x, 182), (x + 46, 182)], arrow=True))
    canvas.add(Polyline([(540, 208), (540, 228), (372, 228), (372, 210)], RED, arrow=True))
    seen = [("clean", image), ("gaussian noise, severity 3", noisy)]
    for i, (title, picture) in enumerate(seen):
        x = 14 + i * 372
        tiles = [square(picture, title)]
        for other in studio.backends[:2]:
            values = studio.maps(other, [picture], other.default_layer, other.default_readout)[-1, 0]
            tiles.append(studio.overlay(picture, values, other, short(other)))
        names = [title, *(short(other) for other in studio.backends[:2])]
        for k, (one, label) in enumerate(zip(tiles, names, strict=True)):
            canvas.add(Raster(one.pixels, x + 120 * k, 268, 112, 112, one.title))
            canvas.add(Text(label, x + 120 * k + 56, 256, 10.5, "middle"))
    for i, bar in enumerate(studio.bars(studio.backends[:2])):
        draw_bar(canvas, bar, 14 + 372 * i, 388, 10, 150)
    for k, line in enumerate([*default_lines(studio.backends[:2]), diagram_line(backend, layer)]):
        canvas.add(Text(line, 14, 418 + 15 * k, 10, colour=SOFT))
    return canvas


def figure_2(studio: Studio) -> Canvas:
    """The layer as a recurrent network: drive, recurrent inhibition, feedback."""
    backend, layer = traced(studio)
    problem = layer_problem(layer)
    codes = " × ".join(str(side) for side in problem.drive.shape[1:])
    canvas = Canvas(760, 400, "Figure 2. The layer as a recurrent network")
    canvas.add(Text(canvas.title, 14, 20, 15, bold=True))
    box(canvas, 40, 300, 150, ["x", f"input, {problem.x[0].numel():,} values"], SOFT)
    box(canvas, 300, 300, 160, ["z", f"dz/dt = −{ALPHA:g} z + P g(u) + x"], GREEN)
    box(canvas, 260, 90, 240, ["u", f"codes {codes}", f"du/dt = −{BETA:g} u + drive − inhibition"], RED)
    canvas.add(Polyline([(190, 326), (298, 326)], arrow=True))
    canvas.add(Polyline([(340, 300), (340, 160)], BLUE, 2, True), Text("drive Pᵀ z", 332, 230, 11, "end", BLUE))
    canvas.add(Polyline([(420, 160), (420, 298)], GREEN, 2, True), Text("feedback P g(u)", 430, 230, 11, colour=GREEN))
    canvas.add(Polyline([(500, 105), (600, 105), (600, 140), (502, 140)], RED, 2, True))
    canvas.add(
        Text("recurrent inhibition", 610, 112, 11, colour=RED),
        Text(f"−{GAMMA:g} (PᵀP − I) g(u)", 610, 130, 11, colour=RED),
        Text("g: soft threshold at λ/2", 40, 96, 11, colour=SOFT),
        Text(f"λ = {layer.lam:.3g} in this layer", 40, 114, 11, colour=SOFT),
        Text("settles at the least", 40, 140, 11, colour=SOFT),
        Text("½‖P u − x‖² + λ‖u‖₁", 40, 158, 11, colour=SOFT),
        Text(diagram_line(backend, layer), 14, 384, 10, colour=SOFT),
    )
    return canvas


def diagram_line(backend: Backend, layer: Layer) -> str:
    """Which layer's numbers stand in the diagram."""
    solver = "LISTA" if isinstance(layer.solver, Lista) else "ISTA"
    return described(backend, layer.name, "none (its sizes and λ)", f"{backend.num_steps} steps of {solver}")
