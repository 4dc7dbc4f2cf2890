"""The table of layouts that timm models are loaded from, as Markdown: ``python -m tools.loading_table``.

Where transformers and open_clip are installed (neither is a dependency), their own models with random weights write the
files and give the numbers to compare with; the published layouts of the others are made of timm's models by the names
that `tests/core/layouts.py` writes down.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.core.attention_checks import Attentions
from tests.core.test_known_models import DINOV2, LAYOUTS, REGISTERS, VIT, random_model
from vars_core import InputError, load_model

SMALL, SMALL_14 = 32, 28
"""Pixels a side: 2 × 2 tokens, of patches of 16 and of 14."""


@dataclass(frozen=True)
class Row:
    """A layout: who makes its file, the architecture it fits, what the file holds, and the maker's own answer."""

    layout: str
    maker: str
    architecture: str
    size: int
    content: object
    answer: Callable[[Tensor], Tensor]


def ours() -> Iterator[Row]:
    """The layouts of the tests."""
    for layout, (name, classes, make) in LAYOUTS.items():
        own = random_model(name, classes)
        size = SMALL_14 if "patch14" in name else SMALL
        yield Row(layout, "timm", name, size, make(dict(own.state_dict())), own)


def shaken(model: torch.nn.Module) -> torch.nn.Module:
    """The model with weights that are nowhere zero, nor one."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return model.eval()


def by_transformers() -> Iterator[Row]:
    """Models of transformers, as its ``save_pretrained`` would write their weights.

    With timm's arithmetic where a configuration says it: transformers' own default is an ε of 1e-12 in the LayerNorms
    of a ViT, where timm has 1e-6, and GELU's tanh form in SigLIP, where timm has GELU.
    """
    import transformers as hf

    maker = f"transformers {hf.__version__}"
    vit: dict[str, Any] = {"hidden_size": 192, "num_attention_heads": 3, "intermediate_size": 768, "image_size": SMALL}
    vit["layer_norm_eps"] = 1e-6
    dino: dict[str, Any] = {"hidden_size": 384, "num_attention_heads": 6, "image_size": SMALL_14, "patch_size": 14}
    siglip: dict[str, Any] = {"image_size": SMALL, "patch_size": 16, "hidden_act": "gelu"}
    classifier = shaken(hf.ViTForImageClassification(hf.ViTConfig(**vit, num_labels=3)))
    plain = shaken(hf.ViTModel(hf.ViTConfig(**vit), add_pooling_layer=False))
    dinov2 = shaken(hf.Dinov2Model(hf.Dinov2Config(**dino)))
    registers = shaken(hf.Dinov2WithRegistersModel(hf.Dinov2WithRegistersConfig(**dino, num_register_tokens=4)))
    clip = shaken(
        hf.CLIPVisionModelWithProjection(hf.CLIPVisionConfig(image_size=224, patch_size=32, hidden_act="gelu"))
    )
    tower = shaken(hf.SiglipVisionModel(hf.SiglipVisionConfig(**siglip)))
    for model, name, size, answer in (
        (classifier, VIT, SMALL, lambda images: classifier(images).logits),
        (plain, VIT, SMALL, lambda images: plain(images).last_hidden_state[:, 0]),
        (dinov2, DINOV2, SMALL_14, lambda images: dinov2(images).pooler_output),
        (registers, REGISTERS, SMALL_14, lambda images: registers(images).pooler_output),
        (clip, "vit_base_patch32_clip_224", 224, lambda images: clip(images).image_embeds),
        (tower, "vit_base_patch16_siglip_224", SMALL, lambda images: tower(images).pooler_output),
    ):
        yield Row(type(model).__name__, maker, name, size, model.state_dict(), answer)


def by_open_clip() -> Iterator[Row]:
    """Whole models of open_clip, text towers included."""
    import open_clip

    maker = f"open_clip {importlib.metadata.version('open_clip_torch')}"
    for called, name in (("ViT-B-32", "vit_base_patch32_clip_224"), ("ViT-B-16-SigLIP", "vit_base_patch16_siglip_224")):
        model = shaken(open_clip.create_model(called, pretrained=None))
        yield Row(called, maker, name, 224, model.state_dict(), model.encode_image)


@torch.no_grad()
def line(row: Row) -> str:
    """How far the loaded model is from its maker's, and its attention's rows from 1."""
    torch.manual_seed(0)
    images = torch.randn(2, 3, row.size, row.size)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights.pth"
        torch.save(row.content, file)
        try:
            model = load_model(f"timm/{row.architecture}", file, image_size=row.size)
        except InputError as error:
            return f"| {row.layout} | {row.maker} | `{row.architecture}` | refused: {error} | |"
    attentions = Attentions()
    logits, expected = model(images, attentions), row.answer(images)
    off = float((logits - expected).abs().max() / expected.abs().max())
    rows = max(float((one.matrix().sum(-1) - 1).abs().max()) for one in attentions.by_layer.values())
    return f"| {row.layout} | {row.maker} | `{row.architecture}` | {off:.1e} | {rows:.1e} |"


def main() -> None:
    print(
        "| layout | file made by | loaded as timm/ | logits differ by, of the largest | rows of attention from 1 by |"
    )
    print("|---|---|---|---:|---:|")
    for rows in (ours, by_transformers, by_open_clip):
        try:
            for row in rows():
                print(line(row), flush=True)
        except ModuleNotFoundError as error:
            print(f"| | {error.name} is not installed | | | |")
    wider = random_model("vit_small_patch16_224", 0)
    print(line(Row("a wider ViT", "timm", VIT, SMALL, dict(wider.state_dict()), wider)))


if __name__ == "__main__":
    main()
