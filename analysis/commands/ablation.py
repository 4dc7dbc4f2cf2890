"""``python -m analysis ablation``: accuracy and maps against T and λ, without training again (paper, figure 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from analysis.commands.corrupt import parse_names, parse_severities, split_words
from analysis.commands.evaluating import WORKERS, Evaluated, choose_headlines, choose_readings
from analysis.commands.options import ModelRequest, load_backends, parse_models, parse_numbers
from analysis.engine import Local, Measured
from analysis.evaluations.agreement import AgreementEvaluation, PictureFile
from analysis.evaluations.fixations import FixationEvaluation
from analysis.evaluations.frame import Plan, run_evaluation
from analysis.evaluations.robustness import RobustnessEvaluation
from analysis.evaluations.segmentation import Segmentation
from analysis.evaluations.suites import CLEAN, CORRUPTED, Labelled, check_classes, open_suite, spread
from vars_core.data.coordinates import look_at_images
from vars_core.data.fixations import FixationSet, Stimulus
from vars_core.data.layouts import FIXATIONS, MASKS, choose
from vars_core.data.listing import names_sha256
from vars_core.data.mask_set import MaskSet
from vars_core.data.masks import Pair
from vars_core.errors import InputError
from vars_core.training.options import asks, option

if TYPE_CHECKING:
    from analysis.ablation import Setting
    from analysis.evaluations.ablation import AblationEvaluation
    from vars_core.backend import Backend

THRESHOLD = 0.3
"""A pixel is foreground where the normalised map reaches it (SPEC §6)."""

KINDS: dict[type, str] = {
    RobustnessEvaluation: "labelled images (corrupted ones among them)",
    FixationEvaluation: "photographs with fixations",
    Segmentation: "photographs with masks",
    AgreementEvaluation: "photographs corrupted for their maps",
}
"""What the samples of an evaluation are, in words."""


@dataclass(frozen=True, kw_only=True)
class Asked(Evaluated):
    labels: Path | None = option("Labelled images for accuracy, as `robustness` takes them for clean.", None)
    fixations: Path | None = option("Fixation data for NSS, in any layout.", None)
    masks: Path | None = option("Masks for IoU, in any layout.", None)
    checkpoint: tuple[str, ...] = option(
        "SPEC=FILE: weights to try every setting on. SPEC@T=FILE or SPEC@T@FACTOR=FILE: weights that were trained with "
        "this T and this multiple of λ, measured so alone; repeatable.",
        (),
    )
    steps: str = option("Numbers of steps T, comma-separated; 0 is the solver's start.", "0,1,2,3,5,7")
    lam: str = option("Multiples of the trained λ, comma-separated.", "0.25,0.5,1,2,4")
    limit: int | None = option("Images of each data set at most, from all over it. None: all.", None, low=1)
    corrupted: int = option("So many labelled images, and so many photographs for maps, are corrupted too.", 16, low=0)
    names: tuple[str, ...] = option("Corruptions: test (default), all, or names.", ())
    severities: tuple[str, ...] = option("1..5 (default: 3).", ())
    seed: int = option("Of the corruptions.", 0)
    batch_size: int = option("Images per forward pass and per part of the run.", 16, low=1)
    workers: int | None = option(WORKERS, None, low=1)

    @cached_property
    def requests(self) -> list[ModelRequest]:
        return parse_models(self.model, split_checkpoints(self.checkpoint)[0], self.size)

    @cached_property
    def ways(self) -> tuple[Sequence[str], Sequence[int]]:
        """Names and severities of the corruptions."""
        return parse_names(self.names), parse_severities(self.severities or ["3"])


@asks(Asked)
def ablation(asked: Asked) -> None:
    """Accuracy (clean, corrupted), NSS, IoU, agreement of maps and cost for every T and every λ, of one set of weights.

    Every T is tried at the trained λ, and every λ at the trained T. Models without a solver stand beside them as they
    are. The table is printed as Markdown; the run holds a report, and figure_6 as SVG, PNG and WebP. Exit status: 0;
    2 for bad input, before any model is loaded; 3 when some images could not be scored.
    """
    requests, (_, trained) = asked.requests, split_checkpoints(asked.checkpoint)
    for spec, _, _ in trained:
        if spec not in asked.model:
            raise InputError(f"expected --checkpoint for one of the models, got it for {spec!r}")
    tried = parse_steps(asked.steps), parse_factors(asked.lam)
    data = find_data(asked)
    plan = Plan(
        kind="ablation",
        out=asked.out,
        settings={
            **asked.told,
            "steps": tried[0],
            "lam_factors": tried[1],
            "names": asked.ways[0],
            "severities": asked.ways[1],
            "corrupted": asked.corrupted,
            "seed": asked.seed,
            **asked.told_last,
        },
        data=described(asked, data.parts(())),
        load=lambda: load_backends(requests, asked.device),
        engine=Local(asked.workers, asked.device),
    )

    def make(backends: Sequence[Backend]) -> AblationEvaluation:
        from analysis.ablation import Variant, resolved, variants
        from analysis.evaluations.ablation import AblationEvaluation

        classes = sorted({sample.wordnet for sample in data.labelled})
        for backend in backends:
            check_classes(backend.name, backend.model.num_classes, classes, CLEAN)
        every = {backend.name: variants(backend, *tried) for backend in backends}
        for spec, setting, file in trained:
            (backend,) = load_backends([ModelRequest(spec, file, asked.size)], asked.device)
            every[spec].append(Variant(resolved(backend, setting), setting, trained=True))
        return AblationEvaluation(data.parts(backends), every)

    raise typer.Exit(run_evaluation(plan, make))


def split_checkpoints(values: Sequence[str]) -> tuple[list[str], list[tuple[str, Setting, Path]]]:
    """``--checkpoint``: what `parse_models` takes, and (spec, setting, file) of weights trained under a setting."""
    from analysis.ablation import Setting

    own: list[str] = []
    trained: list[tuple[str, Setting, Path]] = []
    for text in values:
        name, sign, file = text.partition("=")
        spec, *numbers = name.split("@")
        if not (sign and numbers):
            own.append(text)
            continue
        if len(numbers) > 2 or not Path(file).is_file():
            raise InputError(f"expected --checkpoint SPEC@T=FILE or SPEC@T@FACTOR=FILE of a file, got {text!r}")
        (t,), (factor,) = parse_steps(numbers[0]), parse_factors(numbers[1] if len(numbers) > 1 else "1")
        trained.append((spec, Setting(t, factor), Path(file)))
    return own, trained


def parse_steps(text: str) -> list[int]:
    """ "0,1,3": whole numbers from 0 to 100, ascending, each once. Raises InputError."""
    words = split_words([text])
    if not words or not all(word.isdecimal() and int(word) <= 100 for word in words):
        raise InputError(f"expected --steps as numbers from 0 to 100 with commas between them, got {text!r}")
    return sorted({int(word) for word in words})


def parse_factors(text: str) -> list[float]:
    """ "0.5,1,2": multiples of λ, ascending, each once. Raises InputError."""
    return sorted(set(parse_numbers(text, "--lam", 0, 1000, "multiples")))


@dataclass(frozen=True)
class Data:
    """What is scored, before any model is known: ``labelled`` images, clean ones and corrupted; data of maps."""

    asked: Asked
    labelled: Sequence[Labelled]
    looked_at: FixationSet | None
    sizes: Mapping[str, tuple[int, int]]
    masked: MaskSet | None

    def parts(self, backends: Sequence[Backend]) -> dict[type, Measured]:
        """Type of sample → its evaluation, of each model's default map; of maps also on corrupted photographs."""
        asked, readings = self.asked, choose_readings(backends, (), ())
        headlines = choose_headlines(backends, readings, None)
        parts: dict[type, Measured] = {}
        photographs: list[PictureFile] = []
        if self.labelled:
            parts[Labelled] = RobustnessEvaluation(self.labelled, {}, {}, seed=asked.seed)
        if (seen := self.looked_at) is not None:
            looked = FixationEvaluation(seen, self.sizes, readings, headlines, metrics=("nss",), sigma=seen.sigma)
            looked.samples = spread(looked.samples, asked.limit)
            parts[Stimulus] = looked
            photographs += [PictureFile(f"photograph/{one.id}", one.path) for one in looked.samples]
        if self.masked is not None:
            cut = Segmentation(self.masked, readings, headlines, threshold=THRESHOLD)
            cut.samples = spread(cut.samples, asked.limit)
            parts[Pair] = cut
            photographs += [PictureFile(f"photograph/{one.id}", one.image) for one in cut.samples]
        if photographs and asked.corrupted:
            parts[PictureFile] = AgreementEvaluation(spread(photographs, asked.corrupted), *asked.ways, seed=asked.seed)
        return parts


