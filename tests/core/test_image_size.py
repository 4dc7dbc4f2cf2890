"""The size of a model's input: squares, rectangles, and the placement of each on a photograph."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.source_factors import source_factors
from vars_core import READOUTS, Backend, InputError, create_model, load_model
from vars_core.image_size import checked_size, height_and_width, parse_size, size_text
from vars_core.images import Placement
from vars_core.models.stems import ConvStem, RvtStem, stem_grid
from vars_core.readings import default_reading
from vars_core.spec import mixers_of

SIDES = st.integers(16, 400)


@given(SIDES, SIDES)
def test_a_size_reads_back_from_its_text(height: int, width: int) -> None:
    size = checked_size((height, width))
    assert parse_size(size_text(size)) == size
    assert isinstance(size, int) == (height == width)


@pytest.mark.parametrize("text", ["", "x", "224x", "-3", "1e3", "224 by 168", "2.5"])
def test_what_is_no_size_is_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match="expected an image size such as 224 or 224x168"):
        parse_size(text)


@pytest.mark.parametrize("size", [64, 100, 112, 33, (224, 168)])
@pytest.mark.parametrize(
    "stem", [RvtStem(8, 16), RvtStem(8, 8), ConvStem(16, 16), ConvStem(16, 8)], ids=lambda stem: type(stem).__name__
)
def test_the_grid_of_a_stem_follows_from_its_layers(stem: RvtStem | ConvStem, size: int | tuple[int, int]) -> None:
    _, grid = stem.eval()(torch.zeros(1, 3, *height_and_width(size)))
    assert stem_grid(stem, size) == grid


@pytest.mark.parametrize("size", [8, (224, 15)])
def test_a_size_below_the_stems_is_a_sentence(size: int | tuple[int, int]) -> None:
    with pytest.raises(InputError, match="at least 16 pixels a side"):
        create_model("rvt_nano/vars_d", image_size=size)


@pytest.mark.parametrize("policy", ["whole", "center"])
@given(height=st.integers(20, 300), width=st.integers(20, 300), size=st.tuples(SIDES, SIDES))
def test_the_input_lies_inside_the_photograph_in_its_own_shape(
    policy: str, height: int, width: int, size: tuple[int, int]
) -> None:
    placement = Placement(height, width, size, policy)
    left, top, right, bottom = placement.box
    assert -1e-9 <= left < right <= width + 1e-9 and -1e-9 <= top < bottom <= height + 1e-9
    if policy == "center":
        assert (bottom - top) / (right - left) == pytest.approx(size[0] / size[1])
    assert placement.place(np.zeros((height, width, 3), np.uint8)).shape == (*size, 3)
    assert placement.to_source(np.eye(5, 4)).shape == (height, width)


@pytest.mark.parametrize("policy", ["whole", "center"])
@pytest.mark.parametrize("size", [64, (48, 96), (96, 48)])
def test_the_factors_of_a_placement_are_the_placement(policy: str, size: int | tuple[int, int]) -> None:
    small = np.random.default_rng(0).random((6, 5)).astype(np.float32)
    placement = Placement(90, 120, size, policy)
    np.testing.assert_allclose(source_factors(placement, (6, 5)).place(small), placement.to_source(small), atol=2e-5)


@pytest.mark.parametrize("mixer", mixers_of("rvt_nano"))
def test_embedded_weights_read_a_photograph_of_any_shape(mixer: str) -> None:
    backend = Backend(load_model(f"rvt_nano/{mixer}", image_size=(96, 128)), device="cpu")
    photograph = np.random.default_rng(0).integers(0, 256, (150, 200, 3), dtype=np.uint8)
    batch, (placement,) = backend.prepare([photograph])
    assert batch.shape == (1, 3, 96, 128)
    trace = backend.trace(batch, readouts=("energy", "gap", "contribution", "stream"))
    assert {layer.grid for layer in trace.layers} == {(12, 16), (6, 8)}
    assert all(torch.isfinite(maps).all() for layer in trace.layers for maps in layer.maps.values())
    assert placement.to_source(trace["1.1"].maps["stream"][-1, 0].numpy()).shape == (150, 200)


@pytest.mark.parametrize(("mixer", "weights"), [("vars_sd", "static atoms"), ("vars_s", "learned spectra")])
def test_weights_of_one_grid_meet_no_other(mixer: str, weights: str) -> None:
    model = load_model(f"rvt_nano/{mixer}")
    with pytest.raises(InputError, match=f"{weights} belong to a 14×14 grid, the input gives 12×16"):
        model(torch.zeros(1, 3, 96, 128))


@pytest.mark.parametrize("mixer", mixers_of("rvt_nano"))
def test_the_default_reading_of_an_embedded_model_is_one_it_has(mixer: str) -> None:
    reading = default_reading("rvt_nano")
    backend = Backend(load_model(f"rvt_nano/{mixer}", image_size=reading.image_size), device="cpu")
    assert backend.default_layer == reading.layer and backend.default_readout in READOUTS


def test_other_models_are_read_at_the_last_block_of_stage_0() -> None:
    assert Backend(create_model("rvt_tiny/vars_d", image_size=64), device="cpu").default_layer == "0.9"
