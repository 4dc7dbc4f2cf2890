"""The models that the page offers, and the sizes that they can be asked for at."""

from __future__ import annotations

import pytest

from app.inference import models
from app.inference.models import EMBEDDED, SIZES, ModelShelf, default_size, sized, split_size
from vars_core.errors import InputError
from vars_core.weights import EMBEDDED as FOLDER


def test_the_embedded_models_are_those_whose_weights_come_with_the_project() -> None:
    assert sorted(EMBEDDED) == sorted(file.stem.replace("nano_", "nano/") for file in FOLDER.glob("*.safetensors"))


@pytest.mark.parametrize("size", ["default", "", None, 0, str(default_size("rvt_nano/self"))])
def test_the_default_size_has_one_name(size: object) -> None:
    assert sized("rvt_nano/self", size) == "rvt_nano/self"


@pytest.mark.parametrize("size", [one for one in SIZES if one != default_size("rvt_nano/self")])
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


def test_models_besides_the_embedded_ones_leave_when_their_weights_take_too_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "EXTRA_BYTES", 15_000_000)  # room for one
    shelf = ModelShelf("cpu")
    first, second = shelf.backend("rvt_nano/self@112"), shelf.backend("rvt_nano/self@160")
    assert shelf.backend("rvt_nano/self@160") is second
    assert shelf.backend("rvt_nano/self@112") is not first
