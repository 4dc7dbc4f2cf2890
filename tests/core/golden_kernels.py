"""The fixtures again, with the kernels that they were computed with.

`python -m tests.core.golden_kernels GOLDEN_FOLDER` prints as JSON how far every array of every fixture is from what the
project computes, and a fingerprint of the kernels. Float32 sums depend on their order, and the order on the processor:
the authors' numbers stem from AVX2 kernels on two threads, which `ENVIRONMENT` asks for on processors with wider ones.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.core.golden import FILES, Golden, deviations, save, trace_of

NUM_THREADS = 2

ENVIRONMENT = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "AVX2"}
"""To be set before torch is loaded."""

FINGERPRINT = "2b627fc8bff4f9a2"


def results() -> Iterator[Tensor]:
    """What torch alone makes of made arrays by the operations, in the shapes, of the first block of RVT-Ti."""
    rng = np.random.default_rng(0)

    def made(*shape: int) -> Tensor:
        return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))

    stem = F.conv2d(made(2, 3, 224, 224), made(32, 3, 7, 7), stride=2, padding=2)
    yield stem
    tokens = F.conv2d(made(2, 32, 56, 56), made(192, 32, 4, 4), stride=4).flatten(2).transpose(1, 2)
    yield tokens
    normed = F.layer_norm(tokens, (192,), made(192), made(192))
    yield normed
    heads = F.linear(normed, made(384, 192), made(384)).unflatten(2, (2, 6, 32)).permute(2, 0, 3, 1, 4)
    yield heads
    features = (F.normalize(heads[0], dim=-1) @ made(6, 32, 128)).exp()
    yield features
    gram = features.transpose(-2, -1) @ features
    yield gram
    yield gram @ F.gelu(features.transpose(-2, -1) @ heads[1])
    image = tokens.transpose(1, 2).unflatten(2, (14, 14))
    hidden = F.gelu(F.conv2d(image, made(768, 192, 1, 1)))
    yield F.conv2d(F.conv2d(hidden, made(768, 1, 3, 3), padding=1, groups=768), made(192, 768, 1, 1))


def fingerprint() -> str:
    """Equal where the kernels round alike."""
    digest = hashlib.sha256()
    for result in results():
        digest.update(result.contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def measured(golden: Golden) -> dict[str, dict[str, float]]:
    """Per file layout, per array: the deviation from the fixture."""
    with tempfile.TemporaryDirectory() as folder:
        files = [save(golden, Path(folder) / f"weights{suffix}") for suffix in (".pth", ".safetensors")]
        return {file.suffix: deviations(trace_of(golden, file, golden.images), golden) for file in files}


def main(folder: Path) -> None:
    torch.set_num_threads(NUM_THREADS)
    mixers = {mixer: measured(Golden(folder, mixer)) for mixer in FILES}
    json.dump({"fingerprint": fingerprint(), "deviations": mixers}, sys.stdout, indent=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
