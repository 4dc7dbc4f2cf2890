"""The same (image id, name, severity, seed) gives the same bytes, whoever computes them."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from analysis.corruptions import NAMES, SEVERITIES, corrupt
from analysis.corruptions.table import FORMULAS

from .digest import digest

PAIRS = [(name, severity) for name in NAMES for severity in SEVERITIES]
DRAWING = [name for name in NAMES if FORMULAS[name].draws]

OLD_MACHINE = {
    "OPENCV_CPU_DISABLE": "AVX512-SKX,AVX512-ICL,AVX512-CNL,AVX512-CLX,AVX2,FMA3,FP16,AVX,SSE4.2,SSE4.1",
    "OPENCV_IPP": "disabled",
    "OPENCV_LOG_LEVEL": "SILENT",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512F AVX512_SKX AVX2 FMA3 AVX512_ICL AVX512_SPR",
    "PYTHONHASHSEED": "123",
}
"""Without the vector instructions of this machine (names that a library or a machine does not know are ignored)."""


def test_another_process_order_and_machine_give_identical_bytes() -> None:
    # Without vector instructions additions happen in another order and are not fused: a stand-in for another machine.
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.corruptions.digest"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **OLD_MACHINE},
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    here = [f"{name} {severity} {digest(name, severity)}" for name, severity in PAIRS]
    assert finished.stdout.splitlines() == here[::-1]


def test_threads_give_identical_bytes(photograph: np.ndarray) -> None:
    alone = [corrupt(photograph, pair[0], pair[1], "a") for pair in PAIRS]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda pair: corrupt(photograph, pair[0], pair[1], "a"), reversed(PAIRS)))
    assert all(np.array_equal(x, y) for x, y in zip(alone, reversed(together), strict=True))


def test_the_number_of_opencv_threads_does_not_matter(photograph: np.ndarray) -> None:
    before = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        one = [corrupt(photograph, pair[0], pair[1], "a") for pair in PAIRS]
        cv2.setNumThreads(4)
        four = [corrupt(photograph, pair[0], pair[1], "a") for pair in PAIRS]
    finally:
        cv2.setNumThreads(before)
    assert all(np.array_equal(x, y) for x, y in zip(one, four, strict=True))


def test_numpys_global_generator_is_neither_read_nor_moved(photograph: np.ndarray) -> None:
    np.random.seed(1)
    untouched = np.random.random(2)
    np.random.seed(1)
    first = [corrupt(photograph, name, 3, "a") for name in DRAWING]
    moved = np.random.random(2)
    second = [corrupt(photograph, name, 3, "a") for name in DRAWING]
    assert np.array_equal(untouched, moved)
    assert all(np.array_equal(x, y) for x, y in zip(first, second, strict=True))


@pytest.mark.parametrize("name", DRAWING)
def test_another_id_or_seed_is_another_draw(photograph: np.ndarray, name: str) -> None:
    first = corrupt(photograph, name, 3, "a", 0)
    assert np.array_equal(first, corrupt(photograph, name, 3, "a", 0))
    assert not np.array_equal(first, corrupt(photograph, name, 3, "b", 0))
    assert not np.array_equal(first, corrupt(photograph, name, 3, "a", 1))


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(DRAWING)))
def test_what_draws_nothing_depends_on_neither_id_nor_seed(photograph: np.ndarray, name: str) -> None:
    assert np.array_equal(corrupt(photograph, name, 3, "a", 0), corrupt(photograph, name, 3, "b", 1))


def test_severities_of_one_name_do_not_share_their_draws() -> None:
    grey = np.full((64, 64, 3), 128, np.uint8)
    weak, strong = (corrupt(grey, "gaussian_noise", s, "a").astype(float) - 128 for s in (1, 2))
    assert abs(np.corrcoef(weak.ravel(), strong.ravel())[0, 1]) < 0.05
