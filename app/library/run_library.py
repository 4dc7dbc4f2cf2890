"""The run folders that the server was started with: listed once, read when asked for, nothing outside of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis.evaluations.grouping import Entry
from analysis.evaluations.image_scores import ImageScores, image_scores
from analysis.runs import Run, read_summary
from analysis.saliency import MapKey
from analysis.summary_table import Place, iterates
from app.serving.sessions import Sessions
from vars_core.errors import InputError, nearest

MAX_RUNS = 500
MAX_IMAGES = 20_000
"""Rows of one map that are read; a longer run is shown as far as that, and says so."""

MAX_JSON = 64_000_000
"""Bytes of a run.json or summary.json."""

COUNTS = ("samples", "images_present")
"""Where the evaluations write how many images there are."""

KEPT_BYTES = 128_000_000
"""What was read stays in memory up to this size."""


@dataclass(frozen=True)
class StoredRun:
    """A run as read. ``summary`` is None while it has not finished; ``date`` is when it last wrote, UTC."""

    name: str
    run: Run = field(repr=False)
    summary: list[Entry] | None = field(repr=False)
    date: str
    nbytes: int

    @property
    def facts(self) -> Mapping[str, Any]:
        """What ``run.json`` says."""
        return self.run.facts

    @property
    def kind(self) -> str:
        """ "segmentation", "fixations", …"""
        return str(self.facts["settings"].get("evaluation", "unknown"))

    @property
    def finished(self) -> bool:
        return self.summary is not None

    @property
    def models(self) -> tuple[str, ...]:
        """The models that were scored, without baselines."""
        return tuple(self.facts.get("models") or self.facts["settings"].get("models") or ())

    @property
    def images(self) -> int | None:
        """How many images were asked for; None where the run does not say."""
        data, limit = self.facts.get("data", {}), self.facts["settings"].get("limit")
        count = next((data[name] for name in COUNTS if name in data), None)
        return count if limit is None or count is None else min(count, limit)

    @cached_property
    def places(self) -> dict[Place, list[int]]:
        """(model, layer, readout) → its iterates, in the order of the summary."""
        return iterates(self.summary or [])


class RunLibrary:
    """The runs in one folder (or the one run that the folder is), by name. Safe from several threads."""

    def __init__(self, folder: Path | None) -> None:
        self._root = folder.resolve() if folder is not None else None
        self._folders = run_folders(self._root)
        self._kept = Sessions(session_bytes=KEPT_BYTES, total_bytes=KEPT_BYTES)

    @property
    def names(self) -> list[str]:
        """Known since the start: a name that is not among them is never looked for."""
        return list(self._folders)

    def open(self, name: str) -> StoredRun:
        """A run by its name, read again where its files have changed. Raises InputError."""
        folder = self._folder(name)
        return self._kept.kept("runs", (name, self._stamp(folder)), lambda: self._read(name, folder))

    def scores(self, name: str, model: str, key: MapKey | None) -> ImageScores:
        """How each image scored with one map of a model; ``key`` None for what has no layers. Raises InputError."""
        stored = self.open(name)
        what = (name, self._stamp(stored.run.folder), model, key)
        return self._kept.kept("runs", what, lambda: self._scores(stored, model, key))

    def _folder(self, name: str) -> Path:
        if name not in self._folders:
            if not self._folders:
                raise InputError("this server was started without runs: start it with --runs DIR")
            raise InputError(f"no run {name[:80]!r} on this server; nearest: {nearest(name[:80], self._folders)}")
        return self._folders[name]

    def _scores(self, stored: StoredRun, model: str, key: MapKey | None) -> ImageScores:
        folder = stored.run.folder
        for part in (folder / "rows", *(folder / "rows").glob("part-*.parquet")):
            self._check(part)
        place = (key.layer, key.readout, key.iteration) if key else (None, None, None)
        try:
            return image_scores(stored.run, model, *place, limit=MAX_IMAGES)
        except (InputError, OSError) as error:
            raise self._named(error, stored.name, folder) from None

    def _read(self, name: str, folder: Path) -> StoredRun:
        try:
            size = sum(self._check(folder / file) for file in ("run.json", "summary.json"))
            run = Run.read(folder)
            check_facts(run.facts)
            finished = (folder / "summary.json").is_file()
            summary = read_summary(folder) if finished else None
            written = (folder / ("summary.json" if finished else "run.json")).stat().st_mtime
        except (InputError, OSError) as error:
            raise self._named(error, name, folder) from None
        date = datetime.fromtimestamp(written, UTC).strftime("%Y-%m-%d %H:%M")
        return StoredRun(name, run, summary, date, nbytes=8 * size)  # parsed, it takes several times its text

    def _check(self, path: Path) -> int:
        """The size of a file of a run; a link that leads out of the folder is refused, as is too large a text."""
        assert self._root is not None
        if not path.resolve().is_relative_to(self._root):
            raise InputError(f"{path} leads out of the folder of runs")
        size = path.stat().st_size if path.is_file() else 0
        if path.suffix == ".json" and size > MAX_JSON:
            raise InputError(f"expected at most {MAX_JSON:,} bytes in {path}, it has {size:,}")
        return size

    @staticmethod
    def _stamp(folder: Path) -> tuple[int, ...]:
        """Changes whenever the run writes."""
        paths = (folder / "run.json", folder / "summary.json", folder / "rows")
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)

    @staticmethod
    def _named(error: Exception, name: str, folder: Path) -> InputError:
        """The error in words that do not tell where on the server the folder is."""
        words = (error.strerror or "it cannot be read") if isinstance(error, OSError) else str(error)
        return InputError(f"the run {name!r} cannot be shown: {words.replace(str(folder), name)}")


def check_facts(facts: Mapping[str, Any]) -> None:
    """Raise InputError where ``run.json`` has other types than `analysis.runs.Run` and the evaluations write."""
    for name in ("settings", "data", "models", "versions"):
        if not isinstance(facts.get(name, {}), dict):
            raise InputError(f"expected an object as {name!r} in run.json")
    data = facts.get("data", {})
    for name, value in [("limit", facts["settings"].get("limit")), *((name, data.get(name)) for name in COUNTS)]:
        if not isinstance(value, int | None):
            raise InputError(f"expected a whole number as {name!r} in run.json")
    entries = [*facts.get("models", {}).values(), *data.get("notes", ()), *facts.get("notes", ())]
    if not all(isinstance(entry, dict) for entry in entries):
        raise InputError("expected an object for every model and every note of run.json")
    if not all(isinstance(sentence, str) for sentence in facts.get("assumptions", ())):
        raise InputError("expected sentences as 'assumptions' in run.json")


def run_folders(root: Path | None) -> dict[str, Path]:
    """Name → folder of every run in ``root``, or of ``root`` itself where it is one; sorted, at most `MAX_RUNS`."""
    if root is None:
        return {}
    folders = [root] if (root / "run.json").is_file() else sorted(root.iterdir())
    runs = (path for path in folders if (path / "run.json").is_file() and path.resolve().is_relative_to(root))
    return {path.name: path for path, _ in zip(runs, range(MAX_RUNS), strict=False)}
