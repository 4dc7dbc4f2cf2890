"""``python -m analysis robustness``: the paper's table 2 on anybody's folders, and what corruption and attack cost."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.commands.corrupt import parse_names, parse_severities, split_words
from analysis.commands.evaluating import (
    AddressOption,
    BatchSizeOption,
    CheckpointOption,
    DeviceOption,
    EngineOption,
    ImageSizeOption,
    parse_engine,
)
from analysis.commands.options import load_backends, parse_image_size, parse_models
from analysis.evaluations.assumptions import of_classes, of_model
from analysis.evaluations.frame import EXIT_WITH_ERROR_ROWS, Plan, run_evaluation
from analysis.evaluations.suites import CLEAN, CORRUPTED, FGSM, PGD, SUITES, SuiteData, check_classes, open_suite
from analysis.evaluations.table2 import ROWS, weights_of
from vars_core.data.notes import described
from vars_core.errors import InputError
from vars_core.image_size import size_text

if TYPE_CHECKING:
    from analysis.attacks import Attack
    from analysis.evaluations.robustness import RobustnessEvaluation
    from vars_core.backend import Backend

TABLE2 = "table2"


def robustness(
    suite: Annotated[list[str], typer.Option(help=f"{', '.join(SUITES)}; comma-separated or repeated.")],
    data: Annotated[
        list[str],
        typer.Option(help="SUITE=DIR, repeatable; DIR alone for clean images, which pgd, fgsm and corrupted take too."),
    ],
    out: Annotated[Path, typer.Option(help="The run's folder; an interrupted run there is continued.")],
    model: Annotated[list[str], typer.Option(help=f"Model spec, or {TABLE2} for all rows of table 2; repeatable.")],
    checkpoint: CheckpointOption = None,
    weights: Annotated[Path | None, typer.Option(help="Folder of <backbone>_<mixer>.safetensors for table2.")] = None,
    image_size: ImageSizeOption = None,
    policy: Annotated[
        str | None, typer.Option(help="center or whole. None: center; whole for ImageNet-C and for Parquet.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Photographs a suite at most (of ImageNet-C, a corruption and severity), from all."),
    ] = None,
    epsilon: Annotated[str, typer.Option(help="Radius of pgd and fgsm, of the pixel range: 1/255, .03.")] = "1/255",
    alpha: Annotated[str | None, typer.Option(help="Step of pgd. None: half the radius.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of pgd.")] = 5,
    restarts: Annotated[int, typer.Option(min=1, help="Restarts of pgd.")] = 1,
    norm: Annotated[str, typer.Option(help="inf or 2.")] = "inf",
    checks: Annotated[int, typer.Option(min=0, help="Attacked images on which the attack itself is checked.")] = 8,
    names: Annotated[list[str] | None, typer.Option(help="corrupted: corruptions, or test (default), all.")] = None,
    severities: Annotated[list[str] | None, typer.Option(help="corrupted: 1..5 (default: all five).")] = None,
    seed: Annotated[int, typer.Option(help="Of corruptions and attacks.")] = 0,
    batch_size: BatchSizeOption = 64,
    workers: Annotated[int, typer.Option(min=1, help="Threads that decode and corrupt.")] = 2,
    device: DeviceOption = "auto",
    engine: EngineOption = "local",
    address: AddressOption = None,
) -> None:
    """Top-1 accuracy, mCE and relative mCE with 95 % intervals, per corruption too, beside the paper's numbers.

    Class folders are named by WordNet ids. ImageNet-C lies as corruption/severity/class. "corrupted" makes corruptions
    on the fly: not ImageNet-C, and never called so. Exit status: 0; 2 for bad input, a model that does not know the
    data's classes among it; 3 when some of the data is missing, wrongly named or cannot be decoded.
    """
    size = parse_image_size(image_size)
    chosen_engine = parse_engine(engine, address, device, workers)
    chosen = parse_suites(suite)
    folders = parse_data(data, chosen)
    if policy not in (None, "center", "whole"):
        raise InputError(f"expected --policy center or whole, got {policy!r}")
    attacks = parse_attacks(chosen, epsilon, alpha, steps, restarts, norm, seed)
    specs, absent, files = models_of(model, checkpoint or [], weights)
    requests = parse_models(specs, files, size)
    variants = [(n, s) for n in parse_names(names or ["test"]) for s in parse_severities(severities or ["1,2,3,4,5"])]
    suites = {
        name: open_suite(name, folders[SUITES[name].data], limit=limit, policy=policy, variants=variants)
        for name in chosen
    }
    faults = False
    for name, one in suites.items():
        for note in one.notes:
            typer.echo(f"{name}: {note.sentence()}", err=note.fault)
            faults |= note.fault
    for spec in absent:
        typer.echo(f"{spec}: no weights, not run", err=True)
    plan = Plan(
        kind="robustness",
        out=out,
        settings={
            "suites": chosen,
            "models": [request.name for request in requests],
            "image_size": None if size is None else size_text(size),
            "limit": limit,
            "attacks": {name: str(one) for name, one in attacks.items()},
            "checks": checks,
            "variants": [f"{name}/{severity}" for name, severity in variants] if CORRUPTED in chosen else [],
            "seed": seed,
            "batch_size": batch_size,
            "device": device,
        },
        data=_described(suites, folders),
        load=lambda: load_backends(requests, chosen_engine.device),
        engine=chosen_engine,
        assumed=lambda backend: (*of_model(backend), *of_classes(backend)),
    )

    def make(backends: Sequence[Backend]) -> RobustnessEvaluation:
        from analysis.evaluations.robustness import RobustnessEvaluation

        for backend in backends:
            for name, one in suites.items():
                check_classes(backend.name, backend.model.num_classes, one, name)
        return RobustnessEvaluation(
            [sample for one in suites.values() for sample in one.samples],
            {name: one.classes for name, one in suites.items() if SUITES[name].own_classes},
            attacks,
            backends=backends,
            absent=absent,
            seed=seed,
            checked=checks,
        )

    status = run_evaluation(plan, make)
    raise typer.Exit(EXIT_WITH_ERROR_ROWS if faults else status)


def parse_suites(values: Sequence[str]) -> list[str]:
    """The suites asked for, each once, in the order of table 2. Raises InputError."""
    asked = split_words(values)
    for name in asked:
        if name not in SUITES:
            raise InputError(f"expected --suite of {', '.join(SUITES)}, got {name!r}")
    return [name for name in SUITES if name in asked]


def parse_data(values: Sequence[str], suites: Sequence[str]) -> dict[str, Path]:
    """``SUITE=DIR``, or ``DIR`` for clean images → suite → folder. Raises InputError where a suite has none."""
    folders: dict[str, Path] = {}
    for text in values:
        name, sign, folder = text.partition("=")
        name, folder = (name, folder) if sign else (CLEAN, text)
        known = {one.data for one in SUITES.values()}
        if name not in known:
            raise InputError(f"expected --data SUITE=DIR with a suite of {', '.join(sorted(known))}, got {text!r}")
        if name in folders:
            raise InputError(f"expected one --data for {name}, got two")
        folders[name] = Path(folder)
    for suite in suites:
        if SUITES[suite].data not in folders:
            raise InputError(f"expected --data {SUITES[suite].data}=DIR for --suite {suite}")
    return folders


def parse_attacks(
    suites: Sequence[str], epsilon: str, alpha: str | None, steps: int, restarts: int, norm: str, seed: int
) -> dict[str, Attack]:
    """How the attacked suites are attacked. Raises InputError."""
    if not {PGD, FGSM} & set(suites):
        return {}
    from analysis.attacks import Pgd, fgsm

    radius = parse_fraction(epsilon, "--epsilon")
    step = radius / 2 if alpha is None else parse_fraction(alpha, "--alpha")
    made: dict[str, Attack] = {
        PGD: Pgd(epsilon=radius, alpha=step, num_steps=steps, num_restarts=restarts, norm=norm, seed=seed),
        FGSM: fgsm(radius, norm),
    }
    return {name: made[name] for name in suites if name in made}


def parse_fraction(text: str, option: str) -> float:
    """ "1/255" or ".004". Raises InputError."""
    above, sign, below = text.partition("/")
    try:
        return float(above) / (float(below) if sign else 1.0)
    except (ValueError, ZeroDivisionError):
        raise InputError(f"expected {option} as a number such as 1/255, got {text!r}") from None


def models_of(
    specs: Sequence[str], checkpoints: Sequence[str], weights: Path | None
) -> tuple[list[str], list[str], list[str]]:
    """(specs to run, table 2's rows without weights, ``SPEC=FILE``) of what was asked for; nothing is loaded."""
    if TABLE2 not in specs:
        return list(specs), [], list(checkpoints)
    given = {text.partition("=")[0] for text in checkpoints}
    files = list(checkpoints)
    chosen, absent = [spec for spec in specs if spec != TABLE2], []
    for spec in ROWS:
        file = weights_of(spec, weights)
        if spec in given or file is not None:
            chosen.append(spec)
            files += [f"{spec}={file}"] if spec not in given else []
        else:
            absent.append(spec)
    if not chosen:
        raise InputError(
            f"expected weights for at least one of table 2's {len(ROWS)} rows, as --weights DIR with "
            f"{ROWS[-1].replace('/', '_')}.safetensors or as --checkpoint SPEC=FILE, there are none"
        )
    return chosen, absent, files


def _described(suites: Mapping[str, SuiteData], folders: Mapping[str, Path]) -> dict[str, Any]:
    def digest(samples: Sequence[Any]) -> str:
        return hashlib.sha256("".join(f"{one.id}\n" for one in samples).encode()).hexdigest()

    every = [sample for one in suites.values() for sample in one.samples]
    return {
        "folder": " + ".join(dict.fromkeys(str(folders[SUITES[name].data].resolve()) for name in suites)),
        "samples": len(every),
        "names_sha256": digest(every),
        "suites": {
            name: {
                "folder": str(folders[SUITES[name].data].resolve()),
                "samples": len(one.samples),
                "classes": len(one.classes),
                "policy": one.samples[0].policy,
                "names_sha256": digest(one.samples),
                "notes": described(one.notes),
            }
            for name, one in suites.items()
        },
    }
