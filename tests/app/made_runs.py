"""Small finished runs, made by the evaluations themselves on a made model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from analysis.engine import Local, evaluate
from analysis.evaluations import fixation_summary, segmentation_summary
from analysis.evaluations.fixations import FixationEvaluation
from analysis.evaluations.frame import confirm_engine, confirm_models
from analysis.evaluations.segmentation import Segmentation
from analysis.runs import Run
from analysis.saliency import Reading
from tests.fixations.made import made_rows, make_table
from tests.made import MadeBackend
from tests.segmentation.made import make_voc
from vars_core.data.coordinates import look_at_images
from vars_core.data.fixation_table import read_fixation_folder
from vars_core.data.mask_values import MaskValues
from vars_core.data.voc import read_voc

MODEL = "rvt_nano/vars_d"
"""The made model's name, and two of its layers', are those of a model that the page has."""

READINGS = {MODEL: Reading(("0.0", "0.1"), ("energy", "stream"))}


class Scored(MadeBackend):
    name = MODEL


def segmentation_run(
    folder: Path, data: Path, count: int = 4, *, missing: int | None = None, asked: str | None = None
) -> Path:
    """A run over ``count`` images of the VOC layout in ``data``; the mask of image number ``missing`` is not there.

    ``asked``: what the masks' numbers were said to mean.
    """
    make_voc(data, count)
    masks = read_voc(data, values=None if asked is None else MaskValues.parse(asked))
    if missing is not None:
        masks.pairs[missing].mask.unlink()
    settings = {"evaluation": "segmentation", "layout": "voc", "models": [MODEL], "limit": None, "batch_size": 2}
    settings["mask_values"] = masks.values.name
    run = Run.open(folder, settings, data={"folder": str(data.resolve()), "samples": count})
    run.record("mask_values_asked", asked is not None)
    evaluation = Segmentation(masks, READINGS, threshold=0.3)
    _score(run, evaluation)
    run.write_summary(segmentation_summary.summarise(run))
    return folder


def fixation_run(folder: Path, data: Path, count: int = 3) -> Path:
    """A run over ``count`` images with made fixations, in the layout table."""
    sizes, found = look_at_images(read_fixation_folder(make_table(data, made_rows(count), count)))
    settings = {"evaluation": "fixations", "layout": "table", "models": [MODEL], "limit": None, "batch_size": 2}
    run = Run.open(folder, settings, data={"folder": str(data.resolve()), **found.described()})
    _score(run, FixationEvaluation(found, sizes, READINGS, metrics=("nss", "kl"), sigma=5.0))
    run.write_summary(fixation_summary.summarise(run))
    return folder


def row_of(folder: Path, image: str, t: int, layer: str = "0.1", readout: str = "energy") -> dict[str, Any]:
    """The stored row of one image and one map of the model."""
    place = (pc.field("layer") == layer) & (pc.field("readout") == readout) & (pc.field("iteration") == t)
    table = Run.read(folder).rows(where=(pc.field("id") == image) & place)
    (row,) = table.to_pylist()
    return row


def _score(run: Run, evaluation: Any) -> None:
    backends: list[Any] = [Scored()]
    confirm_models(run, backends, evaluation)
    engine = Local(workers=1)
    confirm_engine(run, engine, backends)
    evaluate(evaluation, backends, run, engine, batch_size=2)
