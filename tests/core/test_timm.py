"""timm's architectures: what is traced is traced rightly, and what is not is said in a sentence."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
import pytest
import timm
import torch
from PIL import Image
from timm.data import create_transform, resolve_model_data_config

from analysis.engine import model_wants
from analysis.evaluations.assumptions import of_classes, of_model
from tests.core.attention_checks import Attentions, check_attention, with_weights_anywhere
from vars_core import READOUTS, Backend, InputError, create_model
from vars_core.models.timm.structure import structure_of

TRACED = {
    "test_vit": 32,  # a class token
    "test_vit2": 32,  # registers, layer scale
    "test_vit3": 32,  # pooled by attention
    "test_vit4": 32,  # SwiGLU
    "deit_tiny_distilled_patch16_224": 32,  # two class tokens
    "deit3_small_patch16_224": 32,
    "vit_small_patch16_18x2_224": 16,  # two attentions side by side in a block
    "vit_relpos_small_patch16_rpn_224": 32,  # norms after attention and MLP
    "vit_pwee_patch16_reg1_gap_256": 32,  # attention beside the MLP
    "vit_dwee_patch16_reg1_gap_256": 32,  # differential attention
    "vit_dpwee_patch16_reg1_gap_256": 32,  # the same beside the MLP
    "test_vit_relpos": 32,
    "beit_base_patch16_224": 32,  # a table of relative positions
    "eva02_tiny_patch14_224": 28,  # rotary positions, SwiGLU
    "vit_small_patch16_dinov3": 32,
    "vit_small_patch16_rope_224": 32,
    "vit_tiny_r_s16_p8_224": 64,  # tokens of a convolutional net
    "vitamin_small_224": 32,
    "convit_tiny": 32,  # the class token comes in after ten blocks; not fused
    "cait_xxs24_224": 32,  # heads mixed after the softmax; not fused
    "samvit_base_patch16_224": 64,  # attention in windows but for some blocks
    "naflexvit_base_patch16_gap": 32,
    "levit_128s": None,  # three grids; not fused
    "pit_ti_distilled_224": None,  # three grids, class tokens beside the grid
    "swin_tiny_patch4_window7_224": None,  # the last grid is a single window
    "test_coatnet": 32,
}
"""A representative of every kind, and a small input size."""

LOGITS_ONLY = (
    "resnet18",
    "hiera_tiny_224",
    "xcit_nano_12_p16_224",
    "maxvit_rmlp_pico_rw_256",
    "mobilevitv2_050",
    "test_mambaout",
)


def model_of(name: str, size: int | None = 32, **options: object) -> Backend:
    torch.manual_seed(0)
    return Backend(create_model(f"timm/{name}", num_classes=5, image_size=size, **options), device="cpu")


@pytest.mark.parametrize("name", TRACED)
def test_logits_stay_equal_and_rows_of_attention_sum_to_one(name: str) -> None:
    assert check_attention(name, TRACED[name]) > 0


@pytest.mark.parametrize("name", LOGITS_ONLY)
def test_an_architecture_without_attention_over_a_grid_says_why(name: str) -> None:
    model = create_model(f"timm/{name}", num_classes=5)
    assert model.layer_names == ()
    assert model.untraced.startswith(f"timm/{name} gives logits only: none of its ")
    with pytest.raises(InputError, match="logits only: none of its"):
        _ = Backend(model, device="cpu").default_layer


@pytest.mark.parametrize("name", ["test_vit", "test_vit2", "eva02_tiny_patch14_224", "convit_tiny"])
def test_a_patch_of_the_image_is_its_own_token(name: str) -> None:
    """The first block's values change at the token of the patch that changed, and nowhere else."""
    side = 42 if "patch14" in name else 48
    model = with_weights_anywhere(name, side)
    step = side // 3
    images = torch.randn(1, 3, side, side)
    changed = images.clone()
    changed[:, :, step : 2 * step, 2 * step :] += 1  # row 1, column 2
    values = []
    for batch in (images, changed):
        attentions = Attentions()
        with torch.no_grad():
            model(batch, attentions)
        first = attentions.by_layer["0.0"]
        assert first.grid == (3, 3)
        values.append(first.values[0, :, first.num_prefix :])
    difference = (values[1] - values[0]).abs().amax((0, 2))
    assert difference.argmax() == 1 * 3 + 2
    assert (difference > 1e-6).sum() == 1


def test_gap_is_the_attention_averaged_over_patch_queries_and_heads() -> None:
    model = with_weights_anywhere("test_vit2", 48)
    images = torch.randn(2, 3, 48, 48)
    attentions = Attentions()
    with torch.no_grad():
        model(images, attentions)
    trace = Backend(model, device="cpu").trace(images, ("gap",), per_head=True)
    for layer, attention in attentions.by_layer.items():
        p = attention.num_prefix
        expected = attention.matrix()[:, :, p:, p:].mean(2)
        torch.testing.assert_close(trace[layer].head_maps["gap"][0].flatten(2), expected, atol=1e-6, rtol=1e-4)


