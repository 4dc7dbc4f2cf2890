"""What a training run does, as plain frozen values: nothing here touches a tensor.

A recipe is stored inside every checkpoint, so a resumed run continues under the values it was started with.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vars_core.errors import InputError, nearest


@dataclass(frozen=True)
class Stage:
    """A stretch of epochs at one image size; several make progressive resizing, small pictures first."""

    epochs: int
    image_size: int
    batch_size: int  # over all processes


@dataclass(frozen=True)
class Augmentation:
    """How a picture is changed before the model sees it. Probabilities in [0, 1], zero means off.

    ``pipeline``: ``"array"`` augments whole batches of a decoded array on the device; ``"stream"`` decodes files in
    worker processes and augments them one by one with timm's transforms.
    """

    pipeline: str = "array"
    crop_scale: tuple[float, float] = (0.08, 1.0)
    crop_ratio: tuple[float, float] = (3 / 4, 4 / 3)
    flip: float = 0.5
    rotation: float = 0.0  # degrees either way, array pipeline
    shear: float = 0.0  # array pipeline
    colour_jitter: float = 0.0
    policy: str | None = None  # timm's RandAugment string, stream pipeline
    erasing: float = 0.0
    mixup: float = 0.0  # alpha of the Beta distribution
    cutmix: float = 0.0
    mix_probability: float = 1.0
    repeats: int = 1  # repeated augmentation (Hoffer et al. 2020): copies of each drawn picture


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights besides the data, the model and the seed.

    The learning rate of a stage is ``learning_rate * batch_size / reference_batch``. One cosine spans all stages.
    """

    name: str
    stages: tuple[Stage, ...]
    learning_rate: float
    reference_batch: int
    min_learning_rate: float
    warmup_learning_rate: float
    warmup_epochs: float
    weight_decay: float = 0.05
    optimiser: str = "adamw"
    clip_gradient: float | None = None
    label_smoothing: float = 0.1
    drop_path: float = 0.0
    epoch_images: int | None = None  # an epoch is a fresh draw of this many pictures; None: all of them
    ema_decay: float = 0.9999
    ema_warmup: bool = False  # decay rises from 0 as 1 - (1 + updates)^(-2/3) up to ema_decay
    precision: str = "bf16"
    bound_every: int = 100  # updates between refreshes of VARS-S's L
    bound_weight: float = 0.1  # how far L moves towards its exact value then
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if not self.stages:
            raise InputError("a recipe needs at least one stage, none came")
        for stage in self.stages:
            if stage.epochs < 1 or stage.image_size < 16 or stage.batch_size < 1:
                raise InputError(f"a stage needs epochs >= 1, image size >= 16 and batch size >= 1, got {stage}")
        if self.precision not in ("fp32", "bf16"):
            raise InputError(f"precision must be 'fp32' or 'bf16', got {self.precision!r}")

    @property
    def epochs(self) -> int:
        """Epochs over all stages."""
        return sum(stage.epochs for stage in self.stages)

    @property
    def image_size(self) -> int:
        """The size at which training ends, which is the model's own."""
        return self.stages[-1].image_size

    def stage_of(self, epoch: int) -> int:
        """Index of the stage that holds ``epoch`` (0-based)."""
        end = 0
        for index, stage in enumerate(self.stages):
            end += stage.epochs
            if epoch < end:
                return index
        raise InputError(f"the recipe has {self.epochs} epochs, epoch {epoch} was asked for")

    def steps_per_epoch(self, count: int) -> tuple[int, ...]:
        """Full batches an epoch of ``count`` pictures holds, for each stage; the incomplete last batch is left out."""
        taken = count if self.epoch_images is None else min(count, self.epoch_images)
        steps = tuple(taken // stage.batch_size for stage in self.stages)
        if 0 in steps:
            raise InputError(f"{taken} pictures do not fill one batch of {max(s.batch_size for s in self.stages)}")
        return steps

    def updates(self, count: int) -> int:
        """Optimiser updates in all for a training set of ``count`` pictures."""
        return sum(s.epochs * n for s, n in zip(self.stages, self.steps_per_epoch(count), strict=True))

    def scaled_rate(self, stage: int) -> float:
        """Peak learning rate of a stage: linear in its batch size."""
        return self.learning_rate * self.stages[stage].batch_size / self.reference_batch

    def with_epochs(self, epochs: int) -> Recipe:
        """The same recipe stretched or shortened to ``epochs``, the stages keeping their shares (at least one each)."""
        if epochs < len(self.stages):
            return dataclasses.replace(self, stages=(dataclasses.replace(self.stages[-1], epochs=epochs),))
        ends: list[int] = []
        done = total = 0
        for stage in self.stages:
            total += stage.epochs
            ends.append(max(round(epochs * total / self.epochs), len(ends) + 1))
        ends[-1] = epochs
        for index in reversed(range(len(ends) - 1)):
            ends[index] = min(ends[index], ends[index + 1] - 1)
        stages = []
        for stage, end in zip(self.stages, ends, strict=True):
            stages.append(dataclasses.replace(stage, epochs=end - done))
            done = end
        return dataclasses.replace(self, stages=tuple(stages))

    def as_dict(self) -> dict[str, Any]:
        """Plain containers, for a checkpoint or a model card."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """The inverse of :meth:`as_dict`; tuples may have become lists on the way (JSON)."""
        known = dict(values)
        known["stages"] = tuple(Stage(**stage) for stage in known["stages"])
        augmentation: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in known["augmentation"].items()
        }
        known["augmentation"] = Augmentation(**augmentation)
        return cls(**known)


IMAGENET = Recipe(
    name="imagenet",
    stages=(Stage(epochs=300, image_size=224, batch_size=1024),),
    learning_rate=5e-4,
    reference_batch=512,
    min_learning_rate=1e-5,
    warmup_learning_rate=1e-6,
    warmup_epochs=5,
    drop_path=0.1,
    ema_decay=0.99996,
    augmentation=Augmentation(
        pipeline="stream",
        colour_jitter=0.4,
        policy="rand-m9-mstd0.5-inc1",
        erasing=0.25,
        mixup=0.8,
        cutmix=1.0,
        repeats=3,
    ),
)
"""The paper's recipe (SPEC §9)."""

NANO = Recipe(
    name="nano",
    stages=(Stage(8, image_size=48, batch_size=64), Stage(9, image_size=64, batch_size=64), Stage(1, 112, 64)),
    epoch_images=20_000,
    learning_rate=3e-3,
    reference_batch=128,
    min_learning_rate=1e-5,
    warmup_learning_rate=1e-5,
    warmup_epochs=0.5,
    clip_gradient=1.0,
    ema_decay=0.998,
    ema_warmup=True,
    augmentation=Augmentation(crop_scale=(0.35, 1.0), colour_jitter=0.2),
)
"""What the embedded weights were trained with: Tiny ImageNet in 15 to 40 minutes a model on one CPU core, so short,
lightly augmented and mostly on small pictures; the end at 112 px."""

PRESETS = {recipe.name: recipe for recipe in (IMAGENET, NANO)}


def preset(name: str) -> Recipe:
    """The recipe called ``name``; raises :class:`InputError` with the nearest names otherwise."""
    if name not in PRESETS:
        raise InputError(f"no recipe is called {name!r}; nearest: {nearest(name, PRESETS)}")
    return PRESETS[name]


def parse_stages(text: str) -> tuple[Stage, ...]:
    """``"17x64@128,3x112@128"`` (epochs x image size @ batch size) as stages."""
    stages = []
    for part in text.split(","):
        try:
            epochs, rest = part.strip().split("x")
            size, batch = rest.split("@")
            stages.append(Stage(int(epochs), int(size), int(batch)))
        except ValueError:
            raise InputError(f"stages read EPOCHSxSIZE@BATCH, e.g. 17x64@128,3x112@128; got {text!r}") from None
    return tuple(stages)
