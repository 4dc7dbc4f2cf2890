"""What the number of steps T and λ change in a model as it was trained: the settings, and what is measured of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from analysis.metrics.agreement import correlation
from vars_core.backend import Backend
from vars_core.errors import InputError
from vars_core.mixers.reconstruction import DenseReconstruction
from vars_core.mixers.spectral import ConvolutionalReconstruction
from vars_core.models.backbone import Backbone

STEPS = (0, 1, 2, 3, 5, 7)
LAM_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Entry:
    """One value: ``num_steps`` T, ``lam_factor`` λ as a multiple of the λ trained with, over ``n`` photographs."""

    model: str
    num_steps: int
    lam_factor: float
    metric: str
    value: float
    n: int

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def resolved(backend: Backend, num_steps: int, lam_factor: float) -> Backend:
    """The same weights solved with another T and another multiple of λ; the given backend stays as it is.

    Raises:
        InputError: a model without a solver.
    """
    model = copy.deepcopy(backend.model)
    mixers = [block.mixer for _, block in model.named_blocks()] if isinstance(model, Backbone) else []
    solvers = [m.solver for m in mixers if isinstance(m, DenseReconstruction | ConvolutionalReconstruction)]
    if not solvers:
        raise InputError(f"expected a model whose layers solve for codes (VARS-S, -D or -SD), got {backend.name}")
    for solver in solvers:
        solver.num_steps = num_steps
        solver.lam *= lam_factor
    model.num_steps = num_steps
    return Backend(model, str(backend.device), backend.precision)


def settings(backend: Backend) -> list[tuple[int, float]]:
    """(T, λ factor): every T at the trained λ, and every λ at the trained T."""
    return [(steps, 1.0) for steps in STEPS] + [(backend.num_steps, f) for f in LAM_FACTORS if f != 1.0]


def map_agreement(backend: Backend, photographs: Sequence[np.ndarray]) -> Iterator[Entry]:
    """How alike map and first class are to those of the trained setting, on any photographs.

    "map_correlation": Pearson's, of the default map, mean over the photographs. "same_class": the fraction of
    photographs whose first class is the same.
    """
    batch, _ = backend.prepare(photographs)
    readout, layer = backend.default_readout, backend.default_layer
    trained = backend.trace(batch, (readout,), [layer])
    expected = trained.layers[0].maps[readout][-1].numpy()
    for num_steps, factor in settings(backend):
        found = resolved(backend, num_steps, factor).trace(batch, (readout,), [layer])
        maps = found.layers[0].maps[readout][-1].numpy()
        alike = [correlation(one, other) for one, other in zip(maps, expected, strict=True)]
        same = (found.logits.argmax(1) == trained.logits.argmax(1)).float().mean()
        for metric, value in (("map_correlation", float(np.mean(alike))), ("same_class", float(same))):
            yield Entry(backend.name, num_steps, factor, metric, value, len(photographs))
