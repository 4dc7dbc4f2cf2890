"""``python -m analysis sizes``: what the models weigh and cost, beside the paper's table 2."""

from __future__ import annotations

from functools import cache

import pytest

from analysis.commands.sizes import PAPER, REASONS, TOLERANCE, deviations, measure, sizes
from analysis.multiply_adds import real_fft_flops
from vars_core.errors import InputError

measured = cache(measure)


@pytest.mark.parametrize("spec", PAPER)
def test_a_size_is_the_papers_within_five_percent_or_a_reason_is_given(spec: str) -> None:
    off = max(map(abs, deviations(measured(spec))))
    assert (off > TOLERANCE) == (spec in REASONS), f"off by {off:.1%}"


def test_the_sizes_of_the_authors_code_are_met() -> None:
    """SPEC §2: self 8.65 M, S 10.15, D 8.03 (+ .17 fixed), SD 9.00."""
    found = {mixer: measured(f"rvt_tiny/{mixer}") for mixer in ("self", "vars_s", "vars_d", "vars_sd")}
    trainable = {mixer: round(size.trainable / 1e6, 2) for mixer, size in found.items()}
    assert trainable == {"self": 8.65, "vars_s": 10.15, "vars_d": 8.03, "vars_sd": 9.00}
    assert round(found["vars_d"].fixed / 1e6, 2) == 0.17


def test_softmax_attention_counts_its_two_products_whatever_kernel_would_run_it() -> None:
    """DeiT-Ti by hand: QKᵀ and AV take N²·C each; then projections and MLP, the stem, the head."""
    with_attention, tokens, dim, depth = measured("deit_tiny/self").madds, 196, 192, 12
    products = depth * 2 * tokens**2 * dim
    projections = depth * tokens * (4 + 8) * dim**2
    stem = sum(
        9 * narrow * wide * side**2 for narrow, wide, side in ((3, 24, 112), (24, 48, 56), (48, 96, 28), (96, 192, 14))
    )
    assert with_attention == products + projections + stem + tokens * dim**2 + dim * 1000


def test_the_papers_solver_leaves_out_the_coupling_of_the_released_one() -> None:
    """K PᵀP K is two products of 64 × 64 matrices in every head, 6 in ten blocks and 12 in two.

    ISTA takes its L from PPᵀ where that is smaller than PᵀP: in the two blocks of 7×7 tokens.
    """
    size = measured("rvt_tiny/vars_d")
    coupling = 2 * 64**3 * (10 * 6 + 2 * 12)
    smaller_gram = 49 * 64 * 49 * (2 * 12)
    assert size.madds - size.ista_madds == coupling - smaller_gram


def test_an_fft_counts_as_five_halves_n_log_n() -> None:
    assert real_fft_flops((2, 3, 8, 8), [-2, -1]) == 2 * 3 * 2.5 * 64 * 6


def test_the_command_prints_a_markdown_table(capsys: pytest.CaptureFixture[str]) -> None:
    sizes(["rvt_nano/vars_d"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("| rvt_nano/vars_d | 112 |")
    assert len({line.count("|") for line in lines}) == 1


def test_an_unknown_model_is_one_sentence_that_names_the_nearest() -> None:
    with pytest.raises(InputError, match="rvt_tiny/vars_s"):
        sizes(["rvt_tiny/vars_x"])
