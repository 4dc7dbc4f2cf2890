"""The lines of a chart stand off the page, light and dark."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.figures_page import INK, PALETTE
from app.page import theme


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as WCAG 2.2 defines it."""
    part = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white), as WCAG 2.2 defines it."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", [theme.INK.c50, theme.INK.c950])
@pytest.mark.parametrize("colour", [*PALETTE, INK])
def test_every_line_is_seen_on_both_grounds(ground: str, colour: str) -> None:
    assert contrast(colour, ground) > 2


def test_no_two_models_share_a_colour() -> None:
    assert len(set(PALETTE)) == len(PALETTE)


def test_black_on_white_has_the_contrast_of_the_definition() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
