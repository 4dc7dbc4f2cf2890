"""Pictures in Parquet shards: a column ``image`` of encoded bytes and a column ``label``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vars_core.data.labelled import digest
from vars_core.errors import InputError

BYTES_HELD = 256 * 2**20


class ParquetImages:
    """Labelled pictures of one or more Parquet files; row groups are read on demand and the latest kept.

    ``image`` may also be a struct with a ``bytes`` field, as the Hugging Face hub writes it. Random access is quick
    when row groups are small (some ten rows) or all of them fit into ``held`` bytes of memory.
    """

    def __init__(
        self, files: Sequence[str | Path], classes: Sequence[str] | None = None, held: int = BYTES_HELD
    ) -> None:
        self.files = tuple(Path(file) for file in files)
        if not self.files:
            raise InputError("expected at least one Parquet file, none came")
        labels, self._groups = [], []
        for number, file in enumerate(self.files):
            labels.append(self._open(file))
            rows = pq.read_metadata(file)
            self._groups += [(number, group, rows.row_group(group).num_rows) for group in range(rows.num_row_groups)]
        self.labels = np.concatenate(labels)
        self._ends = np.cumsum([rows for *_, rows in self._groups])
        self.classes = tuple(classes) if classes else tuple(str(label) for label in range(int(self.labels.max()) + 1))
        if len(self.labels) == 0 or self.labels.min() < 0 or self.labels.max() >= len(self.classes):
            raise InputError(f"{self.files[0].parent}: expected labels 0..{len(self.classes) - 1} and at least one row")
        self.fingerprint = digest(f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in self.files)
        self._held, self._latest = held, OrderedDict[int, pa.ChunkedArray]()

    @staticmethod
    def _open(file: Path) -> np.ndarray:
        try:
            schema = pq.read_schema(file)
            missing = {"image", "label"} - set(schema.names)
            if missing:
                raise InputError(f"{file} needs the columns 'image' and 'label', it has {', '.join(schema.names)}")
            return pq.read_table(file, columns=["label"])["label"].to_numpy().astype(np.int64)
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{file} could not be read as Parquet: {error}") from None

    def __len__(self) -> int:
        return len(self.labels)

    def _place(self, index: int) -> tuple[int, int]:
        group = int(np.searchsorted(self._ends, index, side="right"))
        return group, index - (int(self._ends[group - 1]) if group else 0)

    def name(self, index: int) -> str:
        group, row = self._place(index)
        number = self._groups[group][0]
        first = next(place for place, (file, *_) in enumerate(self._groups) if file == number)
        before = sum(rows for *_, rows in self._groups[first:group])
        return f"{self.files[number].name} row {before + row}"

    def encoded(self, index: int) -> bytes:
        group, row = self._place(index)
        if group not in self._latest:
            number, place, _ = self._groups[group]
            self._latest[group] = pq.ParquetFile(self.files[number]).read_row_group(place, columns=["image"])["image"]
            while len(self._latest) > 1 and sum(part.nbytes for part in self._latest.values()) > self._held:
                self._latest.popitem(last=False)
        value = self._latest[group][row].as_py()
        return (value.get("bytes") if isinstance(value, dict) else value) or b""
