"""The reports of the commands in a browser that has no network: charts, filter by model, sorting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analysis.__main__ import app
from analysis.figures import LEFT, RIGHT, WIDTH
from tests.app.browser import opened
from tests.fixations.made import made_rows, make_table
from tests.segmentation.made import make_voc

pytestmark = pytest.mark.browser

VISIBLE_ROWS = "rows => rows.filter(row => row.checkVisibility()).map(row => row.cells[0].textContent)"
VISIBLE_LINES = "lines => lines.filter(line => line.getClientRects().length).map(line => line.dataset.model)"


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
        assert page.locator(".chart svg").count() == charts
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        first = page.locator("h2 + .wide tbody").first.locator("tr")
        before = first.evaluate_all(VISIBLE_ROWS)
        assert any(title.startswith("rvt_nano/vars_d") for title in before)
        page.locator("#filter input[value='rvt_nano/vars_d']").uncheck()
        assert first.evaluate_all(VISIBLE_ROWS) == [title for title in before if not title.startswith("rvt_nano")]
        lines = page.locator(".chart").first.locator("g[data-model]")
        seen = lines.evaluate_all(VISIBLE_LINES)
        assert "rvt_nano/vars_d" not in seen and "baseline:centre" in seen
        page.locator("#filter input[value='rvt_nano/vars_d']").check()
        assert first.evaluate_all(VISIBLE_ROWS) == before
        assert "rvt_nano/vars_d" in lines.evaluate_all(VISIBLE_LINES)


def test_a_chart_says_what_its_lines_are_worth_under_the_pointer(browser: Any, reports: dict[str, Path]) -> None:
    with opened(browser, reports["segmentation"].as_uri(), offline=True) as page:
        chart = page.locator(".chart").first
        chart.locator("svg").scroll_into_view_if_needed()
        box = chart.locator("svg").bounding_box()
        page.mouse.move(box["x"] + box["width"] * (LEFT + 0.3 * (RIGHT - LEFT)) / WIDTH, box["y"] + box["height"] / 2)
        said = chart.locator("figcaption").inner_text()
        assert said.startswith("at 0.3: ")
        marked = chart.locator("g[data-name^='rvt_nano/vars_d'] title").text_content()
        value = float(marked.rpartition(": ")[2].partition(" at ")[0])
        told = said.partition("rvt_nano/vars_d")[2].partition(" · ")[0].split()[-1]
        assert float(told) == pytest.approx(value, abs=0.05)


def test_a_click_on_a_columns_head_sorts_by_its_numbers(browser: Any, reports: dict[str, Path]) -> None:
    with opened(browser, reports["segmentation"].as_uri(), offline=True) as page:
        table = page.locator("table").first
        for rising in (True, False):
            table.locator("th").nth(1).click()
            cells = table.locator("tbody tr td:nth-child(2)").evaluate_all("cells => cells.map(c => c.firstChild.data)")
            numbers = [float(cell) for cell in cells]
            assert numbers == sorted(numbers, reverse=not rising)
