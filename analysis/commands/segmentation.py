"""``python -m analysis segmentation``: table 4 of the paper on any labelled set of photographs."""

from __future__ import annotations

import hashlib
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import typer

from analysis.commands.options import choose_layers, choose_readouts, load_backends, parse_models
from analysis.engine import evaluate
from analysis.evaluations.segmentation import Segmentation
from analysis.evaluations.segmentation_summary import Entry, summarise
from analysis.metrics.segmentation import regions
from analysis.runs import Run
from analysis.saliency import MapKey, Reading
from vars_core.data.masks import Pair
from vars_core.data.pairs import read_pairs, void_label
from vars_core.data.voc import check_voc_labels, read_voc
from vars_core.errors import InputError

if TYPE_CHECKING:
    from analysis.evaluations.segmentation_report import Headline
    from vars_core.backend import Backend

EXIT_WITH_ERROR_ROWS = 3


def segmentation(
    data: Annotated[Path, typer.Option(help="The data set's folder.")],
    out: Annotated[Path, typer.Option(help="The run's folder; an interrupted run there is continued.")],
    model: Annotated[
        list[str] | None, typer.Option(help="Model spec, e.g. rvt_nano/vars_d; repeatable. None: baselines alone.")
    ] = None,
    checkpoint: Annotated[list[str] | None, typer.Option(help="SPEC=FILE; repeatable.")] = None,
    layout: Annotated[Literal["voc", "pairs"], typer.Option(help="PASCAL VOC, or folders images and masks.")] = "voc",
    split: Annotated[str | None, typer.Option(help="VOC: the list to read; val by default.")] = None,
    layer: Annotated[
        list[str] | None, typer.Option(help='Layer, e.g. 0.9; repeatable; "default" (the model\'s own) or "all".')
    ] = None,
    readout: Annotated[
        list[str] | None,
        typer.Option(help='energy, gap, contribution, stream; repeatable; "default" (the model\'s own) or "all".'),
    ] = None,
    iteration: Annotated[
        str, typer.Option(help='Iterate in the report\'s first table: a number or "last"; all are scored.')
    ] = "last",
    threshold: Annotated[float, typer.Option(help="Foreground where the normalised map reaches it.")] = 0.3,
    heads: Annotated[bool, typer.Option(help="Also score the best head of each map (an oracle).")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N images.")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Images per forward pass and per part of the run.")] = 8,
    workers: Annotated[int, typer.Option(min=1, help="Threads that decode, and that count.")] = 2,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps.")] = "auto",
) -> None:
    """Score maps as class-agnostic masks: IoU, false positives, false negatives, beside two baselines.

    Exit status: 0; 2 for bad input, before any model is loaded; 3 when some images could not be scored.
    """
    requests = parse_models(model or [], checkpoint or [])
    if not 0 <= threshold <= 1:
        raise InputError(f"expected a --threshold between 0 and 1, got {threshold}")
    step = _parse_iteration(iteration)
    samples, regions_of, values = _read_samples(data, layout, split)
    samples = samples[:limit]
    settings = {
        "evaluation": "segmentation",
        "layout": layout,
        "split": split or "val" if layout == "voc" else None,
        "models": [request.spec for request in requests],
        "layers": layer or ["default"],
        "readouts": readout or ["default"],
        "iteration": iteration,
        "threshold": threshold,
        "heads": heads,
        "limit": limit,
        "batch_size": batch_size,
        "device": device,
    }
    run = Run.open(out, settings, data=_described(data, samples, values))
    backends = load_backends(requests, device)
    readings = {
        backend.name: Reading(choose_layers(backend, layer or []), choose_readouts(backend, readout or []))
        for backend in backends
    }
    _confirm_models(run, backends, readings)
    evaluation = Segmentation(samples, regions_of, readings, threshold=threshold, per_head=heads, workers=workers)
    _check_iteration(backends, step)
    started = time.perf_counter()
    scored = evaluate(evaluation, backends, run, batch_size=batch_size, workers=workers, on_part=_progress)
    seconds = time.perf_counter() - started
    summary = summarise(run)
    run.write_summary(summary)
    headline = _headline(backends, readings, step, summary)
    _write_report(run, evaluation, backends, summary, headline)
    _print_table(summary, headline)
    errors = len(run.rows(["error"])) - run.rows(["error"])["error"].null_count
    typer.echo(f"{scored} images scored now in {seconds:.1f} s ({scored / seconds:.2f} images/s); peak {_peak()}")
    typer.echo(f"{run.folder / 'summary.json'}, {run.folder / 'report.html'}")
    if errors:
        typer.echo(f"{errors} of {len(samples)} images could not be scored: see the report", err=True)
        raise typer.Exit(EXIT_WITH_ERROR_ROWS)


