"""Find out what a folder of training data is and open both its halves."""

from __future__ import annotations

import logging
from pathlib import Path

from vars_core.data.halves import Halves, needs
from vars_core.data.layouts import LABELS, recognise
from vars_core.errors import InputError

logger = logging.getLogger(__name__)


def open_split(folder: str | Path, held_out: float | None = None, seed: int = 0) -> Halves:
    """``(training pictures, validation pictures)`` of a folder, in the layout that it looks like.

    Understood are the layouts of labelled pictures in `vars_core.data.layouts`; a fraction ``held_out`` of each class
    may be set aside instead of reading a second half. What is left out of the folders is logged.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"expected a folder of training data, {root} is none")
    layout = recognise(root, LABELS)
    if layout is None:
        raise needs(root)
    halves: Halves = layout.read(root, held_out=held_out, seed=seed)
    for half in halves:
        for note in getattr(half, "notes", ()):
            logger.warning("%s", note.sentence())
    return halves
