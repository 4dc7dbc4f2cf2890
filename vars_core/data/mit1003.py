"""MIT1003 as distributed (Judd et al. 2009): ``ALLSTIMULI/<name>.jpeg``, ``DATA/<observer>/<name>.mat`` (SPEC §7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from vars_core.data.fixations import Fixations, FixationSet, Stimulus, stimuli_in
from vars_core.data.gaze import SHORTEST_FIXATION, detect_fixations
from vars_core.data.listing import Listing, list_files, list_folders
from vars_core.data.notes import Note, left_out, notes_of
from vars_core.errors import InputError

OBSERVERS = ("CNG", "ajs", "emb", "ems", "ff", "hp", "jcw", "jw", "kae", "krl", "po", "tmj", "tu", "ya", "zb")
STIMULI, DATA = "ALLSTIMULI", "DATA"
MOST_COLUMNS = 8
"""Of gaze: x, y and what else a tracker writes beside them."""
LONGEST_NAME = 63
"""Characters that MATLAB keeps of a variable's name."""
SIGMA = 35.0
"""Pixels of one degree of visual angle."""

_NOT_TRIALS = frozenset({"shuff_stimnames", "CalibrationData"})


class TrialError(InputError):
    """A .mat file that does not hold one trial."""


def read_mit1003(root: Path) -> FixationSet:
    """All trials, with fixations detected from the gaze; the first fixation of a trial is still in.

    Missing trials, images and observers and trials that cannot be read are noted, and the rest is read. Raises
    InputError: not this layout, or not one trial can be read.
    """
    root = Path(root)
    stimuli = stimuli_in(root / STIMULI)
    recorded = _read(root, stimuli.files)
    observers = _observer_folders(root)
    stems = {picture.stem for picture in stimuli.files}
    trials = {path.stem for folder in observers.files for path in list_files(folder, {".mat"}, deep=False).files}
    strangers = sorted(trials - stems - _NOT_TRIALS)
    present = {folder.name for folder in observers.files}
    absent = [name for name in OBSERVERS if name not in present] if present & set(OBSERVERS) else []
    notes = notes_of(
        ("images with gaze that are missing in ALLSTIMULI", strangers, False),
        ("observers of MIT1003 without a folder in DATA", absent, False),
        left_out([*stimuli.left_out, *observers.left_out]),
    )
    return replace(recorded, listed=len(recorded.stimuli) + len(strangers), notes=(*notes, *recorded.notes))


def read_mit1003_image(root: Path, file: str) -> FixationSet:
    """The same of one image, a file name in ``ALLSTIMULI``: a few trials instead of thousands."""
    root = Path(root)
    return _read(root, [root / STIMULI / file])


def _read(root: Path, pictures: Sequence[Path]) -> FixationSet:
    observers = _observer_folders(root).files
    trials = _Trials()
    stimuli = []
    for picture in pictures:
        of_picture = [
            trial
            for observer, folder in enumerate(observers)
            if (trial := trials.read(folder / f"{picture.stem}.mat", observer)) is not None
        ]
        stimuli.append(Stimulus(picture.name, picture, _joined(of_picture)))
    if trials.broken and not any(len(stimulus.fixations) for stimulus in stimuli):
        raise InputError(trials.broken[0])
    return FixationSet(
        layout="mit1003",
        observers=tuple(folder.name for folder in observers),
        stimuli=tuple(stimuli),
        listed=len(stimuli),
        sigma=SIGMA,
        drops_first=True,
        notes=trials.notes(),
    )


