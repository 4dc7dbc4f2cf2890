"""A layout of data is one entry of `vars_core.data.layouts.LAYOUTS`: recognised, read by the command, resumed and
reported, and found by the page, neither of which is touched for it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.__main__ import main
from app.library.run_images import image_ref
from app.tabs.segmentation.truth import stored_truth
from vars_core.data.layouts import LAYOUTS, MASKS, Layout, has, recognise
from vars_core.data.listing import list_files
from vars_core.data.mask_set import MaskSet
from vars_core.data.mask_values import MaskValues
from vars_core.data.masks import Pair

from ..made import write_image


def read_one(root: Path, file: str, values: MaskValues | None = None) -> MaskSet:
    """Photographs in ``shots``; the mask of ``shots/x.jpg`` is ``shots/x.jpg.mask.png``'s soft edge, cut at a half."""
    mask = root / "cuts" / f"{file}.mask.png"
    pairs = (Pair(Path(file).stem, root / "shots" / file, mask),) if mask.is_file() else ()
    return MaskSet("cuts", pairs, values or MaskValues("soft", 128))


def read(root: Path, split: str | None = None, values: MaskValues | None = None) -> MaskSet:
    found = [pair for file in list_files(root / "shots").files for pair in read_one(root, file.name).pairs]
    return MaskSet("cuts", tuple(found), values or MaskValues("soft", 128))


CUTS = Layout("cuts", MASKS, "folders shots and cuts", "shots", has("shots", "cuts"), read, read_one)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two photographs in the made layout, which is in the table for this test."""
    monkeypatch.setitem(LAYOUTS, CUTS.name, CUTS)
    root = tmp_path / "data"
    (root / "cuts").mkdir(parents=True)
    soft = np.zeros((20, 30), np.uint8)
    soft[:, :15] = 200
    soft[:, 15:18] = 100
    for index, name in enumerate(("one", "two")):
        write_image(root / "shots" / f"{name}.jpg", index, (20, 30))
        Image.fromarray(soft).save(root / "cuts" / f"{name}.jpg.mask.png")
    return root


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["analysis", "segmentation", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_a_layout_is_recognised_read_resumed_and_reported(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert recognise(data, MASKS) is CUTS
    out = tmp_path / "run"
    assert run(monkeypatch, "--data", data, "--out", out, "--batch-size", 1) == 0
    facts = json.loads((out / "run.json").read_text())
    assert facts["settings"]["layout"] == "cuts"
    entries = json.loads((out / "summary.json").read_text())
    (everything,) = [e for e in entries if (e["model"], e["metric"]) == ("baseline:all", "iou_pooled")]
    assert everything["value"] == pytest.approx(50), "100 does not reach the layout's 128"
    before = (out / "summary.json").read_bytes()
    (out / "rows/part-000001.parquet").unlink()
    assert run(monkeypatch, "--data", data, "--out", out, "--batch-size", 1, "--layout", "cuts") == 0
    assert (out / "summary.json").read_bytes() == before
    assert "baseline:centre" in (out / "report.html").read_text()
    capsys.readouterr()
    assert run(monkeypatch, "--data", data, "--out", tmp_path / "x", "--layout", "cut") == 2
    assert "nearest: 'cuts'" in capsys.readouterr().err


def test_the_page_finds_its_photographs_and_their_masks(data: Path) -> None:
    facts = {"settings": {"layout": "cuts"}, "data": {"folder": str(data)}}
    assert image_ref(facts, "one", {"mine": data}) == "data:mine/shots/one.jpg"
    truth = stored_truth("data:mine/shots/one.jpg", {"mine": data})
    assert truth is not None
    assert (truth.foreground, truth.counted) == (300, 600)
