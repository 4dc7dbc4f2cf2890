"""The fixation data among the folders that the server was started with, one photograph at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.library.fixation_points import Points, finite_points
from vars_core.data import fixation_table, mit1003
from vars_core.data.fixation_table import read_fixation_folder
from vars_core.data.fixations import PICTURES, Fixations, FixationSet, Stimulus
from vars_core.data.gaze import detect_fixations
from vars_core.data.osie import read_osie
from vars_core.errors import InputError

FOLDERS = {"mit1003": "ALLSTIMULI", "osie": "stimuli", "table": "stimuli"}
"""Where each layout keeps its images."""

FIRST = ("usual", "drop", "keep")
"""Each observer's first fixation: as the data set's users treat it, dropped, kept."""


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
            note = f"The data set {name} lists no fixations on this image."
            return Points(ref, sigma=found.sigma, notes=(note,), recorded=True)
        notes = [f"{note.sentence()}." for note in found.notes] if found.layout == "mit1003" else []
        if first == "drop" or (first == "usual" and found.drops_first):
            stimulus = replace(found, stimuli=(stimulus,)).without_first().stimuli[0]
            notes.insert(0, "Each observer's first fixation is dropped.")
        fixations = stimulus.fixations
        observers = [found.observers[i] for i in fixations.observers]
        points = finite_points(ref, fixations.xs, fixations.ys, observers, found.sigma)
        return replace(points, notes=(*notes, *points.notes), recorded=True)

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
