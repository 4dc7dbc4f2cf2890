"""Self-attention is the first step: Performer attention rebuilt from a VARS layer's own weights (paper eq. 14-15)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from vars_core.dictionaries import DenseDictionary
from vars_core.dynamics.layer import Layer
from vars_core.dynamics.problem import Problem
from vars_core.errors import InputError
from vars_core.mixers.attention import PerformerAttention
from vars_core.mixers.reconstruction import DenseReconstruction
from vars_core.random_features import RandomFeatures
from vars_core.tokens import split_heads


@torch.no_grad()
def feature_problem(layer: Layer) -> Problem:
    """The layer's problem with Φ(X) itself for a dictionary: its atoms not scaled to unit norm, none of them learned.

    Raises InputError: a convolutional layer, whose dictionary does not depend on the tokens.
    """
    mixer = dense_mixer(layer)
    features = double(mixer.dictionary.features)
    q, v = (split_heads(part, mixer.num_heads).double() for part in projected(layer, mixer).chunk(2, dim=-1))
    return Problem(DenseDictionary(features(q)), v, 0.0)


@torch.no_grad()
def unnormalised_performer(layer: Layer) -> Tensor:
    """z = Φ(q)(Φ(k)ᵀv), (B, H, N, d), by the Performer mixer with this layer's weights, its rows' scaling undone."""
    mixer = dense_mixer(layer)
    heads, head_dim, num_features = mixer.dictionary.features.matrix.shape
    with torch.random.fork_rng(devices=[]):
        performer = PerformerAttention(heads * head_dim, heads, num_features).double()
    for name, ours in mixer.projection.named_parameters():
        q, v = ours.double().chunk(2)
        performer.projection.get_parameter(name).copy_(torch.cat([q, q, v]))
    performer.features = double(mixer.dictionary.features)
    x = layer.block.norm1(layer.tokens).double()
    operator, v = performer.operator(x, layer.grid)
    features = performer.features(split_heads(performer.projection(x).chunk(3, dim=-1)[0], heads))
    row_sums = features @ features.sum(-2).unsqueeze(-1)
    return operator(v) * row_sums


def dense_mixer(layer: Layer) -> DenseReconstruction:
    """The layer's mixer, whose dictionary is made of the tokens."""
    mixer = layer.block.mixer
    if not isinstance(mixer, DenseReconstruction):
        raise InputError(f"expected a layer with a dynamic dictionary (VARS-D or -SD), got layer {layer.name}")
    return mixer


def projected(layer: Layer, mixer: DenseReconstruction) -> Tensor:
    """(q, v) of the layer side by side, (B, N, 2C), in double precision."""
    return copy.deepcopy(mixer.projection).double()(layer.block.norm1(layer.tokens).double())


def double(features: RandomFeatures) -> RandomFeatures:
    """The same random features in double precision."""
    return copy.deepcopy(features).double()
