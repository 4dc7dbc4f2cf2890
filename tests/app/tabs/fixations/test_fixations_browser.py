"""The Fixations tab in headless Chromium."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.library.fixation_points import Points
from app.library.photographs import Subject, sample
from app.tabs.fixations.scores import score
from tests.app.browser import opened, upload, wait_for_every_map, wait_for_map
from tests.app.served import Served

pytestmark = pytest.mark.browser

FRAME = "#fixations-viewer .viewer-frame"
NSS = "#fixations-scores [data-score=map-nss]"
MODEL = "rvt_nano/vars_d"


def kept_points(page: Any) -> list[list[Any]]:
    text = page.locator("#fixations-points textarea").input_value()
    return json.loads(text)["points"] if text else []


def wait_for_count(page: Any, count: int) -> None:
    """Until the server has scored so many points."""
    words = f"{count} fixation{'s' if count != 1 else ''} counted"
    page.locator("#fixations-scores", has_text=words).wait_for()


def shown_nss(served: Served, points: list[list[Any]]) -> str:
    """What the handler says of these points on the cat, at the model's own layer, written as the page writes it."""
    cat = sample("cat")
    result = served.services.trace(None, Subject(cat), MODEL).result()
    given = Points("sample:cat", tuple((x, y, who) for x, y, who in points))
    scores = score(cat.height, cat.width, result, result.model.default_layer, result.model.default_readout, 3, given)
    assert scores is not None
    return f"{scores.map.nss:.3f}".replace("-", "−")


def test_clicks_are_scored_as_the_handler_scores_them_and_can_be_undone(browser: Any, served: Served) -> None:
    with opened(browser, served.url) as page:
        wait_for_every_map(page)
        page.get_by_role("tab", name="Fixations").click()
        wait_for_every_map(page, "fixations")
        ran = list(served.services.queue.batches)
        places = ((150, 100), (300, 150), (90, 260))
        for count, (x, y) in enumerate(places, start=1):
            page.locator(FRAME).click(position={"x": x, "y": y})
            wait_for_count(page, count)
        assert list(served.services.queue.batches) == ran, "points are scored without running the model"
        box = page.locator(FRAME).bounding_box()
        points = kept_points(page)
        for (x, y), (px, py, who) in zip(places, points, strict=True):
            assert (px, py) == pytest.approx((x / box["width"] * 451, y / box["height"] * 300), abs=1.0)
            assert who == "you"
        assert page.locator(f"{FRAME} circle").count() == 3
        assert page.locator(NSS).inner_text() == shown_nss(served, points)
        assert page.locator("#fixations-scores [data-score=centre-nss]").is_visible()

        page.locator("#fixations-undo").click()
        wait_for_count(page, 2)
        assert kept_points(page) == points[:2]
        assert page.locator(NSS).inner_text() == shown_nss(served, points[:2])
        assert page.locator(f"{FRAME} circle").count() == 2
        page.locator("#fixations-clear").click()
        page.locator("#fixations-scores", has_text="Click on the photograph").wait_for()
        assert page.locator(f"{FRAME} circle").count() == 0


def test_an_uploaded_table_is_drawn_and_a_bad_one_gets_a_sentence(browser: Any, served: Served, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("x,y,observer\n100,100,ann\n200,50,bo\n900,50,bo\n")
    bad.write_text("x,z\n1,2\n")
    with opened(browser, served.url) as page:
        wait_for_map(page)
        page.get_by_role("tab", name="Fixations").click()
        wait_for_map(page, "fixations")
        upload(page, "fixations-upload", good)
        page.locator("#fixations-scores", has_text="2 fixations of 2 observers counted").wait_for()
        page.locator("#fixations-scores", has_text="1 of 3 fixations lies outside").wait_for()
        page.locator("#fixations-scores", has_text="Humans").wait_for()
        upload(page, "fixations-upload", bad)
        page.get_by_text("y is missing; it has x, z").wait_for()
        assert len(kept_points(page)) == 3
        bad.write_text("x,y\n5000,1\n")
        upload(page, "fixations-upload", bad)
        page.locator("#said.shown", has_text="all lie outside").wait_for()
        assert len(kept_points(page)) == 3


def test_a_fixation_is_placed_by_keyboard(browser: Any, served: Served) -> None:
    with opened(browser, f"{served.url}?tab=fixations") as page:
        wait_for_map(page, "fixations")
        page.locator(FRAME).focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        wait_for_count(page, 1)
        assert kept_points(page) == [[round(0.525 * 451, 2), round(0.475 * 300, 2), "you"]]
        assert page.locator("#fixations-viewer .viewer-frame .cross").is_visible()


def test_a_click_while_a_map_is_computed_is_kept(browser: Any, served: Served) -> None:
    with opened(browser, f"{served.url}?tab=fixations") as page:
        wait_for_map(page, "fixations")
        page.locator("#fixations-scores", has_text="Click on the photograph").wait_for()
        page.locator("#fixations-model input").click()
        page.get_by_role("option", name="RVT-nano · Performer").click()
        page.locator(FRAME).click(position={"x": 150, "y": 100})
        page.locator("#fixations-scores th", has_text="Performer").wait_for()
        wait_for_count(page, 1)
        assert len(kept_points(page)) == 1


def test_a_link_restores_the_view_and_its_points(browser: Any, served: Served) -> None:
    view = "image=sample:coffee&model=rvt_nano/vars_s&layer=0.1&readout=energy&t=1&opacity=0.3&points=100,100+200.5,50"
    with opened(browser, f"{served.url}?tab=fixations&{view}") as page:
        wait_for_map(page, "fixations")
        wait_for_count(page, 2)
        assert kept_points(page) == [[100, 100, "you"], [200.5, 50, "you"]]
        page.locator("#fixations-viewer figcaption", has_text="layer 0.1 · energy · t = 1 of 3").wait_for()
        page.locator("#fixations-undo").click()
        page.wait_for_url("**points=100,100")
        page.locator("#fixations-clear").click()
        page.wait_for_url("**points=none")
        page.get_by_role("button", name="Sample photograph: cat").click()
        page.wait_for_function("() => !location.search.includes('points')")


def test_a_link_with_broken_points_says_so(browser: Any, served: Served) -> None:
    with opened(browser, f"{served.url}?tab=fixations&points=1,2+here") as page:
        wait_for_map(page, "fixations")
        page.get_by_text("The points of this link are left out").wait_for()


def test_a_download_holds_what_is_shown(browser: Any, served: Served) -> None:
    with opened(browser, f"{served.url}?tab=fixations&points=100,100+200.5,50+30,299") as page:
        wait_for_map(page, "fixations")
        wait_for_count(page, 3)
        with page.expect_download() as download:
            page.locator("#fixations-settings").click()
        settings = json.loads(Path(download.value.path()).read_text())
        assert f"{settings['scores']['nss']:.3f}".replace("-", "−") == page.locator(NSS).inner_text()
        assert [point["x"] for point in settings["points"]] == [100, 200.5, 30]
