"""The Dictionary tab in headless Chromium: atoms drawn, sorted, paged and enlarged, without a request."""

from __future__ import annotations

from typing import Any

import pytest

from app.inference.atoms import DictionaryOf
from app.library.photographs import Subject, sample
from app.tabs.dictionary.order import AtomLook, chosen
from tests.app.browser import OVERTAKING, opened, pixels, wait_for_change
from tests.app.served import Served

pytestmark = pytest.mark.browser

LARGE = "dictionary-large"


def wait_for_atoms(page: Any, address: str | None = None) -> None:
    """Until the atoms are drawn; ``address``: of the atom that must stand first."""
    first = "button.dataset.atom" if address is None else f"button.dataset.atom === '{address}'"
    page.wait_for_function(
        f"""() => {{
            const button = document.querySelector('.atoms button');
            return button && button.querySelector('canvas').width > 1 && {first};
        }}"""
    )


def shown(page: Any) -> list[str]:
    return list(page.evaluate("() => [...document.querySelectorAll('.atoms button')].map(one => one.dataset.atom)"))


def expected(served: Served, look: AtomLook, model: str = "rvt_nano/vars_sd") -> list[str]:
    """The first page as the server orders it."""
    layer = look.layer or served.services.models.facts(model).default_layer
    atoms = served.services.answer(None, Subject(sample("cat")), model, DictionaryOf(layer)).result(60)
    return [f"{group}:{atom}" for group, atom in chosen(atoms, look)[:64]]


def opened_tab(browser: Any, served: Served, query: str = "", **context: Any) -> Any:
    return opened(browser, f"{served.url}?tab=dictionary&image=sample:cat{query}", **context)


def choose(page: Any, radio: str, name: str) -> None:
    page.locator(f"#dictionary-{radio}").get_by_text(name, exact=True).click()


def slide(page: Any, key: str) -> None:
    page.locator("#dictionary-iteration input[type=range]").focus()
    page.keyboard.press(key)


def test_atoms_are_drawn_in_the_servers_order_and_every_control_but_the_layer_works_without_a_request(
    browser: Any, served: Served
) -> None:
    with opened_tab(browser, served) as page:
        by_use = expected(served, AtomLook(t=3))
        wait_for_atoms(page, by_use[0])
        assert shown(page) == by_use
        page.get_by_text("1–64 of 512 atoms, by use at t = 3").wait_for()
        colours = page.evaluate(
            """() => new Set(document.querySelector('.atoms canvas').getContext('2d')
                .getImageData(0, 0, 14, 14).data).size"""
        )
        assert colours > 20
        page.wait_for_timeout(500)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))

        slide(page, "Home")
        page.get_by_text("by use at t = 0").wait_for()
        assert shown(page) == expected(served, AtomLook(t=0)) != by_use
        choose(page, "sort", "index")
        page.get_by_text("1–64 of 512 atoms, by index").wait_for()
        assert shown(page)[:3] == ["0:0", "0:1", "0:2"]
        page.get_by_role("button", name="Next page", exact=True).click()
        page.get_by_text("65–128 of 512 atoms, by index").wait_for()
        choose(page, "part", "static")
        page.get_by_text("1–64 of 256 atoms, by index").wait_for()
        assert shown(page)[0] == "0:32"
        choose(page, "scale", "shared")
        page.get_by_text("One colour scale for all atoms chosen").wait_for()
        assert asked == []


def test_a_click_shows_the_atom_large_over_the_photograph_and_the_link_remembers_it(
    browser: Any, served: Served
) -> None:
    with opened_tab(browser, served) as page:
        wait_for_atoms(page)
        page.wait_for_function(f"() => document.querySelector('#{LARGE}-viewer canvas')?.width > 0")
        before = pixels(page, LARGE)
        second = shown(page)[1]
        page.locator(f'.atoms button[data-atom="{second}"]').click()
        wait_for_change(page, before, LARGE)
        head, atom = second.split(":")
        page.locator(f"#{LARGE}-viewer").get_by_text(f"head {head},").wait_for()
        assert page.locator('.atoms button[aria-pressed="true"]').get_attribute("data-atom") == f"{head}:{atom}"
        page.wait_for_function(f"() => location.search.includes('atom={second}')")
        assert page.locator(".dictionary tbody tr").count() == 4


def test_a_link_opens_the_same_atoms(browser: Any, served: Served) -> None:
    query = "&layer=0.1&head=1&part=static&sort=index&t=2&scale=shared&atom=1:40"
    with opened_tab(browser, served, query) as page:
        wait_for_atoms(page, "1:32")
        page.get_by_text("1–32 of 32 atoms, by index").wait_for()
        assert page.locator('.atoms button[aria-pressed="true"]').get_attribute("data-atom") == "1:40"
        assert page.locator("#dictionary-head input").input_value() == "head 1"
        assert page.locator(".dictionary tbody tr.seen th").inner_text() == "2"


def test_the_second_page_of_a_link_is_the_second_page(browser: Any, served: Served) -> None:
    with opened_tab(browser, served, "&model=rvt_nano/vars_s&p=2") as page:
        page.get_by_text("65–128 of 512 kernels, by use at t = 3").wait_for()
        assert page.locator("#dictionary-part").count() == 0 or not page.locator("#dictionary-part").is_visible()


def test_a_link_opens_though_its_requests_overtake_each_other_on_the_way(browser: Any, served: Served) -> None:
    with opened_tab(browser, served, "&model=rvt_nano/vars_s&p=2", script=OVERTAKING) as page:
        page.get_by_text("65–128 of 512 kernels, by use at t = 3").wait_for()


def test_another_model_brings_its_own_atoms_and_attention_says_that_it_has_none(browser: Any, served: Served) -> None:
    with opened_tab(browser, served) as page:
        wait_for_atoms(page)
        page.locator("#dictionary-model input").click()
        page.get_by_role("option", name="RVT-nano · VARS-S", exact=True).click()
        page.get_by_text("1–64 of 512 kernels").wait_for()
        assert shown(page) == expected(served, AtomLook(t=3), "rvt_nano/vars_s")
        page.locator("#dictionary-model input").click()
        page.get_by_role("option", name="RVT-nano · self-attention").click()
        page.get_by_text("RVT-nano · self-attention has no dictionary").wait_for()
        assert not page.locator(".atoms").is_visible()


def test_the_figure_is_downloaded(browser: Any, served: Served, tmp_path: Any) -> None:
    with opened_tab(browser, served) as page:
        wait_for_atoms(page)
        with page.expect_download() as download:
            page.locator("#dictionary-figure").click()
        download.value.save_as(tmp_path / "figure.png")
        assert download.value.suggested_filename == "vars-dictionary.png"
        assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_the_tab_fits_a_phone(browser: Any, served: Served) -> None:
    with opened_tab(browser, served, width=390, height=844) as page:
        wait_for_atoms(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        right = page.evaluate(
            """() => Math.max(...[...document.querySelectorAll('.atoms button > *')].map(
                one => one.getBoundingClientRect().right))"""
        )
        assert right <= 390 - 14
