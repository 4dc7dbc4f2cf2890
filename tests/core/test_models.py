"""The networks as a whole: every backbone × mixer builds, learns, compiles and registers."""

from __future__ import annotations

import pytest
import timm
import torch

import vars_core  # importing it registers the models with timm
from vars_core import InputError, create_model
from vars_core.mixers import MIXERS
from vars_core.readouts import READOUTS
from vars_core.solver import Ista, Lista
from vars_core.spec import BACKBONES, mixers_of, model_names, parse_spec

LIGHT = [name for name in model_names() if not name.startswith(("rvt_base", "rvt_small", "deit_small", "gfnet_small"))]


@pytest.mark.parametrize("spec", model_names())
def test_every_model_takes_a_batch_of_one(spec: str) -> None:
    model = create_model(spec, num_classes=7, image_size=32).eval()
    with torch.no_grad():
        assert model(torch.randn(1, 3, 32, 32)).shape == (1, 7)
    assert len(set(model.layer_names)) == len(model.layer_names) > 0


@pytest.mark.parametrize("spec", LIGHT)
def test_every_trainable_parameter_receives_a_gradient(spec: str) -> None:
    torch.manual_seed(0)
    model = create_model(spec, num_classes=5, image_size=64, lam=0.02).train()
    model(2 * torch.randn(4, 3, 64, 64)).square().mean().backward()
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.abs().sum() > 0)
    ]
    assert without == []


@pytest.mark.parametrize("spec", LIGHT)
def test_the_plain_forward_compiles_as_one_graph(spec: str) -> None:
    torch.manual_seed(0)
    torch._dynamo.reset()
    model = create_model(spec, num_classes=5, image_size=64).eval()
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        compiled = torch.compile(model, fullgraph=True, backend="eager")(images)
        torch.testing.assert_close(compiled, model(images), atol=1e-5, rtol=1e-4)


def test_the_released_geometry_and_sizes_are_met() -> None:
    """SPEC §2: upstream's own parameter counts, in millions."""
    upstream = {"self": 8.65, "performer": 8.65, "vars_s": 10.15, "vars_d": 8.03, "vars_sd": 9.00}
    for mixer, millions in upstream.items():
        model = create_model(f"rvt_tiny/{mixer}")
        assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)
    layers = create_model("rvt_tiny/vars_d").layer_names
    assert layers[0] == "0.0" and layers[9] == "0.9" and layers[-1] == "1.1"


@pytest.mark.parametrize("mixer", mixers_of("rvt_nano"))
def test_rvt_nano_stays_within_its_budget_and_reads_grids_of_14_and_7(mixer: str) -> None:
    model = create_model(f"rvt_nano/{mixer}", num_classes=200).eval()
    assert sum(p.numel() for p in model.parameters()) <= 2.7e6
    trace = vars_core.Backend(model, device="cpu").trace(torch.randn(1, 3, 112, 112))
    assert {layer.name[0]: layer.grid for layer in trace.layers} == {"0": (14, 14), "1": (7, 7)}


def test_models_are_created_through_timm() -> None:
    model = timm.create_model("rvt_tiny_vars_d", num_classes=11, img_size=64)
    assert model.num_classes == 11 and str(model.spec) == "rvt_tiny/vars_d"
    assert timm.is_model("gfnet_tiny_vars_sd")


def test_any_image_size_gives_its_own_grid() -> None:
    model = create_model("rvt_nano/vars_d", num_classes=3).eval()  # no weight of it belongs to a grid
    with torch.no_grad():
        assert model(torch.randn(1, 3, 160, 96)).shape == (1, 3)


@pytest.mark.parametrize(
    ("spec", "nearest"),
    [
        ("rvt_tiny/vars_x", "'rvt_tiny/vars_"),
        ("rvt_tyni/vars_d", "'rvt_tiny/vars_d'"),
        ("gfnet_tiny/self", "gfnet_tiny"),
    ],
)
def test_an_unknown_spec_names_the_nearest(spec: str, nearest: str) -> None:
    with pytest.raises(InputError, match="unknown model") as caught:
        parse_spec(spec)
    assert nearest in str(caught.value)


def test_an_unknown_timm_model_names_the_nearest() -> None:
    with pytest.raises(InputError, match="timm has no model 'resnet1'; nearest: 'resnet"):
        create_model("timm/resnet1")


def test_lista_is_refused_for_convolutions() -> None:
    with pytest.raises(InputError, match="vars_s has no 'lista' setting"):
        create_model("rvt_tiny/vars_s", solver="lista")


def test_every_mixer_of_the_table_stands_on_a_backbone() -> None:
    assert {mixer for backbone in BACKBONES for mixer in mixers_of(backbone)} == set(MIXERS)
    assert {family for kind in MIXERS.values() for family in kind.families} == {
        kind.family for kind in BACKBONES.values()
    }


def test_names_and_titles_are_nobody_elses() -> None:
    for table in (MIXERS, BACKBONES, READOUTS):
        assert all(name == entry.name for name, entry in table.items())
        assert len({entry.title for entry in table.values()}) == len(table)
    for entry in (*MIXERS.values(), *READOUTS.values()):
        assert entry.words[0].isupper() and entry.words.endswith(".")


@pytest.mark.parametrize("mixer", MIXERS)
def test_a_mixer_is_solved_by_the_solvers_of_its_entry(mixer: str) -> None:
    def solver_of(asked: str | None) -> str | None:
        built = create_model(f"{backbone}/{mixer}", num_classes=2, image_size=32, solver=asked)
        found = {type(module).__name__.lower() for module in built.modules() if isinstance(module, Ista | Lista)}
        return found.pop() if found else None

    backbone = next(name for name in ("rvt_nano", "gfnet_tiny") if mixer in mixers_of(name))
    solvers = MIXERS[mixer].solvers
    assert solver_of(None) == (solvers[0] if solvers else None)
    assert all(solver_of(name) == name for name in solvers)


@pytest.mark.parametrize("spec", ["rvt_nano/self", "rvt_tiny/performer", "deit_tiny/self", "gfnet_tiny/filter"])
def test_a_model_that_solves_nothing_has_no_steps(spec: str) -> None:
    assert create_model(spec, num_steps=3).num_steps == 0
    solving = spec.partition("/")[0] + "/vars_s"
    assert create_model(solving, num_steps=3).num_steps == 3
