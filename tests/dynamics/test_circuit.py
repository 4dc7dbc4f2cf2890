"""The recurrent circuit settles at the solution of the layer's problem, and its energy never rises on the way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dynamics.made import convolutional_problem, dense_problem, embedded_layer
from vars_core.dynamics import Circuit, State, adaptive, euler, lasso, layer_problem
from vars_core.errors import InputError

MADE = {"dense": dense_problem, "convolutional": convolutional_problem}


def until(states: Iterator[State], time: float) -> State:
    return next(state for state in states if state.time >= time)


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("kind", MADE)
def test_on_a_random_dictionary_the_steady_state_is_the_lasso_solution(kind: str, settled: bool) -> None:
    problem = dense_problem(5, 0.4, atoms=5) if kind == "dense" else convolutional_problem(5, 0.4, kernels=1)
    optimum = lasso(problem, 1e-12)
    assert optimum.converged and 0.02 < (optimum.codes == 0).double().mean() < 0.95
    last = until(euler(Circuit(problem, settled=settled)), 80)
    torch.testing.assert_close(last.codes, optimum.codes, atol=1e-4, rtol=0)
    torch.testing.assert_close(last.z, problem.reconstruct(optimum.codes) + problem.x, atol=1e-4, rtol=0)
    torch.testing.assert_close(problem.objective(last.codes), optimum.objective, atol=0, rtol=1e-4)


@pytest.mark.parametrize(("mixer", "name"), [("vars_d", "0.3"), ("vars_sd", "1.1"), ("vars_s", "1.1")])
def test_on_a_real_layer_the_steady_state_has_the_energy_of_the_lasso_solution(mixer: str, name: str) -> None:
    problem = layer_problem(embedded_layer(mixer, name)).only(0, 5)
    optimum = lasso(problem)
    assert optimum.converged and (optimum.codes != 0).any()
    (last,) = adaptive(Circuit(problem), [3e4], "BDF")  # atoms of real layers overlap: the slow ones take long
    torch.testing.assert_close(problem.objective(last.codes), optimum.objective, atol=0, rtol=1e-4)


@given(st.sampled_from(sorted(MADE)), st.integers(0, 10_000), st.floats(0.0, 1.0))
@settings(deadline=None, max_examples=12)
def test_the_joint_energy_never_rises_and_with_a_settled_z_the_paper_s_energy_never_does(
    kind: str, seed: int, lam: float
) -> None:
    problem = MADE[kind](seed, lam)
    for circuit in (Circuit(problem), Circuit(problem, settled=True)):
        found = torch.stack([circuit.energy(state) for state in itertools.islice(euler(circuit), 80)])
        assert found.diff(dim=0).max() <= 1e-10 * found[0].max()
        assert (found[-1] < found[0]).all()


def test_with_a_settled_z_the_joint_energy_is_the_problem_s_objective() -> None:
    problem = dense_problem(3, 0.4)
    state = until(euler(Circuit(problem, settled=True)), 0.5)
    torch.testing.assert_close(Circuit(problem).energy(state), problem.objective(state.codes))


@pytest.mark.parametrize(("mixer", "name"), [("vars_d", "0.3"), ("vars_sd", "0.0"), ("vars_s", "0.3")])
def test_from_rest_the_paper_s_energy_falls_on_a_real_layer(mixer: str, name: str) -> None:
    problem = layer_problem(embedded_layer(mixer, name)).only(0, 2)
    found = torch.stack([problem.objective(s.codes) for s in itertools.islice(euler(Circuit(problem)), 150)])
    assert found.diff(dim=0).max() <= 1e-9 * found[0].max()
    assert (found[-1] < found[0]).all()


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 2.0), (0.8, 2.5), (1.5, 2.0), (2.0, 3.0)])
def test_other_rates_solve_a_rescaled_problem(alpha: float, beta: float) -> None:
    """With γ = β the rest (αβ − 1)·g is the LASSO solution at αβθ: at the paper's rates, of the problem itself."""
    problem = dense_problem(7, 0.3, atoms=3)
    circuit = Circuit(problem, alpha=alpha, beta=beta, gamma=beta)
    (last,) = adaptive(circuit, [300.0], "BDF")
    expected = lasso(problem.at(alpha * beta * circuit.threshold), 1e-12)
    torch.testing.assert_close((alpha * beta - 1) * last.codes, expected.codes, atol=1e-4, rtol=0)


@pytest.mark.parametrize("method", ["RK45", "DOP853", "LSODA", "BDF"])
def test_an_adaptive_solver_follows_the_path_of_many_small_steps(method: str) -> None:
    problem = dense_problem(1, 0.3, tokens=6, atoms=4, channels=2)
    circuit, times = Circuit(problem), [0.0, 0.5, 2.0, 5.0]
    found = adaptive(circuit, times, method, rtol=1e-7)
    assert [state.time for state in found] == times
    for state in found:
        fine = until(euler(circuit, 1e-3), state.time - 1e-9)
        torch.testing.assert_close(state.codes, fine.codes, atol=2e-3, rtol=0)
        torch.testing.assert_close(state.z, fine.z, atol=2e-3, rtol=0)


def test_steps_that_are_too_long_are_seen_to_leave_the_optimum() -> None:
    problem = dense_problem(2, 0.1)
    circuit = Circuit(problem)
    far = next(itertools.islice(euler(circuit, 10 * circuit.stable_step()), 200, None))
    assert problem.objective(far.codes).max() > 1e6 * problem.objective(circuit.rest().codes).max()


def test_bad_questions_are_answered_with_a_sentence() -> None:
    problem = dense_problem(0, 0.1)
    with pytest.raises(InputError, match="λ of 0 or more, got -1"):
        problem.at(-1.0)
    with pytest.raises(InputError, match="α > 0"):
        Circuit(problem, alpha=0.0)
    with pytest.raises(InputError, match="dt above 0"):
        next(euler(Circuit(problem), -0.1))
    with pytest.raises(InputError, match="expected one of RK45"):
        adaptive(Circuit(problem), [1.0], "Euler")
    with pytest.raises(InputError, match="times that rise"):
        adaptive(Circuit(problem), [2.0, 1.0])
    with pytest.raises(InputError, match="at most 4,000 states for BDF"):
        adaptive(Circuit(layer_problem(embedded_layer("vars_d", "0.3"))), [0.1], "BDF")
