"""What the server remembers: bounded, and never across visitors."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.serving.sessions import Sessions, size_of


@dataclass(frozen=True)
class Weight:
    nbytes: int


steps = st.lists(
    st.tuples(st.sampled_from(["ann", "bo", "cy"]), st.integers(0, 5), st.integers(1, 60)), min_size=1, max_size=60
)


@settings(deadline=None, max_examples=60)
@given(steps)
def test_the_bounds_hold_whatever_is_kept(steps: list[tuple[str, int, int]]) -> None:
    sessions = Sessions(session_bytes=80, total_bytes=150)
    for session, key, weight in steps:
        sessions.put(session, key, Weight(weight))
        assert sessions.nbytes <= 150
        kept = [sessions.get(session, one) for one in range(6)]
        assert sum(one.nbytes for one in kept if one is not None) <= 80


@settings(deadline=None, max_examples=60)
@given(steps)
def test_what_is_found_is_what_was_last_put_by_the_same_visitor(steps: list[tuple[str, int, int]]) -> None:
    sessions = Sessions()
    last: dict[tuple[str, int], Weight] = {}
    for session, key, weight in steps:
        last[session, key] = Weight(weight)
        sessions.put(session, key, last[session, key])
    for session in ("ann", "bo", "cy"):
        for key in range(6):
            assert sessions.get(session, key) is last.get((session, key))


def test_the_oldest_goes_first_and_use_keeps_young() -> None:
    sessions = Sessions(session_bytes=100, total_bytes=1000)
    for key in ("a", "b"):
        sessions.put("ann", key, Weight(50))
    sessions.get("ann", "a")
    sessions.put("ann", "c", Weight(50))
    assert [sessions.get("ann", key) is not None for key in "abc"] == [True, False, True]


def test_a_value_is_as_large_as_what_it_holds() -> None:
    @dataclass(frozen=True)
    class Held:
        name: str
        maps: dict[str, np.ndarray]
        files: tuple[bytes, ...]
        part: Weight
        count: int | None = None

    assert size_of(Held("abc", {"gap": np.zeros((2, 5), np.float32)}, (b"12", b"3"), Weight(7))) == 3 + 40 + 3 + 7


def test_what_is_made_once_is_kept() -> None:
    sessions, made = Sessions(), iter([Weight(5), Weight(6)])
    first = sessions.kept("ann", "a", lambda: next(made))
    assert sessions.kept("ann", "a", lambda: next(made)) is first
    assert sessions.kept("bo", "a", lambda: next(made)).nbytes == 6


def test_a_visitor_who_leaves_is_forgotten() -> None:
    sessions = Sessions()
    sessions.put("ann", "a", Weight(5))
    sessions.put("bo", "a", Weight(7))
    sessions.forget("ann")
    assert sessions.get("ann", "a") is None
    assert sessions.nbytes == 7


def test_without_a_session_nothing_is_kept() -> None:
    sessions = Sessions()
    sessions.put(None, "a", Weight(5))
    assert sessions.get(None, "a") is None
    assert sessions.nbytes == 0


def test_who_asks_for_nothing_is_forgotten() -> None:
    sessions = Sessions()
    sessions.put("ann", 1, Weight(5))
    sessions.put("bo", 1, Weight(5))
    sessions.forget_unused(age=100)
    assert sessions.nbytes == 10
    now = time.monotonic()
    sessions.forget_unused(age=100, now=now + 99)
    assert sessions.nbytes == 10
    sessions.forget_unused(age=100, now=now + 101)
    assert sessions.nbytes == 0
    assert sessions.get("ann", 1) is None
