"""The authors' key names ↔ this project's, for the RVT models that they released (SPEC §3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from torch import Tensor

_FRAME = (
    (r"^patch_embed\.proj\.", "stem.proj."),
    (r"^transformers\.(\d+)\.blocks\.(\d+)\.", r"stages.\1.\2."),
    (r"^pools\.(\d+)\.", r"transitions.\1."),
    (r"^head\.", "head.linear."),
    (r"^norm\.", "head.norm."),
)
_ATTENTION = (
    (r"\.attn\.rand_matrix$", ".mixer.features.matrix"),
    (r"\.attn\.qkv\.", ".mixer.projection."),
    (r"\.attn\.proj\.", ".mixer.output."),
)
_DENSE = (
    (r"\.attn\.rand_matrix$", ".mixer.dictionary.features.matrix"),
    (r"\.attn\.kernel$", ".mixer.dictionary.static_atoms"),
    (r"\.attn\.learned_k$", ".mixer.solver.coupling"),
    (r"\.attn\.learned_lam$", ".mixer.solver.lam_scale"),
    (r"\.attn\.learned_L$", ".mixer.solver.rate_scale"),
)
_CONVOLUTIONAL = (
    (r"^(stages\.\d+\.\d+)\.kernel$", r"\1.mixer.dictionary.spectrum.weight"),
    (r"^(stages\.\d+\.\d+)\.L$", r"\1.mixer.dictionary.bound"),
    (r"^(stages\.\d+\.\d+)\.kernel2$", r"\1.mixer.second.spectrum.weight"),
    (r"^(stages\.\d+\.\d+)\.v\.", r"\1.mixer.value."),
    (r"^(stages\.\d+\.\d+)\.proj\.", r"\1.mixer.output."),
    (r"^(stages\.\d+\.\d+)\.norm1\.bn\.", r"\1.mixer.norm."),
    (r"^(stages\.\d+\.\d+)\.norm2\.bn\.", r"\1.norm2."),
)
# Stored by the authors' code and read by none of it.
_UNUSED = re.compile(r"\.attn\.L$|\.kernel_norm$")


def is_upstream(state: Mapping[str, Tensor]) -> bool:
    """Whether the keys are the authors'."""
    return any(key.startswith("transformers.") for key in state) and any(
        key.startswith("patch_embed.proj.") for key in state
    )


def translate(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors under this project's names; what the authors' forward never reads is left out."""
    dense = any(key.endswith(".attn.learned_k") for key in state)
    rules = (*_FRAME, *(_DENSE if dense else ()), *_ATTENTION, *_CONVOLUTIONAL)
    translated = {}
    for key, tensor in state.items():
        if _UNUSED.search(key):
            continue
        translated[renamed(key, rules)] = tensor
    return translated


def renamed(key: str, rules: Iterable[tuple[str, str]]) -> str:
    """A key after each of some (pattern, replacement) in turn."""
    for pattern, replacement in rules:
        key = re.sub(pattern, replacement, key)
    return key
