"""The Runs tab in headless Chromium, and its endpoints through gradio_client."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from app.serving.settings import Settings
from app.tabs.runs.rows import ranked
from app.tabs.runs.view import Wish, look_at
from app.tabs.runs.words import NO_RUNS
from app.views.numbers import written
from tests.app.browser import opened
from tests.app.made_runs import MODEL, fixation_run, segmentation_run
from tests.app.served import Served

ROW = "#runs-rows tr[data-position]"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page with three runs; of the last it has not every photograph."""
    folder = tmp_path_factory.mktemp("library")
    segmentation_run(folder / "runs/masks", folder / "voc", 25, missing=3, asked="labels")
    fixation_run(folder / "runs/gaze", folder / "gaze")
    fixation_run(folder / "runs/away", folder / "elsewhere", 5)
    data = {"mine": folder / "voc", "eyes": folder / "gaze"}
    server = Served(Settings(port=0, data=data, runs=folder / "runs"))
    yield server
    server.stop()


def order_of(library: Served, **wish: str) -> list[str]:
    """The names of all images in the order of a view."""
    sight = look_at(library.services.runs, "masks", Wish(**wish))
    return [sight.scores.ids[i] for i in ranked(sight)]


NAMES = f"[...document.querySelectorAll('{ROW} th')].map(cell => cell.textContent)"
"""JavaScript: the images of the rows, from above."""


def shown(page: Any) -> list[str]:
    return page.locator(f"{ROW} th").all_inner_texts()


def wait_for_first(page: Any, name: str) -> None:
    page.locator(f"{ROW}:first-child th", has_text=name).wait_for()


def choose(page: Any, control: str, option: str) -> None:
    page.locator(f"#runs-{control} input").click()
    page.get_by_role("option", name=option).click()


@pytest.mark.browser
def test_a_click_on_a_row_opens_its_photograph_where_the_run_scored_it(browser: Any, library: Served) -> None:
    with opened(browser, f"{library.url}?tab=runs&run=masks&layer=0.0&readout=energy&t=1") as page:
        order = order_of(library, layer="0.0", readout="energy", t="1")
        page.wait_for_function(f"order => {NAMES}.join() === order", arg=",".join(order[:20]))
        page.locator("#runs-failures", has_text="1 image could not be scored").wait_for()
        page.locator("#runs-summary", has_text="Centre Gaussian (baseline)").wait_for()
        page.locator("#runs-chart .main-svg").first.wait_for()
        page.get_by_title("Open in the Segmentation tab").first.wait_for()
        page.locator(f"{ROW} button").nth(2).click()
        page.locator("#current-photograph", has_text=order[2]).wait_for()
        page.locator("#segmentation-viewer figcaption", has_text="layer 0.0 · energy · t = 1").first.wait_for()
        page.locator("#segmentation-viewer .viewer-legend", has_text="missed (FN)").wait_for()  # the error map
        page.locator("#segmentation-truth", has_text="Read as labels, as asked").wait_for()  # as the run read it
        assert page.locator("#segmentation-threshold input[type=range]").input_value() == "0.3"
        page.wait_for_function(f"() => location.search.includes('image=data:mine/JPEGImages/{order[2]}.jpg')")
        page.wait_for_function("() => location.search.includes('threshold=0.3&mode=errors')")
        assert page.get_by_role("tab", name="Segmentation").get_attribute("aria-selected") == "true"
        assert page.evaluate("scrollY") == 0

        page.get_by_role("tab", name="Runs").click()
        choose(page, "run", "gaze · fixations")
        page.get_by_title("Open in the Fixations tab").first.click()
        page.locator("#fixations-scores [data-score=map-nss]").wait_for()
        page.wait_for_function("() => location.search.includes('image=data:eyes/stimuli/image_')")
        assert page.locator("#fixations-points-list tbody tr").count() > 0
        page.locator("#fixations-density", has_text="each blurred by σ = 35 pixels").locator("img").wait_for()


