"""Weights of a timm model under the names that other libraries and papers publish theirs with.

Written by hand after those libraries: nothing here calls the code that reads them.
"""

from __future__ import annotations

import re

import torch
from torch import Tensor

StateDict = dict[str, Tensor]


def renamed(state: StateDict, rules: list[tuple[str, str]]) -> StateDict:
    found = {}
    for key, value in state.items():
        for pattern, replacement in rules:
            key = re.sub(pattern, replacement, key)
        found[key] = value
    return found


def split_attention(state: StateDict, names: tuple[str, str, str]) -> StateDict:
    """``….attn.qkv.weight`` as three."""
    found = {}
    for key, value in state.items():
        if ".attn.qkv." in key:
            for name, part in zip(names, value.chunk(3), strict=True):
                found[key.replace(".attn.qkv.", f".attn.{name}.")] = part.clone()
        else:
            found[key] = value
    return found


def prefixed(state: StateDict, prefix: str) -> StateDict:
    return {f"{prefix}{key}": value for key, value in state.items()}


def dino_training(state: StateDict) -> dict[str, object]:
    head = {"head.mlp.0.weight": torch.zeros(4, 4), "head.last_layer.weight_v": torch.zeros(4, 4)}
    both = prefixed(state, "backbone.") | head
    other = {key: torch.full_like(value, 7.0) for key, value in both.items()}
    return {"student": prefixed(other, "module."), "teacher": prefixed(both, "module."), "epoch": 3}


def mae(state: StateDict) -> dict[str, object]:
    width = state["cls_token"].shape[-1]
    decoder = {
        "mask_token": torch.zeros(1, 1, 8),
        "decoder_embed.weight": torch.zeros(8, width),
        "decoder_pos_embed": torch.zeros(1, 5, 8),
        "decoder_blocks.0.norm1.weight": torch.zeros(8),
    }
    return {"model": state | decoder}


def dinov2(state: StateDict) -> StateDict:
    """With registers, the position embedding begins with that of the class token, which timm adds to it."""
    width = state["cls_token"].shape[-1]
    found = state | {"mask_token": torch.zeros(1, width)}
    if "reg_token" in found:
        position = torch.randn(1, 1, width)
        found["register_tokens"] = found.pop("reg_token")
        found["cls_token"] = found["cls_token"] - position
        found["pos_embed"] = torch.cat([position, found["pos_embed"]], dim=1)
    return found


def openai_clip(state: StateDict) -> StateDict:
    tower = renamed(
        state,
        [
            (r"^patch_embed\.proj", "conv1"),
            (r"^pos_embed$", "positional_embedding"),
            (r"^norm_pre", "ln_pre"),
            (r"^norm\.", "ln_post."),
            (r"^blocks\.", "transformer.resblocks."),
            (r"\.norm([12])\.", r".ln_\1."),
            (r"\.attn\.qkv\.", ".attn.in_proj_"),
            (r"\.attn\.proj\.", ".attn.out_proj."),
            (r"\.mlp\.fc1\.", ".mlp.c_fc."),
            (r"\.mlp\.fc2\.", ".mlp.c_proj."),
            (r"^cls_token$", "class_embedding"),
        ],
    )
    tower["class_embedding"] = tower["class_embedding"][0, 0]
    tower["positional_embedding"] = tower["positional_embedding"][0]
    tower["proj"] = tower.pop("head.weight").T.clone()
    del tower["head.bias"]
    text = {"transformer.resblocks.0.ln_1.weight": torch.zeros(4), "token_embedding.weight": torch.zeros(4, 4)}
    return prefixed(tower, "visual.") | text | {"logit_scale": torch.zeros(())}


def open_clip_siglip(state: StateDict) -> StateDict:
    return prefixed(state, "visual.trunk.") | {"text.token_embedding.weight": torch.zeros(4, 4)}


def transformers_vit(state: StateDict, version: int = 4, task: str = "vit.") -> StateDict:
    """``ViTForImageClassification``; ``ViTModel`` with no ``task`` and no head."""
    old = version == 4
    layer = "encoder.layer" if old else "layers"
    rules = [
        (r"^patch_embed\.proj\.", "embeddings.patch_embeddings.projection."),
        (r"^cls_token$", "embeddings.cls_token"),
        (r"^pos_embed$", "embeddings.position_embeddings"),
        (r"^blocks\.(\d+)\.norm1\.", r"blocks.\1.layernorm_before."),
        (r"^blocks\.(\d+)\.norm2\.", r"blocks.\1.layernorm_after."),
        (r"^norm\.", "layernorm."),
        (r"\.attn\.proj\.", ".attention.output.dense." if old else ".attention.o_proj."),
        (r"\.attn\.(query|key|value)\.", r".attention.attention.\1."),
        (r"\.attn\.(q_proj|k_proj|v_proj)\.", r".attention.\1."),
        *([(r"\.mlp\.fc1\.", ".intermediate.dense."), (r"\.mlp\.fc2\.", ".output.dense.")] if old else []),
        (r"^blocks\.", f"{layer}."),
        (r"^(?!head\.)", task),
        (r"^head\.", "classifier."),
    ]
    names = ("query", "key", "value") if old else ("q_proj", "k_proj", "v_proj")
    found = renamed(split_attention(state, names), rules)
    return found if task else found | {"pooler.dense.weight": torch.zeros(4, 4), "pooler.dense.bias": torch.zeros(4)}


