"""Laws of the solver and of the dictionaries (SPEC §1)."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vars_core import create_model
from vars_core.dictionaries import ConvolutionalDictionary, DenseDictionary, convolutional_bound, unit_columns
from vars_core.grid_transform import FastTransform, MatrixTransform
from vars_core.operators import SparseReconstruction
from vars_core.solver import SHRUNK, Dictionary, Ista, Lista, objective, soft_threshold


def dense(seed: int, tokens: int = 9, atoms: int = 6) -> DenseDictionary:
    generator = torch.Generator().manual_seed(seed)
    return DenseDictionary(unit_columns(torch.randn(1, 1, tokens, atoms, generator=generator, dtype=torch.float64)))


def convolutional(seed: int, grid: tuple[int, int] = (6, 6), channels: int = 2, kernels: int = 3):
    generator = torch.Generator().manual_seed(seed)
    shape = (channels, kernels, grid[0], grid[1] // 2 + 1)
    spectra = torch.complex(torch.randn(shape, generator=generator), torch.randn(shape, generator=generator))
    return ConvolutionalDictionary(spectra, convolutional_bound(spectra, grid[1]), FastTransform(grid))


def energies(operator: SparseReconstruction, x: Tensor) -> list[float]:
    """½⟨u, PᵀPu⟩ − ⟨u, Pᵀx⟩ + ½‖x‖² + λ‖u‖₁ at every iterate: ½‖Pu − x‖² + λ‖u‖₁ for a true dictionary."""
    drive = operator.dictionary.encode(x)
    found = []
    for _, codes in operator.iterates(x):
        assert codes is not None
        gram = operator.dictionary.gram(operator.dictionary.combine(codes))
        quadratic = (codes * gram).sum() / 2 - (codes * drive).sum() + x.square().sum() / 2
        found.append(float(quadratic + operator.lam * codes.abs().sum()))
    return found


@given(st.integers(0, 10_000), st.floats(0.0, 5.0), st.floats(-3.0, 3.0))
@settings(deadline=None, max_examples=50)
def test_the_soft_threshold_is_its_formula(seed: int, threshold: float, scale: float) -> None:
    v = scale * torch.randn(50, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    expected = torch.sign(v) * torch.clamp(v.abs() - threshold, min=0)
    torch.testing.assert_close(soft_threshold(v, threshold), expected, atol=1e-12, rtol=0)


@given(st.integers(0, 10_000), st.floats(0.01, 2.0), st.floats(0.1, 10.0))
@settings(deadline=None, max_examples=40)
def test_the_energy_never_rises_under_ista_with_dense_atoms(seed: int, lam: float, scale: float) -> None:
    x = scale * torch.randn(1, 1, 9, 4, generator=torch.Generator().manual_seed(seed + 1), dtype=torch.float64)
    found = energies(SparseReconstruction(dense(seed), Ista(lam, 20)), x)
    assert all(after <= before * (1 + 1e-9) + 1e-9 for before, after in itertools.pairwise(found))


@given(st.integers(0, 10_000), st.floats(0.01, 2.0))
@settings(deadline=None, max_examples=40)
def test_the_energy_never_rises_under_ista_with_convolutions(seed: int, lam: float) -> None:
    x = torch.randn(1, 2, 6, 6, generator=torch.Generator().manual_seed(seed + 1))
    found = energies(SparseReconstruction(convolutional(seed), Ista(lam, 20, start=SHRUNK)), x)
    assert all(after <= before + 1e-4 * abs(found[0]) for before, after in itertools.pairwise(found))


@pytest.mark.parametrize("mixer", ["vars_d", "vars_sd", "vars_s"])
def test_the_energy_never_rises_on_the_layers_of_a_model(mixer: str) -> None:
    torch.manual_seed(0)
    model = create_model(f"rvt_nano/{mixer}", num_steps=8, solver="ista", lam=0.05, image_size=64).eval()
    block = model.stages[0][-1]
    operator, v = block.mixer.operator(torch.randn(2, 64, block.mixer.output.in_features), (8, 8))
    found = [objective(z, v, codes, operator.lam) for z, codes in operator.iterates(v)]
    steps = torch.stack(found).diff(dim=0)
    assert steps.max() <= 1e-5 * found[0].max()
    assert found[-1].max() < found[0].max()


def test_ista_settles_at_the_lasso_solution() -> None:
    """At the minimum the residual correlation is within λ where the code is zero, and ±λ where it is not."""
    dictionary, lam = dense(3), 0.2
    x = torch.randn(1, 1, 9, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    *_, (codes, _) = Ista(lam, 3000)(dictionary.encode(x), dictionary)
    correlation = dictionary.encode(x - dictionary.decode(codes))
    assert correlation.abs().max() <= lam + 1e-8
    active = codes != 0
    assert 0.1 < active.double().mean() < 0.95
    torch.testing.assert_close(correlation[active], lam * codes[active].sign(), atol=1e-8, rtol=0)


def test_no_steps_yield_the_start_alone() -> None:
    dictionary = dense(1)
    drive = dictionary.encode(torch.ones(1, 1, 9, 2, dtype=torch.float64))
    ((codes, _),) = Ista(0.1, 0)(drive, dictionary)
    assert torch.equal(codes, drive)


@pytest.mark.parametrize("make", [dense, convolutional])
def test_the_caller_owns_the_loop(make: Callable[[int], Dictionary]) -> None:
    """A solve left early has computed no more than it gave, and its iterates are those of a shorter one."""
    dictionary = make(1)
    x = torch.randn(1, 1, 9, 2, dtype=torch.float64) if make is dense else torch.randn(1, 2, 6, 6)
    drive = dictionary.encode(x)
    early = [codes for codes, _ in itertools.islice(Ista(0.1, 1000)(drive, dictionary), 3)]
    short = [codes for codes, _ in Ista(0.1, 2)(drive, dictionary)]
    assert len(early) == len(short) == 3
    assert all(torch.equal(one, other) for one, other in zip(early, short, strict=True))
    assert not torch.equal(early[1], early[2])


@pytest.mark.parametrize("make", [dense, convolutional])
def test_the_plain_call_is_the_last_iterate(make: Callable[[int], Dictionary]) -> None:
    x = torch.randn(1, 1, 9, 2, dtype=torch.float64) if make is dense else torch.randn(1, 2, 6, 6)
    operator = SparseReconstruction(make(2), Ista(0.1, 3))
    *_, (z, _) = operator.iterates(x)
    assert torch.equal(operator(x), z)


def test_lista_with_neutral_parameters_is_ista_with_its_own_bound_and_shrinkage() -> None:
    dictionary = DenseDictionary(dense(2).atoms.float())
    drive = dictionary.encode(torch.randn(1, 1, 9, 3))
    lista = Lista(0.3, 1, num_atoms=6)
    bound = dictionary.gram(torch.eye(6)).abs().sum(-1).amax() + 1
    start = torch.sign(drive) * torch.nn.functional.gelu(drive.abs() - 0.3)
    v = start - (dictionary.gram(start) - drive) / bound
    expected = torch.sign(v) * torch.nn.functional.gelu(v.abs() - 0.3 / bound)
    *_, (codes, _) = lista(drive, dictionary)
    torch.testing.assert_close(codes, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("grid", [(6, 6), (7, 7), (5, 8)])
def test_the_convolutional_bound_is_the_largest_eigenvalue_of_the_explicit_gram(grid: tuple[int, int]) -> None:
    dictionary = convolutional(11, grid)
    size = 3 * grid[0] * grid[1]
    units = torch.eye(size).reshape(size, 1, 3, *grid).expand(-1, 2, -1, -1, -1)
    columns = dictionary.gram(dictionary.combine(units))
    for channel in range(2):
        gram = columns[:, channel].reshape(size, size).double()
        largest = torch.linalg.eigvalsh((gram + gram.T) / 2)[-1]
        torch.testing.assert_close(dictionary.bound[channel].double(), largest, rtol=1e-4, atol=0)


@pytest.mark.parametrize("grid", [(8, 8), (7, 7), (14, 14), (4, 9)])
def test_the_matrix_transform_is_the_fast_transform(grid: tuple[int, int]) -> None:
    images = torch.randn(2, 3, *grid)
    matrix, fast = MatrixTransform(grid), FastTransform(grid)
    torch.testing.assert_close(matrix(images), fast(images), atol=1e-5, rtol=1e-5)
    spectra = torch.randn(2, 3, grid[0], grid[1] // 2 + 1, dtype=torch.complex64)
    torch.testing.assert_close(matrix.inverse(spectra), fast.inverse(spectra), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(matrix.inverse(matrix(images)), images, atol=1e-5, rtol=1e-5)


@given(st.integers(0, 10_000))
@settings(deadline=None, max_examples=20)
def test_decode_is_the_transpose_of_encode(seed: int) -> None:
    dictionary = dense(seed)
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 1, 9, 2, generator=generator, dtype=torch.float64)
    u = torch.randn(1, 1, 6, 2, generator=generator, dtype=torch.float64)
    torch.testing.assert_close((dictionary.encode(x) * u).sum(), (x * dictionary.decode(u)).sum())
    torch.testing.assert_close(dictionary.gram(u), dictionary.encode(dictionary.decode(u)))
