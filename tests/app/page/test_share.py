"""What a link gives to the page's controls, and that a slider never ends below its value."""

from __future__ import annotations

import gradio as gr
import pytest

from app.library.fixation_points import MAX_LINKED, Points
from app.page import share
from app.page.changing_dropdown import ChangingDropdown
from app.page.choices import layer_update
from tests.app.made import traced
from vars_core.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"), [("0.4", 0.4), ("7", 1), ("-3", 0), ("nan", None), ("inf", None), ("much", None)]
)
def test_a_slider_takes_numbers_of_its_range(text: str, value: float | None) -> None:
    update = share.read(gr.Slider(0, 1), text)
    assert update == (gr.skip() if value is None else gr.update(value=value))


@pytest.mark.parametrize(("text", "value"), [("2", 2), ("5", 5), ("101", None), ("9" * 5000, None), ("-1", None)])
def test_an_iterate_may_lie_past_the_sliders_first_end(text: str, value: int | None) -> None:
    update = share.iterate(gr.Slider(0, 3, step=1), text)
    assert update == (gr.skip() if value is None else gr.update(value=value, maximum=max(3, value)))


def test_a_dropdown_of_iterates_takes_the_links_iterate_as_it_stands() -> None:
    read = share.restored({"runs": {"t": ChangingDropdown([])}}, {"tab": "runs", "t": "2"})
    assert read == [gr.update(choices=[("2", "2")], value="2")]


def test_a_control_that_tabs_share_is_restored_once_by_the_tab_of_the_link() -> None:
    colours, mine, theirs = gr.Radio(["viridis", "plasma"]), gr.Textbox(), gr.Textbox()
    links = {"attention": {"colours": colours, "x": mine}, "compare": {"x": theirs, "colours": colours}}
    assert [id(one) for one in share.linked(links)] == [id(colours), id(mine), id(theirs)]
    read = share.restored(links, {"tab": "compare", "colours": "plasma", "x": "5"})
    assert read == [gr.update(value="plasma"), gr.skip(), gr.update(value="5")]


def test_a_dropdown_hands_on_a_choice_that_is_not_listed_yet_and_nothing_but_text() -> None:
    dropdown = ChangingDropdown(["a"])
    assert [dropdown.preprocess(value) for value in ("b", None, ["b"], {"b": 1}, 3)] == ["b", None, None, None, None]


def test_a_radio_takes_what_it_offers_and_a_text_is_bounded() -> None:
    radio = gr.Radio(["mask", "contour"])
    assert share.read(radio, "contour") == gr.update(value="contour")
    assert share.read(radio, "<b>") == gr.skip()
    assert share.read(gr.Textbox(), "x" * 5000) == gr.update(value="x" * share.MAX_TEXT)


@pytest.mark.parametrize(("steps", "t", "expected"), [(3, 2, {}), (3, 5, {"value": 3}), (5, 3, {})])
def test_a_shorter_slider_takes_its_value_along(steps: int, t: float, expected: dict[str, int]) -> None:
    slider = layer_update([traced(steps=steps)], None, t)["t"]
    assert slider == {**gr.update(maximum=steps, interactive=True), **expected}


def test_a_model_of_one_step_leaves_the_iterate_for_the_next_model() -> None:
    assert layer_update([traced(steps=0)], None, 3)["t"] == gr.update(interactive=False)


def test_as_many_points_as_a_link_may_name_fit_into_it() -> None:
    text = " ".join(["12345.67,12345.67"] * MAX_LINKED)
    assert len(text) <= share.MAX_TEXT
    assert len(Points.from_link("sample:cat", text).points) == MAX_LINKED


@pytest.mark.parametrize("text", ["1", "1,2,3", "a,b", "1,inf", " ".join(["1,2"] * (MAX_LINKED + 1))])
def test_points_of_a_link_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        Points.from_link("sample:cat", text)


def test_a_link_may_name_no_point() -> None:
    assert Points.from_link("sample:cat", "none").points == ()