def find_data(asked: Asked) -> Data:
    """Raises InputError where no data are given, or a folder holds none."""
    labels, fixations, masks = asked.labels, asked.fixations, asked.masks
    if labels is None and fixations is None and masks is None:
        raise InputError("expected --labels, --fixations or --masks, or several of them, got none")
    names, severities = asked.ways
    labelled: list[Labelled] = []
    if labels is not None:
        labelled += open_suite(CLEAN, labels, limit=asked.limit).samples
        if asked.corrupted:
            pairs = [(name, severity) for name in names for severity in severities]
            labelled += open_suite(CORRUPTED, labels, limit=asked.corrupted, variants=pairs).samples
    sizes: Mapping[str, tuple[int, int]] = {}
    looked_at: FixationSet | None = None
    if fixations is not None:
        looked_at = choose(None, fixations, FIXATIONS).read(fixations)
        sizes, looked_at = look_at_images(looked_at.without_first() if looked_at.drops_first else looked_at)
    masked = None if masks is None else choose(None, masks, MASKS).read(masks)
    return Data(asked, labelled, looked_at, sizes, masked)


def described(asked: Asked, parts: Mapping[type, Measured]) -> dict[str, Any]:
    """What the run says of its data: folders, how many samples of each kind, a digest of their names."""
    ids = [sample.id for part in parts.values() for sample in part.samples]
    given = {"labels": asked.labels, "fixations": asked.fixations, "masks": asked.masks}
    folders = {name: folder for name, folder in given.items() if folder}
    return {
        "folder": " + ".join(folder.name for folder in folders.values()),
        "folders": {name: str(folder.resolve()) for name, folder in folders.items()},
        "samples": len(ids),
        "kinds": {KINDS[type(part)]: len(part.samples) for part in parts.values()},
        "names_sha256": names_sha256(ids),
    }
