"""OSIE (Xu et al. 2014): ``stimuli/*.jpg`` and ``fixations.mat`` (SPEC §7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vars_core.data.fixations import Fixations, FixationSet, JoinedNames, Stimulus, stimuli_in
from vars_core.data.notes import left_out, notes_of
from vars_core.errors import InputError

STIMULI, FILE = "stimuli", "fixations.mat"
SIGMA = 24.0
"""Pixels of one degree of visual angle."""


def read_osie(root: Path) -> FixationSet:
    """All listed images that are there; observers are called "1", "2", …; times of onset are not in the data.

    Raises InputError: not this layout.
    """
    root = Path(root)
    stimuli_folder = stimuli_in(root / STIMULI)
    joined = JoinedNames(stimuli_folder)
    path = root / FILE
    cells = _fixation_cells(path)
    broken: list[str] = []
    stimuli: list[Stimulus] = []
    most = 0
    for number, cell in enumerate(cells, start=1):
        try:
            name, subjects = _image_cell(cell)
        except InputError as error:
            broken.append(f"entry {number}: {error}")
            continue
        picture = joined.find(name)
        if picture is None:
            continue
        trials = []
        for observer, subject in enumerate(subjects):
            try:
                trials.append(_trial(subject, observer))
            except InputError as error:
                broken.append(f"{name}, observer {observer + 1}: {error}")
        most = max(most, len(subjects))
        fixations = Fixations.of([np.concatenate(column) for column in zip(*trials, strict=True)] or [()] * 5)
        stimuli.append(Stimulus(picture.name, picture, fixations))
    if not stimuli:
        raise InputError(broken[0] if broken else f"none of the {len(cells)} images that {path} lists is in stimuli")
    return FixationSet(
        layout="osie",
        observers=tuple(str(number) for number in range(1, most + 1)),
        stimuli=tuple(stimuli),
        listed=len(cells),
        sigma=SIGMA,
        drops_first=False,
        notes=notes_of(
            ("images listed but missing in stimuli", joined.missing_hinted(), False),
            ("images in stimuli that are not listed", joined.unlisted(), False),
            left_out(stimuli_folder.left_out),
            ("entries that cannot be read", broken, True),
        ),
    )


def _fixation_cells(path: Path) -> list[Any]:
    if not path.is_file():
        raise InputError(f"expected the layout of OSIE: there is no {path}")
    import scipy.io

    try:
        content = scipy.io.loadmat(path)
    except Exception as error:  # scipy's reader raises almost anything on a damaged file
        raise InputError(f"expected a .mat file at {path}, it cannot be read: {error}") from None
    names = [name for name in content if not name.startswith("__")]
    if "fixations" not in names:
        raise InputError(f"expected a cell array 'fixations' in {path}, found {', '.join(names) or 'nothing'}")
    cells = np.asarray(content["fixations"])
    if cells.dtype != object or not cells.size:
        raise InputError(f"expected a cell array 'fixations' in {path}, found an array of {cells.dtype}")
    return list(cells.ravel())


def _image_cell(cell: Any) -> tuple[str, list[Any]]:
    name = str(np.asarray(_field(cell, "img")).ravel()[0])
    subjects = np.asarray(_field(cell, "subjects"))
    return name, [subjects] if subjects.dtype.names else list(subjects.ravel())


def _trial(subject: Any, observer: int) -> tuple[np.ndarray, ...]:
    x, y, milliseconds = (np.asarray(_field(subject, f"fix_{name}")).ravel() for name in ("x", "y", "duration"))
    if not len(x) == len(y) == len(milliseconds):
        raise InputError(
            f"expected as many fix_x as fix_y and fix_duration, found {len(x)}, {len(y)}, {len(milliseconds)}"
        )
    return x, y, np.full(len(x), observer), np.full(len(x), np.nan), milliseconds / 1000.0


def _field(value: Any, name: str) -> Any:
    element = np.asarray(value)
    while element.dtype == object and element.size and element.dtype.names is None:
        element = np.asarray(element.ravel()[0])
    if element.dtype.names is None or name not in element.dtype.names or not element.size:
        names = ", ".join(element.dtype.names or ()) or "no struct"
        raise InputError(f"expected a struct with a field {name!r}, found {names}")
    return element.ravel()[0][name]
