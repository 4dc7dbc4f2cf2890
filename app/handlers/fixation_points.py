"""Where somebody looked at the shown photograph: clicked, recorded in a data set of the server, or uploaded."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from vars_core.data import fixation_table, mit1003
from vars_core.data.fixation_table import read_fixation_folder
from vars_core.data.fixations import PICTURES, Fixations, FixationSet, Stimulus
from vars_core.data.gaze import detect_fixations
from vars_core.data.osie import read_osie
from vars_core.errors import InputError

MAX_POINTS = 1000
"""Fixations on one photograph. Data sets have about 100 to 150."""

FOLDERS = {"mit1003": "ALLSTIMULI", "osie": "stimuli", "table": "stimuli"}
"""Where each layout keeps its images."""

FIRST = ("usual", "drop", "keep")
"""Each observer's first fixation: as the data set's users treat it, dropped, kept."""


@dataclass(frozen=True)
class Points:
    """Fixations on the photograph ``ref``.

    Attributes:
        points: (x, y, observer) each, pixels of the photograph, 0-based, finite; observer "" where none is named.
        sigma: pixels of one degree of visual angle; None for clicks alone, which come from no screen.
        notes: sentences about what was left out, plain text.
    """

    ref: str
    points: tuple[tuple[float, float, str], ...] = ()
    sigma: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def xs(self) -> np.ndarray:
        return np.array([x for x, _, _ in self.points], dtype=np.float64)

    @property
    def ys(self) -> np.ndarray:
        return np.array([y for _, y, _ in self.points], dtype=np.float64)

    @property
    def observers(self) -> np.ndarray:
        return np.array([name for _, _, name in self.points], dtype=object)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Points:
        """What the page keeps; "" for none. Raises InputError for what it never writes."""
        if not text:
            return Points("")
        try:
            found = json.loads(text)
            points = tuple((float(x), float(y), str(observer)) for x, y, observer in found["points"])
            sigma = found.get("sigma")
            notes = tuple(str(note) for note in found.get("notes", ()))
            made = Points(str(found["ref"]), points, None if sigma is None else float(sigma), notes)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise InputError("expected fixations as a JSON object with ref and points of [x, y, observer]") from None
        if made.sigma is not None and not 0 < made.sigma < 10_000:
            raise InputError(f"expected a degree of visual angle of 0 to 10000 pixels, got {made.sigma:g}")
        if not np.isfinite([*made.xs, *made.ys]).all():
            raise InputError("expected finite coordinates")
        return _bounded(made)


def read_table(path: Path, ref: str, title: str, height: int, width: int) -> Points:
    """A visitor's table (CSV or Parquet): columns x and y in pixels of the shown photograph, optionally observer.

    With a column image, the rows of the photograph's own name ``title`` are taken; all, where it names one image only.

    Raises:
        InputError: no such table, columns missing, no number, another unit (fractions, or all outside), too many.
    """
    table = _parsed(path)
    absent = [name for name in ("x", "y") if name not in table.column_names]
    if absent:
        raise InputError(
            f"expected a table with the columns x and y (and optionally observer), {' and '.join(absent)} "
            f"{'is' if len(absent) == 1 else 'are'} missing; it has {_named(table.column_names)}"
        )
    if "image" in table.column_names:
        table = _of_image(table, title)
    try:
        xs, ys = (pc.cast(table[name], pa.float64()).to_numpy().astype(np.float64) for name in ("x", "y"))
    except pa.ArrowException:
        raise InputError("expected numbers in the columns x and y of the table") from None
    observers = [""] * len(xs)
    if "observer" in table.column_names:
        observers = [name or "" for name in pc.cast(table["observer"], pa.string()).to_pylist()]
    found = _points(ref, xs, ys, observers, fixation_table.SIGMA)
    if not found.points:
        raise InputError("expected fixations in the table, it has not one row with a number in x and in y")
    seen = (
        f"x lies between {found.xs.min():g} and {found.xs.max():g}, y between {found.ys.min():g} and {found.ys.max():g}"
    )
    if not ((found.xs >= 0) & (found.xs < width) & (found.ys >= 0) & (found.ys < height)).any():
        raise InputError(
            f"expected fixations in pixels of this photograph of {width}×{height}, all lie outside: {seen}"
        )
    if max(np.abs(found.xs).max(), np.abs(found.ys).max()) <= 1:
        raise InputError(f"expected fixations in pixels of this photograph of {width}×{height}, got fractions: {seen}")
    return found


def layout_of(folder: Path) -> str | None:
    """ "mit1003", "osie" or "table" by what lies in the folder; None for plain photographs."""
    if (folder / "ALLSTIMULI").is_dir() and (folder / "DATA").is_dir():
        return "mit1003"
    if (folder / "stimuli").is_dir() and (folder / "fixations.mat").is_file():
        return "osie"
    if (folder / "stimuli").is_dir() and any((folder / name).is_file() for name in fixation_table.FILES):
        return "table"
    return None


class FixationLibrary:
    """The fixation data among the folders that the server was started with. Safe from several threads.

    A table and OSIE are read when first asked for and kept; of MIT1003 only the trials of the asked image are read.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)
        layouts = {name: layout_of(folder) for name, folder in folders.items()}
        self.layouts = {name: layout for name, layout in layouts.items() if layout is not None}
        self._read: dict[str, FixationSet] = {}
        self._lock = threading.Lock()

    def choices(self, limit: int = 2000) -> list[tuple[str, str]]:
        """("set · file", photograph's reference) for the images of all sets."""
        found = []
        for name, layout in self.layouts.items():
            folder = FOLDERS[layout]
            files = sorted(p.name for p in (self._folders[name] / folder).iterdir() if p.suffix.lower() in PICTURES)
            found += [(f"{name} · {file}", f"data:{name}/{folder}/{file}") for file in files]
        return found[:limit]

    def recorded(self, ref: str, first: str = "usual") -> Points | None:
        """The fixations of a photograph; None where it belongs to no fixation data.

        Args:
            first: of `FIRST`.

        Raises:
            InputError: the data cannot be read.
        """
        if first not in FIRST:
            raise InputError(f"expected {', '.join(FIRST)} for the first fixation, got {first!r}")
        name, _, relative = ref.removeprefix("data:").partition("/")
        folder, _, file = relative.partition("/")
        if (
            not ref.startswith("data:")
            or name not in self.layouts
            or folder != FOLDERS[self.layouts[name]]
            or "/" in file
        ):
            return None
        found = self._set(name, file)
        stimulus = next((one for one in found.stimuli if one.id == file), None)
        if stimulus is None:
            return Points(ref, sigma=found.sigma, notes=(f"The data set {name} lists no fixations on this image.",))
        notes = [f"{note.sentence()}." for note in found.notes] if found.layout == "mit1003" else []
        if first == "drop" or (first == "usual" and found.drops_first):
            stimulus = replace(found, stimuli=(stimulus,)).without_first().stimuli[0]
            notes.insert(0, "Each observer's first fixation is dropped.")
        fixations = stimulus.fixations
        observers = [found.observers[i] for i in fixations.observers]
        points = _points(ref, fixations.xs, fixations.ys, observers, found.sigma)
        return replace(points, notes=(*notes, *points.notes))

    def _set(self, name: str, file: str) -> FixationSet:
        layout, folder = self.layouts[name], self._folders[name]
        if layout == "mit1003":
            return read_mit1003_image(folder, file)
        with self._lock:
            if name not in self._read:
                self._read[name] = read_osie(folder) if layout == "osie" else read_fixation_folder(folder)
            return self._read[name]


