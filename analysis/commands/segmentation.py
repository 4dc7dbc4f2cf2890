"""``python -m analysis segmentation``: table 4 of the paper on any labelled set of photographs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer

from analysis.commands.evaluating import LAYOUT, OfMaps, tell
from analysis.commands.options import for_maps, load_backends
from analysis.commands.painting_options import Coloured
from analysis.evaluations.frame import Plan, run_evaluation
from analysis.evaluations.segmentation import Segmentation
from vars_core.data.layouts import MASKS, choose, described
from vars_core.data.mask_set import MaskSet
from vars_core.data.mask_values import CHOICES, MaskValues
from vars_core.data.notes import described as described_notes
from vars_core.errors import check_range
from vars_core.training.options import asks, option

if TYPE_CHECKING:
    from vars_core.backend import Backend


@dataclass(frozen=True, kw_only=True)
class Asked(Coloured, OfMaps):
    layout: str | None = option(LAYOUT.format(described(MASKS)), None)
    mask_values: str | None = option(
        f"What the masks' numbers mean: {CHOICES}. None: judged from the masks, and said.", None
    )
    split: str | None = option("VOC: the list to read; val by default.", None)
    threshold: float = option("Foreground where the normalised map reaches it.", 0.3)
    heads: bool = option("Also score the best head of each map (an oracle).", False)


@asks(Asked)
def segmentation(asked: Asked) -> None:
    """Score maps as class-agnostic masks: IoU, false positives, false negatives, beside two baselines.

    Exit status: 0; 2 for bad input, before any model is loaded; 3 when some images could not be scored.
    """
    engine, requests, _ = asked.chosen_engine, asked.requests, asked.step
    check_range("a --threshold", asked.threshold, 0, 1)
    layout = choose(asked.layout, asked.data, MASKS)
    values = None if asked.mask_values is None else MaskValues.parse(asked.mask_values)
    masks: MaskSet = layout.read(asked.data, split=asked.split, values=values)
    tell(masks.notes, masks.assumptions)
    masks = replace(masks, pairs=masks.pairs[: asked.limit])
    plan = Plan(
        kind="segmentation",
        out=asked.out,
        settings={
            "layout": layout.name,
            "split": masks.split,
            "mask_values": masks.values.name,
            **asked.told_maps,
            "threshold": asked.threshold,
            "heads": asked.heads,
            **asked.told_last,
        },
        data={"folder": str(asked.data.resolve()), **masks.described()},
        noted={
            "assumptions": list(masks.assumptions),
            "notes": described_notes(masks.notes),
            "mask_values_asked": values is not None,
            **asked.told_colours,
        },
        load=lambda: load_backends(for_maps(requests), engine.device),
        engine=engine,
    )

    def make(backends: Sequence[Backend]) -> Segmentation:
        readings, headlines = asked.read(backends)
        return Segmentation(masks, readings, headlines, threshold=asked.threshold, per_head=asked.heads)

    raise typer.Exit(run_evaluation(plan, make))
