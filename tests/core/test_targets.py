"""Whose attention is read: that of every token together, of one token, of a class."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.core.attention_checks import Attentions, with_weights_anywhere
from vars_core import Backend, InputError, create_model
from vars_core.models.backbone import Backbone
from vars_core.readouts import contribution, gap
from vars_core.targets import ClassLogit, ClassToken, Token
from vars_core.tokens import join_heads

SIZE, LAYER = 64, "1.1"
GRADIENT = ("gap", "contribution")


def made(mixer: str, **options: object) -> Backend:
    torch.manual_seed(0)
    return Backend(create_model(f"rvt_nano/{mixer}", num_classes=7, image_size=SIZE, **options), device="cpu")


def images(count: int = 2) -> Tensor:
    return torch.randn(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("mixer", ["self", "performer", "vars_d", "vars_sd", "vars_s"])
def test_the_gap_is_what_all_tokens_together_listen_to(mixer: str) -> None:
    backend, batch = made(mixer), images()
    pooled = backend.trace(batch, ("gap",), [LAYER])[LAYER]
    rows, columns = pooled.grid
    single = torch.stack(
        [
            backend.trace(batch, ("gap",), [LAYER], target=Token(row, column))[LAYER].maps["gap"]
            for row in range(rows)
            for column in range(columns)
        ]
    )
    scale = float(pooled.maps["gap"].abs().max())
    assert scale > 0
    assert torch.allclose(single.mean(0), pooled.maps["gap"], atol=1e-5 * scale)
    assert single.std(0).max() > 0, "tokens listen to different places"


@torch.no_grad()
def test_what_a_token_listens_to_is_its_row_of_the_attention() -> None:
    model = with_weights_anywhere("vit_tiny_patch16_224", SIZE)
    attentions = Attentions()
    model(images(), attentions)
    heads = attentions.by_layer["0.3"].matrix()[:, :, 1 + 6, 1:]  # token (1, 2) of 4×4 comes after the class token
    trace = Backend(model, device="cpu").trace(images(), ("gap",), ["0.3"], per_head=True, target=Token(1, 2))
    assert torch.allclose(trace["0.3"].head_maps["gap"][0].flatten(-2), heads, atol=1e-6)
    assert torch.allclose(trace["0.3"].maps["gap"][0].flatten(-2), heads.mean(1), atol=1e-6)


def test_without_steps_or_sparsity_a_token_listens_through_the_dictionary_twice() -> None:
    backend, batch = made("vars_d", num_steps=0, solver="ista"), images()
    model = backend.model
    assert isinstance(model, Backbone)
    block, x, grid = model.block_input(batch, LAYER)
    operator, _ = block.mixer.operator(block.norm1(x), grid)
    assert operator.dictionary is not None
    atoms = operator.dictionary.columns().transpose(-2, -1)
    expected = (atoms @ atoms.transpose(-2, -1))[:, :, 5]  # the start of ISTA is the drive itself: z_0 = PPᵀv
    row, column = divmod(5, grid[1])
    trace = backend.trace(batch, ("gap",), [LAYER], per_head=True, target=Token(row, column))
    assert torch.allclose(trace[LAYER].head_maps["gap"][0].flatten(-2), expected, atol=1e-5)


def logit_of_values(backend: Backend, batch: Tensor, index: int) -> tuple[Tensor, Tensor]:
    """The gradient of a logit by the last block's values, the dictionary held fixed, and the values; by hand."""
    model = backend.model
    assert isinstance(model, Backbone)
    block, x, grid = model.block_input(batch, LAYER)
    with torch.no_grad():
        operator, v = block.mixer.operator(block.norm1(x), grid)
    v = v.clone().requires_grad_()
    logits = model.head(block.tail(x.detach(), join_heads(operator(v)), grid))
    return torch.autograd.grad(logits[:, index].sum(), v)[0], v.detach()


@pytest.mark.parametrize("mixer", ["self", "vars_d", "vars_sd", "vars_s"])
def test_a_class_is_explained_by_the_gradient_of_its_logit(mixer: str) -> None:
    backend, batch = made(mixer), images()
    gradient, v = logit_of_values(backend, batch, 3)
    trace = backend.trace(batch, GRADIENT, [LAYER], target=ClassLogit(3))
    for name, formula in (("gap", gap), ("contribution", contribution)):
        expected = formula(gradient, v)
        assert torch.allclose(
            trace[LAYER].maps[name][-1].flatten(-2), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max())
        )
    assert torch.allclose(trace.logits, backend.logits(batch), atol=1e-6)


def test_classes_of_a_batch_are_explained_one_by_one() -> None:
    backend, batch = made("vars_sd"), images()
    both = backend.trace(batch, ("contribution",), target=ClassLogit((2, 5)))
    for layer in both.layers:
        for i, index in enumerate((2, 5)):
            alone = backend.trace(batch[[i]], ("contribution",), target=ClassLogit(index))[layer.name]
            expected = alone.maps["contribution"][:, 0]
            atol = 1e-4 * float(expected.max())
            assert torch.allclose(layer.maps["contribution"][:, i], expected, rtol=1e-3, atol=atol)


def test_the_class_token_counts_where_a_class_is_explained() -> None:
    """In the last block of a ViT nothing but the class token's attention reaches the logits."""
    model = with_weights_anywhere("vit_tiny_patch16_224", SIZE)
    attentions = Attentions()
    last = model.layer_names[-1]
    trace = Backend(model, device="cpu").trace(images(), ("gap",), [last], per_head=True, target=ClassLogit(1))
    with torch.no_grad():
        model(images(), attentions)
    rows = attentions.by_layer[last].matrix()[:, :, 0, 1:]
    heads = trace[last].head_maps["gap"][0].flatten(-2)  # a number a head, times the class token's row
    ratio = heads / rows
    assert ratio.std(-1).max() < 1e-3 * ratio.abs().max()


def test_the_class_tokens_attention_is_its_row_head_by_head() -> None:
    model = with_weights_anywhere("vit_tiny_patch16_224", SIZE)
    attentions = Attentions()
    with torch.no_grad():
        model(images(), attentions)
    trace = Backend(model, device="cpu").trace(images(), ("gap",), per_head=True, target=ClassToken())
    for layer in trace.layers:
        heads = attentions.by_layer[layer.name].matrix()[:, :, 0, 1:]
        assert torch.allclose(layer.head_maps["gap"][0].flatten(-2), heads, atol=1e-6)


@pytest.mark.parametrize("spec", ["rvt_nano/self", "timm/vit_medium_patch16_reg4_gap_256"])
def test_without_a_class_token_there_is_a_sentence(spec: str) -> None:
    """Registers before the patches are no class token."""
    backend = Backend(create_model(spec, num_classes=2, image_size=SIZE), device="cpu")
    with pytest.raises(InputError, match="expected a model with a class token"):
        backend.trace(images(), ("gap",), target=ClassToken())


def test_what_is_not_there_is_a_sentence() -> None:
    backend = made("vars_d")
    with pytest.raises(InputError, match=r"expected a token of the 4×4 grid, got \(4, 0\)"):
        backend.trace(images(), ("gap",), [LAYER], target=Token(4, 0))
    with pytest.raises(InputError, match=r"expected a class 0..6, got 7"):
        backend.trace(images(), ("gap",), [LAYER], target=ClassLogit(7))
    with pytest.raises(InputError, match=r"one for each of 2 images, got 3"):
        backend.trace(images(), ("gap",), [LAYER], target=ClassLogit((1, 2, 3)))
