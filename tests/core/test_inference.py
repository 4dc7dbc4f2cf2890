"""The fast form of a model computes what the trained one computes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from vars_core import Backend, create_model
from vars_core.errors import InputError
from vars_core.inference import frozen
from vars_core.inference.folding import as_image
from vars_core.inference.fused import FusedDepthwise, FusedLinear, there_is_one
from vars_core.inference.separable import SeparableTransform
from vars_core.models.base import VisionModel
from vars_core.readouts import READOUTS
from vars_core.trace import Trace, TraceRecorder

SPECS = [
    *(f"rvt_nano/{mixer}" for mixer in ("self", "performer", "vars_s", "vars_d", "vars_sd")),
    "rvt_tiny/vars_d",
    "deit_tiny/self",
    "gfnet_tiny/filter",
    "gfnet_tiny/vars_s",
]


def trained(spec: str) -> VisionModel:
    """Fresh weights, norms that have seen something, a solver that has learned something; small images."""
    torch.manual_seed(0)
    model = create_model(spec, num_classes=7, image_size=64, lam=0.2).eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.normal_(std=0.3)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(std=0.3)
        if hasattr(module, "coupling"):
            module.coupling.data += 0.02 * torch.randn_like(module.coupling)
    return model.double()  # a code at a threshold falls on one side of it in both


def traced(model: VisionModel, images: Tensor) -> Trace:
    recorder = TraceRecorder(READOUTS, statistics=True, codes=True)
    with torch.no_grad():
        return recorder.result(model(images, recorder))


@pytest.mark.parametrize("spec", SPECS)
def test_every_number_of_the_fast_model_is_the_trained_ones(spec: str) -> None:
    model, images = trained(spec), torch.randn(2, 3, 64, 64, dtype=torch.float64)
    expected, found = traced(model, images), traced(frozen(model), images)
    assert (found.logits - expected.logits).abs().max() <= 1e-5 * expected.logits.abs().max()
    for ours, theirs in zip(found.layers, expected.layers, strict=True):
        assert ours.name == theirs.name
        pairs = [(ours.maps[name], theirs.maps[name]) for name in READOUTS]
        pairs += [
            (getattr(ours, name), getattr(theirs, name))
            for name in ("objective", "sparsity", "delta", "codes")
            if getattr(theirs, name) is not None
        ]
        for one, other in pairs:
            assert one.shape == other.shape
            assert (one - other).abs().max() <= 1e-5 * other.abs().max()


@pytest.mark.parametrize("mixer", ["self", "performer", "vars_s", "vars_d", "vars_sd"])
def test_traced_and_plain_logits_of_a_backend_are_equal_bit_for_bit(mixer: str) -> None:
    backend = Backend(trained(f"rvt_nano/{mixer}").float(), "cpu")
    images = torch.randn(3, 3, 64, 64)
    assert torch.equal(backend.logits(images), backend.trace(images, READOUTS).logits)


def operations() -> list[tuple[FusedLinear | FusedDepthwise, Tensor]]:
    """Each of oneDNN's operations on something of the size that a model gives it."""
    torch.manual_seed(0)
    weight, bias = nn.Parameter(torch.randn(96, 24)), torch.randn(96)
    kernels = torch.randn(24, 1, 3, 3).contiguous(memory_format=torch.channels_last)
    tokens = torch.randn(2, 35, 24)
    return [
        (FusedLinear(weight, bias), tokens),
        (FusedLinear(weight, None), tokens),
        (FusedLinear(weight, bias, gelu=True), tokens),
        (FusedDepthwise(kernels, torch.randn(24)), as_image(tokens, (5, 7))),
    ]


@pytest.mark.skipif(not there_is_one(torch.zeros(1)), reason="this PyTorch has none of oneDNN's operations")
@pytest.mark.parametrize("index", range(4))
def test_an_operation_of_onednn_is_the_plain_one_and_has_its_gradient(index: int) -> None:
    operation, x = operations()[index]
    x.requires_grad_()
    found, expected = operation(x), operation.plain(x)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    weights = torch.randn_like(found)
    gradients = [torch.autograd.grad(result, x, weights)[0] for result in (found, expected)]
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-5)
    with torch.no_grad():
        assert torch.equal(operation(x), found)


