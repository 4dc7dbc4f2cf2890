"""Weights under other people's names → timm's names (docs/models.md, "Known models").

What timm itself publishes a conversion for (DINOv2, CLIP, SigLIP inside open_clip, EVA, BEiT …) goes through timm's own
filter for the architecture. Written here are the names of transformers and of the AugReg .npz files.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

import timm
import torch
from torch import Tensor

from vars_core.checkpoints import StateDict
from vars_core.errors import InputError
from vars_core.upstream_keys import renamed

WRAPPERS = ("module.", "_orig_mod.", "model.", "net.", "network.", "backbone.", "teacher.", "student.")
"""What training code puts before every name."""

_LEFT_OUT = re.compile(
    r"^(head\.(mlp|last_layer)\b|dino_head\.|ibot_head\.|decoder_|decoder\.|pooler\.|projector\.|predictor\."
    r"|text_model\.|text_projection\.|logit_scale$|logit_bias$|.*\bposition_ids$|mask_token$|ema\.)"
)
"""Parts of a training or of a text tower, which no image classifier has: they are left out."""

_TRANSFORMERS = (
    (r"^(vit|deit|dinov2|dinov2_with_registers|vision_model)\.", ""),
    (r"^embeddings\.cls_token$", "cls_token"),
    (r"^embeddings\.class_embedding$", "cls_token"),
    (r"^embeddings\.distillation_token$", "dist_token"),
    (r"^embeddings\.mask_token$", "mask_token"),
    (r"^embeddings\.register_tokens$", "register_tokens"),
    (r"^embeddings\.(position_embeddings|position_embedding\.weight)$", "pos_embed"),
    (r"^embeddings\.(patch_embeddings\.projection|patch_embedding)\.", "patch_embed.proj."),
    (r"^(encoder\.)?layers?\.(\d+)\.", r"blocks.\2."),
    (r"\.attention\.attention\.(query|key|value)\.", r".attn.\1."),
    (r"\.(attention|self_attn)\.([qkv])_proj\.", r".attn.\2."),
    (r"\.attn\.(q|k|v)\w*\.", r".attn.\1."),
    (r"\.(attention\.output\.dense|attention\.o_proj|self_attn\.out_proj)\.", ".attn.proj."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"^(blocks\.\d+)\.output\.dense\.", r"\1.mlp.fc2."),
    (r"\.mlp\.weights_in\.", ".mlp.w12."),
    (r"\.mlp\.weights_out\.", ".mlp.w3."),
    (r"\.(layernorm_before|layer_norm1)\.", ".norm1."),
    (r"\.(layernorm_after|layer_norm2)\.", ".norm2."),
    (r"\.layer_scale([12])\.lambda1$", r".ls\1.gamma"),
    (r"^(layernorm|post_layernorm)\.", "norm."),
    (r"^pre_layrnorm\.", "norm_pre."),
    (r"^head\.probe$", "attn_pool.latent"),
    (r"^head\.attention\.out_proj\.", "attn_pool.proj."),
    (r"^head\.layernorm\.", "attn_pool.norm."),
    (r"^head\.mlp\.(fc[12])\.", r"attn_pool.mlp.\1."),
    (r"^(classifier|cls_classifier|visual_projection)\.", "head."),
    (r"^distillation_classifier\.", "head_dist."),
)
_AUGREG = (
    (r"^opt/target/", ""),
    (r"^embedding/", "patch_embed/proj/"),
    (r"^cls$", "cls_token"),
    (r"^Transformer/posembed_input/pos_embedding$", "pos_embed"),
    (r"^Transformer/encoderblock_(\d+)/", r"blocks/\1/"),
    (r"^Transformer/encoder_norm/", "norm/"),
    (r"/LayerNorm_0/", "/norm1/"),
    (r"/LayerNorm_2/", "/norm2/"),
    (r"/MultiHeadDotProductAttention_1/(query|key|value)/", r"/attn/\1/"),
    (r"/MultiHeadDotProductAttention_1/out/", "/attn/proj/"),
    (r"/MlpBlock_3/Dense_0/", "/mlp/fc1/"),
    (r"/MlpBlock_3/Dense_1/", "/mlp/fc2/"),
    (r"/(kernel|scale)$", "/weight"),
)


def timm_names(state: Mapping[str, Tensor]) -> StateDict:
    """``state`` with wrappers taken off and transformers' or AugReg's names replaced, before any model is known."""
    plain = unwrapped(state)
    if any(key.endswith("embedding/kernel") for key in plain):
        return _from_augreg(plain)
    if any(re.match(r"^(\w+\.)*embeddings\.patch_embedding(s\.projection)?\.weight$", key) for key in plain):
        return _from_transformers(plain)
    return plain


def fitted(state: Mapping[str, Tensor], name: str, model: Any) -> StateDict:
    """``state`` under timm's names for the architecture ``name``, brought to the grid of ``model`` by timm's filter.

    Raises InputError where that filter cannot take them.
    """
    plain = timm_names(state)
    mae = any(key.startswith("decoder_") for key in plain)
    if mae:
        plain.pop("mask_token", None)
    converter = getattr(_module_of(name), "checkpoint_filter_fn", None)
    if converter is not None:
        try:
            plain = converter(dict(plain), model)
        except (RuntimeError, ValueError, KeyError, AttributeError, AssertionError) as error:
            raise InputError(
                f"the weights are not those of timm/{name}: timm's own conversion fails ({error})"
            ) from None
    wanted = model.state_dict().keys()
    return {key: value for key, value in plain.items() if key in wanted or not _LEFT_OUT.match(key)}


def unwrapped(state: Mapping[str, Tensor]) -> StateDict:
    """Without the `WRAPPERS` that stand before most of the names, however many there are."""
    plain = dict(state)
    while plain:
        wrapper = next((word for word in WRAPPERS if _share(plain, word) > 0.5), None)
        if wrapper is None:
            break
        plain = {key.removeprefix(wrapper): value for key, value in plain.items()}
    return plain


def _share(state: Mapping[str, Tensor], prefix: str) -> float:
    return sum(key.startswith(prefix) for key in state) / len(state)


def _module_of(name: str) -> Any:
    return sys.modules[timm.models.model_entrypoint(name.partition(".")[0]).__module__]


def _from_transformers(state: StateDict) -> StateDict:
    if any(key.startswith("vision_model.") for key in state):  # CLIP and SigLIP with their text towers
        keep = ("vision_model.", "visual_projection.")
        state = {key: value for key, value in state.items() if key.startswith(keep)}
    plain = {renamed(key, _TRANSFORMERS): value for key, value in state.items()}
    plain = {key: value for key, value in plain.items() if not key.endswith("position_ids")}
    for key in ("cls_token", "pos_embed"):
        if key in plain:
            plain[key] = plain[key].reshape(1, -1, plain[key].shape[-1])
    for kind in ("weight", "bias"):
        joined = plain.pop(f"head.attention.in_proj_{kind}", None)
        if joined is not None:
            width = joined.shape[0] // 3
            plain |= {f"attn_pool.q.{kind}": joined[:width], f"attn_pool.kv.{kind}": joined[width:]}
    if any(key.startswith("visual_projection.") for key in state):
        plain["head.bias"] = plain["head.weight"].new_zeros(plain["head.weight"].shape[0])
    return _joined_attention(plain, ("q", "k", "v"))


def _from_augreg(state: StateDict) -> StateDict:
    """Kernels lie as (in, out), of attention as (C, H, d) for queries, keys, values and (H, d, C) for the output."""
    plain: StateDict = {}
    for key, value in state.items():
        name = renamed(key, _AUGREG).replace("/", ".")
        if name.startswith("pre_logits."):
            continue
        if name.endswith("attn.proj.weight"):
            value = value.flatten(0, 1)
        elif re.search(r"attn\.(query|key|value)\.", name):
            value = value.flatten(-2)
        if name.endswith(".weight"):
            value = value.permute(3, 2, 0, 1) if value.ndim == 4 else value.T if value.ndim == 2 else value
        plain[name] = value.contiguous()
    return _joined_attention(plain, ("query", "key", "value"))


def _joined_attention(state: StateDict, parts: tuple[str, str, str]) -> StateDict:
    """timm holds queries, keys and values of a block in one matrix."""
    joined = dict(state)
    first = re.compile(rf"^(.*\.attn\.){parts[0]}\.(weight|bias)$")
    for key in state:
        if (match := first.match(key)) and all(f"{match[1]}{part}.{match[2]}" in state for part in parts):
            values = [joined.pop(f"{match[1]}{part}.{match[2]}") for part in parts]
            joined[f"{match[1]}qkv.{match[2]}"] = torch.cat(values)
    return joined
