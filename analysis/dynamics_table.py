"""How near each way of solving comes to the optimum of a layer's own problem, as a table (docs/dynamics.md)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from vars_core.backend import Backend
from vars_core.dynamics import (
    Circuit,
    Layer,
    attention_step,
    distance,
    euler,
    feature_problem,
    ista,
    lasso,
    layer_problem,
    own_iterates,
    read_layer,
    sparsity,
    unnormalised_performer,
)

ODE_TIME = 10.0
"""How long the circuit runs, in time constants of z."""

LONG_ISTA = 100


@dataclass(frozen=True)
class LayerRow:
    """Means over the images; an excess is E(u)/E(u*) − 1 with E = ½‖Pu − v‖² + λ‖u‖₁ in the layer's own λ and P.

    ``zero``: the excess of no codes at all. ``own``: of the layer's iterates t = 0..T. ``ista``, ``long_ista``: of the
    paper's solver after T and `LONG_ISTA` steps; ``ode``: of the circuit at `ODE_TIME`; ``attention``: of Pᵀv.
    ``distance``: ‖u_T − u*‖/‖u*‖ of the layer's last iterate. ``sparsity``: of u*, ``own_sparsity``: of u_T, fractions.
    ``gap``: the largest bound on what u* itself is above the optimum, relative to ½‖v‖². ``converged``: all of them at
    most 1e-8. ``performer``: the largest difference between the step without shrinkage and Performer attention,
    relative to its largest value; None where the dictionary is no function of the tokens.
    """

    name: str
    lam: float
    largest_eigenvalue: float
    zero: float
    own: tuple[float, ...]
    ista: float
    long_ista: float
    ode: float
    attention: float
    distance: float
    sparsity: float
    own_sparsity: float
    gap: float
    converged: bool
    performer: float | None


def layer_rows(backend: Backend, batch: Tensor, layers: tuple[str, ...]) -> Iterator[LayerRow]:
    """One row a layer, for a normalised batch (B, 3, h, w)."""
    for name in layers:
        yield layer_row(read_layer(backend.model, batch.to(backend.device), name), backend.num_steps)


def layer_row(layer: Layer, num_steps: int) -> LayerRow:
    problem = layer_problem(layer)
    optimum = lasso(problem)

    def excess(codes: Tensor) -> float:
        return float((problem.objective(codes) / optimum.objective - 1).mean())

    own = own_iterates(layer, problem, num_steps)
    settled = next(itertools.dropwhile(lambda state: state.time < ODE_TIME, euler(Circuit(problem))))
    return LayerRow(
        name=layer.name,
        lam=problem.lam,
        largest_eigenvalue=float(problem.dictionary.largest_eigenvalue().mean()),
        zero=excess(optimum.codes * 0),
        own=tuple(excess(codes) for codes in own),
        ista=excess(ista(problem, num_steps)[-1]),
        long_ista=excess(ista(problem, LONG_ISTA)[-1]),
        ode=excess(settled.codes),
        attention=excess(attention_step(problem)),
        distance=float(distance(own[-1], optimum.codes).mean()),
        sparsity=float(sparsity(optimum.codes).mean()),
        own_sparsity=float(sparsity(own[-1]).mean()),
        gap=float(optimum.gap.max()),
        converged=optimum.converged,
        performer=None if layer.convolutional else performer_difference(layer),
    )


def performer_difference(layer: Layer) -> float:
    """The largest difference of one step without shrinkage from Performer attention, relative to its largest value."""
    problem = feature_problem(layer)
    expected = unnormalised_performer(layer)
    answer = problem.reconstruct(attention_step(problem))
    return float((answer - expected).abs().max() / expected.abs().max())


BOUND_STEPS = (0, 1, 3, 10, 30, 100)
"""After how many steps of ISTA the excess is shown for another L."""


def bound_rows(layer: Layer, fractions: Sequence[float]) -> Iterator[tuple[float, list[float]]]:
    """(fraction, excesses): ISTA's after `BOUND_STEPS` steps with L as that fraction of the largest eigenvalue, mean
    over images; infinite where the codes have left the range of numbers."""
    problem = layer_problem(layer)
    optimum = lasso(problem)
    for fraction in fractions:
        iterates = ista(problem, BOUND_STEPS[-1], bound=fraction * problem.dictionary.largest_eigenvalue())
        excesses = [problem.objective(codes) / optimum.objective - 1 for codes in iterates]
        yield fraction, [float(excesses[k].mean()) if k < len(iterates) else float("inf") for k in BOUND_STEPS]


BOUND_HEADS = ("model", "layer", "L / largest eigenvalue", *map(str, BOUND_STEPS))


def bound_cells(model: str, layer: str, fraction: float, row: Sequence[float]) -> list[str]:
    """Under `BOUND_HEADS`: excess energies as factors of the optimum's."""
    return [model, layer, f"{fraction:g}", *(f"{value:.2g}" for value in row)]


HEADS = (
    "model", "layer", "λ", "L", "no codes", "t = 0…T of the layer", "ISTA, T steps", "ISTA, 100", "ODE, t = 10",
    "attention's step", "‖u_T − u*‖/‖u*‖", "zero codes: u*, u_T", "gap of u*", "step = Performer to",
)  # fmt: skip


def layer_cells(model: str, row: LayerRow) -> list[str]:
    """Under `HEADS`."""
    return [
        model,
        row.name,
        f"{row.lam:.2f}",
        f"{row.largest_eigenvalue:.1f}",
        percent(row.zero),
        " / ".join(percent(value) for value in row.own),
        percent(row.ista),
        percent(row.long_ista),
        percent(row.ode),
        percent(row.attention),
        f"{row.distance:.2f}",
        f"{row.sparsity:.0%}, {row.own_sparsity:.0%}",
        f"{row.gap:.0e}" + ("" if row.converged else " (not converged)"),
        "—" if row.performer is None else f"{row.performer:.0e}",
    ]


def percent(excess: float) -> str:
    """+12 % above the optimum, with as many digits as say something."""
    return f"{excess:+.0%}" if abs(excess) >= 0.1 else f"{excess:+.2%}"
