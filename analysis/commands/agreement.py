"""``python -m analysis agreement``: do a model's maps hold under corruption?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from analysis.commands.corrupt import NAMES_HELP, SEVERITIES_HELP, parse_names, parse_severities
from analysis.commands.evaluating import OnEngine, list_photographs
from analysis.commands.options import for_maps, load_backends
from analysis.evaluations.agreement import AgreementEvaluation, PictureFile
from analysis.evaluations.frame import Plan, run_evaluation
from vars_core.data.notes import described
from vars_core.training.options import asks, option


@dataclass(frozen=True, kw_only=True)
class Asked(OnEngine):
    data: Path = option("Folder of photographs, searched to any depth.")
    limit: int | None = option("Only the first N photographs, in the order of names.", 50, low=1)
    names: tuple[str, ...] = option(NAMES_HELP, ())
    severities: tuple[str, ...] = option(SEVERITIES_HELP, ())
    seed: int = option("Seed of the corruptions.", 0)
    batch_size: int = option("Pictures per forward pass.", 16, low=1)


@asks(Asked)
def agreement(asked: Asked) -> None:
    """Correlation and SSIM of each corrupted picture's map with the clean one's, as a run and as a Markdown table.

    Photographs are first cropped to 224 px as ImageNet-C is, since its severities are meant for that size. Maps are
    those of the model's default layer and readout at its last iterate. Exit status: 0; 2 for bad input; 3 when some
    photographs could not be read.
    """
    engine, requests = asked.chosen_engine, asked.requests
    names, severities = parse_names(asked.names), parse_severities(asked.severities)
    files, notes = list_photographs(asked.data)
    pictures = [PictureFile(image_id, path) for image_id, path in list(files.items())[: asked.limit]]
    plan = Plan(
        kind="agreement",
        out=asked.out,
        settings={
            **asked.told,
            "names": names,
            "severities": severities,
            "seed": asked.seed,
            **asked.told_last,
            "batch_size": 1,  # photographs a part; each is a batch of corrupted pictures
            "pictures_at_once": asked.batch_size,
        },
        data={"folder": "/".join(asked.data.resolve().parts[-2:]), "samples": len(pictures), "of": len(files)},
        noted={"notes": described(notes)},
        load=lambda: load_backends(for_maps(requests), engine.device),
        engine=engine,
        what="photographs",
    )
    at_once = asked.batch_size
    evaluation = AgreementEvaluation(pictures, names, severities, seed=asked.seed, pictures_at_once=at_once)
    raise typer.Exit(run_evaluation(plan, lambda backends: evaluation))
