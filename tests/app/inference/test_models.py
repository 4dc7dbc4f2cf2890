"""The models that the page offers, and the sizes that they can be asked for at."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import timm
import torch

from app.inference import models
from app.inference.models import DEFAULT_MODEL, EMBEDDED, ModelShelf, default_size, sized, split_size
from app.library.photographs import MODEL_SIZES
from app.serving.settings import read_weights
from app.views.reproduce import command_text, python_text
from vars_core import embedded
from vars_core.errors import InputError


def test_weights_that_are_put_into_the_folder_are_a_model_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("rvt_nano_vars_sd", "deit_tiny_self", "unknown_self"):
        (tmp_path / f"{name}.safetensors").touch()
    monkeypatch.setattr(embedded, "FOLDER", tmp_path)
    assert embedded.embedded_models() == ("deit_tiny/self", "rvt_nano/vars_sd")
    assert embedded.embedded_weights("deit_tiny/self") == tmp_path / "deit_tiny_self.safetensors"


def test_the_models_that_come_with_the_project_are_on_offer_the_default_first() -> None:
    assert EMBEDDED[0] == DEFAULT_MODEL
    assert sorted(EMBEDDED) == sorted(embedded.embedded_models())
    assert {f"rvt_nano/{mixer}" for mixer in ("self", "performer", "vars_s", "vars_d", "vars_sd")} <= set(EMBEDDED)
    assert ModelShelf().names[: len(EMBEDDED)] == EMBEDDED


@pytest.mark.parametrize("size", ["default", "", None, 0, str(default_size("rvt_nano/self"))])
def test_the_default_size_has_one_name(size: object) -> None:
    assert sized("rvt_nano/self", size) == "rvt_nano/self"


@pytest.mark.parametrize("size", [one for one in MODEL_SIZES if one != default_size("rvt_nano/self")])
def test_a_size_is_part_of_the_name_and_is_read_back(size: int) -> None:
    name = sized("rvt_nano/self", str(size))
    assert sized("rvt_nano/self", float(size)) == name
    assert split_size(name) == ("rvt_nano/self", size)


@pytest.mark.parametrize("size", ["113", "16", "-112", "224x168", "٢٢٤", 1e9, "big"])
def test_a_size_that_is_not_on_offer_gets_a_sentence(size: object) -> None:
    with pytest.raises(InputError, match="expected an input size of 112, 160, 224, 288 pixels"):
        sized("rvt_nano/self", size)
    with pytest.raises(InputError, match="input size"):
        split_size(f"rvt_nano/self@{size}")


def test_a_model_is_loaded_at_its_size_under_its_own_name() -> None:
    shelf = ModelShelf("cpu")
    facts = shelf.facts("rvt_nano/vars_s@112")
    assert (facts.name, facts.image_size, facts.trained) == ("rvt_nano/vars_s", 112, True)
    assert shelf.facts("rvt_nano/vars_s").image_size == default_size("rvt_nano/vars_s")


def test_weights_under_a_name_stand_behind_the_embedded_models_and_say_what_they_are(tmp_path: Path) -> None:
    architecture = "vit_tiny_patch16_224"
    file = tmp_path / "dino.pth"
    torch.save(timm.create_model(architecture, num_classes=3, img_size=32).state_dict(), file)
    folder, named = read_weights([str(tmp_path), f"dino=timm/{architecture}:{file}"])
    assert folder == tmp_path.resolve()
    shelf = ModelShelf("cpu", named=named)
    assert shelf.names[: len(EMBEDDED) + 1] == [*EMBEDDED, "dino"]
    assert shelf.trained("dino") and not shelf.trained(f"timm/{architecture}")
    facts = shelf.facts("dino@112")
    assert (facts.name, facts.image_size, facts.trained) == ("dino", 112, True)
    settings = {
        "models": [{"name": "dino", "image_size": 112, "given": facts.given}],
        "view": {"layer": "0.3", "readout": "gap", "t": 0, "colours": "viridis", "tokens": "smooth"},
        "photograph": {"ref": "sample:cat"},
    }
    assert f"load_model('timm/{architecture}', 'dino.pth', image_size=112)" in python_text(settings)
    words = shlex.split(command_text(settings))
    assert words[words.index("--model") :][:4] == [
        "--model",
        "dino",
        "--checkpoint",
        f"dino=timm/{architecture}:dino.pth",
    ]


def test_weights_under_a_name_that_do_not_fit_are_told_at_the_start(tmp_path: Path) -> None:
    torch.save(timm.create_model("vit_tiny_patch16_224", img_size=32, depth=2).state_dict(), tmp_path / "two.pth")
    with pytest.raises(InputError, match="blocks"):
        ModelShelf("cpu", named=read_weights([f"two=timm/vit_tiny_patch16_224:{tmp_path}/two.pth"])[1]).load_named()


def test_models_besides_the_embedded_ones_leave_when_their_weights_take_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "EXTRA_BYTES", 15_000_000)  # room for one
    shelf = ModelShelf("cpu")
    first, second = shelf.backend("rvt_nano/self@112"), shelf.backend("rvt_nano/self@160")
    assert shelf.backend("rvt_nano/self@160") is second
    assert shelf.backend("rvt_nano/self@112") is not first
