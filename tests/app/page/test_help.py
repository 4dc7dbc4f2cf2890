"""The "?" of every control: one entry each, none without a control, and a picture that stays small."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import gradio as gr
import pytest
from gradio.blocks import Block

from app.page.help import HELP
from app.page.help_places import entry_of, head, helped, spoken_for, under
from app.services import Services
from app.serving.settings import Settings
from app.ui import build_page
from tests.app.made_runs import segmentation_run

FIELDS = (gr.Dropdown, gr.Slider, gr.Radio, gr.Number, gr.Checkbox, gr.CheckboxGroup, gr.Textbox, gr.Image, gr.Video)
BUTTONS = (gr.Button, gr.UploadButton)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, photographs: Path) -> Iterator[gr.Blocks]:
    """With everything that a server may be started with: folders of photographs, and runs."""
    folder = tmp_path_factory.mktemp("helped")
    segmentation_run(folder / "runs/one", folder / "data", 2)
    services = Services(Settings(data={"birds": photographs}, runs=folder / "runs"))
    yield build_page(services)
    services.close()


def controls(page: gr.Blocks, kinds: tuple[type[Block], ...]) -> list[str | None]:
    """The element ids of what a visitor may use: neither state that is never shown, nor inputs of endpoints."""
    found = []
    for block in page.blocks.values():
        classes = getattr(block, "elem_classes", None) or []
        if isinstance(block, kinds) and "unseen" not in classes and not of_endpoint(block):
            found.append(block.elem_id)
    return found


def of_endpoint(block: Block) -> bool:
    """Endpoints lie in one column at the foot of the page that is never drawn."""
    above = block.parent
    while above is not None and above.parent is not None and not isinstance(above.parent, gr.Blocks):
        above = above.parent
    return isinstance(above, gr.Column) and not above.visible


def test_every_control_of_every_tab_and_the_rail_has_an_entry(page: gr.Blocks) -> None:
    fields = controls(page, FIELDS)
    assert len(fields) > 60
    assert [one for one in fields if not one or not (entry_of(one) or spoken_for(one))] == []


def test_every_button_stands_under_an_entry_that_is_on_the_page(page: gr.Blocks) -> None:
    buttons, shown = controls(page, BUTTONS), set(helped(page).values())
    assert len(buttons) > 40
    assert [one for one in buttons if not one or spoken_for(one) not in shown] == []


def test_no_entry_is_without_a_control(page: gr.Blocks) -> None:
    assert set(HELP) - set(helped(page).values()) == set()
    spoken = {name for entry in HELP.values() for name in entry.speaks_for}
    identifiers = set(under(page))
    assert {
        one for one in spoken if one not in identifiers and not any(i.endswith(f"-{one}") for i in identifiers)
    } == set()


@pytest.mark.parametrize("name", HELP)
def test_an_entry_is_a_sentence_and_a_picture_of_a_few_kilobytes(name: str) -> None:
    entry = HELP[name]
    assert re.fullmatch(r"[A-Z“].*[.]", entry.words) and 30 <= len(entry.words) <= 330
    assert len(entry.picture) < 6000
    drawing = ElementTree.fromstring(entry.picture)
    assert len(drawing) >= 3 and "http" not in entry.picture


def test_what_a_button_stands_under_is_the_entry_of_its_own_tab() -> None:
    assert (spoken_for("segmentation-undo"), spoken_for("fixations-undo")) == ("ground-truth", "placing")
    assert (entry_of("dynamics-iteration"), entry_of("attention-iteration")) == ("dynamics-iteration", "iteration")


def test_the_head_holds_one_script_that_nothing_in_it_can_close(page: gr.Blocks) -> None:
    assert head(page).count("</") == 1
