"""``python -m analysis robustness``: the paper's table 2 on anybody's folders, and what corruption and attack cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from analysis.commands.attack_check import parse_length, pgd_of
from analysis.commands.corrupt import parse_names, parse_severities, split_words
from analysis.commands.evaluating import OnEngine
from analysis.commands.options import ModelRequest, load_backends, parse_models
from analysis.commands.painting_options import Coloured
from analysis.evaluations.assumptions import of_classes, of_model
from analysis.evaluations.frame import EXIT_WITH_ERROR_ROWS, Plan, run_evaluation
from analysis.evaluations.robustness import RobustnessEvaluation
from analysis.evaluations.suites import CLEAN, CORRUPTED, FGSM, PGD, SUITES, SuiteData, check_classes, open_suite
from analysis.evaluations.table2 import ROWS, weights_of
from vars_core.data.listing import names_sha256
from vars_core.data.notes import described
from vars_core.errors import InputError
from vars_core.spec import HUB, parse_spec
from vars_core.training.options import asks, option

if TYPE_CHECKING:
    from analysis.attacks import Attack
    from vars_core.backend import Backend

TABLE2 = "table2"


@dataclass(frozen=True, kw_only=True)
class Asked(Coloured, OnEngine):
    suite: tuple[str, ...] = option(f"{', '.join(SUITES)}; comma-separated or repeated.")
    data: tuple[str, ...] = option(
        "SUITE=DIR, repeatable; DIR alone for clean images, which pgd, fgsm and corrupted take too."
    )
    model: tuple[str, ...] = option(f"Model spec, or {TABLE2} for all rows of table 2; repeatable.")
    weights: Path | None = option("Folder of <backbone>_<mixer>.safetensors for table2.", None)
    hub: bool = option("table2: timm's rows without a file take the weights that were published, fetched now.", False)
    policy: str | None = option("center or whole. None: center; whole for ImageNet-C and for Parquet.", None)
    limit: int | None = option(
        "Photographs a suite at most (of ImageNet-C, a corruption and severity), from all.", None, low=1
    )
    epsilon: str = option("Radius of pgd and fgsm, of the pixel range: 1/255, .03.", "1/255")
    alpha: str | None = option("Step of pgd. None: half the radius.", None)
    steps: int = option("Steps of pgd.", 5, low=1)
    restarts: int = option("Restarts of pgd.", 1, low=1)
    norm: str = option("inf or 2.", "inf")
    checks: int = option("Attacked images on which the attack itself is checked.", 8, low=0)
    names: tuple[str, ...] = option("corrupted: corruptions, or test (default), all.", ())
    severities: tuple[str, ...] = option("corrupted: 1..5 (default: all five).", ())
    seed: int = option("Of corruptions and attacks.", 0)
    batch_size: int = option("Images per forward pass and per part of the run.", 64, low=1)

    @cached_property
    def rows(self) -> tuple[list[str], list[str], list[str]]:
        """See `models_of`."""
        return models_of(self.model, self.checkpoint, self.weights, self.hub)

    @cached_property
    def requests(self) -> list[ModelRequest]:
        return parse_models(self.rows[0], self.rows[2], self.size)


@asks(Asked)
def robustness(asked: Asked) -> None:
    """Top-1 accuracy, mCE and relative mCE with 95 % intervals, per corruption too, beside the paper's numbers.

    Class folders are named by WordNet ids. ImageNet-C lies as corruption/severity/class. "corrupted" makes corruptions
    on the fly: not ImageNet-C, and never called so. Exit status: 0; 2 for bad input, a model that does not know the
    data's classes among it; 3 when some of the data is missing, wrongly named or cannot be decoded.
    """
    engine, chosen, policy = asked.chosen_engine, parse_suites(asked.suite), asked.policy
    folders = parse_data(asked.data, chosen)
    if policy not in (None, "center", "whole"):
        raise InputError(f"expected --policy center or whole, got {policy!r}")
    attacks = parse_attacks(asked, chosen)
    _, absent, _ = asked.rows
    requests = asked.requests
    variants = [(n, s) for n in parse_names(asked.names) for s in parse_severities(asked.severities)]
    suites = {
        name: open_suite(name, folders[SUITES[name].data], limit=asked.limit, policy=policy, variants=variants)
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
        out=asked.out,
        settings={
            "suites": chosen,
            **asked.told,
            **asked.told_last,
            "attacks": {name: str(one) for name, one in attacks.items()},
            "checks": asked.checks,
            "variants": [f"{name}/{severity}" for name, severity in variants] if CORRUPTED in chosen else [],
            "seed": asked.seed,
        },
        data=_described(suites, folders),
        noted=asked.told_colours,
        load=lambda: load_backends(requests, engine.device),
        engine=engine,
        assumed=lambda backend: (*of_model(backend), *of_classes(backend)),
    )

    def make(backends: Sequence[Backend]) -> RobustnessEvaluation:
        for backend in backends:
            for name, one in suites.items():
                check_classes(backend.name, backend.model.num_classes, one.classes, name)
        return RobustnessEvaluation(
            [sample for one in suites.values() for sample in one.samples],
            {name: one.classes for name, one in suites.items() if SUITES[name].own_classes},
            attacks,
            backends=backends,
            absent=absent,
            seed=asked.seed,
            checked=asked.checks,
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


def parse_attacks(asked: Asked, suites: Sequence[str]) -> dict[str, Attack]:
    """How the attacked suites are attacked. Raises InputError."""
    if not {PGD, FGSM} & set(suites):
        return {}
    from analysis.attacks import fgsm

    made: dict[str, Attack] = {
        PGD: pgd_of(asked.epsilon, asked.alpha, asked.steps, asked.norm, asked.seed, asked.restarts)
    }
    made[FGSM] = fgsm(parse_length(asked.epsilon, "--epsilon"), asked.norm)
    return {name: made[name] for name in suites if name in made}


def models_of(
    specs: Sequence[str], checkpoints: Sequence[str], weights: Path | None, hub: bool = False
) -> tuple[list[str], list[str], list[str]]:
    """(specs to run, table 2's rows without weights, ``SPEC=FILE``) of what was asked for; nothing is loaded."""
    if TABLE2 not in specs:
        return list(specs), [], list(checkpoints)
    given = {text.partition("=")[0] for text in checkpoints}
    files = list(checkpoints)
    chosen, absent = [spec for spec in specs if spec != TABLE2], []
    for spec in ROWS:
        file = weights_of(spec, weights) or (HUB if hub and parse_spec(spec).is_timm else None)
        if spec in given or file is not None:
            chosen.append(spec)
            files += [f"{spec}={file}"] if spec not in given else []
        else:
            absent.append(spec)
    if not chosen:
        raise InputError(
            f"expected weights for at least one of table 2's {len(ROWS)} rows, as --weights DIR with "
            f"{ROWS[-1].replace('/', '_')}.safetensors, as --checkpoint SPEC=FILE or by --hub, there are none"
        )
    return chosen, absent, files


def _described(suites: Mapping[str, SuiteData], folders: Mapping[str, Path]) -> dict[str, Any]:
    every = [sample for one in suites.values() for sample in one.samples]
    return {
        "folder": " + ".join(dict.fromkeys(str(folders[SUITES[name].data].resolve()) for name in suites)),
        "samples": len(every),
        "names_sha256": names_sha256(one.id for one in every),
        "suites": {
            name: {
                "folder": str(folders[SUITES[name].data].resolve()),
                "samples": len(one.samples),
                "classes": len(one.classes),
                "policy": one.samples[0].policy,
                "names_sha256": names_sha256(sample.id for sample in one.samples),
                "notes": described(one.notes),
            }
            for name, one in suites.items()
        },
    }
