"""A stored run: rows in Parquet parts, the facts they were made under, and a summary computed from the rows alone.

A run is a folder::

    RUN/run.json                  the command, its settings, versions, device, checkpoint hashes, the data
    RUN/rows/part-000007.parquet  the rows of the eighth batch of samples, written whole or not at all
    RUN/maps/part-000007.parquet  the maps of that batch that the report shows, as they left the layer
    RUN/summary.json              computed from the rows, nothing else
    RUN/report.html               the same for people

A part belongs to a fixed slice of the list of samples, so what is in a part never depends on when, where or in which
order it was computed: a run killed at any moment and continued ends in the same rows as one left in peace.
"""

from __future__ import annotations

import json
import math
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis.columns import table_of
from analysis.saliency import MapKey
from vars_core.command import command_line
from vars_core.errors import InputError
from vars_core.whole_file import LEFTOVERS, flush_to_disk, remove_leftovers, whole_file

Row = dict[str, Any]
"""One line of results: flat, its values numbers, strings, None or lists of numbers."""

_PART = re.compile(r"part-(\d{6})\.parquet")
_ENTRY = {
    "model": str,
    "layer": str | None,
    "readout": str | None,
    "iteration": int | None,
    "metric": str,
    "value": float | int | None,
    "ci95": list | None,
    "n": int,
}
_LIBRARIES = ("numpy", "scipy", "opencv-python-headless", "pillow", "pyarrow", "torch", "torchvision", "timm")


@dataclass(frozen=True)
class KeptMap:
    """A map of one image as it left a model's layer, float32 (h, w)."""

    position: int
    model: str
    key: MapKey
    values: np.ndarray


_MAPS = pa.schema(
    [
        ("position", pa.int64()),
        ("model", pa.string()),
        ("layer", pa.string()),
        ("readout", pa.string()),
        ("iteration", pa.int64()),
        ("width", pa.int64()),
        ("values", pa.list_(pa.float32())),
    ]
)