@pytest.mark.browser
def test_rows_are_sorted_filtered_and_paged(browser: Any, library: Served) -> None:
    with opened(browser, library.url) as page:
        page.get_by_role("tab", name="Runs").click()
        wait_for_first(page, "image_")
        choose(page, "run", "masks · segmentation")
        wait_for_first(page, order_of(library)[0])
        page.locator("#runs-rows").get_by_role("button", name="Next").click()
        wait_for_first(page, order_of(library)[20])
        assert len(shown(page)) == 4
        page.locator("#runs-order").get_by_text("worst first").click()
        wait_for_first(page, order_of(library, order="worst")[0])
        page.locator("#runs-rows [data-metric=fp]").click()
        wait_for_first(page, order_of(library, metric="fp", order="worst")[0])
        choose(page, "model", "Centre Gaussian (baseline)")
        wait_for_first(page, order_of(library, model="baseline:centre", metric="fp", order="worst")[0])
        page.wait_for_function("() => location.search.includes('model=baseline:centre&metric=fp&order=worst')")


@pytest.mark.browser
def test_a_photograph_that_the_server_lacks_gets_a_sentence(browser: Any, library: Served) -> None:
    with opened(browser, f"{library.url}?tab=runs&run=away") as page:
        page.locator(f"{ROW}.elsewhere").first.click()
        page.locator("#said", has_text="is in no data folder of this server").wait_for()
        assert page.get_by_role("tab", name="Runs").get_attribute("aria-selected") == "true"


@pytest.mark.browser
def test_an_unknown_run_in_a_link_gets_a_sentence(browser: Any, library: Served) -> None:
    with opened(browser, f"{library.url}?tab=runs&run=../private") as page:
        page.locator("#runs-summary .notice", has_text="No run '../private' on this server").wait_for()
        choose(page, "run", "masks · segmentation")
        page.locator(ROW).first.wait_for()


@pytest.mark.browser
def test_the_images_are_downloaded_as_shown(browser: Any, library: Served) -> None:
    with opened(browser, f"{library.url}?tab=runs&run=masks&order=worst") as page:
        page.locator(ROW).first.wait_for()
        with page.expect_download() as waiting:
            page.locator("#runs-images-csv").click()
        with Path(waiting.value.path()).open(newline="") as file:
            lines = list(csv.DictReader(file))
        assert [line["image"] for line in lines[:-1]] == order_of(library, order="worst")
        with page.expect_download() as waiting:
            page.locator("#runs-summary-json").click()
        assert json.loads(Path(waiting.value.path()).read_text())["run"] == "masks"


@pytest.mark.browser
def test_tables_scroll_inside_their_box_on_a_phone(browser: Any, library: Served) -> None:
    with opened(browser, f"{library.url}?tab=runs&run=gaze", width=390, height=844) as page:
        page.locator(ROW).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.browser
def test_without_runs_the_tab_says_how_to_get_some(browser: Any, served: Served) -> None:
    with opened(browser, f"{served.url}?tab=runs") as page:
        assert page.locator("#runs-none").inner_text() == NO_RUNS


@pytest.fixture(scope="module")
def client(library: Served) -> Iterator[Client]:
    made = Client(library.url, verbose=False)
    yield made
    made.close()


def test_the_endpoint_runs_lists_them(client: Client) -> None:
    answer = client.predict(api_name="/runs")
    assert [(one["run"], one["kind"], one["images"]) for one in answer] == [
        ("away", "fixations", 5),
        ("gaze", "fixations", 3),
        ("masks", "segmentation", 25),
    ]


def test_the_endpoint_run_gives_summary_and_provenance(client: Client, library: Served) -> None:
    answer = client.predict(run="masks", api_name="/run")
    assert answer["summary"] == library.services.runs.open("masks").summary
    assert answer["models"][MODEL]["layers"] == ["0.0", "0.1"]
    assert {"command", "versions", "device", "settings"} <= set(answer)
    assert written(answer["summary"][0]["value"], 2)


@pytest.mark.parametrize("name", ["", "../voc", "nothing"])
def test_the_endpoint_run_knows_only_listed_names(client: Client, name: str) -> None:
    with pytest.raises(AppError, match=r"No run '.*' on this server; nearest"):
        client.predict(run=name, api_name="/run")


def test_both_endpoints_are_documented(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert endpoints["/runs"]["description"] and endpoints["/run"]["description"]
    assert [parameter["label"] for parameter in endpoints["/run"]["parameters"]] == ["Run, one of /runs"]
    assert not any("jumped" in name or "handler" in name for name in endpoints)
