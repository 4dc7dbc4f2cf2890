"""What the mixers are to each other."""

from __future__ import annotations

import pytest
import torch

from vars_core.errors import InputError
from vars_core.mixers import MIXERS, LayerShape, Solving, mixer_kind
from vars_core.mixers.reconstruction import DenseReconstruction
from vars_core.operators import pooled_gradients
from vars_core.tokens import join_heads, split_heads

SHAPE = LayerShape(dim=16, num_heads=2, grid=(4, 4), num_features=8, num_kernels=2, convolutional_lam=0.1)


def layer(name: str, **solving: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return mixer_kind(name).build(SHAPE, Solving(**solving)).eval()


def test_self_attention_is_a_special_case() -> None:
    """Without sparsity or steps VARS-D is Performer attention with q = k, unit atoms, free rows (eq. 14-15)."""
    vars_d = layer("vars_d", num_steps=0, lam=0.0, solver="ista")
    assert isinstance(vars_d, DenseReconstruction)
    performer = layer("performer")
    performer.features.matrix.copy_(vars_d.dictionary.features.matrix)
    q, v = vars_d.projection.weight.chunk(2)
    q_bias, v_bias = vars_d.projection.bias.chunk(2)
    performer.projection.weight.data = torch.cat([q, q, v])
    performer.projection.bias.data = torch.cat([q_bias, q_bias, v_bias])
    x = torch.randn(3, 16, 16)

    features = performer.features(split_heads(performer.projection(x)[..., :16], 2))
    row_sums = (features @ features.transpose(-2, -1)).sum(-1, keepdim=True)
    performed = split_heads(performer.attend(x, (4, 4)), 2)
    unnormalised = performed * row_sums  # Φ(q)Φ(k)ᵀ v

    values = split_heads(vars_d.projection(x)[..., 16:], 2)
    torch.testing.assert_close(features @ (features.transpose(-2, -1) @ values), unnormalised, atol=1e-5, rtol=1e-4)
    scale = features.norm(dim=-2, keepdim=True)  # VARS scales every atom to unit norm, Performer none
    by_vars = vars_d.attend(x, (4, 4))
    atoms = features / scale
    torch.testing.assert_close(by_vars, join_heads(atoms @ (atoms.transpose(-2, -1) @ values)), atol=1e-5, rtol=1e-4)


def test_with_atoms_left_unscaled_the_special_case_is_performer_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vars_core.mixers.reconstruction.unit_columns", lambda atoms: atoms)
    vars_d = layer("vars_d", num_steps=0, lam=0.0, solver="ista")
    x = torch.randn(2, 16, 16)
    q, v = (split_heads(part, 2) for part in vars_d.projection(x).chunk(2, dim=-1))
    features = vars_d.dictionary.features(q)
    expected = join_heads(features @ features.transpose(-2, -1) @ v)
    torch.testing.assert_close(vars_d.attend(x, (4, 4)), expected, atol=1e-5, rtol=1e-4)


def test_the_rows_of_performer_attention_sum_to_one() -> None:
    performer = layer("performer")
    operator, v = performer.operator(torch.randn(2, 16, 16), (4, 4))
    torch.testing.assert_close(operator(torch.ones_like(v)), torch.ones_like(v))


def test_gap_of_softmax_attention_is_the_attention_averaged_over_queries() -> None:
    attention = layer("self")
    x = torch.randn(2, 16, 16)
    q, k, _ = (split_heads(part, 2) for part in attention.projection(x).chunk(3, dim=-1))
    weights = (q @ k.transpose(-2, -1) / 8**0.5).softmax(-1)
    operator, v = attention.operator(x, (4, 4))
    (gradient,) = pooled_gradients(operator, v)
    expected = weights.mean(2).unsqueeze(-1).expand_as(gradient)
    torch.testing.assert_close(gradient, expected, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("name", ["vars_d", "vars_s"])
def test_gap_is_the_jacobian_of_the_unrolled_solver(name: str) -> None:
    """One finite difference per token against the vector-Jacobian product."""
    mixer = layer(name, lam=0.05).double()
    operator, v = mixer.operator(torch.randn(1, 16, 16, dtype=torch.float64), (4, 4))
    gradient = pooled_gradients(operator, v)[-1]
    for token in (0, 5, 15):
        step = torch.zeros_like(v)
        step[0, 0, token, 3] = 1e-6
        difference = (operator(v + step) - operator(v - step)).mean(2)[0, 0, 3] / 2e-6
        torch.testing.assert_close(gradient[0, 0, token, 3], difference, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "solver"), [*((name, None) for name in MIXERS), ("vars_d", "ista"), ("vars_sd", "ista")]
)
def test_the_gradients_of_the_iterates_are_those_of_autograd(name: str, solver: str | None) -> None:
    """Every iterate's, from the chain rule written out, against differentiating the iterates one by one."""
    mixer = layer(name, lam=0.05, solver=solver).double()
    for parameter in mixer.parameters():
        parameter.data += 0.05 * torch.randn_like(parameter)  # a coupling that is no identity, spectra not Hermitian
    operator, v = mixer.operator(torch.randn(2, 16, 16, dtype=torch.float64), (4, 4))
    v = v.detach().requires_grad_()
    for weights in (torch.full_like(v[..., :1], 1 / 16), torch.randn_like(v)):
        given = weights.expand_as(v)
        expected = [torch.autograd.grad(z, v, given, retain_graph=True)[0] for z, _ in operator.iterates(v)]
        assert expected[-1].abs().max() > 1e-3
        torch.testing.assert_close(operator.gradients(v, weights), expected, atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("name", MIXERS)
def test_a_mixer_keeps_the_shape_of_its_tokens(name: str) -> None:
    x = torch.randn(1, 16, 16)
    assert layer(name)(x, (4, 4)).shape == x.shape


@pytest.mark.parametrize("name", ["vars_s", "vars_sd", "filter"])
def test_a_grid_that_the_weights_do_not_belong_to_is_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(InputError, match="4×4 grid, the input gives 8×2"):
        layer(name)(torch.randn(1, 16, 16), (8, 2))


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"num_steps": -1}, "expected num_steps of 0 or more, got -1"),
        ({"lam": -0.5}, "expected lam of 0 or more, got -0.5"),
        ({"solver": "fista"}, "unknown solver 'fista': expected ista or lista"),
    ],
)
def test_impossible_solver_settings_are_refused(wish: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Solving(**wish)
