"""The images that a report shows of each map: those at either end of its scores. A photograph is decoded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from analysis.drawing import thumbnail
from analysis.engine import Item
from analysis.evaluations.grouping import MapGroup
from analysis.evaluations.maps import MapEvaluation
from analysis.evaluations.report_parts import part_name
from analysis.placed_map import PlacedMap
from analysis.reports import Card
from analysis.runs import Run
from analysis.saliency import MapKey
from vars_core.errors import InputError

SHOWN = 10
"""Images at either end."""

G = TypeVar("G", bound=MapGroup)
Drawn = tuple[Sequence[tuple[str, np.ndarray]], str]
"""Pictures of an image, each with its caption, and how it scored in words."""


def best_and_worst(
    run: Run,
    evaluation: MapEvaluation,
    groups: Sequence[G],
    keys: Mapping[str, MapKey],
    scores: Callable[[G], np.ndarray],
    draw: Callable[[Item, PlacedMap, G, int], Drawn],
) -> Iterator[tuple[G, list[Card], list[Card]]]:
    """Each group with the cards of its best images, best first, and of its worst, worst first.

    ``keys``: per model name, which of its maps is shown. ``scores``: of a group's images, higher is better. ``draw``:
    an image with the map that a report shows of it, the group, and the image's place in the group.
    """
    orders = [np.argsort(-scores(group), kind="stable") for group in groups]
    ends = [(order[:SHOWN].tolist(), order[::-1][:SHOWN].tolist()) for order in orders]
    users: dict[int, dict[tuple[int, int], G]] = {}
    for number, (group, (best, worst)) in enumerate(zip(groups, ends, strict=True)):
        for place in (*best, *worst):
            users.setdefault(int(group.positions[place]), {})[number, place] = group
    cards: dict[tuple[int, int], Card] = {}
    for position, shown_in in users.items():
        where = f"{part_name(run, position)}, position {position}"
        item = _load(evaluation, position)
        for (number, place), group in shown_in.items():
            if isinstance(item, Item):
                shown = evaluation.shown_map(run, group.model, keys.get(group.model), item)
                pictures, words = ((), "its map was not kept") if shown is None else draw(item, shown, group, place)
            else:
                pictures, words = (), str(item)
            small = [(caption, thumbnail(picture)) for caption, picture in pictures]
            cards[number, place] = Card(small, f"{group.ids[place]}: {words} ({where})", group.model)
    for number, (group, (best, worst)) in enumerate(zip(groups, ends, strict=True)):
        yield group, [cards[number, place] for place in best], [cards[number, place] for place in worst]


def _load(evaluation: MapEvaluation, position: int) -> Item | Exception:
    """A sample as it was when it was scored; or why it cannot be read any longer."""
    sample = evaluation.samples[position]
    try:
        image, target = evaluation.load(sample)
    except (InputError, OSError) as error:
        return error
    return Item(position, sample, image, target, {})
