"""The models against the formulas: both from the same random weights, at 1e-5 of each array's largest magnitude.

The comparison runs in float64 on both sides. LISTA's shrinkage sgn(v)·GELU(|v| − t) jumps by about 0.2 at v = 0, and
the slope of soft thresholding (which `gap` and `contribution` see) jumps at |v| = t: in float32 a rounding error can
put one code in millions on the other side, and then two right answers differ by far more than rounding. What has no
jump is compared in float32 as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path
from zlib import crc32

import pytest
import torch
from torch import Tensor, nn

import vars_core.reference
from vars_core import READOUTS, Trace, TraceRecorder, create_model
from vars_core.mixers.spectral import StaticDictionary
from vars_core.models.backbone import Backbone
from vars_core.reference import Architecture, ReferenceTrace, reference_logits, reference_trace
from vars_core.reference.dictionaries import convolutional, dense, fourier_transform
from vars_core.reference.solvers import SMOOTH, SOFT, Iterates, Shrinkage, iterate, pooled_jacobians
from vars_core.spec import model_names

TOLERANCE = 1e-5
SIZES = {"rvt_nano": 32, "rvt_tiny": 64, "deit_tiny": 64, "gfnet_tiny": 64}
"""Even grids, 4×4. The larger backbones run on 3×3 (48 px), and of their stages of like blocks the first few."""
KEPT_BLOCKS = 3


@pytest.mark.parametrize("spec", model_names())
def test_every_model_computes_its_formulas(spec: str) -> None:
    compare(spec, SIZES.get(spec.split("/")[0], 48), num_steps=3)


@pytest.mark.parametrize("num_steps", [0, 3])
@pytest.mark.parametrize("mixer", ["vars_d", "vars_sd"])
def test_the_papers_solver_computes_its_formulas(mixer: str, num_steps: int) -> None:
    compare(f"rvt_nano/{mixer}", 32, num_steps=num_steps, solver="ista")


@pytest.mark.parametrize("mixer", ["vars_s", "vars_d", "vars_sd"])
def test_no_step_at_all_leaves_the_start(mixer: str) -> None:
    compare(f"rvt_nano/{mixer}", 32, num_steps=0)


@pytest.mark.parametrize("spec", ["rvt_nano/vars_s", "rvt_nano/vars_sd", "gfnet_tiny/vars_s", "gfnet_tiny/filter"])
def test_an_odd_grid_has_no_highest_frequency_of_its_own(spec: str) -> None:
    compare(spec, 40 if spec.startswith("rvt_nano") else 80, num_steps=1)


def test_a_grid_beyond_the_transforms_matrix_computes_the_same() -> None:
    """17×17 tokens go through the FFT, smaller grids through a matrix product."""
    model = filled("rvt_nano/vars_s", 136, num_steps=1).double()
    images = made_images(1, 136).double()
    expected = reference_logits(images, model.state_dict(), Architecture("rvt_nano/vars_s", num_steps=1))
    with torch.no_grad():
        assert_near(model(images), expected, "logits")


def test_lam_reaches_both_solvers() -> None:
    compare("rvt_nano/vars_d", 32, num_steps=2, lam=0.05)
    compare("rvt_nano/vars_s", 32, num_steps=2, lam=1.0)


SMOOTH_READOUTS = {
    "self": READOUTS,
    "performer": READOUTS,
    "filter": READOUTS,
    "vars_s": ("energy", "stream"),
    "vars_d": ("energy", "stream"),
    "vars_sd": ("energy", "stream"),
}
"""What is a continuous function of the weights when ISTA solves."""


@pytest.mark.parametrize("spec", [name for name in model_names() if name.startswith(("rvt_nano", "gfnet_tiny"))])
def test_single_precision_is_as_near_wherever_nothing_jumps(spec: str) -> None:
    mixer = spec.split("/")[1]
    solver = "ista" if mixer.startswith("vars") else None
    model, images = filled(spec, 32, solver=solver), made_images(2, 32)
    trace = traced(model, images)
    expected = reference_trace(images, model.state_dict(), Architecture(spec, solver=solver))
    assert_same_maps(trace, expected, SMOOTH_READOUTS[mixer])
    assert_near(trace.logits, expected.logits, "logits")


@pytest.mark.parametrize("mixer", ["vars_d", "vars_sd"])
def test_single_precision_moves_few_columns_of_codes_where_lista_jumps(mixer: str) -> None:
    """A code that jumps takes its column along; all other columns of the first block are as near as ever."""
    spec = f"rvt_nano/{mixer}"
    model, images = filled(spec, 32), made_images(2, 32)
    codes = traced(model, images).layers[0].codes
    assert codes is not None
    for t, wanted in enumerate(reference_trace(images, model.state_dict(), Architecture(spec)).layers[0].codes):
        error = (codes[t] - wanted).abs().amax(-2) / wanted.abs().max()
        assert (error > TOLERANCE).float().mean() < 0.02, f"too many columns of codes differ at iterate {t}"


def test_the_reference_shares_no_code_with_the_models() -> None:
    folder = Path(vars_core.reference.__file__).parent
    imported = {name for file in folder.glob("*.py") for name in imports_of(file)}
    own = {name for name in imported if name.split(".")[0] in ("vars_core", "analysis", "app")}
    assert own
    assert all(name.startswith("vars_core.reference") for name in own), sorted(own)
    assert not imported & {"timm", "torch.nn"}


@pytest.mark.parametrize("grid", [(4, 4), (3, 5), (4, 7), (1, 2)])
def test_the_written_out_transform_is_the_orthonormal_real_fft(grid: tuple[int, int]) -> None:
    """For any spectrum, also for one that is no transform of a real image."""
    draw = torch.Generator().manual_seed(0)
    fourier = fourier_transform(*grid, torch.float64)
    image = torch.randn(*grid, dtype=torch.float64, generator=draw)
    spectrum = torch.randn(grid[0], grid[1] // 2 + 1, dtype=torch.complex128, generator=draw)
    forward = fourier.forward(image.reshape(-1, 1)).reshape(spectrum.shape)
    inverse = fourier.inverse(spectrum.reshape(-1, 1)).reshape(grid)
    torch.testing.assert_close(forward, torch.fft.rfft2(image, norm="ortho"))
    torch.testing.assert_close(inverse, torch.fft.irfft2(spectrum, s=grid, norm="ortho"))


def test_the_convolutional_dictionary_decodes_by_the_transpose_of_what_encodes() -> None:
    weight = torch.randn(2, 3, 1, 4, 3, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    dictionary = convolutional(weight, fourier_transform(4, 4, torch.float64))
    encode = dictionary.encode(torch.eye(16, dtype=torch.float64))
    decode = dictionary.decode(torch.eye(48, dtype=torch.float64))
    torch.testing.assert_close(decode, encode.transpose(1, 2))
    # Its Gram in frequency space is symmetric, and not the product of the two: these spectra are not Hermitian.
    gram = dictionary.gram(torch.eye(48, dtype=torch.float64))
    torch.testing.assert_close(gram, gram.transpose(1, 2))
    assert (gram - encode @ decode).abs().max() > 1e-3


@pytest.mark.parametrize("shrink", [SOFT, SMOOTH], ids=["soft", "smooth"])
def test_the_written_out_jacobian_is_the_derivative_of_the_written_out_solver(shrink: Shrinkage) -> None:
    draw = torch.Generator().manual_seed(1)
    dictionary = dense(torch.randn(5, 7, dtype=torch.float64, generator=draw) / 3)
    x = torch.randn(5, 2, dtype=torch.float64, generator=draw)
    lam, rate = torch.tensor(0.3, dtype=torch.float64), torch.tensor(0.2, dtype=torch.float64)

    def solved(x: Tensor) -> Iterates:
        drive = dictionary.encode(x)
        start = Iterates([shrink.value(drive, lam)], [shrink.slope(drive, lam)], rate)
        return iterate(start, drive, dictionary.gram, lam, shrink, num_steps=3)

    for t, pooled in enumerate(pooled_jacobians(solved(x), dictionary, num_tokens=5)):
        jacobian = torch.autograd.functional.jacobian(lambda x, t=t: dictionary.decode(solved(x).codes[t]).mean(0), x)
        for column in range(2):  # mean_i z[i, c] depends on column c of x alone
            torch.testing.assert_close(pooled[:, column], jacobian[column, :, column])
            assert jacobian[column, :, 1 - column].abs().max() == 0


def compare(
    spec: str, size: int, num_steps: int, solver: str | None = None, lam: float | None = None, batch: int = 1
) -> None:
    """Logits and the four readouts of every block and iterate, in float64."""
    model = filled(spec, size, num_steps=num_steps, solver=solver, lam=lam).double()
    images = made_images(batch, size).double()
    trace = traced(model, images)
    expected = reference_trace(images, model.state_dict(), Architecture(spec, num_steps, solver, lam))
    assert_near(trace.logits, expected.logits, "logits")
    assert_same_maps(trace, expected, READOUTS)
    if "vars" in spec:
        assert all(len(layer.codes) == num_steps + 1 for layer in expected.layers)
        assert_worth_comparing(expected)


def traced(model: nn.Module, images: Tensor) -> Trace:
    recorder = TraceRecorder(READOUTS, codes=True)
    with torch.no_grad():
        return recorder.result(model(images, recorder))


def assert_same_maps(trace: Trace, expected: ReferenceTrace, readouts: Iterable[str]) -> None:
    assert [layer.name for layer in trace.layers] == [layer.name for layer in expected.layers]
    for layer, reference in zip(trace.layers, expected.layers, strict=True):
        for readout in readouts:
            found, wanted = layer.maps[readout], reference.maps[readout]
            assert found.shape == wanted.shape
            for t in range(len(wanted)):
                assert_near(found[t], wanted[t], f"{readout} of block {layer.name} at iterate {t}")


def assert_near(found: Tensor, wanted: Tensor, what: str) -> None:
    error = (found.double() - wanted).abs().max() / wanted.abs().max()
    assert error < TOLERANCE, f"{what}: off by {error:.1e}"


def assert_worth_comparing(expected: ReferenceTrace) -> None:
    """No block's codes are all zero: on zeros any two solvers agree."""
    for layer in expected.layers:
        for codes in layer.codes:
            assert (codes != 0).float().mean() > 0.01, f"the codes of block {layer.name} are all but zero"


