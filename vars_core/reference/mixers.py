"""The mixers on one image's tokens x (N, C): values v, every iterate z_t, and what is read from them (SPEC §1, §4)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vars_core.reference import solvers
from vars_core.reference.arithmetic import Weights, batch_norm, linear, part
from vars_core.reference.dictionaries import (
    FourierTransform,
    ReferenceDictionary,
    convolutional,
    dense,
    half_plane,
    largest_eigenvalue,
    random_features,
    row_sum_bound,
    unit_atoms,
)


@dataclass(frozen=True)
class Mixed:
    """v and z_t (H, N, d), u_t where there are codes.

    ``gradients()`` gives G_t (H, N, d): G_t[h,n,c] = ∂(mean_i z_t[h,i,c])/∂v[h,n,c], the dictionary held fixed.
    """

    v: Tensor
    z: list[Tensor]
    codes: list[Tensor]
    gradients: Callable[[], list[Tensor]]


@dataclass(frozen=True)
class Solve:
    """T, λ and "ista" or "lista"."""

    num_steps: int
    lam: float
    solver: str


def heads_of(tokens: Tensor, num_heads: int) -> list[Tensor]:
    """(N, C) -> H times (N, d)."""
    return list(tokens.chunk(num_heads, dim=1))


def joined(z: Tensor) -> Tensor:
    """(H, N, d) -> (N, C), head beside head."""
    return torch.cat(list(z), dim=1)


def self_attention(x: Tensor, weights: Weights, num_heads: int) -> Mixed:
    """z = softmax(qkᵀ/√d) v."""
    q, k, v = linear(x, part(weights, "projection")).chunk(3, dim=1)
    matrices = []
    for q_h, k_h in zip(heads_of(q, num_heads), heads_of(k, num_heads), strict=True):
        scores = torch.exp(q_h @ k_h.T / math.sqrt(q_h.shape[1]))
        matrices.append(scores / scores.sum(1, keepdim=True))
    return attended(matrices, heads_of(v, num_heads))


def performer(x: Tensor, weights: Weights, num_heads: int) -> Mixed:
    """z = A v with A = Φ(q)Φ(k)ᵀ, rows scaled to sum 1."""
    q, k, v = linear(x, part(weights, "projection")).chunk(3, dim=1)
    matrices = []
    for head, (q_h, k_h) in enumerate(zip(heads_of(q, num_heads), heads_of(k, num_heads), strict=True)):
        random_matrix = weights["features.matrix"][head]
        kernel = random_features(q_h, random_matrix) @ random_features(k_h, random_matrix).T
        matrices.append(kernel / kernel.sum(1, keepdim=True))
    return attended(matrices, heads_of(v, num_heads))


def attended(matrices: Sequence[Tensor], values: Sequence[Tensor]) -> Mixed:
    """z = A v for each head; ∂(mean_i z[i, c])/∂v[n, c] is the mean of column n of A, whatever the channel."""
    z = [matrix @ v for matrix, v in zip(matrices, values, strict=True)]
    pooled = [matrix.mean(0)[:, None].expand_as(v) for matrix, v in zip(matrices, values, strict=True)]
    return Mixed(torch.stack(list(values)), [torch.stack(z)], [], lambda: [torch.stack(pooled)])


def dense_reconstruction(x: Tensor, weights: Weights, num_heads: int, solve: Solve) -> Mixed:
    """`vars_d` with P = Φ(X), `vars_sd` with P = [Φ(X) ; A]: z = P·solve(Pᵀv), head by head (eq. 10-12)."""
    q, v = linear(x, part(weights, "projection")).chunk(2, dim=1)
    values, solutions = heads_of(v, num_heads), []
    for head, (q_h, v_h) in enumerate(zip(heads_of(q, num_heads), values, strict=True)):
        atoms = random_features(q_h, weights["dictionary.features.matrix"][head])
        if "dictionary.static_atoms" in weights:
            atoms = torch.cat([atoms, weights["dictionary.static_atoms"][0, head]], dim=1)
        matrix = unit_atoms(atoms)
        solutions.append(solved_head(v_h, matrix, part(weights, "solver"), solve))
    num_tokens = x.shape[0]
    per_step = range(solve.num_steps + 1)

    def gradients() -> list[Tensor]:
        per_head = [solvers.pooled_jacobians(iterates, p, num_tokens) for p, iterates in solutions]
        return [torch.stack([pooled[t] for pooled in per_head]) for t in per_step]

    return Mixed(
        v=torch.stack(values),
        z=[torch.stack([p.decode(iterates.codes[t]) for p, iterates in solutions]) for t in per_step],
        codes=[torch.stack([iterates.codes[t] for _, iterates in solutions]) for t in per_step],
        gradients=gradients,
    )


def solved_head(
    v: Tensor, matrix: Tensor, weights: Weights, solve: Solve
) -> tuple[ReferenceDictionary, solvers.Iterates]:
    """One head's problem: v (N, d), P (N, m). The dictionary returned is the one the iteration uses."""
    dictionary = dense(matrix)
    if solve.solver == "ista":
        return dictionary, solvers.ista(v, dictionary, solve.lam, largest_eigenvalue(matrix), solve.num_steps)
    coupled = solvers.with_coupling(dictionary, weights["coupling"])  # K PᵀP K
    lam = weights["lam_scale"] * solve.lam  # λ' = learned_lam·λ
    bound = row_sum_bound(matrix) / weights["rate_scale"]  # L' = L/learned_L
    return coupled, solvers.lista(v, coupled, lam, bound, solve.num_steps)


