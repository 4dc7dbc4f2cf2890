"""``python -m analysis faithfulness``: do maps point at the pixels that the model's answer hangs on?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from analysis.commands.evaluating import Evaluated, OfMaps, choose_readings, list_photographs
from analysis.commands.options import load_backends
from analysis.evaluations.faithfulness import FaithfulnessEvaluation, PictureToScore
from analysis.evaluations.frame import Plan, run_evaluation
from analysis.evaluations.suites import CLEAN, open_suite, spread
from analysis.metrics.faithfulness import STEPS
from vars_core.data.notes import Note, described
from vars_core.training.options import asks, option, options

if TYPE_CHECKING:
    from vars_core.backend import Backend


@dataclass(frozen=True, kw_only=True)
class Asked(Evaluated):
    data: Path = option("Folder of pictures at any depth, or with val*.parquet and classes.csv.")
    layer: tuple[str, ...] = option(options(OfMaps)["layer"].help, ())
    readout: tuple[str, ...] = option(options(OfMaps)["readout"].help, ())
    steps: int = option("Steps of a curve.", STEPS, low=1)
    seed: int = option("Seed of the random maps.", 0)


@asks(Asked)
def faithfulness(asked: Asked) -> None:
    """Deletion and insertion of a model's maps at the last iterate, beside a random and a centred map.

    Pixels go in the order of the map: what happens to the probability of the class that the model gives the whole
    picture? Readouts: all unless some are named. With --limit, pictures from all over the data. Exit status: 0; 2 for
    bad input; 3 when some pictures could not be read.
    """
    requests, data, readouts = asked.requests, asked.data, asked.readout or ("all",)
    if any(data.glob("val*.parquet")):
        every = [PictureToScore(one.id, one.read) for one in open_suite(CLEAN, data).samples]
        notes: tuple[Note, ...] = ()
    else:
        files, notes = list_photographs(data)
        every = [PictureToScore(name, path.read_bytes) for name, path in files.items()]
    samples = spread(every, asked.limit)
    plan = Plan(
        kind="faithfulness",
        out=asked.out,
        settings={
            **asked.told,
            "layers": asked.layer or ["default"],
            "readouts": readouts,
            "steps": asked.steps,
            "seed": asked.seed,
            **asked.told_last,
        },
        data={"folder": "/".join(data.resolve().parts[-2:]), "samples": len(samples), "of": len(every)},
        noted={"notes": described(notes)},
        load=lambda: load_backends(requests, asked.device),
        what="pictures",
    )

    def make(backends: Sequence[Backend]) -> FaithfulnessEvaluation:
        readings = choose_readings(backends, asked.layer, readouts)
        return FaithfulnessEvaluation(samples, readings, steps=asked.steps, seed=asked.seed)

    raise typer.Exit(run_evaluation(plan, make))