def transformers_dinov2(state: StateDict) -> StateDict:
    """``Dinov2Model`` and ``Dinov2WithRegistersModel``."""
    rules = [
        (r"^patch_embed\.proj\.", "embeddings.patch_embeddings.projection."),
        (r"^(cls_token|mask_token|register_tokens)$", r"embeddings.\1"),
        (r"^pos_embed$", "embeddings.position_embeddings"),
        (r"\.ls([12])\.gamma$", r".layer_scale\1.lambda1"),
        (r"\.attn\.proj\.", ".attention.output.dense."),
        (r"\.attn\.(query|key|value)\.", r".attention.attention.\1."),
        (r"^norm\.", "layernorm."),
        (r"^blocks\.", "encoder.layer."),
    ]
    return renamed(split_attention(dinov2(state), ("query", "key", "value")), rules)


_TOWER = [
    (r"^pos_embed$", "embeddings.position_embedding.weight"),
    (r"^patch_embed\.proj\.", "embeddings.patch_embedding."),
    (r"\.norm([12])\.", r".layer_norm\1."),
    (r"\.attn\.proj\.", ".self_attn.out_proj."),
    (r"\.attn\.(q_proj|k_proj|v_proj)\.", r".self_attn.\1."),
    (r"^norm\.", "post_layernorm."),
    (r"^blocks\.", "encoder.layers."),
]


def transformers_clip(state: StateDict) -> StateDict:
    """``CLIPModel``: both towers."""
    rules = [(r"^cls_token$", "embeddings.class_embedding"), (r"^norm_pre\.", "pre_layrnorm."), *_TOWER]
    found = renamed(split_attention(state, ("q_proj", "k_proj", "v_proj")), rules)
    found["embeddings.class_embedding"] = found["embeddings.class_embedding"][0, 0]
    found["embeddings.position_embedding.weight"] = found["embeddings.position_embedding.weight"][0]
    projection = found.pop("head.weight")
    del found["head.bias"]
    found["embeddings.position_ids"] = torch.arange(5)[None]
    text = {"text_model.final_layer_norm.weight": torch.zeros(4), "logit_scale": torch.zeros(())}
    return prefixed(found, "vision_model.") | {"visual_projection.weight": projection} | text


def transformers_siglip(state: StateDict) -> StateDict:
    """``SiglipVisionModel``."""
    found = dict(state)
    pool = {key: found.pop(key) for key in list(found) if key.startswith("attn_pool.")}
    for kind in ("weight", "bias"):
        joined = torch.cat([pool.pop(f"attn_pool.q.{kind}"), pool.pop(f"attn_pool.kv.{kind}")])
        found[f"head.attention.in_proj_{kind}"] = joined
    rules = [
        (r"^attn_pool\.latent$", "head.probe"),
        (r"^attn_pool\.proj\.", "head.attention.out_proj."),
        (r"^attn_pool\.norm\.", "head.layernorm."),
        (r"^attn_pool\.mlp\.", "head.mlp."),
    ]
    body = renamed(split_attention(found, ("q_proj", "k_proj", "v_proj")), _TOWER)
    body["embeddings.position_embedding.weight"] = body["embeddings.position_embedding.weight"][0]
    return prefixed(body | renamed(pool, rules), "vision_model.")


def augreg(state: StateDict, num_heads: int) -> StateDict:
    """The arrays of a Flax ViT: kernels (in, out), attention's (C, H, d) and (H, d, C)."""
    rules = [
        (r"^patch_embed\.proj\.", "embedding."),
        (r"^cls_token$", "cls"),
        (r"^pos_embed$", "Transformer.posembed_input.pos_embedding"),
        (r"^norm\.", "Transformer.encoder_norm."),
        (r"^blocks\.(\d+)\.", r"Transformer.encoderblock_\1."),
        (r"\.norm1\.", ".LayerNorm_0."),
        (r"\.norm2\.", ".LayerNorm_2."),
        (r"\.attn\.proj\.", ".MultiHeadDotProductAttention_1.out."),
        (r"\.attn\.(query|key|value)\.", r".MultiHeadDotProductAttention_1.\1."),
        (r"\.mlp\.fc1\.", ".MlpBlock_3.Dense_0."),
        (r"\.mlp\.fc2\.", ".MlpBlock_3.Dense_1."),
        (r"((?:LayerNorm_\d|encoder_norm)\.)weight$", r"\1scale"),
        (r"\.weight$", ".kernel"),
    ]
    found = {}
    for key, value in renamed(split_attention(state, ("query", "key", "value")), rules).items():
        if key.endswith(".kernel"):
            value = value.permute(2, 3, 1, 0) if value.ndim == 4 else value.T
        if re.search(r"\.(query|key|value)\.", key):
            value = value.unflatten(-1, (num_heads, -1))
        elif key.endswith(".out.kernel"):
            value = value.unflatten(0, (num_heads, -1))
        found[key.replace(".", "/")] = value.contiguous()
    return found
