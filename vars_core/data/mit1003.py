"""MIT1003 as distributed (Judd et al. 2009): ``ALLSTIMULI/<name>.jpeg``, ``DATA/<observer>/<name>.mat`` (SPEC §7)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from vars_core.data.fixations import Fixations, FixationSet, Stimulus, notes_of, pictures_in
from vars_core.data.gaze import detect_fixations
from vars_core.errors import InputError

OBSERVERS = ("CNG", "ajs", "emb", "ems", "ff", "hp", "jcw", "jw", "kae", "krl", "po", "tmj", "tu", "ya", "zb")
LONGEST_NAME = 63
"""Characters that MATLAB keeps of a variable's name."""
SIGMA = 35.0
"""Pixels of one degree of visual angle."""

_NOT_TRIALS = frozenset({"shuff_stimnames", "CalibrationData"})


class TrialError(InputError):
    """A .mat file that does not hold one trial."""


def read_mit1003(root: Path) -> FixationSet:
    """All trials, with fixations detected from the gaze; the first fixation of a trial is still in.

    Missing trials, images and observers and trials that cannot be read are noted, and the rest is read.

    Raises:
        InputError: not this layout, or not one trial can be read.
    """
    root = Path(root)
    pictures = pictures_in(root / "ALLSTIMULI")
    observers = _observer_folders(root / "DATA")
    missing: list[str] = []
    broken: list[str] = []
    no_samples: list[str] = []
    stimuli = []
    for name, picture in pictures.items():
        trials = []
        for observer, folder in enumerate(observers):
            path = folder / f"{picture.stem}.mat"
            trial = f"{folder.name}/{path.name}"
            if not path.is_file():
                missing.append(trial)
                continue
            try:
                found = detect_fixations(read_gaze(path))
            except TrialError as error:
                broken.append(str(error))
                continue
            if not len(found.xs):
                no_samples.append(trial)
            trials.append((found.xs, found.ys, np.full(len(found.xs), observer), found.start_s, found.duration_s))
        stimuli.append(Stimulus(name, picture, _joined(trials)))
    if broken and not any(len(stimulus.fixations) for stimulus in stimuli):
        raise InputError(broken[0])
    stems = {picture.stem for picture in pictures.values()}
    strangers = sorted({path.stem for folder in observers for path in folder.glob("*.mat")} - stems - _NOT_TRIALS)
    present = {folder.name for folder in observers}
    absent = [name for name in OBSERVERS if name not in present] if present & set(OBSERVERS) else []
    return FixationSet(
        layout="mit1003",
        observers=tuple(folder.name for folder in observers),
        stimuli=tuple(stimuli),
        listed=len(stimuli) + len(strangers),
        sigma=SIGMA,
        drops_first=True,
        notes=notes_of(
            ("images with gaze that are missing in ALLSTIMULI", strangers, False),
            ("observers of MIT1003 without a folder in DATA", absent, False),
            ("trials missing", missing, False),
            ("trials that cannot be read", broken, True),
            ("trials without a sample", no_samples, True),
        ),
    )


def read_gaze(path: Path) -> np.ndarray:
    """The raw gaze of one trial, float64 (samples, 2).

    The file's one struct carries the file's name (MATLAB cut it to 63 characters); where a name could not be a variable
    in MATLAB, the only struct of the file is taken.

    Raises:
        TrialError: the file holds something else; the sentence says what.
    """
    wanted = path.stem[:LONGEST_NAME]
    try:
        content = scipy.io.loadmat(path)
    except NotImplementedError:
        raise TrialError(f"expected a .mat of MATLAB version 5 to 7.2 in {path}, it is version 7.3 (HDF5)") from None
    except Exception as error:  # scipy's reader raises almost anything on a damaged file
        raise TrialError(f"expected a .mat file at {path}, it cannot be read: {error}") from None
    variables = {name: value for name, value in content.items() if not name.startswith("__")}
    variable = variables.get(wanted, next(iter(variables.values())) if len(variables) == 1 else None)
    if variable is None:
        raise TrialError(f"expected the struct {wanted!r} in {path}, found {_listed(variables)}")
    data = _field(_field(variable, "DATA", path), "eyeData", path)
    gaze = np.asarray(data)
    if gaze.size == 0:
        return np.empty((0, 2))
    if gaze.ndim != 2 or gaze.shape[1] < 2 or not np.issubdtype(gaze.dtype, np.number):
        raise TrialError(f"expected DATA(1).eyeData of two or more number columns in {path}, found {_kind(gaze)}")
    return gaze[:, :2].astype(np.float64)


def _field(value: Any, name: str, path: Path) -> Any:
    """Field ``name`` of a struct, of the first of an array of structs, or of the first struct of a cell array."""
    element = np.asarray(value)
    while element.dtype == object and element.size and element.dtype.names is None:
        element = np.asarray(element.ravel()[0])
    names = element.dtype.names
    if names is None or name not in names:
        found = f"a struct with {', '.join(names) or 'no fields'}" if names else _kind(element)
        raise TrialError(f"expected a struct with a field {name!r} in {path}, found {found}")
    if not element.size:
        raise TrialError(f"expected a struct with a field {name!r} in {path}, found an empty one")
    return element.ravel()[0][name]


def _observer_folders(data: Path) -> list[Path]:
    folders = sorted(p for p in data.iterdir() if p.is_dir() and p.name[0] not in "._") if data.is_dir() else []
    if not folders:
        raise InputError(f"expected the layout of MIT1003: one folder per observer in {data}, there is none")
    return folders


def _joined(trials: Sequence[Sequence[np.ndarray]]) -> Fixations:
    return Fixations.of([np.concatenate(column) for column in zip(*trials, strict=True)] or [()] * 5)


def _listed(variables: dict[str, Any]) -> str:
    return ", ".join(f"{name!r} ({_kind(np.asarray(value))})" for name, value in variables.items()) or "nothing"


def _kind(value: np.ndarray) -> str:
    if value.dtype.names is not None:
        return "a struct"
    shape = "×".join(map(str, value.shape)) or "single"
    return f"a {shape} array of {'cells' if value.dtype == object else value.dtype}"
