"""The sentences of bad input."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vars_core.errors import InputError, check_range


@given(value=st.floats(), low=st.floats(-1e6, 1e6), high=st.none() | st.floats(-1e6, 1e6))
def test_a_number_is_refused_exactly_outside_its_range(value: float, low: float, high: float | None) -> None:
    inside = value >= low and value <= (math.inf if high is None else high)
    try:
        check_range("a share", value, low, high)
    except InputError:
        assert not inside
    else:
        assert inside


@pytest.mark.parametrize(
    ("high", "sentence"), [(None, "expected a share of 0 or more, got nan"), (1, "expected a share of 0..1, got nan")]
)
def test_the_sentence_says_what_was_expected_and_what_came(high: float | None, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        check_range("a share", math.nan, 0, high)
    assert str(refused.value) == sentence
