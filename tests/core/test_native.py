"""The mixers as compiled loops, and what takes their place where there is no compiler."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from tests.core.test_inference import traced, trained
from vars_core import Backend
from vars_core.errors import InputError
from vars_core.inference import frozen
from vars_core.inference.attention import NativeMixing
from vars_core.inference.native.atoms import NativeAtomsReconstruction
from vars_core.inference.native.call import LANES
from vars_core.inference.native.compiler import compiler, library
from vars_core.inference.native.convolutions import NativeReconstruction, native_convolutions
from vars_core.inference.separable import SeparableTransform
from vars_core.inference.spectral import NativeFilter, TokenConvolutions, TokenReconstruction, token_filter
from vars_core.mixers import LayerShape, Mixer, Solving, mixer_kind
from vars_core.mixers.reconstruction import DenseReconstruction
from vars_core.mixers.spectral import SpatialFilter, StaticDictionary
from vars_core.readouts import READOUTS
from vars_core.solver import AT_DRIVE, SHRUNK, Ista, Lista, Start
from vars_core.tokens import Grid

needs_a_compiler = pytest.mark.skipif(compiler() is None, reason="this machine has no C++ compiler")


def both(
    grid: Grid, num_kernels: int, solver: Ista, *, hermitian: bool = True
) -> tuple[NativeReconstruction, TokenReconstruction]:
    """One layer of 32 channels twice: by the loop, and by PyTorch's operations."""
    torch.manual_seed(0)
    layer = StaticDictionary(2 * LANES, num_kernels, grid).double()
    with torch.no_grad():
        if not hermitian:
            layer.spectrum.weight += 0.1 * torch.randn_like(layer.spectrum.weight)
            layer.refresh_bound()
        spectral = layer(grid)
        spectra, bound = spectral.spectra.detach(), spectral.bound.detach()
        dictionary = TokenConvolutions(spectral, SeparableTransform(grid, bound))
        native = native_convolutions(spectra, bound, grid)
    assert native is not None
    return NativeReconstruction(native, dictionary, solver, grid), TokenReconstruction(dictionary, solver)


@needs_a_compiler
@pytest.mark.parametrize("start", [SHRUNK, AT_DRIVE])
@pytest.mark.parametrize(("grid", "num_kernels"), [((4, 4), 2), ((7, 7), 5), ((14, 14), 5), ((6, 9), 1), ((5, 8), 3)])
def test_every_iterate_and_gradient_of_the_loop_is_that_of_the_operations(
    grid: Grid, num_kernels: int, start: Start
) -> None:
    loop, operations = both(grid, num_kernels, Ista(0.2, 3, start))
    v = torch.randn(3, 1, math.prod(grid), 2 * LANES, dtype=torch.float64)
    w = torch.randn_like(v)
    with torch.no_grad():
        for (z, u), (expected_z, expected_u) in zip(loop.iterates(v), operations.iterates(v), strict=True):
            torch.testing.assert_close(z, expected_z, atol=1e-12, rtol=1e-12)
            torch.testing.assert_close(u, expected_u, atol=1e-12, rtol=1e-12)
        assert torch.equal(loop(v), z)
        for one, other in zip(loop.gradients(v, w), operations.gradients(v, w), strict=True):
            torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-12)


@needs_a_compiler
def test_spectra_that_are_of_no_real_filter_keep_their_meaning() -> None:
    loop, operations = both((6, 8), 2, Ista(0.1, 4), hermitian=False)
    v = torch.randn(2, 1, 48, 2 * LANES, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(loop(v), operations(v), atol=1e-12, rtol=1e-12)


@needs_a_compiler
def test_the_loop_has_the_gradient_of_its_last_iterate() -> None:
    loop, operations = both((5, 5), 2, Ista(0.2, 2, SHRUNK))
    v = torch.randn(2, 1, 25, 2 * LANES, dtype=torch.float64, requires_grad=True)
    weights = torch.randn_like(v)
    found, expected = (torch.autograd.grad((operator(v) * weights).sum(), v)[0] for operator in (loop, operations))
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)
    *_, (z, _) = loop.iterates(v)
    torch.testing.assert_close(torch.autograd.grad((z * weights).sum(), v)[0], expected, atol=1e-12, rtol=1e-12)


@needs_a_compiler
@pytest.mark.parametrize("grid", [(4, 4), (7, 6), (14, 14)])
def test_a_filter_of_the_loop_is_that_of_the_operations_and_has_its_gradient(grid: Grid) -> None:
    torch.manual_seed(0)
    layer = SpatialFilter(2 * LANES, grid).double()
    layer.spectrum.weight.data += 0.1 * torch.randn_like(layer.spectrum.weight)
    tokens = torch.randn(3, math.prod(grid), 2 * LANES, dtype=torch.float64, requires_grad=True)
    loop = token_filter(layer.spectrum, SeparableTransform(grid, tokens))
    assert isinstance(loop, NativeFilter)
    results = loop(tokens), loop.plain(tokens)
    torch.testing.assert_close(*results, atol=1e-12, rtol=1e-12)
    weights = torch.randn_like(tokens)
    gradients = [torch.autograd.grad((one * weights).sum(), tokens)[0] for one in results]
    torch.testing.assert_close(*gradients, atol=1e-12, rtol=1e-12)


