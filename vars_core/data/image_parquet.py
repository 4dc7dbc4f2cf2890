"""Pictures in Parquet shards: a column ``image`` of encoded bytes and a column ``label``."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vars_core.data.class_labels import numbered_labels
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
        opened = [self._open(file) for file in self.files]
        self._groups = []
        for number, file in enumerate(self.files):
            rows = pq.read_metadata(file)
            self._groups += [(number, group, rows.row_group(group).num_rows) for group in range(rows.num_row_groups)]
        self._ends = np.cumsum([rows for *_, rows in self._groups])
        stated = [names for _, names in opened if names is not None]
        if classes is None and stated:
            classes = stated[0]
        column = _joined([column for column, _ in opened], self.files)
        self.labels, self.classes = numbered_labels(column, classes, str(self.files[0].parent))
        self.fingerprint = digest(f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns}" for file in self.files)
        self._held, self._latest = held, OrderedDict[int, pa.ChunkedArray]()

    @staticmethod
    def _open(file: Path) -> tuple[pa.ChunkedArray, tuple[str, ...] | None]:
        """The column of labels, and the class names that the file itself states."""
        try:
            schema = pq.read_schema(file)
            missing = {"image", "label"} - set(schema.names)
            if missing:
                raise InputError(f"{file} needs the columns 'image' and 'label', it has {', '.join(schema.names)}")
            return pq.read_table(file, columns=["label"])["label"], _stated_classes(schema)
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


def _joined(columns: Sequence[pa.ChunkedArray], files: Sequence[Path]) -> pa.ChunkedArray:
    """The labels of all files as one column; dictionaries, which may differ from file to file, as their values."""
    plain = [c.cast(c.type.value_type) if pa.types.is_dictionary(c.type) else c for c in columns]
    for column, file in zip(plain, files, strict=True):
        if column.type != plain[0].type:
            raise InputError(
                f"expected labels of one kind, {files[0].name} has {plain[0].type} and {file.name} {column.type}"
            )
    return pa.chunked_array([chunk for column in plain for chunk in column.chunks], plain[0].type)


def _stated_classes(schema: pa.Schema) -> tuple[str, ...] | None:
    """Class names in the schema's metadata, as the Hugging Face hub writes them; None where there are none."""
    try:
        stated = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]["label"]["names"]
    except (KeyError, TypeError, ValueError):
        return None
    return tuple(map(str, stated)) if isinstance(stated, list) and stated else None
