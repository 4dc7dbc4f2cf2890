"""What a training run does, as plain frozen values: nothing here touches a tensor.

A recipe is stored inside every checkpoint, so a resumed run continues under the values it was started with.
"""

from __future__ import annotations

import dataclasses
import inspect
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vars_core.errors import InputError, nearest
from vars_core.training.options import check_ranges, given, option, parameters


@dataclass(frozen=True)
class Stage:
    """A stretch of epochs at one image size; several make progressive resizing, small pictures first."""

    epochs: int
    image_size: int
    batch_size: int  # over all processes


@dataclass(frozen=True)
class Augmentation:
    """How a picture is changed before the model sees it. Zero means off.

    ``pipeline``: ``"array"`` augments whole batches of a decoded array on the device; ``"stream"`` decodes files in
    worker processes and augments them one by one with timm's transforms.
    """

    pipeline: str = option("array: decoded once; stream: files, by workers", "array", choices=("array", "stream"))
    crop_scale: tuple[float, float] = option(
        "Least and largest share of the area in a crop", (0.08, 1.0), low=0, high=1
    )
    crop_ratio: tuple[float, float] = option("Least and largest ratio of a crop's sides", (3 / 4, 4 / 3), low=0.01)
    flip: float = option("Probability of a mirror image", 0.5, low=0, high=1)
    rotation: float = option("Degrees either way (array)", 0.0, low=0, high=180)
    shear: float = option("Of the horizontal axis, either way (array)", 0.0, low=0, high=1)
    colour_jitter: float = option("Brightness, contrast and saturation ± this", 0.0, low=0, high=1)
    policy: str | None = option("timm's RandAugment, e.g. rand-m9-mstd0.5-inc1 (stream)", None)
    erasing: float = option("Probability of random erasing", 0.0, low=0, high=1)
    mixup: float = option("Alpha of mixup; 0 turns it off", 0.0, low=0)
    cutmix: float = option("Alpha of CutMix; 0 turns it off", 0.0, low=0)
    mix_probability: float = option("Share of batches that are mixed", 1.0, low=0, high=1)
    repeats: int = option("Copies of each drawn picture (Hoffer et al. 2020)", 1, low=1)

    def __post_init__(self) -> None:
        check_ranges(self)
        for name, (low, high) in (("crop_scale", self.crop_scale), ("crop_ratio", self.crop_ratio)):
            if low > high:
                raise InputError(f"{name} must be a least and a largest value, got {low} and {high}")
        if self.pipeline == "stream" and (self.rotation or self.shear):
            raise InputError("rotation and shear are of the array pipeline, the stream pipeline has them in its policy")
        if self.pipeline == "array" and self.policy is not None:
            raise InputError(f"the policy {self.policy!r} is of the stream pipeline, the array pipeline was asked for")


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


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights besides the data, the model and the seed.

    The learning rate of a stage is ``learning_rate * batch_size / reference_batch``. One cosine spans all stages.
    """

    name: str
    stages: tuple[Stage, ...] = option("EPOCHSxSIZE@BATCH,... instead of the preset's", parse=parse_stages)
    learning_rate: float = option("Learning rate at the reference batch", name="--lr", low=0)
    reference_batch: int = option("Batch size that the learning rate is for", low=1)
    min_learning_rate: float = option("Learning rate at the end", name="--min-lr", low=0)
    warmup_learning_rate: float = option("Learning rate at the start", name="--warmup-lr", low=0)
    warmup_epochs: float = option("Epochs of linear warm-up", low=0)
    weight_decay: float = option("Of the weights, not of norms and biases", 0.05, low=0)
    optimiser: str = option("timm's name of it", "adamw")
    clip_gradient: float | None = option("Largest norm of the gradient; 0 for any", None, low=0)
    label_smoothing: float = option("In [0, 1)", 0.1, low=0, high=0.999)
    drop_path: float = option("Stochastic depth of the last block", 0.0, low=0, high=0.999)
    epoch_images: int | None = option("Pictures an epoch draws anew; all by default", None, low=1)
    ema_decay: float = option("Of the moving average of the weights", 0.9999, low=0, high=1)
    ema_warmup: bool = option("The decay rises from 0 as 1 − (1 + updates)^(−2/3)", False)
    precision: str = option("fp32 or bf16", "bf16", choices=("fp32", "bf16"))
    bound_every: int = option("Updates between refreshes of VARS-S's L; 0 for none", 100, low=0)
    bound_weight: float = option("How far L moves towards its exact value then", 0.1, low=0, high=1)
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if not self.stages:
            raise InputError("a recipe needs at least one stage, none came")
        for stage in self.stages:
            if stage.epochs < 1 or stage.image_size < 16 or stage.batch_size < 1:
                raise InputError(f"a stage needs epochs >= 1, image size >= 16 and batch size >= 1, got {stage}")
        check_ranges(self)

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
        """The inverse of `as_dict`; tuples may have become lists on the way (JSON)."""
        known = dict(values)
        known["stages"] = tuple(Stage(**stage) for stage in known["stages"])
        augmentation: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in known["augmentation"].items()
        }
        known["augmentation"] = Augmentation(**augmentation)
        return cls(**known)


def read_presets(text: str) -> dict[str, Recipe]:
    """Recipes by name, as recipes.toml holds them."""
    presets = {}
    for name, values in tomllib.loads(text).items():
        stages = parse_stages(values.pop("stages"))
        presets[name] = Recipe.from_dict({"name": name, "stages": map(dataclasses.asdict, stages), **values})
    return presets


PRESETS = read_presets(Path(__file__).with_name("recipes.toml").read_text(encoding="utf-8"))


def preset(name: str) -> Recipe:
    """The recipe called ``name``; raises `InputError` with the nearest names otherwise."""
    if name not in PRESETS:
        raise InputError(f"no recipe is called {name!r}; nearest: {nearest(name, PRESETS)}")
    return PRESETS[name]


@dataclass(frozen=True)
class Reshaping:
    """Changes to all stages of a recipe together; None leaves them as they are."""

    epochs: int | None = option("Epochs in all; stages keep their shares", None, low=1)
    image_size: int | None = option("One stage at this size", None, low=16)
    batch_size: int | None = option("Pictures a step, over all processes", None, low=1)

    def __post_init__(self) -> None:
        check_ranges(self)

    def of(self, recipe: Recipe) -> Recipe:
        """``recipe`` with its stages changed."""
        if self.epochs is not None:
            recipe = recipe.with_epochs(self.epochs)
        stages = recipe.stages
        if self.image_size is not None:
            stages = (Stage(recipe.epochs, self.image_size, stages[-1].batch_size),)
        if self.batch_size is not None:
            stages = tuple(dataclasses.replace(stage, batch_size=self.batch_size) for stage in stages)
        return dataclasses.replace(recipe, stages=stages)


def chosen_recipe(name: str, values: Mapping[str, Any]) -> Recipe:
    """The preset ``name`` with those of ``values`` that are not None in place of its own.

    ``values``: by field of `Recipe`, `Augmentation` and `Reshaping`; stages as text. Raises InputError.
    """
    recipe = dataclasses.replace(preset(name), **given(Recipe, values))
    augmentation = dataclasses.replace(recipe.augmentation, **given(Augmentation, values))
    return Reshaping(**given(Reshaping, values)).of(dataclasses.replace(recipe, augmentation=augmentation))


def recipe_parameters() -> list[inspect.Parameter]:
    """The options that put a value in place of a preset's."""
    return [
        *parameters(Reshaping, panel="Recipe, in place of the preset's"),
        *parameters(Recipe, replacing=True, panel="Recipe, in place of the preset's"),
        *parameters(Augmentation, replacing=True, panel="Augmentation, in place of the preset's"),
    ]