@needs_a_compiler
def test_an_image_has_the_same_numbers_alone_and_among_others_with_one_thread_or_two() -> None:
    loop, _ = both((14, 14), 5, Ista(0.2, 3, SHRUNK))
    v = torch.randn(4, 1, 196, 2 * LANES, dtype=torch.float64)
    threads = torch.get_num_threads()
    try:
        together = [(torch.set_num_threads(count), loop(v))[1] for count in (1, 2)]
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(*together)
    assert torch.equal(loop(v[[2]]), together[0][[2]])


def layer_of(mixer: str, grid: Grid, solver: str | None = None) -> Mixer:
    """Three heads with sixteen channels and 32 features or atoms of each kind."""
    shape = LayerShape(dim=3 * LANES, num_heads=3, grid=grid, num_features=2 * LANES, num_kernels=1)
    return mixer_kind(mixer).build(shape, Solving(3, 0.2, solver)).eval()


def dense_layer(mixer: str, grid: Grid, solver: str = "lista") -> DenseReconstruction:
    """Its solver's weights are not as they start."""
    torch.manual_seed(0)
    layer = layer_of(mixer, grid, solver)
    assert isinstance(layer, DenseReconstruction)
    if isinstance(layer.solver, Lista):
        layer.solver.coupling.data += 0.05 * torch.randn_like(layer.solver.coupling)
        layer.solver.lam_scale.data.fill_(0.8)
        layer.solver.rate_scale.data.fill_(1.3)
    return layer


@needs_a_compiler
@pytest.mark.parametrize("mixer", ["vars_d", "vars_sd"])
def test_codes_of_the_loop_are_no_farther_from_the_exact_ones_than_those_of_the_operations(mixer: str) -> None:
    layer, exact = dense_layer(mixer, (14, 14)), dense_layer(mixer, (14, 14)).double()
    x = torch.randn(8, 196, 3 * LANES)

    def codes(layer: Mixer, x: torch.Tensor) -> torch.Tensor:
        operator, v = layer.operator(x, (14, 14))
        return torch.stack([u for _, u in operator.iterates(v) if u is not None]).double()

    with torch.no_grad():
        exact_codes = codes(exact, x.double())
        loop, operations = ((codes(one, x) - exact_codes).abs().median() for one in (frozen(layer), layer))
    assert 0 < loop < operations, "a code near the jump of GELU shrinkage lands beyond it more often than it need"


@needs_a_compiler
@pytest.mark.parametrize("mixer", ["vars_d", "vars_sd"])
@pytest.mark.parametrize("grid", [(4, 4), (7, 5), (14, 14)])
def test_every_iterate_and_code_of_dense_atoms_is_that_of_the_operations(mixer: str, grid: Grid) -> None:
    layer = dense_layer(mixer, grid).double()
    x = torch.randn(3, math.prod(grid), 3 * LANES, dtype=torch.float64)
    with torch.no_grad():
        fast = frozen(layer)
        (loop, v), (operations, expected_v) = fast.operator(x, grid), layer.operator(x, grid)
        assert isinstance(loop, NativeAtomsReconstruction) and torch.allclose(v, expected_v)
        for (z, u), (expected_z, expected_u) in zip(loop.iterates(v), operations.iterates(v), strict=True):
            torch.testing.assert_close(z, expected_z, atol=1e-11, rtol=1e-11)
            torch.testing.assert_close(u, expected_u, atol=1e-11, rtol=1e-11)
        assert torch.equal(loop(v), z)


@needs_a_compiler
@pytest.mark.parametrize("mixer", ["vars_d", "vars_sd"])
def test_dense_atoms_in_single_precision_are_near_those_in_double(mixer: str) -> None:
    """The loop's own exponential and normal distribution, which double precision takes from the C++ library."""
    layer, x = dense_layer(mixer, (14, 14)), torch.randn(2, 196, 3 * LANES)
    with torch.no_grad():
        found = frozen(layer).attend(x, (14, 14))
        expected = layer.double().attend(x.double(), (14, 14))
    assert (found - expected).abs().max() <= 2e-6 * expected.abs().max()


@needs_a_compiler
@pytest.mark.parametrize("mixer", ["vars_d", "vars_sd"])
def test_a_layer_of_dense_atoms_has_the_gradient_by_its_input(mixer: str) -> None:
    layer = dense_layer(mixer, (5, 5)).double()
    x = torch.randn(2, 25, 3 * LANES, dtype=torch.float64, requires_grad=True)
    weights = torch.randn_like(x)
    found, expected = (
        torch.autograd.grad((one.attend(x, (5, 5)) * weights).sum(), x)[0] for one in (frozen(layer), layer)
    )
    torch.testing.assert_close(found, expected, atol=1e-10, rtol=1e-10)


