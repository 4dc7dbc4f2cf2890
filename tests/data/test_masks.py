"""What a mask's numbers mean: one reading for every mode and palette, or a sentence that says why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vars_core.data.mask_values import MaskValues, judge
from vars_core.data.masks import (
    BACKGROUND,
    FOREGROUND,
    VOC_LABELS,
    VOID,
    MaskImage,
    read_mask,
    voc_colours,
    voc_numbers_of,
)
from vars_core.errors import InputError

LABELS = np.zeros((20, 30), np.uint8)
LABELS[4:12, 5:20] = 5
LABELS[12, 5:20] = 255
REGIONS = np.select([LABELS == 0, LABELS == 255], [BACKGROUND, VOID], FOREGROUND)
OBJECT = (LABELS == 5).astype(np.uint8)
HARD = OBJECT * np.uint8(255)
SOFT = np.clip(HARD.astype(int) + np.random.default_rng(0).integers(-60, 60, HARD.shape), 0, 255).astype(np.uint8)


def saved(folder: Path, image: Image.Image, name: str = "mask.png", **options: Any) -> MaskImage:
    image.save(folder / name, **options)
    return read_mask(folder / name)


def paletted(labels: np.ndarray, colours: np.ndarray) -> Image.Image:
    image = Image.fromarray(labels)
    image = Image.frombytes("P", image.size, labels.tobytes())
    image.putpalette(colours.astype(np.uint8).ravel().tolist())
    return image


def renumbered(labels: np.ndarray, order: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The same picture with VOC's palette in another order: entry i has the colour of label ``order[i]``."""
    table = np.zeros(256, np.uint8)
    table[order] = np.arange(len(order))
    return table[labels], voc_colours(order)


@given(order=st.permutations(list(VOC_LABELS)), keep=st.booleans(), as_colour=st.booleans())
@settings(deadline=None, max_examples=40)
def test_vocs_palette_in_any_order_gives_vocs_labels(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], keep: bool, as_colour: bool
) -> None:
    """All 22 entries, or only those in use; also when the colours were saved as an RGB picture."""
    order = order if keep else [label for label in order if label in (0, 5, 255)]
    image = paletted(*renumbered(LABELS, order))
    mask = saved(tmp_path_factory.mktemp("m"), image.convert("RGB") if as_colour else image)
    for values in (judge([mask], "voc"), judge([mask]), MaskValues.parse("voc")):
        np.testing.assert_array_equal(values.regions(mask), REGIONS)


@given(
    mode=st.sampled_from(["1", "L", "P", "RGB", "I;16"]),
    white_first=st.booleans(),
    suffix=st.sampled_from([".png", ".tif", ".bmp"]),
    number=st.sampled_from([255, 1, 38]),
)
@settings(deadline=None, max_examples=60)
def test_two_values_are_background_and_object_in_every_mode(
    tmp_path_factory: pytest.TempPathFactory, mode: str, white_first: bool, suffix: str, number: int
) -> None:
    folder = tmp_path_factory.mktemp("m")
    if mode == "P":
        suffix = ".png" if suffix == ".bmp" else suffix
        colours = np.array([[255] * 3, [0] * 3] if white_first else [[0] * 3, [255] * 3])
        image = paletted(1 - OBJECT if white_first else OBJECT, colours)
    elif mode == "I;16":
        suffix = ".png"
        image = Image.fromarray(HARD.astype(np.uint16) * 257)
    elif mode == "1":
        image = Image.fromarray(HARD).convert("1")
    else:
        image = Image.fromarray(OBJECT * np.uint8(number)).convert(mode)
    mask = saved(folder, image, f"mask{suffix}")
    values = judge([mask])
    assert (values.kind, values.judged) == ("binary", True)
    assert "binary" in values.assumptions()[0]
    np.testing.assert_array_equal(values.regions(mask), OBJECT)
    np.testing.assert_array_equal(MaskValues.parse("binary").regions(mask), OBJECT)


