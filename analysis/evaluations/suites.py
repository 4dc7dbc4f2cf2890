"""The published robustness benchmarks as lists of labelled images, from their own folders or from Parquet (SPEC §9)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from analysis.corruptions import SEVERITIES
from analysis.metrics.robustness import ALEXNET
from vars_core.assets import ASSETS
from vars_core.data.class_labels import listed_classes
from vars_core.data.image_parquet import ParquetImages
from vars_core.data.listing import list_files
from vars_core.data.notes import Note, notes_of
from vars_core.errors import InputError, nearest

CLEAN, CORRUPTED, FGSM, PGD = "clean", "corrupted", "fgsm", "pgd"
IMAGENET_A, IMAGENET_C, IMAGENET_R, IMAGENET_SKETCH = "imagenet-a", "imagenet-c", "imagenet-r", "imagenet-sketch"

WORDNET = re.compile(r"n\d{8}")
"""A WordNet id, as class folders are named."""

OWN_CLASSES = 200
"""Of ImageNet-A and -R."""

TINY_CLASSES = ASSETS / "tiny_imagenet_classes.json"


@dataclass(frozen=True)
class Labelled:
    """An image with its class.

    ``id``: of the sample.
    ``suite``: which benchmark it is of.
    ``picture``: the photograph it shows, by name: the same for all corruptions of it.
    ``wordnet``: its class.
    ``read``: its file's bytes.
    ``policy``: how it is fitted to a model's input.
    ``corruption``, ``severity``: None and 0 for an image that is as it was taken.
    """

    id: str
    suite: str
    picture: str
    wordnet: str
    read: Callable[[], bytes]
    policy: str
    corruption: str | None = None
    severity: int = 0


@dataclass(frozen=True)
class Suite:
    """A benchmark.

    ``title``: where people read it. ``data``: which ``--data`` it takes: its own, or that of "clean". ``own_classes``:
    whether a prediction is the best among the data's classes alone. ``corrupted``: whether there are corruptions and
    severities.
    """

    title: str
    data: str
    own_classes: bool = False
    corrupted: bool = False


SUITES: dict[str, Suite] = {
    CLEAN: Suite("clean", CLEAN),
    IMAGENET_C: Suite("ImageNet-C", IMAGENET_C, corrupted=True),
    IMAGENET_R: Suite("ImageNet-R", IMAGENET_R, own_classes=True),
    IMAGENET_SKETCH: Suite("ImageNet-Sketch", IMAGENET_SKETCH),
    PGD: Suite("PGD", CLEAN),
    FGSM: Suite("FGSM", CLEAN),
    IMAGENET_A: Suite("ImageNet-A", IMAGENET_A, own_classes=True),
    CORRUPTED: Suite("corrupted on the fly", CLEAN, corrupted=True),
}
"""In the order of the paper's table 2."""


@dataclass(frozen=True)
class SuiteData:
    """What was found for one suite: its samples, its classes (WordNet ids, sorted), and what was missing or odd."""

    samples: tuple[Labelled, ...]
    classes: tuple[str, ...]
    notes: tuple[Note, ...]


def open_suite(
    suite: str,
    folder: Path,
    *,
    limit: int | None = None,
    policy: str | None = None,
    variants: Sequence[tuple[str, int]] = (),
) -> SuiteData:
    """The samples of a suite.

    ``limit``: so many photographs at most (of ImageNet-C, of each corruption and severity), spread evenly over all.
    ``policy``: None for the usual one: "center"; "whole" for ImageNet-C, which is cropped already, and for Parquet.
    ``variants``: (corruption, severity) of ``corrupted``. Raises InputError: an unknown suite, no such folder, or not
    one image in it.
    """
    if suite not in SUITES:
        raise InputError(f"expected --suite of {', '.join(SUITES)}, got {suite!r} (nearest: {nearest(suite, SUITES)})")
    if not folder.is_dir():
        raise InputError(f"expected a folder of data for {suite}, there is none at {folder}")
    if suite == IMAGENET_C:
        return _imagenet_c(folder, limit, policy or "whole")
    tables = sorted(folder.glob("val*.parquet"))
    if tables:
        listed = _parquet(suite, folder, tables, limit, policy or "whole")
    else:
        listed = _folders(suite, folder, limit, policy or "center")
    if SUITES[suite].own_classes and len(listed.classes) != OWN_CLASSES:
        odd = Note(f"{suite} has {OWN_CLASSES} classes, class folders here", tuple(listed.classes), fault=True)
        listed = replace(listed, notes=(*listed.notes, odd))
    if suite == CORRUPTED:
        made = [
            replace(one, id=f"{one.id}/{name}/{severity}", corruption=name, severity=severity)
            for one in listed.samples
            for name, severity in variants  # a photograph's variants one after the other: it is decoded once
        ]
        listed = replace(listed, samples=tuple(made))
    return listed


@cache
def class_ids(num_classes: int) -> tuple[str, ...] | None:
    """The WordNet ids of a model's classes, in its order; None where a model with so many classes is none of ours.

    1000: ImageNet's, in the order of the sorted ids. 200: Tiny ImageNet's, which the embedded models know.
    """
    if num_classes == 1000:
        from timm.data import ImageNetInfo

        return tuple(ImageNetInfo("imagenet-1k").label_names())
    if num_classes == 200:
        return tuple(entry["wnid"] for entry in json.loads(TINY_CLASSES.read_text()))
    return None


