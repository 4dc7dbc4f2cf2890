"""Tracing: it changes nothing, mixes nothing up, and reads what it says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from vars_core import READOUTS, Backend, InputError, TraceRecorder, create_model, load_model
from vars_core.spec import mixers_of

SMALL = [f"rvt_nano/{mixer}" for mixer in mixers_of("rvt_nano")] + [
    "deit_tiny/vars_d",
    "gfnet_tiny/filter",
    "gfnet_tiny/vars_s",
]


def backend(spec: str, **options: object) -> Backend:
    torch.manual_seed(0)
    return Backend(create_model(spec, num_classes=10, image_size=64, **options), device="cpu")


@pytest.mark.parametrize("spec", SMALL)
def test_traced_logits_are_bit_equal_to_plain_ones(spec: str) -> None:
    model = backend(spec)
    batch = torch.randn(2, 3, 64, 64)
    before = batch.clone()
    state = {key: value.clone() for key, value in model.model.state_dict().items()}
    traced = model.trace(batch, READOUTS, per_head=True, statistics=True, codes=True)
    assert torch.equal(traced.logits, model.logits(batch))
    assert torch.equal(batch, before)
    assert all(torch.equal(value, state[key]) for key, value in model.model.state_dict().items())


@pytest.mark.parametrize("spec", SMALL)
def test_every_layer_gives_every_readout_at_every_iterate(spec: str) -> None:
    model = backend(spec, num_steps=2)
    trace = model.trace(torch.randn(1, 3, 64, 64), READOUTS, per_head=True)
    assert tuple(layer.name for layer in trace.layers) == model.layer_names
    iterates = 3 if "vars" in spec else 1
    for layer in trace.layers:
        assert {name: tuple(maps.shape) for name, maps in layer.maps.items()} == dict.fromkeys(
            READOUTS, (iterates, 1, *layer.grid)
        )
        assert set(layer.head_maps) == {"energy", "gap", "contribution"}
        assert all(maps.shape[:2] == (iterates, 1) and maps.ndim == 5 for maps in layer.head_maps.values())


def test_a_batch_is_the_same_as_its_images_one_by_one() -> None:
    model = backend("rvt_nano/vars_sd")
    batch = torch.randn(3, 3, 64, 64)
    together = model.trace(batch, READOUTS)
    for index in range(3):
        alone = model.trace(batch[index : index + 1], READOUTS)
        for name in READOUTS:
            torch.testing.assert_close(
                alone["0.3"].maps[name][:, 0], together["0.3"].maps[name][:, index], atol=1e-4, rtol=1e-3
            )


def test_head_maps_sum_up_to_the_map() -> None:
    layer = backend("rvt_nano/vars_d").trace(torch.randn(1, 3, 64, 64), READOUTS, per_head=True)["0.1"]
    torch.testing.assert_close(layer.head_maps["energy"].square().sum(2).sqrt(), layer.maps["energy"])
    torch.testing.assert_close(layer.head_maps["gap"].mean(2), layer.maps["gap"], atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("spec", ["rvt_nano/vars_d", "rvt_nano/vars_s"])
def test_eight_threads_on_one_model_do_not_mix(spec: str) -> None:
    model = backend(spec)
    batches = [torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(seed)) for seed in range(8)]
    alone = [model.trace(batch, READOUTS) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda batch: model.trace(batch, READOUTS), batches * 3))
    for index, trace in enumerate(together):
        expected = alone[index % 8]
        torch.testing.assert_close(trace.logits, expected.logits, atol=1e-5, rtol=1e-4)
        for name in READOUTS:
            torch.testing.assert_close(trace["0.2"].maps[name], expected["0.2"].maps[name], atol=1e-4, rtol=1e-3)


def test_stream_at_an_iterate_is_the_output_of_a_model_that_stops_there() -> None:
    full, short = backend("rvt_nano/vars_d", num_steps=3), backend("rvt_nano/vars_d", num_steps=1)
    short.model.load_state_dict(full.model.state_dict())
    batch = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(
        full.trace(batch, ("stream",))["0.0"].maps["stream"][1],
        short.trace(batch, ("stream",))["0.0"].maps["stream"][1],
    )


def test_statistics_tell_energy_sparsity_and_change_per_step() -> None:
    layer = backend("rvt_nano/vars_s").trace(torch.randn(2, 3, 64, 64), ("energy",), statistics=True)["0.0"]
    assert layer.objective is not None and layer.sparsity is not None and layer.delta is not None
    assert layer.objective.shape == layer.sparsity.shape == layer.delta.shape == (4, 2)
    assert (layer.delta[0] == 0).all() and (layer.delta[1:] > 0).all()
    assert ((layer.sparsity > 0) & (layer.sparsity < 1)).all()


def test_only_the_wanted_layers_are_recorded() -> None:
    model = backend("rvt_nano/self")
    assert [layer.name for layer in model.trace(torch.randn(1, 3, 64, 64), layers=["0.3"]).layers] == ["0.3"]
    with pytest.raises(InputError, match=r"no layer 7\.7"):
        model.trace(torch.randn(1, 3, 64, 64), layers=["7.7"])


def test_a_model_in_training_mode_is_not_traced() -> None:
    model = create_model("rvt_nano/self", image_size=64).train()
    with pytest.raises(InputError, match="evaluation mode"):
        model(torch.randn(1, 3, 64, 64), TraceRecorder())


def test_a_map_is_negative_only_where_its_readout_says_so() -> None:
    model = Backend(load_model("rvt_nano/vars_sd", image_size=64), device="cpu")
    trace = model.trace(torch.randn(2, 3, 64, 64), READOUTS)
    negative = {name for name in READOUTS if any((layer.maps[name] < 0).any() for layer in trace.layers)}
    assert negative == {name for name, readout in READOUTS.items() if readout.signed}


def test_a_trace_is_shown_in_a_line_a_layer() -> None:
    model = backend("rvt_nano/vars_sd")
    trace = model.trace(torch.randn(2, 3, 64, 64), READOUTS, per_head=True, codes=True, dictionary=True)
    lines = repr(trace).splitlines()
    assert lines[0] == "Trace(2 × 10 logits, 6 layers)"
    assert lines[1] == ("  LayerTrace(0.0, 8×8, t = 0..3: energy, gap, contribution, stream, heads, codes, dictionary)")
    assert len(lines) == 7
    assert repr(trace["0.0"].dictionary) == "DictionaryTrace(2 images, 4 × 64 atoms, 32 of each dynamic)"


def test_an_unknown_readout_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="expected one of energy, gap, contribution, stream"):
        TraceRecorder(("saliency",))


def test_the_attention_of_a_timm_vit_is_traced_and_its_logits_stay_bit_equal() -> None:
    model = backend("timm/vit_tiny_patch16_224")
    batch = torch.randn(1, 3, 64, 64)
    trace = model.trace(batch, READOUTS)
    assert torch.equal(trace.logits, model.logits(batch))
    assert len(trace.layers) == 12 and trace["0.5"].maps["gap"].shape == (1, 1, 4, 4)
    assert (trace["0.5"].maps["gap"] > 0).all()


def test_a_cnn_from_timm_gives_logits_alone() -> None:
    model = backend("timm/resnet18")
    assert model.layer_names == ()
    assert model.trace(torch.randn(1, 3, 64, 64)).layers == ()
    with pytest.raises(InputError, match="gives logits only"):
        _ = model.default_layer
