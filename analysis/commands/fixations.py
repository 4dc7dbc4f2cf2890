"""``python -m analysis fixations``: table 5 of the paper on any fixation data, between its floors and its ceiling."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import typer

from analysis.commands.evaluating import LAYOUT, OfMaps, tell
from analysis.commands.options import for_maps, load_backends, parse_numbers
from analysis.commands.painting_options import Coloured
from analysis.evaluations.fixation_summary import image_metrics
from analysis.evaluations.fixations import FixationEvaluation
from analysis.evaluations.frame import EXIT_WITH_ERROR_ROWS, Plan, run_evaluation
from vars_core.data.coordinates import look_at_images
from vars_core.data.fixation_table import write_table
from vars_core.data.fixations import FixationSet
from vars_core.data.layouts import FIXATIONS, choose, described
from vars_core.errors import InputError, nearest
from vars_core.training.options import asks, option

if TYPE_CHECKING:
    from vars_core.backend import Backend


@dataclass(frozen=True, kw_only=True)
class Asked(Coloured, OfMaps):
    layout: str | None = option(LAYOUT.format(described(FIXATIONS)), None)
    out: Path | None = option("The run's folder; an interrupted run there is continued.", None)  # type: ignore[assignment]  # a table alone needs none
    extract: Path | None = option("Write the fixations found as a table (.csv or .parquet).", None)
    model: tuple[str, ...] = option(
        "Model spec, e.g. rvt_nano/vars_d; repeatable. None: baselines and humans alone.", ()
    )
    drop_first: bool | None = option(
        "Each observer's first fixation; dropped for mit1003 alone.", None, name="--drop-first/--keep-first"
    )
    metrics: str = option(f"Comma-separated, of {', '.join(image_metrics())}, or all; nss alone is fast.", "all")
    blur: str = option("Also score maps blurred by these σ in pixels, comma-separated.", "0")
    sigma: float | None = option("Pixels of one degree of visual angle; 35, for osie 24.", None)


@asks(Asked)
def fixations(asked: Asked) -> None:
    """Score maps against eye fixations, beside the centre prior, a cross-validated centre bias and the human ceiling.

    Exit status: 0; 2 for bad input, before any model is loaded; 3 when some images or trials could not be read.
    """
    if asked.out is None and asked.extract is None:
        raise InputError("expected --out RUN, --extract FILE or both, got neither")
    engine, requests = asked.chosen_engine, asked.requests
    metrics, blurs, _ = parse_metrics(asked.metrics), parse_blurs(asked.blur), asked.step
    layout = choose(asked.layout, asked.data, FIXATIONS)
    recorded: FixationSet = layout.read(asked.data)
    drops = recorded.drops_first if asked.drop_first is None else asked.drop_first
    sizes, recorded = look_at_images(recorded.without_first() if drops else recorded)
    degree = recorded.sigma if asked.sigma is None else asked.sigma
    if not degree > 0:
        raise InputError(f"expected a --sigma above 0 pixels, got {asked.sigma}")
    typer.echo(f"{len(recorded.stimuli)} of {recorded.listed} listed images, {recorded.count} fixations")
    tell(recorded.notes, recorded.assumptions)
    faults = any(note.fault for note in recorded.notes)
    if asked.extract is not None:
        typer.echo(f"{write_table(recorded, asked.extract)} fixations written to {asked.extract}")
    if asked.out is None:
        raise typer.Exit(EXIT_WITH_ERROR_ROWS if faults else 0)
    plan = Plan(
        kind="fixations",
        out=asked.out,
        settings={
            "layout": layout.name,
            "drop_first": drops,
            "sigma": degree,
            **asked.told_maps,
            "metrics": metrics,
            "blurs": blurs,
            **asked.told_last,
        },
        data=_described(asked.data, recorded),
        noted={"assumptions": list(recorded.assumptions), **asked.told_colours},
        load=lambda: load_backends(for_maps(requests), engine.device),
        engine=engine,
    )

    def make(backends: Sequence[Backend]) -> FixationEvaluation:
        readings, headlines = asked.read(backends)
        return FixationEvaluation(
            recorded, sizes, readings, headlines, metrics=metrics, sigma=degree, blurs=blurs, limit=asked.limit
        )

    status = run_evaluation(plan, make)
    raise typer.Exit(EXIT_WITH_ERROR_ROWS if faults else status)


def parse_metrics(text: str) -> tuple[str, ...]:
    """Comma-separated names, in the order of the table, or "all"; NSS is always among them."""
    known = image_metrics()
    wanted = {"nss", *(name.strip() for name in text.split(",") if name.strip())}
    if "all" in wanted:
        return tuple(known)
    for name in wanted:
        if name not in known:
            hint = f"nearest: {nearest(name, known)}"
            raise InputError(f"expected --metrics of {', '.join(known)}, got {name!r} ({hint})")
    return tuple(name for name in known if name in wanted)


def parse_blurs(text: str) -> tuple[float, ...]:
    """σ in pixels, ascending; 0, the map as it is, is always among them. Raises InputError."""
    return tuple(sorted({0.0, *parse_numbers(text, "--blur", 0, 1000, "pixels")}))


def _described(data: Path, recorded: FixationSet) -> dict[str, Any]:
    digest = hashlib.sha256()
    for stimulus in recorded.stimuli:
        digest.update(f"{stimulus.id}\n".encode())
        for column in (stimulus.fixations.xs, stimulus.fixations.ys, stimulus.fixations.observers):
            digest.update(np.ascontiguousarray(column).tobytes())
    return {"folder": str(data.resolve()), **recorded.described(), "fixations_sha256": digest.hexdigest()}
