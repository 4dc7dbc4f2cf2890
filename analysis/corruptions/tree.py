"""A folder of pictures as an ImageNet-C tree: OUT/<name>/<severity>/<path in IN>.JPEG, 224 px, JPEG quality 85."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
from PIL import Image

from analysis.corruptions.apply import corrupt
from analysis.corruptions.frost_textures import FrostFolder
from analysis.corruptions.pixels import Bytes
from vars_core.data.listing import Listing, list_files
from vars_core.errors import InputError
from vars_core.images import Placement, decode_image
from vars_core.whole_file import remove_leftovers, whole_file

SIZE = 224
QUALITY = 85
SETTINGS_FILE = "corruptions.json"


@dataclass(frozen=True)
class TreeSettings:
    """What is written where: ``names`` × ``severities`` of every picture; ``frost``: a folder of photographs."""

    target: Path
    names: tuple[str, ...]
    severities: tuple[int, ...]
    seed: int = 0
    frost: Path | None = None

    def path(self, name: str, severity: int, image_id: str) -> Path:
        """Where the picture ``image_id`` goes."""
        return self.target / name / str(severity) / f"{image_id}.JPEG"


@dataclass(frozen=True)
class Outcome:
    """Of one picture: how many files were written now, how many were there already, or why it could not be read."""

    image_id: str
    written: int = 0
    present: int = 0
    error: str | None = None


def crop(image: Bytes) -> Bytes:
    """The benchmark's view of a photograph: short side to 256 px, centre 224 × 224."""
    height, width = image.shape[:2]
    return Placement(height, width, SIZE, "center").place(image)


def find_images(folder: Path) -> Listing:
    """The pictures of a folder, to any depth; `Listing.by_name` gives their ids.

    Raises InputError: no folder, no image in it.
    """
    if not folder.is_dir():
        raise InputError(f"expected a folder of pictures, there is none at '{folder}'")
    listing = list_files(folder)
    if not listing.files:
        raise InputError(f"expected a folder of pictures, found none in '{folder}'")
    return listing


def write_tree(images: dict[str, Path], settings: TreeSettings, workers: int) -> Iterator[Outcome]:
    """Write what is missing of the tree with ``workers`` processes; outcomes arrive as pictures are finished.

    A file appears under its name complete or not at all, so a tree that was stopped is continued by the same call.
    """
    with ProcessPoolExecutor(workers, mp_context=context(), initializer=start_worker) as pool:
        tasks = [pool.submit(write_variants, image_id, file, settings) for image_id, file in images.items()]
        try:
            for task in as_completed(tasks):
                yield task.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def context() -> multiprocessing.context.BaseContext:
    """How worker processes start: forked from a clean process that has the imports, where there is such a thing.

    (Forking this process, which may run threads, could hang.)
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    forkserver = multiprocessing.get_context("forkserver")
    forkserver.set_forkserver_preload([__name__])
    return forkserver


def start_worker() -> None:
    """One core a process; and end with the process that asked for the work, even when that is killed."""
    cv2.setNumThreads(1)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Wait for the process that started this one, then leave without asking the work in hand."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def write_variants(image_id: str, file: Path, settings: TreeSettings) -> Outcome:
    """Write the missing files of one picture."""
    wanted = [(name, severity) for name in settings.names for severity in settings.severities]
    missing = [pair for pair in wanted if not settings.path(*pair, image_id).is_file()]
    if not missing:
        return Outcome(image_id, present=len(wanted))
    try:
        image = crop(decode_image(file))
    except InputError as error:
        return Outcome(image_id, error=str(error))
    for name, severity in missing:
        corrupted = corrupt(image, name, severity, image_id, settings.seed, frost_textures=settings.frost)
        save_jpeg(corrupted, settings.path(name, severity, image_id))
    return Outcome(image_id, written=len(missing), present=len(wanted) - len(missing))


def save_jpeg(image: Bytes, path: Path) -> None:
    """Whoever looks sees the whole file or none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as temporary:
            Image.fromarray(image).save(temporary, "JPEG", quality=QUALITY)
    except OSError as error:
        raise InputError(f"expected to write '{path}': {error.strerror or error}") from None


def confirm(settings: TreeSettings) -> None:
    """Note in the target what its files depend on beyond their paths; later calls must agree.

    Raises InputError: no frost photographs where a folder is given, a target that cannot be written or that holds a
    tree made with another seed or other frost.
    """
    if settings.frost is not None:
        FrostFolder(settings.frost)
    facts = {"seed": settings.seed, "frost": str(settings.frost) if settings.frost else "grown", "size": SIZE}
    path = settings.target / SETTINGS_FILE
    try:
        settings.target.mkdir(parents=True, exist_ok=True)
        remove_leftovers(settings.target)
        stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else facts
        if stored == facts:
            # Written even where it says the same: a folder that cannot be written is found out before the work.
            with whole_file(path) as temporary:
                temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"expected a folder that can be written at '{settings.target}': {reason}") from None
    except ValueError:
        raise InputError(f"expected the settings of a tree in '{path}', it is no JSON: use another folder") from None
    if stored != facts:
        raise InputError(f"expected a tree made with {listed(facts)} in '{settings.target}', it has {listed(stored)}")


def listed(facts: Any) -> str:
    """Settings in words: "seed 0, frost grown, size 224"."""
    return ", ".join(f"{name} {value}" for name, value in facts.items()) if isinstance(facts, dict) else repr(facts)
