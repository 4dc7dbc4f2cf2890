"""One error for everything a user can put right, and the words that help to put it right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """Bad input, described in one sentence: what was expected and what came.

    The command line prints the sentence and exits with status 2; the page shows it as a message.
    """


def first_line(error: Exception) -> str:
    """Of an error's words; its kind where it has none."""
    return next(iter(str(error).splitlines()), "") or type(error).__name__


def check_range(what: str, value: float, low: float, high: float | None = None) -> None:
    """Refuse a number outside [low, high], or below ``low`` where there is no ``high``; NaN lies nowhere.

    Raises InputError: "expected <what> of <low>..<high>, got <value>".
    """
    if not (low <= value and (high is None or value <= high)):
        bounds = f"{low:g} or more" if high is None else f"{low:g}..{high:g}"
        raise InputError(f"expected {what} of {bounds}, got {value}")


def nearest(name: str, choices: Iterable[str], count: int = 3) -> str:
    """The ``choices`` most like ``name`` as one readable phrase, e.g. ``"'fog', 'frost'"``."""
    known = list(choices)
    close = difflib.get_close_matches(name, known, n=count, cutoff=0.0)
    return ", ".join(repr(choice) for choice in (close or known[:count]))
