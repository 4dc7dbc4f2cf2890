"""Plasma: a fractal height map by diamond-square."""

from __future__ import annotations

import numpy as np

from analysis.corruptions.pixels import Floats

WIBBLE = 100.0


def plasma(height: int, width: int, decay: float, rng: np.random.Generator) -> Floats:
    """A fractal map (height, width) with least value 0 and greatest 1.

    Diamond-square on a torus whose side is the next power of two: each octave sets the centre of every cell to the mean
    of its corners, then the middle of every edge to the mean of its four neighbours, each plus w·uniform(−w, w), and
    divides w by ``decay`` (w = 100 at first). Cells beyond the picture are dropped after each octave, so an elongated
    picture costs what its pixels cost, not the square of its longer side.
    """
    step = 1 << max(height - 1, width - 1).bit_length()
    grid = np.zeros((1, 1), dtype=np.float32)
    wibble = WIBBLE
    while step > 1:
        grid = refine(grid, wibble**2, rng)
        step //= 2
        wibble /= decay
        grid = grid[: -(-height // step) + 1, : -(-width // step) + 1]
    field = grid[:height, :width]
    low, high = field.min(), field.max()
    return (field - low) / (high - low)


def refine(grid: Floats, amplitude: float, rng: np.random.Generator) -> Floats:
    """One octave: a torus (n, m) to (2n, 2m), new points being means of four neighbours plus ±amplitude."""
    rows, columns = grid.shape

    def mean_and_wibble(total: Floats) -> Floats:
        draw = rng.random((rows, columns), dtype=np.float32)
        return total * np.float32(0.25) + (draw * np.float32(2 * amplitude) - np.float32(amplitude))

    pairs = grid + np.roll(grid, -1, axis=0)
    centres = mean_and_wibble(pairs + np.roll(pairs, -1, axis=1))
    beside = grid + np.roll(grid, -1, axis=1)
    above = centres + np.roll(centres, 1, axis=0)
    out = np.empty((2 * rows, 2 * columns), dtype=np.float32)
    out[::2, ::2] = grid
    out[1::2, 1::2] = centres
    out[::2, 1::2] = mean_and_wibble(above + beside)
    out[1::2, ::2] = mean_and_wibble(pairs + centres + np.roll(centres, 1, axis=1))
    return out
