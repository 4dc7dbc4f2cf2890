"""``python -m analysis dynamics`` prints a row a layer, and refuses models without a dictionary."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.dynamics_table import layer_row, percent
from tests.dynamics.made import embedded_layer
from vars_core.errors import InputError


def test_the_table_has_the_layers_asked_for_and_says_whose_weights() -> None:
    result = CliRunner().invoke(app, ["dynamics", "--model", "rvt_nano/vars_d", "--layer", "0.3"])
    assert result.exit_code == 0, result.output
    row = next(line for line in result.output.splitlines() if line.startswith("| rvt_nano/vars_d | 0.3 |"))
    assert row.count(" / ") == 3 and "not converged" not in row
    assert "photographs: astronaut.png, chelsea.png" in result.output
    assert "rvt_nano/vars_d: weights " in result.output and "T = 3" in result.output


def test_what_happens_with_l_too_small_is_printed_by_the_number() -> None:
    asked = ["dynamics", "--model", "rvt_nano/vars_d", "--layer", "1.1", "--bounds", "1,0.4"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    rows = [line.split(" | ") for line in result.output.splitlines() if line.startswith("| rvt_nano/vars_d | 1.1 |")]
    enough, small = ([float(cell.strip(" |")) for cell in row[3:]] for row in rows)
    assert len(enough) == 6 and enough == sorted(enough, reverse=True) and enough[-1] < 1e-2
    assert small[0] == enough[0] and small[-1] > 1e10
    wrong = CliRunner().invoke(app, [*asked[:-1], "1,0"])
    assert isinstance(wrong.exception, InputError) and "numbers between 0.001 and 1000" in str(wrong.exception)


def test_a_row_holds_what_the_ways_are_above_the_optimum() -> None:
    row = layer_row(embedded_layer("vars_sd", "1.1"), 3)
    assert row.converged and row.gap <= 1e-8
    assert 0 <= row.ode < row.ista < row.attention and 0 <= row.long_ista < row.ista
    assert len(row.own) == 4 and row.own[-1] < row.own[0]
    assert row.performer is not None and row.performer < 1e-9


def test_attention_has_no_optimum_to_be_measured_against() -> None:
    result = CliRunner().invoke(app, ["dynamics", "--model", "rvt_nano/self"])
    assert isinstance(result.exception, InputError)
    assert "reconstructs with a dictionary" in str(result.exception)


@pytest.mark.parametrize(("excess", "text"), [(0.5, "+50%"), (0.0123, "+1.23%"), (-0.2, "-20%")])
def test_percentages_are_signed(excess: float, text: str) -> None:
    assert percent(excess) == text