@given(threshold=st.integers(1, 255), lossy=st.booleans())
@settings(deadline=None, max_examples=30)
def test_soft_masks_are_cut_where_it_is_said_and_only_there(
    tmp_path_factory: pytest.TempPathFactory, threshold: int, lossy: bool
) -> None:
    folder = tmp_path_factory.mktemp("m")
    mask = saved(folder, Image.fromarray(SOFT), "mask.jpg" if lossy else "mask.png")
    with pytest.raises(InputError, match=r"grey levels beside 0.*soft>=T"):
        judge([mask])
    regions = MaskValues.parse(f"soft >= {threshold}").regions(mask)
    np.testing.assert_array_equal(regions, mask.numbers >= threshold)
    with pytest.raises(InputError, match="lossless" if lossy else "one other number"):
        MaskValues.parse("binary").regions(mask)


def of(numbers: np.ndarray, name: str = "a.png") -> MaskImage:
    return MaskImage(name, numbers.astype(np.uint8))


def test_one_soft_mask_among_hard_ones_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"soft\.png holds \d+ grey levels"):
        judge([of(HARD), of(SOFT, "soft.png"), of(HARD)])
    few = HARD.copy()
    few[3, 5:20] = 90
    with pytest.raises(InputError, match=r"edge\.png holds grey levels between 20 and 255, and masks hold 255"):
        judge([of(HARD), of(few, "edge.png")])
    few[3, 5:20] = 7
    with pytest.raises(InputError, match="swallow most of the object"):
        judge([of(HARD), of(few)])


def test_all_masks_of_0_and_255_in_vocs_layout_leave_no_object_and_are_refused() -> None:
    with pytest.raises(InputError, match=r"no object can be told from void.*binary"):
        judge([of(HARD), of(HARD)], "voc")
    assert MaskValues.parse("binary").regions(of(HARD)).sum() == OBJECT.sum()


def test_void_swallows_no_object_of_a_single_mask_and_a_thin_border_stays_void() -> None:
    values = judge([of(LABELS), of(LABELS), of(LABELS), of(HARD, "hard.png")], "voc")
    np.testing.assert_array_equal(values.regions(of(LABELS)), REGIONS)
    with pytest.raises(InputError, match=r"hard\.png holds 0 and 255 alone, and 255 covers 20%"):
        values.regions(of(HARD, "hard.png"))
    border = np.where(LABELS == 255, LABELS, 0)
    assert set(np.unique(values.regions(of(border)))) == {BACKGROUND, VOID}


def test_a_palette_that_was_cut_down_and_is_not_vocs_says_nothing_about_numbers(tmp_path: Path) -> None:
    colours = np.array([[0, 0, 0], [5, 35, 65], [255, 249, 243], [0, 0, 0]])
    optimised = np.select([LABELS == 5, LABELS == 255], [1, 2], 0).astype(np.uint8)
    mask = saved(tmp_path, paletted(optimised, colours))
    for usual in ("voc", None):
        with pytest.raises(InputError, match=r"[34] entries"):
            judge([mask], usual)
    inverted = MaskImage("b.png", OBJECT, np.tile(np.array([[200, 0, 0], [0, 0, 0]], np.uint8), (128, 1)))
    with pytest.raises(InputError, match="shows 0 in a colour and 1 in black"):
        judge([inverted])


def test_one_colour_for_two_numbers_across_masks_is_refused() -> None:
    palette = np.random.default_rng(1).integers(1, 250, (256, 3)).astype(np.uint8)
    palette[0] = 0
    exchanged = palette.copy()
    exchanged[[5, 6]] = palette[[6, 5]]
    one, two = MaskImage("one.png", LABELS, palette), MaskImage("two.png", np.where(LABELS == 5, 6, LABELS), exchanged)
    values = judge([one, one], "voc")
    assert any("numbers are taken as they are" in sentence for sentence in values.assumptions())
    with pytest.raises(InputError, match=r"stands for 5 in one\.png and for 6 in two\.png"):
        judge([one, two], "voc")