def check_classes(model: str, num_classes: int, classes: Sequence[str], suite: str) -> None:
    """Refuse a model that does not know the classes of a suite's data. Raises InputError."""
    known = class_ids(num_classes)
    missing = [name for name in classes if known is None or name not in known]
    if missing:
        raise InputError(
            f"{model} has {num_classes} classes, {suite} has {len(classes)}: "
            f"{len(missing)} of these are none of the model's, first {missing[0]}"
        )


def _folders(suite: str, folder: Path, limit: int | None, policy: str) -> SuiteData:
    samples, notes = _of_class_folders(suite, folder, folder.name, limit, policy)
    if not samples:
        raise InputError(f"expected class folders named by WordNet ids (n01440764) with pictures in {folder}")
    return SuiteData(tuple(samples), _classes(samples), notes)


def _of_class_folders(
    suite: str, folder: Path, where: str, limit: int | None, policy: str
) -> tuple[list[Labelled], tuple[Note, ...]]:
    entries = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    named = [entry for entry in entries if WORDNET.fullmatch(entry.name)]
    strangers = [f"{where}/{entry.name}" for entry in entries if entry not in named]
    samples: list[Labelled] = []
    empty: list[str] = []
    for entry in named:
        files = list_files(entry).files
        if not files:
            empty.append(f"{where}/{entry.name}")
        for file in files:
            picture = (Path(entry.name) / file.relative_to(entry)).with_suffix("").as_posix()
            samples.append(Labelled(f"{suite}/{picture}", suite, picture, entry.name, file.read_bytes, policy))
    notes = notes_of(
        ("folders that are named by no WordNet id, left out", strangers, True),
        ("class folders without a picture", empty, True),
    )
    return spread(samples, limit), notes


def _imagenet_c(folder: Path, limit: int | None, policy: str) -> SuiteData:
    """``<corruption>/<severity>/<class>/<picture>``, at any depth of grouping folders (noise/, blur/, …) above."""
    samples: list[Labelled] = []
    notes: list[Note] = []
    missing: list[str] = []
    for name in ALEXNET:
        at = next((path for path in (folder / name, *sorted(folder.glob(f"*/{name}"))) if path.is_dir()), None)
        for severity in SEVERITIES:
            where = f"{name}/{severity}"
            inside = None if at is None else at / str(severity)
            labelled: list[Labelled] = []
            if inside is not None and inside.is_dir():
                labelled, more = _of_class_folders(IMAGENET_C, inside, where, limit, policy)
                notes += more
            if not labelled:
                missing.append(where)
            samples += [
                replace(one, id=f"{IMAGENET_C}/{where}/{one.picture}", corruption=name, severity=severity)
                for one in labelled
            ]
    if not samples:
        raise InputError(f"expected <corruption>/<severity>/<WordNet id>/<picture> in {folder}, found no picture so")
    notes += notes_of(("corruptions and severities without a picture", missing, True))
    return SuiteData(tuple(samples), _classes(samples), tuple(notes))


def _parquet(suite: str, folder: Path, tables: Sequence[Path], limit: int | None, policy: str) -> SuiteData:
    listed = folder / "classes.csv"
    if not listed.is_file():
        raise InputError(f"expected classes.csv (label, wnid, name) beside the Parquet files in {folder}")
    ids = listed_classes(listed, "wnid")
    if strange := [name for name in ids if not WORDNET.fullmatch(name)]:
        raise InputError(f"expected WordNet ids in {listed}, got {strange[0]!r}")
    pictures = ParquetImages(tables, ids)
    read = partial(_encoded, tuple(tables), ids, pictures.fingerprint)
    samples = [
        Labelled(
            f"{suite}/{index:08d}",
            suite,
            f"{index:08d}",
            ids[int(pictures.labels[index])],
            partial(read, index),
            policy,
        )
        for index in spread(range(len(pictures)), limit)
    ]
    return SuiteData(tuple(samples), _classes(samples), ())


def _encoded(files: tuple[Path, ...], classes: tuple[str, ...], fingerprint: str, index: int) -> bytes:
    """The bytes of a picture in files that a process opens once; what tells them apart is all that travels to it."""
    pictures, one_at_a_time = _opened(files, classes, fingerprint)
    with one_at_a_time:  # decode threads share its row groups
        return pictures.encoded(index)


@lru_cache(maxsize=8)
def _opened(files: tuple[Path, ...], classes: tuple[str, ...], fingerprint: str) -> tuple[ParquetImages, Lock]:
    return ParquetImages(files, classes), Lock()


def _classes(samples: Iterable[Labelled]) -> tuple[str, ...]:
    return tuple(sorted({one.wordnet for one in samples}))


def spread(entries: Sequence[Any], limit: int | None) -> list[Any]:
    """So many of the entries, from all over the list."""
    if limit is None or limit >= len(entries):
        return list(entries)
    return [entries[int(at)] for at in np.arange(limit) * len(entries) // limit]
