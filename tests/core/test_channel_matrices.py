"""VARS-S by real matrices is VARS-S by spectra: values and gradients, also of spectra that are not Hermitian."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import vars_core.mixers.spectral
from vars_core.channel_matrices import ChannelDictionary, pays
from vars_core.mixers import LayerShape, Solving, mixer_kind
from vars_core.mixers.spectral import ConvolutionalReconstruction

SHAPE = LayerShape(dim=6, num_heads=1, grid=(4, 4), num_features=4, num_kernels=2, convolutional_lam=0.1)


def results(mixer: ConvolutionalReconstruction, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    """The output, and the gradients of its squares by the input and by every parameter."""
    x = x.clone().requires_grad_()
    output = mixer(x, SHAPE.grid)
    return output.detach(), list(torch.autograd.grad(output.square().sum(), [x, *mixer.parameters()]))


@pytest.mark.parametrize("hermitian", [True, False])
def test_both_paths_agree_in_values_and_gradients(hermitian: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    mixer = mixer_kind("vars_s").build(SHAPE, Solving())
    assert isinstance(mixer, ConvolutionalReconstruction)
    mixer.norm.eval()
    if not hermitian:
        for spectrum in (mixer.dictionary.spectrum, mixer.second.spectrum):
            spectrum.weight.data = torch.randn_like(spectrum.weight)
        mixer.dictionary.refresh_bound()
    x = torch.randn(3, 16, 6)
    found = {}
    for by_matrices in (False, True):
        monkeypatch.setattr(vars_core.mixers.spectral, "pays", lambda *_, chosen=by_matrices: chosen)
        operator, v = mixer.operator(x, SHAPE.grid)
        assert isinstance(operator.dictionary, ChannelDictionary) == by_matrices
        *_, (_, codes) = operator.iterates(v)
        assert 0.05 < (codes != 0).float().mean() < 1
        found[by_matrices] = results(mixer, x)
    (spectral, gradients), (matrices, same) = found[False], found[True]
    for one, other in zip([spectral, *gradients], [matrices, *same], strict=True):
        assert (one - other).abs().max() <= 1e-5 * one.abs().max()


def test_large_batches_on_an_accelerator_go_through_matrices_and_all_else_through_spectra() -> None:
    steps, kernels, accelerator = 3, 2, torch.device("cuda")
    assert pays(256 * steps, kernels * 196, accelerator)
    assert not pays(1 * steps, kernels * 196, accelerator)
    assert not pays(4096 * steps, kernels * 784, accelerator)
    assert not pays(256 * steps, kernels * 196, torch.device("cpu"))
