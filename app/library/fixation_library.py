"""The fixation data among the folders that the server was started with, one photograph at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from app.library.fixation_points import Points, finite_points
from vars_core.data.fixations import FixationSet
from vars_core.data.layouts import FIXATIONS, recognise
from vars_core.data.listing import list_files
from vars_core.errors import InputError

FIRST = ("usual", "drop", "keep")
"""Each observer's first fixation: as the data set's users treat it, dropped, kept."""


class FixationLibrary:
    """The fixation data among the folders that the server was started with. Safe from several threads.

    Where a layout can be read for one image, only that is; other data sets are read when first asked for and kept.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)
        layouts = {name: recognise(folder, FIXATIONS) for name, folder in folders.items()}
        self.layouts = {name: layout for name, layout in layouts.items() if layout is not None}
        self._read: dict[str, FixationSet] = {}
        self._lock = threading.Lock()

    def choices(self, limit: int = 2000) -> list[tuple[str, str]]:
        """("set · file", photograph's reference) for the images of all sets."""
        offered = []
        for name, layout in self.layouts.items():
            folder = layout.photographs
            files = list_files(self._folders[name] / folder, deep=False).files
            offered += [(f"{name} · {file.name}", f"data:{name}/{folder}/{file.name}") for file in files]
        return offered[:limit]

    def recorded(self, ref: str, first: str = "usual") -> Points | None:
        """The fixations of a photograph; None where it belongs to no fixation data.

        ``first``: of `FIRST`. Raises InputError: the data cannot be read.
        """
        if first not in FIRST:
            raise InputError(f"expected {', '.join(FIRST)} for the first fixation, got {first!r}")
        name, _, relative = ref.removeprefix("data:").partition("/")
        folder, _, file = relative.partition("/")
        if (
            not ref.startswith("data:")
            or name not in self.layouts
            or folder != self.layouts[name].photographs
            or "/" in file
        ):
            return None
        recorded = self._set(name, file)
        stimulus = next((one for one in recorded.stimuli if one.id == file), None)
        if stimulus is None:
            note = f"The data set {name} lists no fixations on this image."
            return Points(ref, sigma=recorded.sigma, notes=(note,), recorded=True)
        notes = [f"{note.sentence()}." for note in recorded.notes] if self.layouts[name].read_one is not None else []
        if first == "drop" or (first == "usual" and recorded.drops_first):
            stimulus = replace(recorded, stimuli=(stimulus,)).without_first().stimuli[0]
            notes.insert(0, "Each observer's first fixation is dropped.")
        fixations = stimulus.fixations
        observers = [recorded.observers[i] for i in fixations.observers]
        points = finite_points(ref, fixations.xs, fixations.ys, observers, recorded.sigma)
        return replace(points, notes=(*notes, *points.notes), recorded=True)

    def _set(self, name: str, file: str) -> FixationSet:
        layout, folder = self.layouts[name], self._folders[name]
        if layout.read_one is not None:
            return cast(FixationSet, layout.read_one(folder, file))
        with self._lock:
            if name not in self._read:
                self._read[name] = layout.read(folder)
            return self._read[name]
