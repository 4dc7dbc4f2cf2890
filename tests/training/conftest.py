"""A small made data set: 96 training and 24 validation pictures of four colours, 32 px, as Parquet shards."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

CLASSES = 4


def picture(label: int, generator: np.random.Generator, size: int = 32) -> bytes:
    """A noisy field whose colour tells the class, as PNG bytes."""
    colour = np.array([60 * label, 255 - 60 * label, 128])
    noise = generator.integers(-20, 21, (size, size, 3))
    encoded = io.BytesIO()
    Image.fromarray((colour + noise).clip(0, 255).astype(np.uint8)).save(encoded, "PNG")
    return encoded.getvalue()


def write_shard(path: Path, labels: list[int], seed: int, broken: tuple[int, ...] = ()) -> None:
    """A Parquet shard of pictures with these labels; those at ``broken`` are cut off in the middle."""
    generator = np.random.default_rng(seed)
    images = [picture(label, generator) for label in labels]
    for index in broken:
        images[index] = images[index][: len(images[index]) // 2]
    pq.write_table(pa.table({"image": images, "label": labels}), path, row_group_size=7)


@pytest.fixture(scope="session")
def made_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_shard(folder / "train-0.parquet", [i % CLASSES for i in range(48)], seed=0)
    write_shard(folder / "train-1.parquet", [i % CLASSES for i in range(48)], seed=1)
    write_shard(folder / "val.parquet", [i % CLASSES for i in range(24)], seed=2)
    return folder
