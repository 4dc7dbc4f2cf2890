"""The models that the page offers, and the sizes that they can be asked for at."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.inference import models
from app.inference.models import DEFAULT_MODEL, EMBEDDED, SIZES, ModelShelf, default_size, sized, split_size
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