@needs_a_compiler
@pytest.mark.parametrize("mixer", ["self", "performer"])
@pytest.mark.parametrize(("num_tokens", "dtype", "apart"), [(196, torch.float32, 1e-5), (7, torch.float64, 1e-13)])
def test_attention_is_that_of_the_operations_and_has_their_gradients(
    mixer: str, num_tokens: int, dtype: torch.dtype, apart: float
) -> None:
    torch.manual_seed(0)
    layer = layer_of(mixer, (1, num_tokens)).to(dtype)
    x = (3 * torch.randn(2, num_tokens, 3 * LANES, dtype=dtype)).requires_grad_()
    fast = frozen(layer)
    assert isinstance(fast, NativeMixing)
    results = [one.attend(x, (1, num_tokens)) for one in (fast, layer)]
    torch.testing.assert_close(*results, atol=apart, rtol=apart)
    weights = torch.randn_like(x)
    gradients = [torch.autograd.grad((one * weights).sum(), x)[0] for one in results]
    torch.testing.assert_close(*gradients, atol=10 * apart, rtol=10 * apart)
    with torch.no_grad():
        assert torch.equal(fast.attend(x, (1, num_tokens)), results[0])
        operator, v = fast.operator(x, (1, num_tokens))
        plain, _ = layer.operator(x, (1, num_tokens))
        torch.testing.assert_close(operator.gradients(v, v)[0], plain.gradients(v, v)[0], atol=10 * apart, rtol=apart)


@needs_a_compiler
def test_what_the_loop_is_not_written_for_is_left_to_the_operations() -> None:
    x = torch.randn(1, 16, 3 * LANES)
    ista, half = frozen(dense_layer("vars_d", (4, 4), "ista")), frozen(dense_layer("vars_sd", (4, 4)))
    assert not isinstance(ista.operator(x, (4, 4))[0], NativeAtomsReconstruction)
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        assert not isinstance(half.operator(x, (4, 4))[0], NativeAtomsReconstruction)
    with pytest.raises(InputError, match="2×8"):
        half.operator(x, (2, 8))


@pytest.mark.parametrize(
    "spec",
    [
        "rvt_nano/self",
        "rvt_nano/performer",
        "rvt_nano/vars_s",
        "gfnet_tiny/vars_s",
        "rvt_nano/vars_d",
        "rvt_nano/vars_sd",
    ],
)
def test_without_a_compiler_the_fast_model_computes_the_same(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "")
    model, images = trained(spec), torch.randn(2, 3, 64, 64, dtype=torch.float64)
    without = frozen(model)
    assert all(getattr(block.mixer, "native", None) is None for _, block in without.named_blocks())
    expected, found = traced(model, images), traced(without, images)
    torch.testing.assert_close(found.logits, expected.logits, atol=1e-8, rtol=1e-8)
    for ours, theirs in zip(found.layers, expected.layers, strict=True):
        for name in READOUTS:
            torch.testing.assert_close(ours.maps[name], theirs.maps[name], atol=1e-8, rtol=1e-5)
    single = Backend(model.float(), "cpu")
    assert torch.equal(single.logits(images.float()), single.trace(images.float(), READOUTS).logits)


def test_a_compiler_that_fails_is_told_of_and_is_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CXX", "false")
    source = tmp_path / "nothing.cpp"
    source.write_text("")
    assert library(source, {"SIZE": 1}) is None
    assert library(source, {"SIZE": 1}) is None
    (warning,) = recwarn.list
    assert "nothing.cpp could not be compiled by false" in str(warning.message)
    assert not list(tmp_path.rglob("*.so"))


@needs_a_compiler
def test_a_file_that_is_no_cpp_is_told_of_in_the_compilers_first_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = tmp_path / "wrong.cpp"
    source.write_text("this is no C++")
    with pytest.warns(UserWarning, match=r"wrong\.cpp.*error"):
        assert library(source, {}) is None
    assert not list(tmp_path.rglob("*.so*"))


@needs_a_compiler
def test_a_library_is_compiled_once_for_all_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = tmp_path / "answer.cpp"
    source.write_text('extern "C" int answer() { return ANSWER; }')
    first = library(source, {"ANSWER": 42})
    assert first is not None and first.answer() == 42
    (kept,) = (tmp_path / "vars-studio").iterdir()
    made = kept.stat().st_mtime_ns
    library.__globals__["_library"].cache_clear()  # as in another process
    again = library(source, {"ANSWER": 42})
    assert again is not None and again.answer() == 42 and kept.stat().st_mtime_ns == made
    other = library(source, {"ANSWER": 43})
    assert other is not None and other.answer() == 43