def made_images(batch: int, size: int) -> Tensor:
    return torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(0))


SPECTRUM_SCALE = {"rvt": 0.66, "deit": 2.0, "gfnet": 2.5}
"""Strong enough that drives pass λ = 3.5 in every block, also from the weak tokens of the convolutional stem."""


def filled(spec: str, size: int, num_steps: int = 3, solver: str | None = None, lam: float | None = None) -> nn.Module:
    """A model in which nothing is trivial: also statistics, scales, couplings and positions are random."""
    model = create_model(spec, num_classes=10, image_size=size, num_steps=num_steps, solver=solver, lam=lam).eval()
    if spec.split("/")[0] not in SIZES:
        assert isinstance(model, Backbone)
        model.stages[0] = nn.ModuleList(list(model.stages[0].children())[:KEPT_BLOCKS])
    draw = torch.Generator().manual_seed(crc32(spec.encode()))
    with torch.no_grad():
        for key, tensor in model.state_dict().items():
            if tensor.is_floating_point() and not key.endswith("dictionary.bound"):
                tensor.copy_(random_values(key, tensor.shape, draw, SPECTRUM_SCALE[spec.split("_")[0]]))
        for module in model.modules():
            if isinstance(module, StaticDictionary):
                module.refresh_bound()  # L of the spectra as they are now
    return model


def random_values(key: str, shape: torch.Size, draw: torch.Generator, spectrum_scale: float) -> Tensor:
    noise = torch.randn(shape, generator=draw)
    leaf = key.rsplit(".", 1)[-1]
    if leaf == "running_var":
        return 0.5 + torch.rand(shape, generator=draw)
    if leaf in ("running_mean", "bias", "position"):
        return 0.1 * noise
    if leaf in ("matrix", "static_atoms"):
        return noise
    if leaf == "coupling":
        return torch.eye(shape[0]) + 0.01 * noise
    if key.endswith("dictionary.spectrum.weight"):
        return spectrum_scale * noise
    if key.endswith("mixer.spectrum.weight"):  # about 1 as in GFNet: the mean over channels (`gap`) must not cancel
        return 1 + 0.2 * noise
    if key.endswith("second.spectrum.weight"):
        return 0.2 * noise
    if len(shape) == 1:
        return 1 + 0.1 * noise
    strength = 1.5 if key.endswith("value.weight") else 1.0
    return strength * noise / shape[1:].numel() ** 0.5


def imports_of(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names
