"""The reports of the commands in a browser that has no network: charts, filter by model, sorting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.__main__ import app
from tests.app.browser import opened
from tests.fixations.made import made_rows, make_table
from tests.segmentation.made import make_voc

pytestmark = pytest.mark.browser

VISIBLE_ROWS = "rows => rows.filter(row => row.checkVisibility()).map(row => row.cells[0].textContent)"
VISIBLE_LINES = "chart => chart.data.filter(line => line.visible !== false).map(line => line.meta.model)"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A report of each command, with one model between the baselines."""
    folder = tmp_path_factory.mktemp("reports")
    options = {
        "segmentation": ["--data", make_voc(folder / "voc", 3)],
        "fixations": ["--data", make_table(folder / "table", made_rows(3), 3), "--layout", "table", "--sigma", "5"],
    }
    for command, some in options.items():
        arguments = [command, *some, "--model", "rvt_nano/vars_d", "--device", "cpu", "--out", folder / command]
        app([str(argument) for argument in arguments], standalone_mode=False)
    return {command: folder / command / "report.html" for command in options}


@pytest.mark.parametrize(("command", "charts"), [("segmentation", 4), ("fixations", 1)])
def test_a_report_opens_offline_draws_its_charts_and_hides_a_model(
    browser: Any, reports: dict[str, Path], command: str, charts: int
) -> None:
    with opened(browser, reports[command].as_uri(), offline=True) as page:
        page.wait_for_function(f"() => document.querySelectorAll('.js-plotly-plot .main-svg').length >= {charts}")
        assert page.locator(".js-plotly-plot").count() == charts
        first = page.locator("h2 + .wide tbody").first.locator("tr")
        before = first.evaluate_all(VISIBLE_ROWS)
        assert any(title.startswith("rvt_nano/vars_d") for title in before)
        page.locator("#filter input[value='rvt_nano/vars_d']").uncheck()
        assert first.evaluate_all(VISIBLE_ROWS) == [title for title in before if not title.startswith("rvt_nano")]
        seen = f"({VISIBLE_LINES})(document.querySelector('.js-plotly-plot'))"
        page.wait_for_function(f"() => !{seen}.includes('rvt_nano/vars_d') && {seen}.includes('baseline:centre')")
        page.locator("#filter input[value='rvt_nano/vars_d']").check()
        assert first.evaluate_all(VISIBLE_ROWS) == before


def test_a_click_on_a_columns_head_sorts_by_its_numbers(browser: Any, reports: dict[str, Path]) -> None:
    with opened(browser, reports["segmentation"].as_uri(), offline=True) as page:
        table = page.locator("table").first
        for rising in (True, False):
            table.locator("th").nth(1).click()
            cells = table.locator("tbody tr td:nth-child(2)").evaluate_all("cells => cells.map(c => c.firstChild.data)")
            numbers = [float(cell) for cell in cells]
            assert numbers == sorted(numbers, reverse=not rising)
