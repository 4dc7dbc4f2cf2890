"""A layer's dictionary: its atoms are the columns of P, and their use is that of the codes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor

from vars_core import Backend, InputError, create_model
from vars_core.dictionaries import ConvolutionalDictionary
from vars_core.dictionary_trace import DictionaryRecorder, DictionaryTrace
from vars_core.mixers.spectral import StaticDictionary
from vars_core.sparsity import ZERO_FRACTION
from vars_core.trace import LayerTrace

DENSE = ["rvt_nano/vars_d", "rvt_nano/vars_sd", "deit_tiny/vars_sd"]
EVERY = [*DENSE, "rvt_nano/vars_s", "gfnet_tiny/vars_s"]


def backend(spec: str, **options: object) -> Backend:
    torch.manual_seed(0)
    return Backend(create_model(spec, num_classes=10, image_size=64, **options), device="cpu")


def images(count: int = 2) -> Tensor:
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def traced(spec: str, layer: str = "0.1") -> LayerTrace:
    """One layer with everything that the tests compare."""
    return backend(spec).trace(images(), ("energy",), [layer], per_head=True, codes=True, dictionary=True)[layer]


def dictionary_of(layer: LayerTrace) -> DictionaryTrace:
    assert layer.dictionary is not None
    return layer.dictionary


def codes_of(layer: LayerTrace) -> Tensor:
    assert layer.codes is not None
    return layer.codes


@pytest.mark.parametrize("spec", EVERY)
def test_asking_for_the_dictionary_changes_neither_logits_nor_weights(spec: str) -> None:
    model, batch = backend(spec), images()
    before = batch.clone()
    state = {key: value.clone() for key, value in model.model.state_dict().items()}
    assert torch.equal(model.trace(batch, (), dictionary=True).logits, model.logits(batch))
    assert torch.equal(batch, before)
    assert all(torch.equal(value, state[key]) for key, value in model.model.state_dict().items())


@pytest.mark.parametrize("spec", DENSE)
def test_dense_atoms_are_pictures_of_unit_norm(spec: str) -> None:
    layer = traced(spec)
    atoms = dictionary_of(layer).atoms
    assert atoms.ndim == 5 and tuple(atoms.shape[-2:]) == layer.grid
    torch.testing.assert_close(atoms.flatten(3).norm(dim=-1), torch.ones(atoms.shape[:3]))


@pytest.mark.parametrize("spec", DENSE)
def test_the_atoms_weighted_by_the_last_codes_are_what_the_layer_answers(spec: str) -> None:
    """Φ·u at t = T is z: its norm per token and head is the energy of the trace."""
    layer = traced(spec)
    z = torch.einsum("bgmyx,bgmd->bgdyx", dictionary_of(layer).atoms, codes_of(layer)[-1])
    torch.testing.assert_close(z.norm(dim=2), layer.head_maps["energy"][-1], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("spec", EVERY)
def test_the_use_of_an_atom_is_the_mean_size_of_its_codes(spec: str) -> None:
    layer = traced(spec)
    magnitudes, found = codes_of(layer).abs(), dictionary_of(layer)
    torch.testing.assert_close(found.use, magnitudes.flatten(4).mean(-1))
    largest = magnitudes.flatten(2).amax(-1)[..., None, None, None]
    active = (magnitudes.flatten(4) > ZERO_FRACTION * largest).float().mean(-1)
    torch.testing.assert_close(found.active, active)
    assert (found.active[-1] < 1).any() and (found.use[-1] > 0).any()


@pytest.mark.parametrize(
    ("spec", "num_dynamic", "num_atoms"),
    [("rvt_nano/vars_d", 32, 32), ("rvt_nano/vars_sd", 32, 64), ("rvt_nano/vars_s", 0, 2)],
)
def test_which_atoms_are_computed_from_the_image_and_which_are_learned(
    spec: str, num_dynamic: int, num_atoms: int
) -> None:
    found = dictionary_of(traced(spec))
    assert found.num_dynamic == num_dynamic
    assert found.atoms.shape[2] == found.use.shape[3] == num_atoms
    one, other = found.atoms
    assert (one[:, :num_dynamic] >= 0).all()  # positive random features
    assert torch.equal(one, other) == (num_dynamic == 0)


def test_learned_atoms_are_the_layers_own_up_to_their_norm() -> None:
    model = backend("rvt_nano/vars_sd")
    layer = dictionary_of(model.trace(images(1), (), ["0.1"], dictionary=True)["0.1"])
    weights = model.model.get_parameter("stages.0.1.mixer.dictionary.static_atoms")[0]
    expected = torch.nn.functional.normalize(weights, dim=1).transpose(1, 2)
    torch.testing.assert_close(layer.atoms[0, :, layer.num_dynamic :].flatten(2), expected)


@pytest.mark.parametrize("grid", [(4, 6), (5, 7), (17, 16)])
def test_convolution_atoms_are_what_single_codes_and_single_pixels_give(grid: tuple[int, int]) -> None:
    torch.manual_seed(0)
    dictionary = StaticDictionary(3, 2, grid)(grid)
    atoms = dictionary.columns().unflatten(-1, grid)
    height, width = grid
    for channel, kernel in [(0, 0), (2, 1)]:
        codes = torch.zeros(1, 3, 2, *grid)
        codes[0, channel, kernel, height // 2, width // 2] = 1
        torch.testing.assert_close(
            dictionary.decode(dictionary.combine(codes))[0, channel], atoms[channel, kernel], atol=1e-6, rtol=1e-5
        )
    delta = torch.zeros(1, 3, *grid)
    delta[..., height // 2, width // 2] = 1
    # P correlates where Pᵀ convolves: mirrored about the centre, which an even grid has off its middle.
    mirrored = atoms.flip((-2, -1)).roll((1 - height % 2, 1 - width % 2), dims=(-2, -1))
    torch.testing.assert_close(dictionary.encode(delta)[0], mirrored, atol=1e-6, rtol=1e-5)


def test_a_convolution_atom_is_a_column_of_p_for_spectra_that_are_not_hermitian_too() -> None:
    torch.manual_seed(0)
    grid = (4, 4)
    transform = StaticDictionary(1, 1, grid).spectrum.transform
    dictionary = ConvolutionalDictionary(torch.randn(1, 1, 4, 3, dtype=torch.complex64), torch.ones(1), transform)
    codes = torch.zeros(1, 1, 1, *grid)
    codes[..., 2, 2] = 1
    torch.testing.assert_close(dictionary.decode(dictionary.combine(codes))[0, 0].flatten(), dictionary.columns()[0, 0])


@pytest.mark.parametrize(
    "spec", ["rvt_nano/self", "rvt_nano/performer", "gfnet_tiny/filter", "timm/vit_tiny_patch16_224"]
)
def test_a_layer_without_a_dictionary_says_so(spec: str) -> None:
    with pytest.raises(InputError, match=r"expected a layer that reconstructs with a dictionary .* got layer 0\.0"):
        backend(spec).trace(images(1), (), ["0.0"], dictionary=True)


def test_a_dictionary_comes_only_where_it_was_asked_for() -> None:
    assert backend("rvt_nano/vars_d").trace(images(1), ("energy",), ["0.0"])["0.0"].dictionary is None


def test_threads_on_one_model_get_their_own_dictionaries() -> None:
    model = backend("rvt_nano/vars_sd")
    batches = [images(1) + seed for seed in range(4)]

    def ask(batch: Tensor) -> DictionaryTrace:
        return dictionary_of(model.trace(batch, (), ["0.1"], dictionary=True)["0.1"])

    alone = [ask(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(ask, batches * 3))
    for index, found in enumerate(together):
        torch.testing.assert_close(found.atoms, alone[index % 4].atoms, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(found.use, alone[index % 4].use, atol=1e-5, rtol=1e-4)


def test_what_was_recorded_does_not_follow_the_weights() -> None:
    dictionary = StaticDictionary(2, 1, (4, 4))
    recorder = DictionaryRecorder("0.0", dictionary((4, 4)), (4, 4))
    recorder.add(torch.ones(1, 2, 1, 4, 4))
    found = recorder.result()
    kept = found.atoms.clone()
    with torch.no_grad():
        dictionary.spectrum.weight.zero_()
    assert torch.equal(found.atoms, kept) and not found.atoms.requires_grad