def test_two_attentions_of_a_block_are_the_heads_of_one_layer() -> None:
    trace = model_of("vit_small_patch16_18x2_224").trace(torch.randn(1, 3, 32, 32), ("energy",), ["0.3"], per_head=True)
    assert trace["0.3"].head_maps["energy"].shape == (1, 1, 12, 2, 2)  # twice six heads


def test_a_rectangular_input_has_a_rectangular_grid() -> None:
    model = model_of("test_vit", (48, 64))
    assert model.trace(torch.randn(1, 3, 48, 64), READOUTS)["0.0"].maps["gap"].shape[-2:] == (3, 4)


def test_threads_on_one_model_do_not_mix() -> None:
    model = model_of("test_vit")
    batches = [torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) for seed in range(6)]
    alone = [model.trace(batch, READOUTS) for batch in batches]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda batch: model.trace(batch, READOUTS), batches * 3))
        plain = list(pool.map(model.logits, batches))
    for index, trace in enumerate(together):
        expected = alone[index % 6]
        # of another thread's share of the cores a product may be summed in another order: the last digits, no more
        torch.testing.assert_close(plain[index % 6], expected.logits)
        for readout in READOUTS:
            torch.testing.assert_close(trace["0.1"].maps[readout], expected["0.1"].maps[readout])


def test_names_that_this_project_registers_itself_are_pointed_to_their_spec() -> None:
    with pytest.raises(InputError, match="is this project's own model: ask for 'rvt_tiny/vars_d'"):
        create_model("timm/rvt_tiny_vars_d")


def test_a_size_that_is_no_whole_number_of_patches_is_refused() -> None:
    with pytest.raises(InputError, match=r"patches of 14×14 pixels: expected .* a multiple of them, got 64"):
        create_model("timm/eva02_tiny_patch14_224", image_size=64)


def test_a_size_of_its_own_that_is_no_whole_number_of_patches_says_what_they_cover() -> None:
    """27 patches of 14 pixels in 384: the maps end 6 pixels before the input does. The others cover all of it."""
    assert structure_of("vit_so400m_patch14_siglip_384", None).covered == 378
    for name in ("test_vit", "swin_tiny_patch4_window7_224", "pit_ti_distilled_224", "levit_128s"):
        assert structure_of(name, None).covered is None


def test_what_is_assumed_of_a_model_is_said() -> None:
    untagged, tagged = (create_model(f"timm/{name}", image_size=32) for name in ("test_vit", "test_vit.r160_in1k"))
    (sentence,) = of_model(Backend(untagged, device="cpu"))
    assert "timm's default configuration" in sentence and "timm/test_vit.TAG" in sentence
    assert not list(of_model(Backend(tagged, device="cpu")))
    tagged.preprocessing = replace(tagged.preprocessing, covered=28)
    (sentence,) = of_model(Backend(tagged, device="cpu"))
    assert "sees the upper left 28 of its 32 pixels" in sentence
    (order,) = of_classes(Backend(create_model("timm/test_vit", num_classes=1000, image_size=32), device="cpu"))
    assert "in the order of their WordNet ids" in order


def test_an_unknown_tag_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no weights 'dinov2' of vit_small_patch14_dinov2; nearest: 'lvd142m'"):
        create_model("timm/vit_small_patch14_dinov2.dinov2")


CONFIGURED = (
    "vit_tiny_patch16_224.augreg_in21k_ft_in1k",
    "deit_tiny_patch16_224.fb_in1k",
    "vit_xsmall_patch16_clip_224.tinyclip_yfcc15m",
    "test_vit.r160_in1k",
    "resnet18.a1_in1k",
)


@pytest.mark.parametrize("name", CONFIGURED)
def test_pixels_are_prepared_as_the_model_s_own_configuration_says(name: str) -> None:
    model = timm.create_model(name, pretrained=False)
    wanted = resolve_model_data_config(model)
    backend = Backend(create_model(f"timm/{name}"), device="cpu")
    assert backend.image_size == wanted["input_size"][-1]
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    image = cv2.GaussianBlur(noise, (0, 0), 4)  # a shift of half a pixel shows little
    expected = create_transform(**wanted, is_training=False)(Image.fromarray(image)).unsqueeze(0)
    batch, _ = backend.prepare([image], "center")
    assert batch.shape == expected.shape
    # timm rounds the resized image to whole pixels before it crops; one resampling from the box does not
    assert (batch - expected).abs().mean() < 0.02 / min(wanted["std"])


def test_white_is_one_for_a_model_of_mean_and_deviation_one_half() -> None:
    white = np.full((9, 9, 3), 255, np.uint8)
    batch, _ = model_of("vit_tiny_patch16_224.augreg_in21k_ft_in1k").prepare([white])
    torch.testing.assert_close(batch, torch.ones_like(batch))


def test_models_of_one_size_but_other_statistics_share_no_preparation() -> None:
    plain, half = model_of("deit_tiny_patch16_224"), model_of("vit_tiny_patch16_224.augreg_in21k_ft_in1k")
    assert plain.image_size == half.image_size and model_wants(plain) != model_wants(half)
    assert half.preprocessing.mean == half.preprocessing.std == (0.5, 0.5, 0.5)