class Run:
    """One run folder; made by `open`."""

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self.folder = folder
        self.facts = facts

    @classmethod
    def open(cls, folder: Path, settings: Mapping[str, Any], **facts: Any) -> Run:
        """Start a run in ``folder``, or continue the one that is there (one that stored no row yet is started anew).

        ``settings`` decide the rows and must not differ on continuing; so must no entry of ``facts`` (the data's names,
        say). Versions, the command and the host are recorded, not compared. Nothing is loaded or computed here, so that
        a wrong folder is found out before any model is. Raises InputError: the folder cannot be written, is no run, or
        holds a run under other settings (the first difference is named).
        """
        folder = Path(folder)
        compared = json.loads(json.dumps({"settings": dict(settings), **facts}))
        try:
            stored = _read_facts(folder)
            (folder / "rows").mkdir(parents=True, exist_ok=True)
            remove_leftovers(folder)
            if stored is None or not any((folder / "rows").glob("part-*.parquet")):  # nothing there to protect
                stored = {"command": command_line(), "versions": versions(), **compared}
            _write(folder / "run.json", _as_json(stored))  # of a run that is continued, proof that it can be
        except OSError as error:
            raise InputError(f"expected a folder that can be written, but {folder}: {error.strerror}") from None
        run = cls(folder, stored)
        for name, value in compared.items():
            run.confirm(name, value)
        now, others = versions(), run.facts.get("continued_under", [])
        if now != run.facts.get("versions") and now not in others:  # libraries may be upgraded in between: it is said
            run.record("continued_under", [*others, now])
        return run

    @classmethod
    def read(cls, folder: Path) -> Run:
        """A run that is there, to look at: nothing is written.

        Raises InputError: the folder holds no run, or its ``run.json`` cannot be read.
        """
        facts = _read_facts(Path(folder)) if (Path(folder) / "run.json").is_file() else None
        if facts is None:
            raise InputError(f"expected the folder of a run, there is no run.json in {folder}")
        return cls(Path(folder), facts)

    def confirm(self, name: str, value: Any) -> None:
        """Record the fact ``name`` the first time; afterwards require the same value.

        For what is known only once the models are there: their checkpoint hashes, layers, device. Raises InputError:
        the run was made under another value; the sentence names the difference.
        """
        if name not in self.facts:
            self.record(name, value)
            return
        value = json.loads(json.dumps(value))
        if self.facts[name] != value:
            where, stored, asked = _difference(name, self.facts[name], value)
            raise InputError(
                f"{self.folder} holds a run made with {where} = {stored}, this command has {asked}: "
                "use the same settings to continue it, or another folder"
            )

    def record(self, name: str, value: Any) -> None:
        """Store the fact ``name``, in place of an earlier value: for what may change when files are repaired."""
        self.facts[name] = json.loads(json.dumps(value))
        _write(self.folder / "run.json", _as_json(self.facts))

    # -- rows ------------------------------------------------------------------------------------------------------

    def part_path(self, part: int) -> Path:
        """Where the rows of part number ``part`` are."""
        return self.folder / "rows" / f"part-{part:06d}.parquet"

    def complete_parts(self) -> set[int]:
        """Numbers of the parts that are stored and need no second look.

        A part with an ``error`` row is not among them: the file at fault may have been repaired since, and its whole
        batch is computed again, as it would have been in an undisturbed run. Nor is a part that cannot be read.
        """
        return {part for part, path in self._parts() if _is_complete(path)}

    def write_part(self, part: int, rows: Sequence[Row], schema: pa.Schema) -> None:
        """Store the rows of one part under its final name in a single step; a part there already is replaced."""
        _write_table(self.part_path(part), table_of(rows, schema))

    def write_maps(self, part: int, maps: Sequence[KeptMap]) -> None:
        """Store maps of one part's images, in a single step."""
        (self.folder / "maps").mkdir(exist_ok=True)
        rows = [
            {**vars(one.key), "position": one.position, "model": one.model, "width": one.values.shape[1]}
            | {"values": one.values.ravel()}
            for one in maps
        ]
        _write_table(self._maps_path(part), table_of(rows, _MAPS))

    def kept_map(self, position: int, model: str, key: MapKey) -> np.ndarray | None:
        """A stored map, float32 (h, w); None where it was not kept."""
        path = self._maps_path(position // int(self.facts["settings"]["batch_size"]))
        if not path.is_file():
            return None
        wanted = (pc.field("position") == position) & (pc.field("model") == model)
        for name, value in vars(key).items():
            wanted &= pc.field(name) == value
        rows = pq.read_table(path, filters=wanted).to_pylist()
        return np.array(rows[0]["values"], np.float32).reshape(-1, rows[0]["width"]) if rows else None

    def _maps_path(self, part: int) -> Path:
        return self.folder / "maps" / self.part_path(part).name

    def rows(
        self, columns: Sequence[str] | None = None, where: pc.Expression | None = None, limit: int | None = None
    ) -> pa.Table:
        """All rows in the order of the parts; only some ``columns``, only those ``where`` holds.

        ``limit``: read no further part once so many rows are there, and return no more. Raises InputError: nothing has
        been stored yet.
        """
        wanted = None if columns is None else list(columns)
        tables: list[pa.Table] = []
        for path in self._paths():
            tables.append(pq.read_table(path, columns=wanted, filters=where))
            if limit is not None and sum(map(len, tables)) >= limit:
                break
        return pa.concat_tables(tables).slice(0, limit)

    def columns(self) -> list[str]:
        """Names of the columns of the rows. Raises InputError where nothing has been stored yet."""
        return list(pq.read_schema(self._paths()[0]).names)

    def values(self, column: str) -> list[Any]:
        """The distinct values of ``column`` in order of first appearance, without null."""
        return pc.unique(self.rows([column])[column]).drop_null().to_pylist()

    def _parts(self) -> list[tuple[int, Path]]:
        numbered = ((_PART.fullmatch(path.name), path) for path in (self.folder / "rows").iterdir())
        return sorted((int(match[1]), path) for match, path in numbered if match)

    def _paths(self) -> list[Path]:
        """Of the parts, at least one."""
        paths = [path for _, path in self._parts()]
        if not paths:
            raise InputError(f"{self.folder} holds no rows yet")
        return paths

    # -- what is computed from them --------------------------------------------------------------------------------

    def write_summary(self, entries: Iterable[Mapping[str, Any]]) -> Path:
        """Write ``summary.json``: a list of {"model", "layer", "readout", "iteration", "metric", "value", "ci95", "n"}.

        The bytes are a function of the entries: nothing of the time, the host or the order of work enters. A value that
        is not a finite number becomes null, since JSON knows no other.
        """
        path = self.folder / "summary.json"
        lines = (json.dumps(_finite(dict(entry)), allow_nan=False) for entry in entries)
        _write(path, ("[\n" + ",\n".join(lines) + "\n]\n").encode())
        return path

    def write_text(self, name: str, text: str) -> Path:
        """Write a text file (a report) into the folder in a single step."""
        _write(self.folder / name, text.encode())
        return self.folder / name


def read_summary(folder: Path) -> list[dict[str, Any]]:
    """The entries of a finished run's ``summary.json``, see `Run.write_summary`.

    Raises InputError: there is none, or it is no such list.
    """
    path = Path(folder) / "summary.json"
    if not path.is_file():
        raise InputError(f"no summary.json in {folder}: expected the folder of a finished run")
    try:
        entries = json.loads(path.read_text())
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list) or not all(map(_is_entry, entries)):
        raise InputError(f"expected a list of entries with {', '.join(_ENTRY)} in {path}")
    return entries


