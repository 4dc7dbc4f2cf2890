"""The strip from photograph to map: what it says belongs to the mixer's own entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.inference.models import EMBEDDED, ModelShelf
from app.tabs.attention.pipeline import STAGES, heads, of_kind, opened, read
from vars_core.mixers import MIXERS
from vars_core.readouts import READOUTS


@pytest.mark.parametrize("mixer", MIXERS)
def test_every_stage_of_every_mixer_has_a_sentence_and_an_equation(mixer: str) -> None:
    told = opened(mixer)
    assert len(heads(mixer)) == len(STAGES) == len(told) + 1
    for text in told:
        head, equation, end = text.split("$$")
        assert head.startswith("**") and ".** " in head and end == ""
        assert equation.count("{") == equation.count("}") and equation.count(r"\left") == equation.count(r"\right")


def test_a_mixer_that_solves_nothing_says_what_stands_in_the_place_of_codes_and_iterates() -> None:
    assert heads("vars_d") == ["photograph", "tokens", "codes", "iterates", "map"]
    assert heads("self") == ["photograph", "tokens", "weights", "one step", "map"]
    assert "no iterate" in opened("self")[3] and r"\mathrm{softmax}" in opened("self")[2]


def test_each_vars_variant_shows_its_own_dictionary() -> None:
    dictionaries = {mixer: opened(mixer)[2] for mixer in ("vars_s", "vars_d", "vars_sd")}
    assert len(set(dictionaries.values())) == 3
    assert r"\kappa_k * u_k" in dictionaries["vars_s"] and r"\;;\;A" in dictionaries["vars_sd"]


def test_a_mixer_of_somebody_elses_says_at_least_its_sentence() -> None:
    bare = replace(MIXERS["vars_d"], weighing=None)
    assert of_kind(bare, "weighing") == (bare.words, "")


@pytest.mark.parametrize("readout", READOUTS)
def test_the_map_opens_into_the_equation_of_the_readout(readout: str) -> None:
    assert READOUTS[readout].words in read(readout) and f"$${READOUTS[readout].equation}$$" in read(readout)


def test_a_model_says_which_mixer_it_has() -> None:
    shelf = ModelShelf()
    assert shelf.facts(EMBEDDED[0]).mixer == "vars_d"
    assert shelf.facts("timm/vit_tiny_patch16_224").mixer == "self"
    assert shelf.facts("timm/resnet18").mixer == ""
