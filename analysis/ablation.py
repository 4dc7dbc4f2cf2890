"""What the number of steps T and λ change in a model as it was trained: the settings, and the model under each."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.metrics.agreement import correlation
from vars_core.backend import Backend
from vars_core.errors import InputError
from vars_core.mixers.reconstruction import DenseReconstruction
from vars_core.mixers.spectral import ConvolutionalReconstruction
from vars_core.models.backbone import Backbone
from vars_core.models.base import VisionModel
from vars_core.solver import Ista, Lista

STEPS = (0, 1, 2, 3, 5, 7)
LAM_FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Setting:
    """T of the solver, and λ as a multiple of the one that a model was trained with.

    T = 0 is the solver's start decoded, z = P u₀ with u₀ = Pᵀx (ISTA) or S_λ(Pᵀx) (LISTA): no step is taken (SPEC §1).
    """

    num_steps: int
    lam_factor: float = 1.0


@dataclass(frozen=True)
class Variant:
    """A model under one setting. ``setting`` None: a model without a solver, which has nothing to set.

    ``trained``: the weights were trained under this setting; else it is tried on weights of another.
    """

    backend: Backend
    setting: Setting | None
    trained: bool


@dataclass(frozen=True)
class Point:
    """One value of a curve: of ``model`` under ``setting`` (None: nothing to set)."""

    model: str
    setting: Setting | None
    metric: str
    value: float
    trained: bool = False


def solvers_of(model: VisionModel) -> list[Ista | Lista]:
    """The solvers of all layers; none for attention, filters and timm's models."""
    mixers = [block.mixer for _, block in model.named_blocks()] if isinstance(model, Backbone) else []
    return [m.solver for m in mixers if isinstance(m, DenseReconstruction | ConvolutionalReconstruction)]


def resolved(backend: Backend, setting: Setting) -> Backend:
    """The same weights solved with another T and another multiple of λ; the given backend stays as it is.

    Raises InputError: a model without a solver.
    """
    if not solvers_of(backend.model):
        raise InputError(f"expected a model whose layers solve for codes (VARS-S, -D or -SD), got {backend.name}")
    model = copy.deepcopy(backend.model)
    for solver in solvers_of(model):
        solver.num_steps = setting.num_steps
        solver.lam *= setting.lam_factor
    model.num_steps = setting.num_steps
    return Backend(model, str(backend.device), backend.precision)


def settings(
    trained_steps: int, steps: Sequence[int] = STEPS, lam_factors: Sequence[float] = LAM_FACTORS
) -> list[Setting]:
    """The trained setting, then every other T at the trained λ, then every other λ at the trained T."""
    others = [Setting(t) for t in steps] + [Setting(trained_steps, factor) for factor in lam_factors]
    return list(dict.fromkeys([Setting(trained_steps), *others]))


def variants(
    backend: Backend, steps: Sequence[int] = STEPS, lam_factors: Sequence[float] = LAM_FACTORS
) -> list[Variant]:
    """A model under every setting, as it was trained first; one without a solver as it is."""
    if not solvers_of(backend.model):
        return [Variant(backend, None, trained=True)]
    own, *others = settings(backend.num_steps, steps, lam_factors)
    return [Variant(backend, own, trained=True)] + [Variant(resolved(backend, s), s, trained=False) for s in others]


def agreement_points(backend: Backend, photographs: Sequence[np.ndarray]) -> Iterator[Point]:
    """How alike map and first class are to those of the trained setting, on any photographs.

    "trained_correlation": Pearson's, of the default map, mean over the photographs. "same_class": the percentage of
    photographs whose first class is the same.
    """
    batch, _ = backend.prepare(photographs)
    readout, layer = backend.default_readout, backend.default_layer
    own, *others = variants(backend)
    trained = own.backend.trace(batch, (readout,), [layer])
    expected = trained.layers[0].maps[readout][-1].numpy()
    for variant in (own, *others):
        trace = variant.backend.trace(batch, (readout,), [layer])
        maps = trace.layers[0].maps[readout][-1].numpy()
        alike = [correlation(one, other) for one, other in zip(maps, expected, strict=True)]
        same = (trace.logits.argmax(1) == trained.logits.argmax(1)).float().mean()
        for metric, value in (("trained_correlation", float(np.mean(alike))), ("same_class", 100 * float(same))):
            yield Point(backend.name, variant.setting, metric, value, variant.trained)