class _Trials:
    """Reads trials and keeps what is to be said about them."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        self.broken: list[str] = []
        self.no_samples: list[str] = []
        self.turned: list[str] = []
        self.without_number: dict[str, int] = {}

    def read(self, path: Path, observer: int) -> tuple[np.ndarray, ...] | None:
        """The columns of `Fixations`; None for a trial that is not there or cannot be read."""
        trial = _where(path)
        if not path.is_file():
            self.missing.append(trial)
            return None
        try:
            gaze, turned = read_gaze(path)
        except TrialError as error:
            self.broken.append(str(error))
            return None
        if turned:
            self.turned.append(trial)
        if lost := int((~np.isfinite(gaze).all(axis=1)).sum()):
            self.without_number[trial] = lost
        fixations = detect_fixations(gaze)
        if not len(fixations.xs):
            self.no_samples.append(trial)
        return fixations.xs, fixations.ys, np.full(len(fixations.xs), observer), fixations.start_s, fixations.duration_s

    def notes(self) -> tuple[Note, ...]:
        lost = self.without_number
        return notes_of(
            ("trials missing", self.missing, False),
            ("trials that cannot be read", self.broken, True),
            ("trials without a sample", self.no_samples, True),
            ("trials whose gaze lay in rows instead of columns, and was turned", self.turned, False),
            (
                f"{sum(lost.values())} gaze samples without a number taken out; trials",
                [f"{trial} ×{count}" for trial, count in lost.items()],
                False,
            ),
        )


def read_gaze(path: Path) -> tuple[np.ndarray, bool]:
    """The raw gaze of one trial, float64 (samples, 2), and whether it lay in rows and was turned.

    The file's one struct carries the file's name (MATLAB cut it to 63 characters); where a name could not be a variable
    in MATLAB, the only struct of the file is taken. Raises TrialError: the file holds something else; the sentence says
    what.
    """
    import scipy.io

    wanted = path.stem[:LONGEST_NAME]
    try:
        content = scipy.io.loadmat(path)
    except NotImplementedError:
        raise TrialError(
            f"expected a .mat of MATLAB version 5 to 7.2 in {_where(path)}, it is version 7.3 (HDF5)"
        ) from None
    except Exception as error:  # scipy's reader raises almost anything on a damaged file
        raise TrialError(f"expected a .mat file at {_where(path)}, it cannot be read: {error}") from None
    variables = {name: value for name, value in content.items() if not name.startswith("__")}
    variable = variables.get(wanted, next(iter(variables.values())) if len(variables) == 1 else None)
    if variable is None:
        raise TrialError(f"expected the struct {wanted!r} in {_where(path)}, found {_listed(variables)}")
    data = _field(_field(variable, "DATA", path), "eyeData", path)
    gaze = np.asarray(data)
    if gaze.size == 0:
        return np.empty((0, 2)), False
    # As many columns as a trial has samples, and as few rows as it has columns: gaze written the other way round.
    turned = gaze.ndim == 2 and 2 <= gaze.shape[0] <= MOST_COLUMNS < SHORTEST_FIXATION <= gaze.shape[1]
    gaze = gaze.T if turned else gaze
    if gaze.ndim != 2 or gaze.shape[1] < 2 or not np.issubdtype(gaze.dtype, np.number):
        raise TrialError(
            f"expected DATA(1).eyeData of two or more number columns in {_where(path)}, found {_kind(gaze)}"
        )
    gaze = gaze[:, :2].astype(np.float64)
    if _is_clock(gaze[:, 0]):
        raise TrialError(
            f"expected x and y as the first columns of DATA(1).eyeData in {_where(path)}, the first rises evenly from "
            f"{gaze[0, 0]:g} to {gaze[-1, 0]:g}, as times do"
        )
    return gaze, turned


def _is_clock(values: np.ndarray) -> bool:
    """Whether a column is time: as many even steps upwards as a fixation has samples, and no other."""
    steps = np.diff(values)
    return len(steps) >= SHORTEST_FIXATION and steps[0] > 0 and bool(np.allclose(steps, steps[0], rtol=1e-3))


def _field(value: Any, name: str, path: Path) -> Any:
    """Field ``name`` of a struct, of the first of an array of structs, or of the first struct of a cell array."""
    element = np.asarray(value)
    while element.dtype == object and element.size and element.dtype.names is None:
        element = np.asarray(element.ravel()[0])
    names = element.dtype.names
    if names is None or name not in names:
        described = f"a struct with {', '.join(names) or 'no fields'}" if names else _kind(element)
        raise TrialError(f"expected a struct with a field {name!r} in {_where(path)}, found {described}")
    if not element.size:
        raise TrialError(f"expected a struct with a field {name!r} in {_where(path)}, found an empty one")
    return element.ravel()[0][name]


def _observer_folders(root: Path) -> Listing:
    folders = list_folders(root / DATA) if (root / DATA).is_dir() else None
    if folders is None or not folders.files:
        raise InputError(f"expected the layout of MIT1003: one folder per observer in {root / DATA}, there is none")
    return folders


def _where(path: Path) -> str:
    """A trial's name: where the data lie is nobody's business who looks at a page."""
    return f"{path.parent.name}/{path.name}"


def _joined(trials: Sequence[Sequence[np.ndarray]]) -> Fixations:
    return Fixations.of([np.concatenate(column) for column in zip(*trials, strict=True)] or [()] * 5)


def _listed(variables: dict[str, Any]) -> str:
    return ", ".join(f"{name!r} ({_kind(np.asarray(value))})" for name, value in variables.items()) or "nothing"


def _kind(value: np.ndarray) -> str:
    if value.dtype.names is not None:
        return "a struct"
    shape = "×".join(map(str, value.shape)) or "single"
    return f"a {shape} array of {'cells' if value.dtype == object else value.dtype}"