def versions() -> dict[str, str]:
    """Python and the libraries that have a say in the numbers, read without importing them."""
    installed = {"python": platform.python_version(), "platform": platform.platform()}
    for library in _LIBRARIES:
        try:
            installed[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return installed


def _read_facts(folder: Path) -> dict[str, Any] | None:
    """What ``run.json`` says; None where a run may be started (no folder, or one without anything but temporaries)."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"expected a folder for the run, {folder} is a file")
    path = folder / "run.json"
    if path.is_file():
        try:
            facts = json.loads(path.read_text())
        except ValueError:
            facts = None
        if not isinstance(facts, dict) or "settings" not in facts:
            raise InputError(f"{path} is not the run.json of a run: use another folder")
        return facts
    strangers = [path.name for path in folder.rglob("*") if path.is_file() and not path.match(LEFTOVERS)]
    if strangers:
        raise InputError(f"expected an empty folder or a run to continue, {folder} holds {sorted(strangers)[0]!r}")
    return None


def _is_entry(entry: Any) -> bool:
    """Whether this is an entry of a summary: all keys, each of its type."""
    return (
        isinstance(entry, dict)
        and all(key in entry and isinstance(entry[key], kind) for key, kind in _ENTRY.items())
        and len(entry["ci95"] or (0, 0)) == 2
    )


def _difference(name: str, stored: Any, asked: Any) -> tuple[str, str, str]:
    """The first place where two JSON values differ, as (where, stored, asked)."""
    if isinstance(stored, dict) and isinstance(asked, dict):
        for key in [*stored, *(key for key in asked if key not in stored)]:
            if stored.get(key) != asked.get(key):
                return _difference(key if name == "settings" else f"{name}.{key}", stored.get(key), asked.get(key))
    return name, json.dumps(stored), json.dumps(asked)


def _is_complete(path: Path) -> bool:
    try:
        errors = pq.read_table(path, columns=["error"])["error"]
    except (OSError, pa.ArrowException):
        return False
    return errors.null_count == len(errors)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value


def _as_json(facts: Mapping[str, Any]) -> bytes:
    return (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode()


def _write_table(path: Path, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    _write(path, sink.getvalue().to_pybytes())


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
        flush_to_disk(temporary)