@pytest.mark.parametrize("spec", ["rvt_nano/self", "rvt_nano/vars_s", "deit_tiny/performer"])
def test_in_single_precision_the_fast_logits_are_the_trained_ones(spec: str) -> None:
    model, images = trained(spec).float(), torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected, found = model(images), frozen(model)(images)
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()


@pytest.mark.parametrize(
    "spec", ["rvt_nano/self", "rvt_nano/vars_sd", "gfnet_tiny/filter", "timm/vit_tiny_patch16_224"]
)
def test_maps_alone_are_those_of_a_trace_bit_for_bit(spec: str) -> None:
    torch.manual_seed(0)
    backend, images = Backend(create_model(spec, num_classes=7, image_size=64), "cpu"), torch.randn(2, 3, 64, 64)
    names = backend.layer_names[2::-2]  # in whatever order
    traced, found = (
        backend.trace(images, READOUTS, names, per_head=True),
        backend.maps(images, READOUTS, names, per_head=True),
    )
    assert list(found) == [layer.name for layer in traced.layers]
    for layer in traced.layers:
        for name in READOUTS:
            assert torch.equal(found[layer.name].maps[name], layer.maps[name])
        assert all(torch.equal(found[layer.name].head_maps[name], heads) for name, heads in layer.head_maps.items())


def test_for_maps_alone_a_model_stops_after_the_last_layer_that_is_asked_for() -> None:
    model = create_model("rvt_nano/vars_d", num_classes=7, image_size=64)
    backend, images = Backend(model, "cpu"), torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for parameter in (*model.stages[1].parameters(), *model.head.parameters()):
            parameter.fill_(torch.nan)
    assert backend.maps(images, ("stream",), ["0.1", "0.3"])["0.3"].maps["stream"].isfinite().all()
    passed: list[str] = []
    fast = frozen(model)
    fast.stages[0][2].register_forward_hook(lambda *_: passed.append("0.2"))
    recorder = TraceRecorder(("energy",), ["0.1"])
    for _ in fast.passes(images, recorder):
        if recorder.complete:
            break
    assert not passed
    with pytest.raises(InputError, match=r"no layer 7\.7"):
        backend.maps(images, ("energy",), ["7.7"])


def test_the_backend_follows_weights_that_change() -> None:
    model = trained("rvt_nano/vars_sd").float()
    backend, images = Backend(model, "cpu"), torch.randn(1, 3, 64, 64)
    before = backend.logits(images)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.01)
    after = backend.logits(images)
    assert (after - before).abs().max() > 1e-3
    torch.testing.assert_close(after, model(images).detach(), atol=1e-4, rtol=1e-4)


def test_making_a_model_fast_leaves_it_as_it_was() -> None:
    model, images = trained("rvt_nano/vars_s"), torch.randn(1, 3, 64, 64, dtype=torch.float64)
    state, before = {key: value.clone() for key, value in model.state_dict().items()}, model(images).detach()
    frozen(model)
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in state.items())
    assert list(state) == list(model.state_dict())
    assert torch.equal(model(images).detach(), before)


@pytest.mark.parametrize("grid", [(4, 4), (7, 7), (14, 14), (6, 9), (5, 2), (3, 1)])
def test_rows_then_columns_are_the_two_dimensional_transform(grid: tuple[int, int]) -> None:
    transform = SeparableTransform(grid, torch.zeros((), dtype=torch.float64))
    tokens = torch.randn(2, *grid, 3, dtype=torch.float64)
    spectra = torch.fft.rfft2(tokens, dim=(1, 2), norm="ortho").flatten(1, 2)
    torch.testing.assert_close(transform(tokens), torch.stack([spectra.real, spectra.imag], 1))
    free = torch.randn(2, 2, spectra.shape[1], 3, dtype=torch.float64)  # of no real image
    halves = torch.complex(free[:, 0], free[:, 1]).unflatten(1, (grid[0], -1))
    expected = torch.fft.irfft2(halves, s=grid, dim=(1, 2), norm="ortho")
    torch.testing.assert_close(transform.inverse(free), expected)
