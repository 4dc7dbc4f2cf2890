"""The four ways of one head side by side are those of the laboratory, on one time axis."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.dynamics.made import embedded
from vars_core.dynamics import Circuit, attention_step, euler, layer_problem, lista, own_iterates, read_layer
from vars_core.dynamics.layer import Layer
from vars_core.dynamics.paths import ATTENTION, CHANNELS, ISTA, ODE, OWN, Rates, head_problem, num_groups, settle
from vars_core.errors import InputError


def layer_of(mixer: str, name: str = "1.1") -> Layer:
    backend, batch = embedded(mixer)
    return read_layer(backend.model, batch[:1], name)


@pytest.mark.parametrize("mixer", ["vars_d", "vars_sd", "vars_s"])
def test_a_head_is_a_part_of_the_layer_s_problem(mixer: str) -> None:
    layer = layer_of(mixer)
    whole = layer_problem(layer)
    codes = torch.randn(whole.drive.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    parts = 0.0
    for head in range(num_groups(layer)):
        one = slice(head * CHANNELS, (head + 1) * CHANNELS) if layer.convolutional else slice(head, head + 1)
        parts += float(head_problem(layer, head).objective(codes[:, one]))
    assert parts == pytest.approx(float(whole.objective(codes)))
    with pytest.raises(InputError, match=f"a head of 0..{num_groups(layer) - 1} in layer 1.1, got 99"):
        head_problem(layer, 99)


@pytest.mark.parametrize("mixer", ["vars_d", "vars_s"])
def test_the_layer_s_own_path_is_the_layer_s_and_the_circuit_s_frames_are_its_states(mixer: str) -> None:
    layer, head = layer_of(mixer), 1
    found = settle(layer, head, 2, Rates(num_steps=6))
    whole = own_iterates(layer, layer_problem(layer), 6)
    one = slice(head * CHANNELS, (head + 1) * CHANNELS) if layer.convolutional else slice(head, head + 1)
    problem = head_problem(layer, head)
    expected = [float(problem.objective(codes[:, one])) for codes in whole]
    assert found.paths[OWN].objective == pytest.approx(expected, rel=1e-9)
    if not layer.convolutional:
        assert found.paths[OWN].objective == pytest.approx(
            [float(problem.objective(codes)) for codes in lista(layer, problem, 6)]
        )
    step = found.frame_time / np.ceil(found.frame_time / Circuit(problem).stable_step())
    late = next(state for state in euler(Circuit(problem), step) if state.time >= 4 * found.frame_time - 1e-9)
    assert found.paths[ODE].objective[4] == pytest.approx(float(problem.objective(late.codes)))
    assert [len(path.objective) for path in found.paths.values()] == [7, 7, 7, 2]
    for path in found.paths.values():
        assert path.maps.shape == (len(path.objective), *layer.grid) and np.isnan(path.change[0])


def test_with_enough_time_the_circuit_and_ista_arrive_and_never_rise() -> None:
    found = settle(layer_of("vars_d"), 0, 0, Rates(num_steps=100))
    for name in (ODE, ISTA):
        path = found.paths[name]
        assert np.diff(path.objective).max() <= 1e-9 * path.objective[0] and not path.diverges
        assert path.objective[-1] == pytest.approx(found.optimum, rel=2e-2)
    assert found.paths[ISTA].objective[-1] == pytest.approx(found.optimum, rel=5e-3)
    assert found.gap <= 1e-6 and 0.5 < found.optimal_zero < 1
    assert found.paths[ISTA].zero[-1] == pytest.approx(found.optimal_zero, abs=0.1)


def test_l_too_small_diverges_and_is_said() -> None:
    layer = layer_of("vars_d")
    low, whole = (settle(layer, 0, 0, Rates(num_steps=12, bound_factor=factor)) for factor in (0.4, 1.0))
    assert low.paths[ISTA].diverges and not whole.paths[ISTA].diverges
    assert low.paths[ISTA].objective[-1] > 1e3 * low.empty
    assert low.bound == pytest.approx(0.4 * whole.bound) and low.frame_time == pytest.approx(whole.frame_time / 0.4)


def test_attention_is_the_first_step_and_lambda_a_multiple_of_the_layer_s() -> None:
    layer = layer_of("vars_sd")
    found = settle(layer, 0, 3, Rates(lam_factor=2.0, num_steps=3))
    problem = head_problem(layer, 0)
    assert found.lam == pytest.approx(2 * problem.lam)
    step = attention_step(problem)
    assert found.paths[ATTENTION].objective[1] == pytest.approx(float(problem.at(found.lam).objective(step)))
    strongest = found.paths[ATTENTION].codes
    assert strongest.shape == (2, 48) and np.isin(strongest[1], step[0, 0, :, 3].numpy()).all()


@pytest.mark.parametrize("wrong", [{"lam_factor": -1}, {"bound_factor": 0}, {"num_steps": 0}, {"num_steps": 101}])
def test_rates_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected λ × 0 or more"):
        Rates(**wrong)
    with pytest.raises(InputError, match=r"a channel of 0..31 of head 0, got 32"):
        settle(layer_of("vars_d"), 0, 32, Rates())