def read_mit1003_image(root: Path, file: str) -> FixationSet:
    """What `vars_core.data.mit1003.read_mit1003` finds for one image: a few trials instead of thousands."""
    picture = root / "ALLSTIMULI" / file
    folders = sorted(p for p in (root / "DATA").iterdir() if p.is_dir() and p.name[0] not in "._")
    trials: list[list[np.ndarray]] = []
    missing, broken = [], []
    for observer, folder in enumerate(folders):
        path = folder / f"{picture.stem}.mat"
        if not path.is_file():
            missing.append(folder.name)
            continue
        try:
            found = detect_fixations(mit1003.read_gaze(path))
        except mit1003.TrialError:
            broken.append(folder.name)
            continue
        trials.append([found.xs, found.ys, np.full(len(found.xs), observer), found.start_s, found.duration_s])
    columns = [np.concatenate(column) for column in zip(*trials, strict=True)] or [np.empty(0)] * 5
    notes = (("observers without this trial", missing, False), ("observers whose trial cannot be read", broken, True))
    return FixationSet(
        layout="mit1003",
        observers=tuple(folder.name for folder in folders),
        stimuli=(Stimulus(file, picture, Fixations.of(columns)),),
        listed=1,
        sigma=mit1003.SIGMA,
        drops_first=True,
        notes=mit1003.notes_of(*notes),
    )


def _points(ref: str, xs: np.ndarray, ys: np.ndarray, observers: list[str], sigma: float) -> Points:
    known = np.isfinite(xs) & np.isfinite(ys)
    points = tuple((float(xs[i]), float(ys[i]), observers[i][:40]) for i in np.flatnonzero(known))
    lost = int((~known).sum())
    notes = (f"{lost} of {len(xs)} fixations have no number in x or y and are left out.",) if lost else ()
    return _bounded(Points(ref, points, sigma, notes))


def _bounded(points: Points) -> Points:
    if len(points.points) > MAX_POINTS:
        raise InputError(f"expected at most {MAX_POINTS} fixations on one photograph, got {len(points.points)}")
    return points


def _parsed(path: Path) -> pa.Table:
    try:
        if path.suffix.lower() == ".parquet":
            return pq.read_table(path)
        return pa.csv.read_csv(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0].removeprefix("CSV parse error: ") if str(error) else "it is empty"
        raise InputError(f"expected a table of fixations, CSV or Parquet: {reason.replace(str(path), 'it')}") from None


def _of_image(table: pa.Table, title: str) -> pa.Table:
    images = pc.cast(table["image"], pa.string())
    names = [name for name in pc.unique(images).to_pylist() if name is not None]
    if len(names) <= 1:
        return table
    if title not in names:
        raise InputError(
            f"expected fixations on the shown photograph alone: the table names {len(names)} images, "
            f"{_named(names)}, and none is {title!r}"
        )
    return table.filter(pc.equal(images, title))


def _named(names: list[str], shown: int = 5) -> str:
    listed = ", ".join(name[:40] for name in names[:shown])
    return f"{listed}, …" if len(names) > shown else listed or "none"
