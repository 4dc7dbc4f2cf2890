"""A dataclass is the command line: names, help, types and ranges stand with the fields."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from typer.testing import CliRunner

from vars_core.errors import InputError
from vars_core.training.arithmetic import tensor_float32
from vars_core.training.options import check_ranges, given, option, options, parameters, with_parameters
from vars_core.training.recipe import Augmentation, Recipe, Stage, chosen_recipe, preset
from vars_core.training.request import Request


@dataclass(frozen=True)
class Made:
    files: tuple[Path, ...] = option("Files")
    rate: float = option("A rate", 0.5, name="--lr", low=0, high=1)
    pair: tuple[float, float] = option("Two numbers", (0.0, 1.0))
    loud: bool = option("Say more", False)
    inner: int = 3


def taken(*arguments: str, replacing: bool = False) -> tuple[dict[str, Any], str]:
    """The fields that a command line gives, and its help or error."""
    app, seen = typer.Typer(), {}

    def command(**values: Any) -> None:
        seen.update(given(Made, values))

    app.command()(with_parameters(command, parameters(Made, replacing=replacing)))
    return seen, CliRunner().invoke(app, arguments, terminal_width=200).output


def test_a_field_is_an_option_with_its_type_its_default_and_its_help() -> None:
    fields, _ = taken("--files", "a", "--files", "b", "--lr", "0.25", "--pair", "0.5", "2", "--loud")
    assert Made(**fields) == Made(files=(Path("a"), Path("b")), rate=0.25, pair=(0.5, 2.0), loud=True)
    assert Made(**taken("--files", "a")[0]) == Made(files=(Path("a"),))
    _, text = taken("--help")
    assert "A rate" in text and "--loud" in text and "inner" not in text
    assert "Missing option '--files'" in taken()[1]


def test_an_option_that_replaces_may_be_left_out_and_can_say_no() -> None:
    assert taken(replacing=True)[0] == {}
    assert taken("--no-loud", replacing=True)[0] == {"loud": False}


def test_a_number_outside_its_range_is_one_sentence() -> None:
    with pytest.raises(InputError, match=r"rate must lie between 0 and 1, got 2.0"):
        check_ranges(Made(files=(), rate=2.0))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"mixup": -1.0}, "mixup must be 0 or more, got -1.0"),
        ({"crop_scale": (0.5, 1.5)}, r"crop_scale must lie between 0 and 1, got \(0.5, 1.5\)"),
        ({"crop_scale": (0.9, 0.2)}, "crop_scale must be a least and a largest value, got 0.9 and 0.2"),
        ({"policy": "rand-m9"}, "is of the stream pipeline, the array pipeline was asked for"),
        ({"pipeline": "stream", "rotation": 10.0}, "rotation and shear are of the array pipeline"),
        ({"pipeline": "river"}, "pipeline must be 'array' or 'stream', got 'river'"),
        ({"ema_decay": 1.5}, "ema_decay must lie between 0 and 1"),
        ({"epochs": 0}, "epochs must be 1 or more, got 0"),
    ],
)
def test_values_that_make_no_sense_or_would_do_nothing_are_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        chosen_recipe("nano", values)


def test_every_value_of_a_recipe_has_an_option_of_its_own() -> None:
    """But for its name, which says which preset it came from, and the augmentation, whose values have theirs."""
    assert {f.name for f in dataclasses.fields(Recipe)} - set(options(Recipe)) == {"name", "augmentation"}
    assert {f.name for f in dataclasses.fields(Augmentation)} == set(options(Augmentation))
    assert {f.name for f in dataclasses.fields(Request)} - set(options(Request)) == {"recipe", "command"}


def test_what_is_given_replaces_the_presets_values_and_nothing_else() -> None:
    values = {"learning_rate": 0.1, "crop_scale": (0.5, 1.0), "ema_warmup": False, "batch_size": 32, "mixup": None}
    changed, original = chosen_recipe("nano-accelerator", values), preset("nano-accelerator")
    assert changed.stages == (Stage(51, 112, 32),)
    assert (changed.learning_rate, changed.ema_warmup, changed.augmentation.crop_scale) == (0.1, False, (0.5, 1.0))
    back = dataclasses.replace(
        changed,
        stages=original.stages,
        learning_rate=original.learning_rate,
        ema_warmup=original.ema_warmup,
        augmentation=dataclasses.replace(changed.augmentation, crop_scale=original.augmentation.crop_scale),
    )
    assert back == original
    assert chosen_recipe("nano", {"stages": "2x32@16", "epochs": 4}).stages == (Stage(4, 32, 16),)


@pytest.mark.parametrize(("device", "precision", "inside"), [("cuda", "bf16", "high"), ("cuda", "fp32", "highest")])
def test_float32_products_may_be_rounded_on_an_accelerator_and_only_while_training(
    device: str, precision: str, inside: str
) -> None:
    before = torch.get_float32_matmul_precision()
    with pytest.raises(KeyError), tensor_float32(torch.device(device), precision):
        assert torch.get_float32_matmul_precision() == inside
        raise KeyError
    assert torch.get_float32_matmul_precision() == before == "highest"
