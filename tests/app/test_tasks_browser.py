"""Five people's tasks, done through the page alone as docs/tasks.md writes them down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from app.library.fixation_points import Points
from app.library.photographs import Subject, sample
from app.serving.settings import Settings, read_weights
from app.tabs.fixations.scores import score
from tests.app.browser import opened, pixels, upload, wait_for_change, wait_for_map
from tests.app.served import Served
from tests.core import layouts

pytestmark = pytest.mark.browser

VIT = "vit_tiny_patch16_224"
PANELS = "#compare-viewer .viewer-panel"
DRAWN = f"[...document.querySelectorAll('{PANELS} canvas')].filter(canvas => canvas.width).length"


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page of ``python app.py --weights dino=timm/vit_tiny_patch16_224:dino.pth``, opened once for all tasks."""
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "dino.pth"
    torch.save(layouts.dino_training(dict(timm.create_model(VIT, num_classes=0).state_dict())), file)
    served = Served(Settings(port=0, named=read_weights([f"dino=timm/{VIT}:{file}"])[1]), load=False)
    with opened(browser, served.url, width=1440, height=1200) as shown:
        wait_for_map(shown)
        shown.served = served
        yield shown
    served.stop()


def to_tab(page: Any, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    wait_for_map(page, name.lower())


def take_out(page: Any, control: str, name: str) -> None:
    token = page.locator(f"#{control} .token", has=page.get_by_text(name, exact=True))
    token.locator(".token-remove").click()
    token.wait_for(state="detached")


def downloaded(page: Any, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.locator(f"#{button}").click()
    download.value.save_as(folder / download.value.suggested_filename)
    return folder / download.value.suggested_filename


def test_the_settling_is_taken_away_as_a_gif(page: Any, tmp_path: Path) -> None:
    page.get_by_role("button", name="Sample photograph: coffee").click()
    page.locator("#current-photograph", has_text="coffee").wait_for()
    with Image.open(downloaded(page, "attention-gif", tmp_path)) as film:
        assert (film.format, film.n_frames) == ("GIF", 4)  # t = 0..3


def test_dino_and_vars_sd_are_compared_on_one_photograph_and_taken_away_as_pdf(page: Any, tmp_path: Path) -> None:
    to_tab(page, "Compare")
    take_out(page, "compare-pictures", "fog")
    for name in ("self-attention", "VARS-S", "VARS-D"):
        take_out(page, "compare-models", f"RVT-nano · {name}")
    page.locator("#compare-models input").click()
    page.get_by_role("option", name="dino", exact=True).click()
    page.wait_for_function(f"() => {DRAWN} === 2 && document.querySelectorAll('{PANELS}').length === 2")
    assert page.locator("#compare-viewer .viewer-head").all_inner_texts() == ["RVT-nano · VARS-SD", "dino"]
    figure = downloaded(page, "compare-pdf", tmp_path)
    assert figure.name == "vars-compare.pdf"
    content = figure.read_bytes()
    assert content.startswith(b"%PDF-") and content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") == 1


def test_fog_is_seen_to_change_the_answer_or_the_map(page: Any) -> None:
    page.goto(f"{page.served.url}?tab=compare")
    wait_for_map(page, "compare")
    page.wait_for_function(f"() => {DRAWN} === 8")
    answers = page.locator("#compare-viewer .viewer-answer").all_inner_texts()
    assert len(answers) == 8
    for clean, fog in zip(answers[:4], answers[4:], strict=True):
        before, after = re.fullmatch(r"(.+) [\d.]+ %", clean), re.fullmatch(r"(.+) [\d.]+ %, (not )?as clean", fog)
        assert before and after, (clean, fog)
        assert (before[1] != after[1]) == bool(after[2]), (clean, fog)
    page.locator("#compare-reference input").click()
    page.get_by_role("option", name="RVT-nano · VARS-D, clean").click()
    page.locator(PANELS).nth(6).get_by_text(re.compile(r"r = 0\.\d\d with the reference")).wait_for()


def test_ones_own_table_of_fixations_is_scored(page: Any, tmp_path: Path) -> None:
    rows = [(170, 110, "ann"), (318, 130, "ann"), (265, 240, "bo"), (180, 118, "bo")]
    table = tmp_path / "looked.csv"
    table.write_text("x,y,observer\n" + "".join(f"{x},{y},{who}\n" for x, y, who in rows))
    page.goto(f"{page.served.url}?tab=fixations")
    wait_for_map(page, "fixations")
    upload(page, "fixations-upload", table)
    page.locator("#fixations-scores", has_text="4 fixations of 2 observers counted").wait_for()
    shown = page.locator("#fixations-scores [data-score=map-nss]").inner_text()
    cat = sample("cat")
    result = page.served.services.trace(None, Subject(cat), "rvt_nano/vars_d").result()
    model, points = result.model, Points("sample:cat", tuple(rows))
    scores = score(cat.height, cat.width, result, model.default_layer, model.default_readout, 3, points)
    assert scores is not None and shown == f"{scores.map.nss:.3f}".replace("-", "−")


def test_the_head_that_follows_the_object_is_found(page: Any, tmp_path: Path) -> None:
    page.goto(f"{page.served.url}?tab=attention&model=rvt_nano/self")
    wait_for_map(page)
    page.get_by_label("every head").click()
    wait_for_map(page, "attention-closer")
    with np.load(downloaded(page, "attention-arrays", tmp_path)) as arrays:
        heads = arrays["closer/1.1/heads/contribution"][-1]  # (H, h, w)
    rows, columns = np.mgrid[: heads.shape[1], : heads.shape[2]] / np.array(heads.shape[1:])[:, None, None]
    cat = ((rows - 0.43) / 0.5) ** 2 + ((columns - 0.45) / 0.37) ** 2 <= 1
    standing_out = (heads[:, cat].mean(1) - heads.mean((1, 2))) / heads.std((1, 2))
    best = int(standing_out.argmax())  # as one sees it in the small pictures
    assert standing_out[best] > 0.2 and standing_out[best] > standing_out.min() + 0.1
    before = pixels(page, "attention-closer")
    page.get_by_role("button", name=f"layer 1.1, head {best}").click()
    wait_for_change(page, before, "attention-closer")
    page.locator("#attention-closer figcaption", has_text=f"head {best}").wait_for()
    assert f"head={best}" in page.url
