"""ISTA, LISTA, FISTA and the single step of attention, on random problems and on layers of the embedded models."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Lasso

from tests.dynamics.made import convolutional_problem, dense_problem, embedded, embedded_layer
from vars_core import create_model
from vars_core.dictionaries import DenseDictionary
from vars_core.dynamics import (
    attention_step,
    distance,
    feature_problem,
    ista,
    lasso,
    layer_problem,
    lista,
    own_iterates,
    read_layer,
    sparsity,
    unnormalised_performer,
)
from vars_core.errors import InputError


@given(st.integers(0, 10_000), st.floats(0.02, 1.0))
@settings(deadline=None, max_examples=10)
def test_the_optimum_is_that_of_another_program(seed: int, lam: float) -> None:
    problem = dense_problem(seed, lam)
    found = lasso(problem, 1e-12)
    assert isinstance(problem.dictionary, DenseDictionary)
    atoms, x = problem.dictionary.atoms[1, 0].numpy(), problem.x[1, 0].numpy()
    theirs = Lasso(alpha=lam / len(x), fit_intercept=False, tol=1e-12, max_iter=100_000).fit(atoms, x).coef_.T
    np.testing.assert_allclose(found.codes[1, 0].numpy(), theirs, atol=1e-5)


@given(st.sampled_from([dense_problem, convolutional_problem]), st.integers(0, 10_000), st.floats(0.02, 1.0))
@settings(deadline=None, max_examples=20)
def test_the_gap_bounds_what_any_codes_are_above_the_optimum(make, seed: int, lam: float) -> None:
    problem = make(seed, lam)
    rough, fine = lasso(problem, 1e-3), lasso(problem, 1e-10)
    energy_of_x = problem.x.flatten(1).square().sum(1) / 2
    assert rough.converged and fine.converged
    assert (fine.gap <= 1e-10).all() and (fine.violation <= 1e-3).all()
    assert ((rough.objective - fine.objective) / energy_of_x <= rough.gap + 1e-9).all()
    assert (rough.objective >= fine.objective - 1e-9 * energy_of_x).all()


def test_without_a_penalty_the_optimum_is_least_squares() -> None:
    problem = dense_problem(4, 0.0)
    found = lasso(problem, 1e-10)
    assert isinstance(problem.dictionary, DenseDictionary)
    torch.testing.assert_close(found.codes, torch.linalg.lstsq(problem.dictionary.atoms, problem.x).solution)
    assert found.converged


def test_a_search_that_was_cut_short_says_so() -> None:
    cut = lasso(dense_problem(1, 0.1), 1e-12, max_steps=5)
    assert not cut.converged and cut.num_steps == 5 and cut.gap.max() > 1e-12


@given(st.sampled_from([dense_problem, convolutional_problem]), st.integers(0, 10_000), st.floats(0.0, 1.0))
@settings(deadline=None, max_examples=20)
def test_the_energy_never_rises_along_ista(make, seed: int, lam: float) -> None:
    problem = make(seed, lam)
    found = torch.stack([problem.objective(codes) for codes in ista(problem, 30)])
    assert found.diff(dim=0).max() <= 1e-10 * found[0].max()


def test_below_half_of_the_largest_eigenvalue_ista_diverges_and_above_it_does_not() -> None:
    problem = dense_problem(6, 0.1)
    largest = float(problem.dictionary.largest_eigenvalue().max())
    optimum = lasso(problem)
    energies = {}
    for factor in (0.4, 0.6, 1.0):
        energies[factor] = [float(problem.objective(u).max()) for u in ista(problem, 400, bound=factor * largest)]
    assert energies[0.4][-1] > 1e6 * energies[0.4][0]
    assert energies[0.6][-1] <= float(optimum.objective.max()) * (1 + 1e-3)
    assert all(after <= before + 1e-9 for before, after in itertools.pairwise(energies[1.0]))


def test_iterates_end_where_they_leave_the_range_of_numbers() -> None:
    codes = ista(dense_problem(6, 0.1), 3000, bound=0.05)
    assert 10 < len(codes) < 3000
    assert all(bool(u.isfinite().all()) for u in codes)


@pytest.mark.parametrize(("mixer", "name"), [("vars_d", "0.3"), ("vars_sd", "1.0"), ("vars_s", "0.1")])
def test_the_laboratory_s_iterates_are_the_layer_s_own(mixer: str, name: str) -> None:
    backend, batch = embedded(mixer)
    recorded = backend.trace(batch, ("energy", "stream"), [name], codes=True).layers[0]
    layer = embedded_layer(mixer, name)
    problem = layer_problem(layer)
    found = own_iterates(layer, problem, backend.num_steps)
    assert recorded.codes is not None and len(found) == len(recorded.codes) == 4
    for theirs, ours, energy, stream in zip(
        recorded.codes, found, recorded.maps["energy"], recorded.maps["stream"], strict=True
    ):
        scale = float(theirs.abs().max())
        # One code in a thousand may sit on the jump of the shrinkage, where rounding decides its sign.
        assert float(((theirs.double() - ours).abs() > 2e-4 * scale).double().mean()) < 1e-3
        z = problem.reconstruct(ours)
        torch.testing.assert_close(layer.energy_map(z), energy, atol=0, rtol=2e-3)
        torch.testing.assert_close(layer.stream_map(z), stream, atol=0, rtol=2e-3)


@pytest.mark.parametrize(("mixer", "name"), [("vars_d", "0.0"), ("vars_d", "0.3"), ("vars_sd", "1.1")])
def test_one_step_without_shrinkage_is_performer_attention_without_normalisation(mixer: str, name: str) -> None:
    layer = embedded_layer(mixer, name)
    problem = feature_problem(layer)
    z = problem.reconstruct(attention_step(problem))
    performer = unnormalised_performer(layer)
    torch.testing.assert_close(z, performer, atol=0, rtol=1e-9)
    assert performer.abs().max() > 1e-3


def test_the_learned_iteration_does_not_reach_the_optimum_of_its_own_objective() -> None:
    layer = embedded_layer("vars_d", "0.3")
    problem = layer_problem(layer)
    optimum = lasso(problem)
    last = lista(layer, problem, 3)[-1]
    assert optimum.converged
    assert (problem.objective(last) > 1.05 * optimum.objective).all()
    assert (distance(last, optimum.codes) > 0.1).all()
    assert (sparsity(last) < sparsity(optimum.codes)).all()


def test_distance_is_relative_and_of_zero_codes_the_length() -> None:
    target = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    assert distance(torch.tensor([[3.0, 9.0], [6.0, 8.0]]), target).tolist() == [1.0, 10.0]


def test_layers_without_a_dictionary_are_refused() -> None:
    backend, batch = embedded("self")
    with pytest.raises(InputError, match=r"reconstructs with a dictionary.*got layer 0.3 of rvt_nano/self"):
        read_layer(backend.model, batch, "0.3")
    with pytest.raises(InputError, match=r"expected a layer of rvt_nano/self, got '7.7'"):
        read_layer(backend.model, batch, "7.7")
    with pytest.raises(InputError, match="got timm/vit_tiny_patch16_224"):
        read_layer(create_model("timm/vit_tiny_patch16_224").eval(), batch, "0.0")
    with pytest.raises(InputError, match="dynamic dictionary"):
        feature_problem(embedded_layer("vars_s", "0.1"))
    with pytest.raises(InputError, match=r"solved by ISTA"):
        lista(embedded_layer("vars_s", "0.1"), layer_problem(embedded_layer("vars_s", "0.1")), 1)


@pytest.mark.parametrize(("make", "head"), [(dense_problem, 1), (convolutional_problem, 0)])
def test_one_head_and_channel_is_a_problem_of_its_own(make, head: int) -> None:
    problem = make(3, 0.3)
    whole, part = lasso(problem, 1e-12).codes, lasso(problem.only(head, 2), 1e-12).codes
    expected = whole[:, 1:2, :, 2:3] if make is dense_problem else whole[:, 2:3]
    torch.testing.assert_close(part, expected, atol=1e-4, rtol=0)