def test_label_sets_of_other_sizes_are_labels() -> None:
    many = np.where(LABELS == 5, 150, 0)
    values = judge([of(many), of(np.where(LABELS == 5, 30, 0)), of(np.where(LABELS == 255, 7, many))])
    assert values.kind == "labels"
    np.testing.assert_array_equal(values.regions(of(many)), OBJECT)
    with pytest.raises(InputError, match="the mask holds 150"):
        MaskValues.parse("voc").regions(of(many))


@pytest.mark.parametrize("text", ["soft", "soft>=0", "soft>=256", "soft>128", "grey", ""])
def test_another_reading_is_refused_with_those_there_are(text: str) -> None:
    with pytest.raises(InputError, match=r"voc, labels, binary or soft>=T"):
        MaskValues.parse(text)


def test_pictures_that_cannot_mean_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"c\.png is in colour"):
        saved(tmp_path, Image.fromarray(np.random.default_rng(0).integers(0, 255, (4, 4, 3), np.uint8)), "c.png")
    with pytest.raises(InputError, match="transparent in places"):
        saved(tmp_path, Image.new("RGBA", (4, 4), (255, 255, 255, 9)), "t.png")
    with pytest.raises(InputError, match=r"numbers 0\.\.255"):
        saved(tmp_path, Image.fromarray(np.array([[0, 300]], np.uint16)), "deep.png")
    (tmp_path / "torn.png").write_bytes((tmp_path / "c.png").read_bytes()[:-40])
    with pytest.raises(InputError, match=r"torn\.png cannot be decoded"):
        read_mask(tmp_path / "torn.png")


@given(
    black_first=st.booleans(),
    colour=st.tuples(*[st.integers(1, 250)] * 3).filter(
        lambda c: len(set(c)) > 1 and voc_numbers_of(np.array([c])) is None
    ),
    spare=st.integers(0, 3),
)
@settings(deadline=None, max_examples=30)
def test_black_is_the_background_of_a_palette_cut_down_to_two_colours(
    tmp_path_factory: pytest.TempPathFactory, black_first: bool, colour: tuple[int, int, int], spare: int
) -> None:
    colours = np.array([[0, 0, 0], colour] if black_first else [colour, [0, 0, 0]])
    numbers = OBJECT if black_first else 1 - OBJECT
    image = paletted(numbers, np.concatenate([colours, np.full((spare, 3), 9)]))
    mask = saved(tmp_path_factory.mktemp("m"), image)
    for usual in ("voc", None):
        values = judge([mask], usual)
        np.testing.assert_array_equal(values.regions(mask), OBJECT)
        reordered = [sentence for sentence in values.assumptions() if "labels follow the colours" in sentence]
        assert bool(reordered) != black_first
    np.testing.assert_array_equal(MaskValues.parse("labels").regions(mask), numbers)


def test_a_cut_palette_without_a_black_says_nothing_about_the_background() -> None:
    for colours, numbers in (([[9, 80, 3], [200, 7, 7]], OBJECT), ([[9, 80, 3]], np.zeros_like(OBJECT))):
        mask = MaskImage("red.png", numbers.astype(np.uint8), np.array(colours, np.uint8))
        with pytest.raises(InputError, match=r"red\.png was cut down.*nothing tells the background.*binary"):
            judge([mask])
    alone = MaskImage("black.png", np.zeros_like(OBJECT), np.zeros((1, 3), np.uint8))
    assert not judge([alone]).regions(alone).any()


def test_a_palette_of_one_grey_for_all_numbers_says_nothing(tmp_path: Path) -> None:
    """Some tools write a palette of zeros: the object would be black, and background, by its colour."""
    mask = saved(tmp_path, paletted(LABELS, np.zeros((256, 3))))
    np.testing.assert_array_equal(judge([mask]).regions(mask), REGIONS)
    np.testing.assert_array_equal(judge([mask], "voc").regions(mask), REGIONS)
    two = saved(tmp_path, paletted(OBJECT, np.zeros((256, 3))))
    np.testing.assert_array_equal(MaskValues.parse("binary").regions(two), OBJECT)