def _read_samples(
    data: Path, layout: str, split: str | None
) -> tuple[list[Pair], Callable[[np.ndarray], np.ndarray], str]:
    """The listed pairs, label image → regions, and what the labels mean, in words."""
    if layout == "voc":
        return read_voc(data, split or "val"), _voc_regions, "0 background, 1..20 foreground, 255 void"
    if split is not None:
        raise InputError(f"expected no --split with the layout pairs, got {split!r}")
    pairs = read_pairs(data)
    void = void_label(pairs)
    words = "0 background, all else foreground" + ("" if void is None else ", 255 void")
    return pairs, lambda labels: regions(labels, void), words


def _voc_regions(labels: np.ndarray) -> np.ndarray:
    check_voc_labels(labels)
    return regions(labels)


def _described(data: Path, samples: Sequence[Pair], labels: str) -> dict[str, Any]:
    names = [f"{sample.image.name}\n{sample.mask.name}\n" for sample in samples]
    return {
        "folder": str(data.resolve()),
        "samples": len(samples),
        "files": 2 * len(set(names)),
        "repeated": len(names) - len(set(names)),
        "names_sha256": hashlib.sha256("".join(names).encode()).hexdigest(),
        "labels": labels,
    }


def _parse_iteration(text: str) -> int | None:
    if text == "last":
        return None
    if not text.isdecimal():
        raise InputError(f'expected --iteration "last" or a number from 0, got {text!r}')
    return int(text)


def _confirm_models(run: Run, backends: Sequence[Backend], readings: dict[str, Reading]) -> None:
    described = {
        backend.name: {
            "checkpoint": backend.checkpoint_hash,
            "num_steps": backend.num_steps,
            "image_size": backend.image_size,
            "layers": readings[backend.name].layers,
            "readouts": readings[backend.name].readouts,
        }
        for backend in backends
    }
    run.confirm("models", described)
    run.confirm("device", str(backends[0].device) if backends else "none")


def _check_iteration(backends: Sequence[Backend], step: int | None) -> None:
    longest = max((backend.num_steps for backend in backends), default=0)
    if backends and step is not None and step > longest:
        raise InputError(f"expected --iteration between 0 and {longest}, got {step}")


def _headline(
    backends: Sequence[Backend], readings: dict[str, Reading], step: int | None, summary: Sequence[Entry]
) -> Headline:
    """Each model's own layer and readout where they are among those read, else the last of those.

    Attention has one iterate, whatever the others have: a model is shown at ``step`` or at its last before that.
    """
    from analysis.evaluations.segmentation_report import Headline

    keys = {}
    for backend in backends:
        reading = readings[backend.name]
        own_layer, own_readout = backend.default_layer, backend.default_readout
        layer = own_layer if own_layer in reading.layers else reading.layers[-1]
        readout = own_readout if own_readout in reading.readouts else reading.readouts[-1]
        place = (backend.name, layer, readout)
        iterates = [e["iteration"] for e in summary if (e["model"], e["layer"], e["readout"]) == place]
        last = max(iterates, default=0)
        keys[backend.name] = MapKey(layer, readout, last if step is None else min(step, last))
    return Headline(keys)


def _write_report(
    run: Run, evaluation: Segmentation, backends: Sequence[Backend], summary: Sequence[Entry], headline: Headline
) -> None:
    from analysis.evaluations.segmentation_report import build_report

    run.write_text("report.html", build_report(run, evaluation, backends, summary, headline))


def _print_table(summary: Sequence[Entry], headline: Headline) -> None:
    metrics = ("iou_pooled", "iou_image_mean", "fp", "fn", "iou_best_threshold")
    lines: dict[tuple[Any, ...], dict[str, float]] = {}
    for entry in summary:
        key = headline.keys.get(entry["model"])
        if key is None or key == MapKey(entry["layer"], entry["readout"], entry["iteration"]):
            lines.setdefault((entry["model"], entry["layer"], entry["readout"], entry["iteration"]), {})[
                entry["metric"]
            ] = entry["value"]
    typer.echo(f"{'model':<44}" + "".join(f"{metric:>20}" for metric in metrics))
    for name, values in lines.items():
        title = " ".join(str(part) for part in name if part is not None)
        typer.echo(f"{title:<44}" + "".join(f"{values[metric]:>20.4f}" for metric in metrics))


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} of {total} batches", end="\n" if done == total else "", file=sys.stderr, flush=True)


def _peak() -> str:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{kilobytes / (1024**2 if sys.platform == 'darwin' else 1024):.0f} MB"
