"""What the numbers of masks mean: said by whoever knows, or judged from all masks of a set, with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from vars_core.data.masks import BACKGROUND, FOREGROUND, VOC_LABELS, VOID, VOID_LABEL, MaskImage
from vars_core.decoding import ImageError
from vars_core.errors import InputError

CHOICES = 'voc, labels, binary or soft>=T (T of 1..255, for example "soft>=128")'
LARGEST_CLASS = 20
"""Of PASCAL VOC."""
MOST_LEVELS = 21
"""Numbers beside 0 in one mask without a known palette: more are the grey levels of a soft edge, not labels."""
VOID_WITHOUT_OBJECT = 0.05
"""Of a mask's pixels: as much 255 without any label is more likely an object than a border."""


@dataclass(frozen=True)
class MaskValues:
    """One reading of masks.

    - ``voc``: 0 background, 1..20 the object, 255 void; any other number is an error.
    - ``labels``: 0 background, 255 void, any other number the object.
    - ``binary``: 0 (black) background, the one other number the object; no void.
    - ``soft>=T``: grey levels; the object where they reach T; no void.

    ``kind``: "voc", "labels", "binary", "soft". ``threshold``: T, for "soft". ``reason``: why this reading; "" where it
    was asked for. ``judged``: nobody said it, so masks that contradict it are refused. ``remarks``: sentences on what
    else was decided about the masks.
    """

    kind: str
    threshold: int = 128
    reason: str = ""
    judged: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As `parse` understands it."""
        return f"soft>={self.threshold}" if self.kind == "soft" else self.kind

    @property
    def words(self) -> str:
        """What the numbers mean."""
        return {
            "voc": "0 background, 1..20 foreground, 255 void",
            "labels": "0 background, all else foreground, 255 void",
            "binary": "0 background, all else foreground",
            "soft": f"foreground where the grey level reaches {self.threshold}",
        }[self.kind]

    def assumptions(self) -> tuple[str, ...]:
        """What nobody said and the masks do not prove, in sentences."""
        if not self.judged:
            return ()
        return (f"masks are read as {self.name} ({self.words}), because {self.reason}", *self.remarks)

    def regions(self, mask: MaskImage) -> np.ndarray:
        """uint8 (H, W) of BACKGROUND, FOREGROUND and VOID.

        Raises ImageError: the mask cannot be read so; the sentence says what it holds.
        """
        return mask.renumbered(_READINGS[self.kind](self, mask))

    @staticmethod
    def parse(text: str) -> MaskValues:
        """Raises InputError for anything but the names above."""
        soft = re.fullmatch(r"soft\s*>=\s*(\d{1,3})", text.strip())
        if soft and 1 <= int(soft[1]) <= 255:
            return MaskValues("soft", int(soft[1]))
        if text.strip() not in ("voc", "labels", "binary"):
            raise InputError(f"expected masks to be read as {CHOICES}, got {text!r}")
        return MaskValues(text.strip())


def judge(masks: Iterable[MaskImage], usual: str | None = None) -> MaskValues:
    """The reading of a set of masks that nobody has named, from all of them.

    ``masks``: those that can be read; looked at one after the other. ``usual``: the reading that the layout stands for
    ("voc"), or None. Raises InputError: the masks allow two readings that differ, or contradict the layout's; the
    sentence says which masks, and how to say what they mean.
    """
    seen = _Seen()
    for mask in masks:
        seen.add(mask)
    if not seen.count:
        return MaskValues(usual or "labels", reason="no mask could be looked at", judged=True)
    if seen.refused and len(seen.refused) == seen.count:
        raise InputError(seen.refused[0])
    values = _labelled(seen, "voc", "the layout is PASCAL VOC's") if usual == "voc" else _without_layout(seen)
    return replace(values, remarks=seen.remarks())


class _Seen:
    """What the masks of a set hold between them; every mask by its numbers as its colours correct them."""

    def __init__(self) -> None:
        self.count = 0
        self.refused: list[str] = []
        self.object = self.void = self.certain = 0
        self.reordered: list[str] = []
        self.strange: list[str] = []
        self.numbers: set[int] = set()
        self.two_valued: dict[int, str] = {}  # the one number beside 0 → the first such mask
        self.several: list[str] = []  # masks with two or more numbers beside 0
        self.most: tuple[int, str] = (0, "")  # numbers beside 0 in one mask
        self.odd = ""  # the first mask with a number that is none of VOC's
        self._first: dict[tuple[int, ...], tuple[int, str]] = {}  # colour → the number it stands for, and where

    def add(self, mask: MaskImage) -> None:
        self.count += 1
        self._same_colours(mask)
        try:
            numbers = corrected(mask, judged=True)
        except ImageError as error:
            self.refused.append(str(error))
            return
        pixels = mask.counts[mask.used]
        if not np.array_equal(numbers, mask.used):
            self.reordered.append(mask.name)
        elif mask.voc_numbers() is None and mask.greys() is None:
            self.strange.append(mask.name)
        if mask.voc_numbers() is not None:
            self.certain += 1
        else:
            self.void += int(pixels[numbers == VOID_LABEL].sum())
            self.object += int(pixels[(numbers != 0) & (numbers != VOID_LABEL)].sum())
        beside = sorted({int(number) for number in numbers if number})
        self.numbers.update(beside)
        if len(beside) == 1:
            self.two_valued.setdefault(beside[0], mask.name)
        elif beside:
            self.several.append(mask.name)
        if mask.voc_numbers() is None and len(beside) > self.most[0]:
            self.most = len(beside), mask.name
        if not self.odd and set(beside) - set(VOC_LABELS):
            self.odd = mask.name

    def remarks(self) -> tuple[str, ...]:
        """What was decided about palettes."""
        decided = (
            ("the palettes of {} are in an order of their own: labels follow the colours", self.reordered),
            ("the palettes of {} have other colours than PASCAL VOC's: numbers are taken as they are", self.strange),
        )
        return tuple(words.format(f"{len(names)} masks ({names[0]}, …)") for words, names in decided if names)

    def _same_colours(self, mask: MaskImage) -> None:
        """A colour that stands for one number here and for another there is a palette put in a new order."""
        colours = mask.colours()
        if colours is None or mask.greys() is not None or mask.voc_numbers() is not None:
            return
        if len(np.unique(colours, axis=0)) < len(colours):
            return
        for colour, number in zip(map(tuple, colours.tolist()), mask.used.tolist(), strict=True):
            before, where = self._first.setdefault(colour, (number, mask.name))
            if before != number:
                raise ImageError(
                    f"the colour {colour} stands for {before} in {where} and for {number} in {mask.name}: a palette "
                    "was put in a new order, and the numbers mean nothing across masks"
                )


def _without_layout(seen: _Seen) -> MaskValues:
    """The reading of a plain pair of folders, or of one mask."""
    values = sorted(seen.two_valued)
    if not seen.several and len(values) <= 1:
        held = f"0 and {values[0]}" if values else "0"
        return MaskValues("binary", reason=f"every mask holds {held} alone", judged=True)
    levels, where = seen.most
    if levels > MOST_LEVELS:
        raise InputError(
            f"{where} holds {levels} grey levels beside 0, which may be soft edges or labels: "
            f"say how masks are to be read, as {CHOICES}"
        )
    if not seen.odd:
        return _labelled(seen, "voc", "masks hold labels of 0..20 and 255 alone")
    if VOID_LABEL in seen.numbers:
        raise InputError(
            f"{seen.odd} holds grey levels between 20 and 255, and masks hold 255, which may be the object or void: "
            f"say how masks are to be read, as {CHOICES}"
        )
    return MaskValues("labels", reason="masks hold several numbers, and none holds 255", judged=True)


def _labelled(seen: _Seen, kind: str, reason: str) -> MaskValues:
    """Masks whose 255 is void, unless that would swallow what may well be the object."""
    if seen.void and not seen.object and not seen.certain:
        raise InputError(
            f"every mask holds 0 and 255 alone ({reason}): no object can be told from void. "
            f"Say how masks are to be read, as {CHOICES}; binary takes 255 for the object"
        )
    if seen.void > seen.object and not seen.certain:
        raise InputError(
            f"255 covers {seen.void:,} pixels of the masks and all labels {seen.object:,} ({reason}): read as void it "
            f"would swallow most of the object. Say how masks are to be read, as {CHOICES}"
        )
    return MaskValues(kind, reason=reason, judged=True)


def corrected(mask: MaskImage, *, judged: bool) -> np.ndarray:
    """The label of each number that occurs, (used,), as the mask's colours correct it.

    VOC's colours name their labels, whatever order a tool has put the palette in. A palette of greys stands for its
    grey levels. Other colours say nothing, and numbers are what they are; but in a palette cut down to the colours in
    use, numbers may be but the order of its entries: where nobody said what they mean (``judged``), black and one other
    colour are background and object, and others are refused, as is a whole palette where black is not 0. Raises
    ImageError: the palette's colours contradict its numbers.
    """
    labels = mask.voc_numbers()
    if labels is not None:
        return labels
    colours, greys = mask.colours(), mask.greys()
    if colours is None or mask.palette is None:
        return mask.used
    ramp = greys is not None and np.array_equal(greys, mask.used)
    if not judged or ramp:
        return mask.used
    if greys is not None:
        return greys
    is_black = np.all(colours == 0, axis=1)
    if len(mask.palette) <= VOID_LABEL and len(mask.used) <= 2:
        return _of_cut_palette(mask, is_black)
    black = mask.used[is_black]
    if len(black) and 0 not in black and mask.counts[0]:
        raise ImageError(
            f"the palette of {mask.name} shows 0 in a colour and {black[0]} in black: its colours contradict it"
        )
    if len(mask.palette) <= VOID_LABEL:
        raise ImageError(
            f"the palette of {mask.name} has {len(mask.palette)} entries, in other colours than PASCAL VOC's: a tool "
            f"may have given its numbers a new order. Say how masks are to be read, as {CHOICES}"
        )
    return mask.used


def _of_cut_palette(mask: MaskImage, is_black: np.ndarray) -> np.ndarray:
    """The label of each of the one or two numbers of a palette cut down to them, one of which is black."""
    if is_black.sum() != 1:
        raise ImageError(
            f"the palette of {mask.name} was cut down, and the colours in use are neither PASCAL VOC's nor black and "
            f"one other: nothing tells the background. Say how masks are to be read, as {CHOICES}"
        )
    return np.where(is_black, 0, np.maximum(mask.used, 1))


def _read_labels(values: MaskValues, mask: MaskImage) -> np.ndarray:
    """Regions of the numbers that occur, for ``voc`` and ``labels``."""
    _refuse_lossy(mask)
    numbers = corrected(mask, judged=values.judged)
    if values.kind == "voc" and (odd := sorted(set(numbers.tolist()) - set(VOC_LABELS))):
        raise ImageError(f"expected VOC labels 0..{LARGEST_CLASS} or {VOID_LABEL}, the mask holds {odd[0]}")
    regions = np.select([numbers == 0, numbers == VOID_LABEL], [BACKGROUND, VOID], FOREGROUND)
    void = mask.counts[mask.used][regions == VOID].sum() / mask.numbers.size
    certain = mask.voc_numbers() is not None
    if values.judged and not certain and FOREGROUND not in regions and void > VOID_WITHOUT_OBJECT:
        raise ImageError(
            f"{mask.name} holds 0 and 255 alone, and 255 covers {void:.0%} of it: as void it would swallow what may be "
            f"the object. Say how masks are to be read, as {CHOICES}"
        )
    return regions


def _read_binary(values: MaskValues, mask: MaskImage) -> np.ndarray:
    _refuse_lossy(mask)
    greys = mask.greys()
    numbers = greys if greys is not None else corrected(mask, judged=values.judged)
    beside = sorted({int(number) for number in numbers if number})
    if len(beside) > 1:
        raise ImageError(
            f"expected 0 and one other number in a binary mask, {mask.name} holds {len(set(numbers.tolist()))} "
            f"({', '.join(map(str, beside[:4]))}{', …' if len(beside) > 4 else ''}): soft>=T reads grey levels"
        )
    return np.where(numbers == 0, BACKGROUND, FOREGROUND)


def _read_soft(values: MaskValues, mask: MaskImage) -> np.ndarray:
    greys = mask.greys()
    if greys is None:
        raise ImageError(f"expected grey levels in a soft mask, the palette of {mask.name} has colours")
    return np.where(greys >= values.threshold, FOREGROUND, BACKGROUND)


def _refuse_lossy(mask: MaskImage) -> None:
    if mask.is_lossy:
        raise ImageError(f"expected a lossless label image, {mask.name} is a JPEG: soft>=T reads its grey levels")


_READINGS: dict[str, Callable[[MaskValues, MaskImage], np.ndarray]] = {
    "voc": _read_labels,
    "labels": _read_labels,
    "binary": _read_binary,
    "soft": _read_soft,
}
