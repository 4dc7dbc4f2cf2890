"""Glass blur: blur, replace every pixel by a near one again and again, blur."""

from __future__ import annotations

import cv2
import numpy as np

from analysis.corruptions.pixels import Bytes, Ints, bands, smooth_bytes


def glass_blur(image: Bytes, sigma: float, reach: int, passes: int, rng: np.random.Generator) -> Bytes:
    """Gaussian blur, ``passes`` rounds of displacement by integers in [−reach, reach), Gaussian blur."""
    packed = np.ascontiguousarray(cv2.cvtColor(smooth_bytes(image, sigma), cv2.COLOR_RGB2RGBA)).view(np.uint32)[..., 0]
    for _ in range(passes):
        displace(packed, reach, rng)
    shuffled = packed[..., None].view(np.uint8)
    return smooth_bytes(cv2.cvtColor(shuffled, cv2.COLOR_RGBA2RGB), sigma)


def displace(pixels: Ints, reach: int, rng: np.random.Generator) -> None:
    """One round, in place: pixel p takes the value of p + d(p), visited from the last pixel to the first.

    The recipe speaks of a swap, but its reference overwrites one side only, and its statistics are those of the copy.
    Pixels within ``reach`` of the top and left edge, and within ``reach`` − 1 of the others, are sources only.

    A target already visited in this round hands on what it took itself, so values travel along chains of decreasing
    pixel index. Chains are followed by pointer doubling, which gives exactly what visiting one by one gives. Bands
    are taken from the bottom up: what lies below a band is finished, what lies above is untouched.
    """
    height, width = pixels.shape
    first, last_row, last_column = reach + 1, height - reach, width - reach
    columns = last_column - first + 1
    if columns <= 0 or last_row < first:
        return
    flat = pixels.reshape(-1)
    across = np.arange(first, last_column + 1, dtype=np.intp)
    for rows in reversed(list(bands(last_row - first + 1, width))):
        top, stop = rows.start + first, rows.stop + first
        shape = (stop - top, columns)
        down = np.arange(top, stop, dtype=np.intp)[:, None]
        shift = rng.integers(-reach, reach, (2, *shape), dtype=np.int8)
        target_row, target_column = down + shift[0], across + shift[1]
        later = (shift[0] > 0) | ((shift[0] == 0) & (shift[1] > 0))
        visited = later & (target_row < stop) & (target_column >= first) & (target_column <= last_column)
        here = np.arange(shape[0] * columns)
        jump = (shift[0].astype(np.intp) * columns + shift[1]).reshape(-1)
        end = follow_to_the_end(np.where(visited.reshape(-1), here + jump, here))
        source = (target_row * width + target_column).reshape(-1)
        pixels[top:stop, first : last_column + 1] = flat.take(source.take(end)).reshape(shape)


def follow_to_the_end(following: Ints) -> Ints:
    """For every node the last node of its chain; a last node follows itself."""
    while True:
        further = following.take(following)
        if np.array_equal(further, following):
            return following
        following = further