def convolutional_reconstruction(x: Tensor, weights: Weights, fourier: FourierTransform, solve: Solve) -> Mixed:
    """`vars_s`: z = P·solve(Pᵀv), a problem for each channel, with the stored L; without ``value`` weights v = x."""
    v = linear(x, part(weights, "value")) if "value.weight" in weights else x
    dictionary = convolutional(weights["dictionary.spectrum.weight"], fourier)
    bound = weights["dictionary.bound"][:, None, None]
    per_channel = v.T[:, :, None]  # (C, N, 1)
    iterates = solvers.ista_from_shrunk(per_channel, dictionary, solve.lam, bound, solve.num_steps)
    return Mixed(
        v=v[None],
        z=[channels_last(dictionary.decode(u)) for u in iterates.codes],
        codes=iterates.codes,
        gradients=lambda: [channels_last(g) for g in solvers.pooled_jacobians(iterates, dictionary, x.shape[0])],
    )


def channels_last(per_channel: Tensor) -> Tensor:
    """(C, N, 1) -> (1, N, C): one head of all channels."""
    return per_channel.permute(2, 1, 0)


def global_filter(x: Tensor, weights: Weights, fourier: FourierTransform) -> Mixed:
    """`filter`: a circular convolution of every channel, given by its spectrum."""
    spectrum = half_plane(weights["spectrum.weight"])[:, 0]  # (C, F, 1)
    z = channels_last(fourier.inverse(spectrum * fourier.forward(x.T[:, :, None])))

    def gradients() -> list[Tensor]:
        identity = torch.eye(x.shape[0], dtype=x.dtype)
        matrices = fourier.inverse(spectrum * fourier.forward(identity))  # (C, N, N)
        return [matrices.mean(1).T[None]]

    return Mixed(x[None], [z], [], gradients)


def projected(z: Tensor, weights: Weights, fourier: FourierTransform) -> Tensor:
    """What a mixer does to z (N, C) afterwards: `vars_s` has a second spectrum and BatchNorm before the projection."""
    if "second.spectrum.weight" in weights:
        second = half_plane(weights["second.spectrum.weight"])[:, 0]
        z = channels_last(fourier.inverse(second * fourier.forward(z.T[:, :, None])))[0]
        z = batch_norm(z, part(weights, "norm"))
    return linear(z, part(weights, "output")) if "output.weight" in weights else z
