"""Charts of reports: every value stands where its axis says, and a report of any size stays small."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.figures import BOTTOM, LEFT, RIGHT, TOP, Line, axes_of, heat_map, line_chart, round_numbers
from analysis.reports import PICTURE_BYTES, Card, Report

FINITE = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))


@given(FINITE, FINITE)
def test_round_numbers_enclose_a_range_and_are_few(one: float, other: float) -> None:
    low, high = sorted((one, other))
    ticks = round_numbers(low, high)
    slack = 1e-6 * max(1.0, abs(low), abs(high))
    assert ticks[0] <= low + slack and ticks[-1] >= high - slack
    assert 2 <= len(ticks) <= 12 and ticks == sorted(ticks)


def test_numbers_of_a_count_are_whole() -> None:
    assert round_numbers(0, 3, whole=True) == [0, 1, 2, 3]
    assert round_numbers(0, 100) == [0, 20, 40, 60, 80, 100]


def test_a_value_stands_where_its_axis_says() -> None:
    line = Line("a", "m", [0, 1, 2], [0, 50, 100])
    axes = axes_of([line], whole=True)
    middle = f"{(LEFT + RIGHT) / 2:.1f},{(TOP + BOTTOM) / 2:.1f}"
    assert axes.path(line.x, line.y) == f"{LEFT:.1f},{BOTTOM:.1f} {middle} {RIGHT:.1f},{TOP:.1f}"
    assert axes.path([0, 1], [np.nan, 50]).count(",") == 1, "what is no number is left out"


def test_a_chart_names_its_lines_marks_points_and_escapes_what_it_is_given() -> None:
    lines = [
        Line("<b>", "m & n", [0, 1], [1, 2], low=[0.5, 1], high=[2, 3], points=True),
        Line("floor", "baseline:centre", [0, 1], [1, 1], dashed=True),
    ]
    drawn = line_chart(lines, title="A < B", x="iterate", y="NSS", whole=True)
    assert "<b>" not in drawn and "A &lt; B" in drawn
    assert drawn.count('data-model="m &amp; n"') == 2, "the line, and its entry in the legend"
    assert drawn.count("<circle") == 2 and drawn.count("<polygon") == 1 and drawn.count("stroke-dasharray") == 1


def test_a_heat_map_is_a_table_whose_numbers_are_read_on_their_colours() -> None:
    drawn = heat_map(
        [[0.0, None], [50.0, 100.0]], rows=["fog", "snow"], columns=["1", "2"], title="top-1", x="severity"
    )
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", drawn)
    assert cells == ["0.0", "", "50.0", "100.0"]
    assert "background:rgb(68, 1, 84);color:#fff" in drawn and "background:rgb(253, 231, 37);color:#000" in drawn


@pytest.mark.parametrize("cards", [4, 420])
def test_the_pictures_of_a_report_share_a_bounded_room(cards: int) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (15, 20, 3), dtype=np.uint8)
    picture = noise.repeat(12, axis=0).repeat(12, axis=1)
    report = Report("many pictures")
    report.gallery("Best", [Card([("map", picture)], "text", "model")] * cards)
    page = report.html()
    assert page.count("data:image/webp") == cards
    assert len(page) < PICTURE_BYTES + 500 * cards + 10_000
