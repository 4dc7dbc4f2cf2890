"""Files that people have are loaded: the layouts of libraries and papers, made here from random weights.

What a layout's library computes from those weights is what timm's own implementation of the same architecture does
(timm's loader converts them to it); AugReg's arrays are read by that loader itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from tests.core import layouts
from tests.core.attention_checks import Attentions
from vars_core import InputError, create_model, load_checkpoint, load_model

VIT, CLIP, SIGLIP = "vit_tiny_patch16_224", "vit_xsmall_patch16_clip_224", "vit_base_patch16_siglip_224"
DINOV2, REGISTERS = "vit_small_patch14_dinov2", "vit_small_patch14_reg4_dinov2"


def random_model(name: str, num_classes: int = 3) -> torch.nn.Module:
    """timm's own, with random weights that are nowhere zero."""
    torch.manual_seed(0)
    size = 28 if "patch14" in name else 32
    model = timm.create_model(name, pretrained=False, img_size=size, num_classes=num_classes).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
        if "clip" in name:
            model.head.bias.zero_()  # CLIP's projection has none
    return model


def lightning(state: layouts.StateDict) -> dict[str, object]:
    return {"state_dict": layouts.prefixed(state, "model."), "pytorch-lightning_version": "2.5", "epoch": 1}


LAYOUTS: dict[str, tuple[str, int, Callable[[layouts.StateDict], object]]] = {
    "timm": (VIT, 3, dict),
    "timm without a classifier (DINO)": (VIT, 0, dict),
    "DINO, a training checkpoint": (VIT, 0, layouts.dino_training),
    "DeiT": ("deit_tiny_patch16_224", 3, lambda state: {"model": state}),
    "DeiT, distilled": ("deit_tiny_distilled_patch16_224", 3, lambda state: {"model": state}),
    "MAE": (VIT, 0, layouts.mae),
    "DINOv2": (DINOV2, 0, layouts.dinov2),
    "DINOv2 with registers": (REGISTERS, 0, layouts.dinov2),
    "CLIP of OpenAI and open_clip": (CLIP, 3, layouts.openai_clip),
    "SigLIP of open_clip": (SIGLIP, 0, layouts.open_clip_siglip),
    "transformers 4 ViTForImageClassification": (VIT, 3, layouts.transformers_vit),
    "transformers 5 ViTForImageClassification": (VIT, 3, lambda state: layouts.transformers_vit(state, 5)),
    "transformers 4 ViTModel": (VIT, 0, lambda state: layouts.transformers_vit(state, 4, "")),
    "transformers Dinov2Model": (DINOV2, 0, layouts.transformers_dinov2),
    "transformers Dinov2WithRegistersModel": (REGISTERS, 0, layouts.transformers_dinov2),
    "transformers CLIPModel": (CLIP, 3, layouts.transformers_clip),
    "transformers SiglipVisionModel": (SIGLIP, 0, layouts.transformers_siglip),
    "DataParallel": (VIT, 3, lambda state: layouts.prefixed(state, "module.")),
    "torch.compile": (VIT, 3, lambda state: layouts.prefixed(state, "_orig_mod.")),
    "Lightning": (VIT, 3, lightning),
    "averaged weights": (VIT, 3, lambda state: {"model_ema": layouts.prefixed(state, "module."), "epoch": 2}),
    "a backbone": (VIT, 0, lambda state: {"state_dict": layouts.prefixed(state, "backbone.")}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@torch.no_grad()
def test_a_file_of_the_layout_gives_the_model_s_own_logits_and_attention(layout: str, tmp_path: Path) -> None:
    name, num_classes, make = LAYOUTS[layout]
    own = random_model(name, num_classes)
    torch.save(make(dict(own.state_dict())), tmp_path / "weights.pth")
    size = 28 if "patch14" in name else 32
    model = load_model(f"timm/{name}", tmp_path / "weights.pth", image_size=size)
    assert model.num_classes == num_classes and model.checkpoint_hash is not None
    images = torch.randn(2, 3, size, size)
    attentions = Attentions()
    logits = model(images, attentions)
    torch.testing.assert_close(logits, own(images), atol=1e-5, rtol=1e-5)
    for attention in attentions.by_layer.values():
        torch.testing.assert_close(attention.matrix().sum(-1), torch.ones(1).expand(attention.matrix().shape[:-1]))


@torch.no_grad()
def test_augreg_arrays_are_read_as_timm_s_own_loader_reads_them(tmp_path: Path) -> None:
    arrays = layouts.augreg(dict(random_model(VIT).state_dict()), num_heads=3)
    np.savez(tmp_path / "weights.npz", **{key: value.numpy() for key, value in arrays.items()})
    own = timm.create_model(VIT, pretrained=False, img_size=32, num_classes=3).eval()
    own.load_pretrained(str(tmp_path / "weights.npz"))
    model = load_model(f"timm/{VIT}", tmp_path / "weights.npz", image_size=32)
    images = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(model(images), own(images), atol=1e-5, rtol=1e-5)
    assert own(images).std() > 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@torch.no_grad()
def test_half_precision_is_read_as_what_it_holds(dtype: torch.dtype, tmp_path: Path) -> None:
    own = random_model(VIT)
    half = {key: value.to(dtype) for key, value in own.state_dict().items()}
    save_file(half, str(tmp_path / "weights.safetensors"))
    model = load_model(f"timm/{VIT}", tmp_path / "weights.safetensors", image_size=32)
    own.load_state_dict({key: value.float() for key, value in half.items()})
    images = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(model(images), own(images), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_weights_of_one_grid_are_brought_to_another_as_timm_does_it(tmp_path: Path) -> None:
    own = random_model(VIT)
    torch.save(own.state_dict(), tmp_path / "weights.pth")
    larger = load_model(f"timm/{VIT}", tmp_path / "weights.pth", image_size=64)
    own.set_input_size(img_size=64)
    images = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(larger(images), own(images), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("make", [layouts.dinov2, layouts.transformers_dinov2])
def test_dinov2_is_recognised_by_its_keys(make: Callable[[layouts.StateDict], object], tmp_path: Path) -> None:
    torch.save(make(dict(random_model(DINOV2, 0).state_dict())), tmp_path / "weights.pth")
    assert str(load_model(checkpoint=tmp_path / "weights.pth", image_size=28).spec) == f"timm/{DINOV2}"


def test_architectures_that_want_other_pixels_are_not_guessed_between(tmp_path: Path) -> None:
    torch.save(random_model(VIT).state_dict(), tmp_path / "weights.pth")
    with pytest.raises(InputError, match=r"fit timm/vit_tiny_patch16_224\.augreg\w+, timm/deit_tiny.*name the"):
        load_model(checkpoint=tmp_path / "weights.pth")


def test_weights_of_another_size_are_one_sentence(tmp_path: Path) -> None:
    torch.save(random_model(VIT).state_dict(), tmp_path / "weights.pth")
    with pytest.raises(InputError, match=r"weights.pth does not fit timm/vit_small_patch16_224: wrong shape") as caught:
        load_model("timm/vit_small_patch16_224", tmp_path / "weights.pth", image_size=32)
    assert len(str(caught.value)) < 800 and "\n" not in str(caught.value)


def test_an_unknown_prefix_is_named_once_and_not_with_every_key(tmp_path: Path) -> None:
    torch.save(layouts.prefixed(dict(random_model(VIT).state_dict()), "tower."), tmp_path / "weights.pth")
    with pytest.raises(InputError, match=r"152 keys: 144 under model\.tower\.blocks\.\* \(such as") as caught:
        load_model(f"timm/{VIT}", tmp_path / "weights.pth", image_size=32)
    assert len(str(caught.value)) < 1200


def test_weights_of_the_former_rvt_nano_are_told_that_the_backbone_changed(tmp_path: Path) -> None:
    state = {
        key: value for key, value in create_model("rvt_nano/vars_d").state_dict().items() if "stages.1.1." not in key
    }
    state["head.norm.weight"] = torch.ones(192)
    torch.save(state, tmp_path / "old.pth")
    for load in (
        lambda: load_checkpoint(create_model("rvt_nano/vars_d"), tmp_path / "old.pth"),
        lambda: load_model(checkpoint=tmp_path / "old.pth"),
    ):
        with pytest.raises(InputError, match=r"former rvt_nano, of depths \(4, 1\) and heads \(3, 6\).*has changed"):
            load()
