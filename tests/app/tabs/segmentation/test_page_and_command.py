"""What the page makes of a mask of a data folder is what the command makes of it: its regions, or why it has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from analysis.__main__ import main
from analysis.runs import Run
from app.library.mask_reading import JUDGED, reading_of, recorded
from app.tabs.segmentation.truth import Truth, stored_truth
from tests.made import write_image
from vars_core.data.layouts import LAYOUTS
from vars_core.data.masks import FOREGROUND, VOID
from vars_core.errors import InputError

HEIGHT, WIDTH = 24, 36
OBJECT = np.zeros((HEIGHT, WIDTH), bool)
OBJECT[6:18, 9:27] = True
HARD = np.where(OBJECT, 255, 0)
EDGED = HARD.copy()
EDGED[6:18, 9] = 90
SOFT = HARD.copy()
SOFT[6:18, 8:28] = np.linspace(10, 250, 20).astype(int)
LABELS = np.where(OBJECT, 5, 0)
LABELS[6, 9:27] = 255
THIN = np.zeros_like(HARD)
THIN[:1] = 255
MASKS = {"hard": HARD, "edged": EDGED, "soft": SOFT, "labels": LABELS, "thin": THIN, "high": np.where(OBJECT, 150, 0)}
READINGS = (JUDGED, "voc", "labels", "binary", "soft>=128", "soft>=91")


def make(root: Path, layout: str, masks: list[str], listed: list[int] | None = None) -> list[str]:
    """A set with these masks in their order; the photographs' paths inside it. ``listed``: those of val, else all."""
    images, truths = LAYOUTS[layout].photographs, "SegmentationClass" if layout == "voc" else "masks"
    names = [f"p{index}" for index in range(len(masks))]
    (root / truths).mkdir(parents=True)
    for index, mask in enumerate(masks):
        write_image(root / images / f"{names[index]}.jpg", index, (HEIGHT, WIDTH))
        Image.fromarray(MASKS[mask].astype(np.uint8)).save(root / truths / f"{names[index]}.png")
    if layout == "voc":
        lists = root / "ImageSets/Segmentation"
        lists.mkdir(parents=True)
        val = listed if listed is not None else range(len(names))
        (lists / "val.txt").write_text("".join(f"{names[index]}\n" for index in val))
        (lists / "train.txt").write_text("".join(f"{name}\n" for name in names))
    return [f"{images}/{name}.jpg" for name in names]


def by_command(
    root: Path, out: Path, reading: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, tuple[int, int, int] | str], str, dict[str, Any]]:
    """(id → (object, background, void) pixels or the error, the sentence that refuses the set, ``run.json``)."""
    asked = [] if reading == JUDGED else ["--mask-values", reading]
    monkeypatch.setattr("sys.argv", ["analysis", "segmentation", "--data", str(root), "--out", str(out), *asked])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr().err
    if left.value.code == 2:
        return {}, said, {}
    run = Run.read(out)
    rows = run.rows(["id", "model", "tp", "fp", "void", "error"]).to_pylist()
    found = {
        row["id"]: row["error"] or (row["tp"], row["fp"], row["void"])
        for row in rows
        if row["error"] or row["model"] == "baseline:all"
    }
    return found, "", run.facts


def on_page(root: Path, file: str, reading: str) -> Truth:
    found = stored_truth(f"data:set/{file}", {"set": root}, reading_of(reading))
    assert found is not None
    return found


def regions_of(truth: Truth) -> tuple[int, int, int]:
    return truth.foreground, truth.counted - truth.foreground, truth.void


SETS = {
    "one grey edge in a 0/255 set": ["hard", "edged", "hard"],
    "one soft mask in a 0/255 set": ["hard", "soft", "hard"],
    "0/255 alone": ["hard", "hard"],
    "labels, and one mask of 0/255": ["labels", "labels", "hard"],
    "labels, and one thin border": ["labels", "thin"],
    "high labels": ["high", "high", "labels"],
}


@pytest.mark.parametrize("layout", ["voc", "pairs"])
@pytest.mark.parametrize("name", SETS)
def test_the_page_counts_the_regions_that_the_command_counts(
    name: str, layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = make(tmp_path / "set", layout, SETS[name])
    for index, reading in enumerate(READINGS):
        found, refused, facts = by_command(tmp_path / "set", tmp_path / f"run{index}", reading, capsys, monkeypatch)
        assert not facts or recorded(facts) == reading
        for file in files:
            expected = found.get(Path(file).stem)
            if refused or isinstance(expected, str):
                with pytest.raises(InputError) as page:
                    on_page(tmp_path / "set", file, reading)
                assert str(page.value) in (refused or expected)
            else:
                truth = on_page(tmp_path / "set", file, reading)
                assert regions_of(truth) == expected
                assert facts["settings"]["mask_values"] == truth.values
                assumed = facts["assumptions"][0] if facts["assumptions"] else f"ead as {reading}, as asked"
                assert assumed[1:] in truth.note


def test_a_grey_edge_flips_no_other_mask_of_its_set(tmp_path: Path) -> None:
    """The hard masks alone would be read as binary; with the edged one the set is refused, and a reading decides."""
    hard, *_ = make(tmp_path / "set", "pairs", ["hard", "edged", "hard"])
    with pytest.raises(InputError, match=r"p1\.png holds grey levels between 20 and 255"):
        on_page(tmp_path / "set", hard, JUDGED)
    assert regions_of(on_page(tmp_path / "set", hard, "soft>=128"))[0] == OBJECT.sum()
    (tmp_path / "set/masks/p1.png").unlink()
    assert on_page(tmp_path / "set", hard, JUDGED).values == "binary"  # judged again once a file is gone


def test_a_mask_is_judged_with_its_own_list_and_the_page_says_which(tmp_path: Path) -> None:
    files = make(tmp_path / "set", "voc", ["labels", "labels", "high"], listed=[0, 1])
    assert on_page(tmp_path / "set", files[0], JUDGED).note.endswith("Judged from all masks of the list val.")
    other = LAYOUTS["voc"].read_one
    assert other is not None
    assert other(tmp_path / "set", "p2.jpg").split == "train"
    (tmp_path / "set/ImageSets/Segmentation/train.txt").unlink()
    assert other(tmp_path / "set", "p2.jpg").split is None
    assert other(tmp_path / "set", "p0.jpg").split == "val"


@given(masks=st.lists(st.sampled_from(list(MASKS)), min_size=1, max_size=4), reading=st.sampled_from(READINGS))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_whole_set_decides_for_every_mask_in_it(
    tmp_path_factory: pytest.TempPathFactory, masks: list[str], reading: str
) -> None:
    for layout in ("voc", "pairs"):
        root = tmp_path_factory.mktemp("m") / "set"
        files = make(root, layout, masks)
        try:
            whole = LAYOUTS[layout].read(root, values=reading_of(reading))
        except InputError as error:
            with pytest.raises(InputError) as page:
                on_page(root, files[0], reading)
            assert str(page.value) == str(error)
            continue
        for pair, file in zip(whole.pairs, files, strict=True):
            try:
                regions = whole.load(pair)[1]
            except InputError as error:
                with pytest.raises(InputError) as page:
                    on_page(root, file, reading)
                assert str(page.value) == str(error)
                continue
            truth = on_page(root, file, reading)
            np.testing.assert_array_equal(truth.regions(), regions)
            assert (truth.foreground, truth.void) == tuple(
                np.bincount(regions.ravel(), minlength=3)[[FOREGROUND, VOID]]
            )
