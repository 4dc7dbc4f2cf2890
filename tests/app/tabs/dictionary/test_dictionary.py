"""What the Dictionary tab shows: which atoms, in which order, on which colour scale."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from analysis.colour_maps import DEFAULT, SIGNED
from app.tabs.dictionary import words as dictionary
from app.tabs.dictionary.order import PAGE, AtomLook, chosen, num_pages
from app.views import payload
from tests.app.made import facts, layer_atoms, subject, traced
from vars_core.errors import InputError


def decoded(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


@pytest.mark.parametrize("t", [0, 2, 3, 99])
def test_atoms_are_sorted_by_their_use_at_the_iterate_and_ties_by_index(t: int) -> None:
    atoms = layer_atoms()
    places = chosen(atoms, AtomLook(t=t))
    use = atoms.use[min(t, 3)]
    assert len(places) == len(set(places)) == 120
    assert places == sorted(places, key=lambda place: (-use[place], place))


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (AtomLook(sort="index"), [(head, atom) for head in range(3) for atom in range(40)]),
        (AtomLook(sort="index", head="1"), [(1, atom) for atom in range(40)]),
        (AtomLook(sort="index", head="2", part="dynamic"), [(2, atom) for atom in range(20)]),
        (AtomLook(sort="index", head="0", part="static"), [(0, atom) for atom in range(20, 40)]),
    ],
)
def test_a_head_and_a_part_are_chosen(look: AtomLook, expected: list[tuple[int, int]]) -> None:
    assert chosen(layer_atoms(), look) == expected


def test_channels_of_a_convolution_come_in_blocks_and_the_last_block_may_be_short() -> None:
    atoms = layer_atoms(groups=20, count=2, num_dynamic=0)
    assert dictionary.head_choices(atoms) == [("all channels", "all"), ("channels 0–15", "0"), ("channels 16–19", "1")]
    assert {channel for channel, _ in chosen(atoms, AtomLook(head="1"))} == {16, 17, 18, 19}
    assert len(chosen(atoms, AtomLook())) == 40


def test_heads_are_named_as_the_arrays_count_them() -> None:
    choices = dictionary.head_choices(layer_atoms())
    assert choices == [("all heads", "all"), ("head 0", "0"), ("head 1", "1"), ("head 2", "2")]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"head": "first"}, "a head as 'all' or its index"),
        ({"head": "-1"}, "a head as 'all' or its index"),
        ({"head": "²"}, "a head as 'all' or its index"),
        ({"head": "1" * 5000}, "a head as 'all' or its index"),
        ({"part": "both"}, "unknown part 'both': expected one of all, dynamic, static"),
        ({"sort": "size"}, "unknown order 'size'"),
        ({"scale": "map"}, "unknown colour scale 'map': expected own or shared"),
        ({"t": -1}, "an iterate of 0 or more, got -1"),
        ({"page": 0}, "a page of 1 or more, got 0"),
    ],
)
def test_a_look_that_cannot_be_is_refused_with_a_sentence(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        AtomLook(**wrong)


def test_what_a_dictionary_lacks_is_refused_with_a_sentence() -> None:
    with pytest.raises(InputError, match=r"expected a head of 0\.\.2, got 3"):
        chosen(layer_atoms(), AtomLook(head="3"))
    with pytest.raises(InputError, match=r"expected a block of 16 channels of 0\.\.1, got 2"):
        chosen(layer_atoms(groups=20, count=2, num_dynamic=0), AtomLook(head="2"))
    with pytest.raises(InputError, match="has no static atoms"):
        chosen(layer_atoms(num_dynamic=40), AtomLook(part="static"))


def test_pages_hold_all_atoms_once_and_the_last_page_stands_for_those_past_it() -> None:
    atoms = layer_atoms()
    assert num_pages(120) == 2 and num_pages(PAGE) == 1 and num_pages(0) == 1
    pages = [dictionary.listed(atoms, AtomLook(page=page)) for page in (1, 2)]
    assert [len(page) for page in pages] == [64, 56]
    assert dictionary.listed(atoms, AtomLook(page=9)) == pages[1]
    assert [(one["head"], one["atom"]) for page in pages for one in page] == chosen(atoms, AtomLook())


def test_facts_of_an_atom_are_those_of_the_arrays() -> None:
    atoms = layer_atoms()
    one = dictionary.listed(atoms, AtomLook(head="1", part="static", sort="index"))[2]
    assert (one["head"], one["atom"], one["part"]) == (1, 22, "static")
    assert one["use"] == pytest.approx(atoms.use[:, 1, 22])
    assert one["active"] == pytest.approx(atoms.active[:, 1, 22])


def test_the_browser_gets_every_atom_and_the_exact_use() -> None:
    atoms = layer_atoms()
    sent = dictionary.view(subject(), atoms)
    codes = decoded(sent["maps"]["data"], "<u2").reshape(120, -1) / payload.LEVELS
    low, high = (np.array(sent["maps"][end])[:, None] for end in ("low", "high"))
    np.testing.assert_allclose((low + (high - low) * codes).reshape(atoms.atoms.shape), atoms.atoms, atol=1e-4)
    assert np.array_equal(decoded(sent["use"], "<f4").reshape(atoms.use.shape), atoms.use)
    assert np.array_equal(decoded(sent["active"], "<f4").reshape(atoms.use.shape), atoms.active)
    assert (sent["groups"], sent["atoms"], sent["dynamic"], sent["steps"]) == (3, 40, 20, 3)


def test_dynamic_atoms_are_coloured_from_minimum_to_maximum_and_static_ones_about_zero() -> None:
    atoms = layer_atoms()
    own = dictionary.limits(atoms, [(0, 0)])["dynamic"]
    assert own == (atoms.atoms[0, 0].min(), atoms.atoms[0, 0].max())
    low, high = dictionary.limits(atoms, [(0, 20)])["static"]
    assert -low == high == np.abs(atoms.atoms[0, 20]).max()
    shared = dictionary.limits(atoms, chosen(atoms, AtomLook()))
    assert shared["static"][1] == np.abs(atoms.atoms[:, 20:]).max()
    assert shared["dynamic"] == (atoms.atoms[:, :20].min(), atoms.atoms[:, :20].max())


def test_a_learned_atom_that_is_zero_has_the_colour_of_zero() -> None:
    atoms = layer_atoms()
    atoms.atoms[0, 20] = 0
    picture = dictionary.tile(atoms.atoms[0, 20], "static", dictionary.limits(atoms, [(0, 20)])["static"], DEFAULT)
    assert (picture == SIGNED.paint(np.zeros(1))).all()


def test_the_export_holds_all_atoms_and_what_reproduces_the_page() -> None:
    atoms, shown = layer_atoms(), subject()
    made = dictionary.export(shown, atoms, AtomLook(layer="7.7", t=99, page=9))
    assert np.array_equal(made.arrays["atoms"], atoms.atoms) and np.array_equal(made.arrays["use"], atoms.use)
    assert made.arrays["dynamic"].sum() == 20
    view = made.settings["view"]
    assert (view["layer"], view["t"], view["page"]) == ("0.1", 3, 2)
    assert made.settings["models"][0]["name"] == "rvt_nano/vars_sd"
    assert made.figure().shape[1] > dictionary.COLUMNS * dictionary.TILE
    other = dictionary.export(shown, atoms, AtomLook(t=99, page=9, scale="shared"))
    assert not np.array_equal(other.figure(), made.figure())


def test_a_model_without_a_dictionary_says_so() -> None:
    assert traced().has_dictionary and not traced(steps=0).has_dictionary
    assert "RVT-nano · self-attention has no dictionary" in str(dictionary.no_dictionary(facts("rvt_nano/self")))
