"""What ``python -m analysis benchmark`` measures: one function a table, all calls of a table in turns."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import linear
from torch.profiler import ProfilerActivity, profile

from analysis.benchmark import Clock, Spread, interleaved, ratio, spread
from analysis.markdown import table
from analysis.multiply_adds import multiply_adds
from analysis.released import released_model, same_weights
from vars_core.backend import Backend
from vars_core.image_size import height_and_width
from vars_core.inference.native.call import COMPILED
from vars_core.models.backbone import Backbone
from vars_core.models.base import VisionModel
from vars_core.readouts import READOUTS
from vars_core.reference import Architecture, reference_logits

Calls = Mapping[str, Callable[[], object]]

TRACE_LIMIT = 1.15
"""`energy` of every layer and iterate, over a plain call: what it may cost."""

AGREEMENT = 1e-4
"""Of logits, relative to the largest: how far ours may be from the authors'."""

NUM_CLASSES = 1000

BATCH = 8
"""Images at once where nothing is timed."""

REPEATS = 8
"""Products that are timed together."""

KINDS = {
    "matrix products": ("mm", "addmm", "bmm", "baddbmm", "matmul", "linear", "mkldnn::_linear_pointwise"),
    "convolutions": ("conv",),
    "attention": ("scaled_dot_product",),
    "transforms": ("_fft",),
    "compiled loops": (COMPILED,),
    "activations and norms": ("gelu", "relu", "layer_norm", "batch_norm", "softmax", "exp", "norm"),
    "copies": ("copy_", "cat", "stack", "contiguous", "clone", "fill_", "flip"),
}
"""Operations of PyTorch by what they do; the first kind with a part of the name is an operation's."""


@dataclass(frozen=True)
class Table:
    """``records`` are the numbers, one a row; ``header`` and ``rows`` are how they are printed."""

    name: str
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    records: Sequence[Mapping[str, object]]

    def __str__(self) -> str:
        return "\n".join([self.caption, "", *table(self.header, self.rows)])


def against_formulas(backends: Sequence[Backend], rounds: int, clock: Clock) -> Table:
    """`vars_core.reference` over the plain forward, one image, float32, no readouts on either side."""
    rows, records = [], []
    for backend in backends:
        images = random_images(backend, 1)
        state = {key: value.cpu() for key, value in backend.model.state_dict().items()}
        formulas = partial(reference_logits, images, state, Architecture(backend.name), torch.float32)
        seconds = interleaved({"plain": partial(backend.logits, images), "formulas": formulas}, rounds, clock)
        times, cost = {name: spread(seconds[name]).median for name in seconds}, ratio(**_over(seconds, "formulas"))
        rows.append([backend.name, *(f"{1e3 * time:.1f}" for time in times.values()), str(cost)])
        records.append({"model": backend.name, "seconds": times, "formulas_over_plain": cost.median})
    caption = f"Plain forward of one image against the formulas in the same precision, {rounds} rounds:"
    return Table("formulas", caption, ["model", "plain, ms", "formulas, ms", "formulas ÷ plain"], rows, records)


def throughput(
    backends: Sequence[Backend], batches: Sequence[int], rounds: int, clock: Clock, *, compiled: bool
) -> Table:
    """Images a second: the trained model as it is, the backend's fast form plain and traced, and compiled."""
    rows, records = [], []
    for backend in backends:
        for size in batches:
            images = random_images(backend, size)
            calls = _ways(backend, images, compiled)
            seconds = interleaved(calls, rounds, clock)
            rates = {name: size / spread(seconds[name]).median for name in calls}
            rows.append([backend.name, str(size), *(f"{rate:.1f}" for rate in rates.values())])
            records.append({"model": backend.name, "batch": size, "images_per_second": rates})
    ways = ["trained model", "backend", "traced", *(["compiled"] if compiled else [])]
    caption = f"Images a second, {rounds} rounds (`traced`: `energy` of every layer and iterate):"
    return Table("throughput", caption, ["model", "batch", *ways], rows, records)


def against_released(
    folder: Path, mixers: Sequence[str], batches: Sequence[int], rounds: int, clock: Clock, *, compiled: bool
) -> Table:
    """The authors' code over ours on rvt_tiny: same weights, same images, in turns in one run."""
    rows, records = [], []
    for mixer in mixers:
        released = released_model(folder, mixer, NUM_CLASSES)
        backend = Backend(same_weights(released, mixer, NUM_CLASSES), device="cpu")
        for size in batches:
            images = random_images(backend, size)
            ways = _ways(backend, images, compiled)
            seconds = interleaved({"released": partial(_plain, released, images), **ways}, rounds, clock)
            theirs = _plain(released, images).reshape(size, -1)
            apart = float((backend.logits(images) - theirs).abs().max() / theirs.abs().max())
            rate = {name: size / spread(values).median for name, values in seconds.items()}
            gains = {name: ratio(**_over(seconds, "released", name)) for name in ways if name != "traced"}
            cells = [f"{rate['released']:.1f}", f"{rate['backend']:.1f}", *map(str, gains.values())]
            rows.append([backend.name, str(size), *cells, f"{apart:.0e}", "yes" if apart <= AGREEMENT else "no"])
            records.append(
                {
                    "model": backend.name,
                    "batch": size,
                    "images_per_second": rate,
                    "times_faster": {name: gain.median for name, gain in gains.items()},
                    "logits_apart": apart,
                }
            )
    header = ["model", "batch", "released, images/s", "backend, images/s", "trained model ×", "backend ×"]
    header += [*(["compiled ×"] if compiled else []), "logits apart", f"≤ {AGREEMENT:.0e}"]
    return Table("released", f"Against the authors' code, {rounds} rounds:", header, rows, records)


@torch.no_grad()
def exactness(folder: Path, mixers: Sequence[str], count: int) -> Table:
    """How far logits of `rvt_tiny` in single precision are from each other and from the authors' code in double.

    Of each image the largest distance of a logit, relative to the largest logit of the double precision.
    """
    rows, records = [], []
    for mixer in mixers:
        released = released_model(folder, mixer, NUM_CLASSES)
        ours = same_weights(released, mixer, NUM_CLASSES)
        backend = Backend(ours, device="cpu")
        double, ours_double = copy.deepcopy(released).double(), copy.deepcopy(ours).double()
        apart: dict[str, list[Tensor]] = {}
        for images in random_images(backend, count).split(BATCH):
            exact = double(images.double()).flatten(1)
            logits = {"ours": backend.logits(images).double(), "theirs": _plain(released, images).flatten(1).double()}
            pairs = {
                "ours to theirs": (logits["ours"], logits["theirs"]),
                "ours to exact": (logits["ours"], exact),
                "theirs to exact": (logits["theirs"], exact),
                "both in double": (ours_double(images.double()), exact),
            }
            for name, (one, other) in pairs.items():
                apart.setdefault(name, []).append((one - other).abs().amax(1) / exact.abs().amax())
        distances = {name: torch.cat(parts) for name, parts in apart.items()}
        cells = [
            f"{values.median():.1e}, {values.max():.1e}, {int((values > AGREEMENT).sum())}"
            for values in distances.values()
        ]
        rows.append([backend.name, str(count), *cells])
        records.append(
            {"model": backend.name, "images": count, **{name: one.tolist() for name, one in distances.items()}}
        )
    caption = f"Logits in single precision; median, largest, and images of more than {AGREEMENT:.0e}:"
    return Table("exactness", caption, ["model", "images", *apart], rows, records)


def tracing(backends: Sequence[Backend], batches: Sequence[int], rounds: int, clock: Clock) -> Table:
    """Tracing `energy` everywhere over the plain forward, for each batch size."""
    rows, records = [], []
    for backend in backends:
        for size in batches:
            images = random_images(backend, size)
            traced = partial(backend.trace, images, ("energy",))
            seconds = interleaved({"plain": partial(backend.logits, images), "traced": traced}, rounds, clock)
            cost = ratio(**_over(seconds, "traced"))
            times = [f"{1e3 * spread(seconds[name]).median:.1f}" for name in ("plain", "traced")]
            verdict = "yes" if cost.median <= TRACE_LIMIT else "no"
            rows.append([backend.name, str(size), *times, str(cost), verdict])
            records.append({"model": backend.name, "batch": size, "traced_over_plain": cost.median})
    caption = f"`energy` of every layer and iterate against the plain forward, {rounds} rounds:"
    header = ["model", "batch", "plain, ms", "traced, ms", "traced ÷ plain", f"≤ {TRACE_LIMIT}"]
    return Table("tracing", caption, header, rows, records)


def readouts(backends: Sequence[Backend], rounds: int, clock: Clock) -> Table:
    """What each readout costs: the median ratio of a trace of it alone, everywhere, to the plain forward."""
    rows, records = [], []
    for backend in backends:
        images = random_images(backend, 1)
        calls: dict[str, Callable[[], object]] = {name: partial(backend.trace, images, (name,)) for name in READOUTS}
        calls["all"] = partial(backend.trace, images, READOUTS)
        calls["all, per head, statistics"] = partial(backend.trace, images, READOUTS, per_head=True, statistics=True)
        seconds = interleaved({"plain": partial(backend.logits, images), **calls}, rounds, clock)
        costs: dict[str, Spread] = {name: ratio(seconds[name], seconds["plain"]) for name in calls}
        rows.append([backend.name, *map(str, costs.values())])
        records.append({"model": backend.name, "over_plain": {name: cost.median for name, cost in costs.items()}})
    caption = f"Each readout of every layer and iterate against the plain forward, one image, {rounds} rounds:"
    return Table("readouts", caption, ["model", *READOUTS, "all", "all, per head, statistics"], rows, records)


def matrix_limit(backends: Sequence[Backend], batch: int, rounds: int, clock: Clock) -> Table:
    """The multiply-adds a second of a plain call beside those of its widest matrix product alone, in turns.

    Those of the trained model (docs/models.md, "Sizes"), though its fast form may need fewer.
    The product is the first of the first block's MLP, (batch·N, C) by (C, 4C), the one that most of the work is like.
    """
    rows, records = [], []
    for backend in backends:
        if not isinstance(backend.model, Backbone):
            continue
        images = random_images(backend, batch)
        work = batch * sum(multiply_adds(copy.deepcopy(backend.model).requires_grad_(False)))
        tokens, dim, hidden = widest_product(backend)
        given, weight, bias = torch.randn(batch * tokens, dim), torch.randn(hidden, dim), torch.randn(hidden)
        given, weight, bias = (tensor.to(backend.device) for tensor in (given, weight, bias))
        product = partial(_several, partial(linear, given, weight, bias))
        calls: Calls = {"plain": partial(backend.logits, images), "product": product}
        seconds = interleaved(calls, rounds, clock)
        limits = [REPEATS * batch * tokens * dim * hidden / one for one in seconds["product"]]
        reached = [work / one for one in seconds["plain"]]
        share = ratio(reached, limits)
        rates = [spread(values).median / 1e9 for values in (reached, limits)]
        shape = f"({batch * tokens}, {dim}) × ({dim}, {hidden})"
        rows.append([backend.name, f"{work / batch / 1e9:.2f}", *(f"{rate:.1f}" for rate in rates), shape, str(share)])
        records.append({"model": backend.name, "batch": batch, "of_limit": share.median, "rates": rates})
    caption = f"Multiply-adds a second of a plain call, and of its widest matrix product alone, batch {batch}:"
    header = ["model", "G an image", "plain, G/s", "product, G/s", "product", "share reached"]
    return Table("limit", caption, header, rows, records)


def _several(product: Callable[[], Tensor]) -> None:
    for _ in range(REPEATS):
        product()


def widest_product(backend: Backend) -> tuple[int, int, int]:
    """(N, C, hidden) of the first block's MLP."""
    assert isinstance(backend.model, Backbone)
    name, block = next(backend.model.named_blocks())
    _, tokens, _ = backend.model.block_input(random_images(backend, 1).to(backend.device), name)
    first = next(parameter for parameter in block.mlp.parameters() if parameter.ndim > 1)
    return tokens.shape[1], first.shape[1], first.shape[0]


def where_time_goes(backends: Sequence[Backend], batch: int, rounds: int) -> Table:
    """The share of a plain call that each kind of operation takes, by PyTorch's profiler."""
    rows, records = [], []
    for backend in backends:
        images = random_images(backend, batch)
        backend.logits(images)
        with profile(activities=[ProfilerActivity.CPU]) as seen:
            for _ in range(rounds):
                backend.logits(images)
        shares = dict.fromkeys([*KINDS, "other"], 0.0)
        for event in seen.key_averages():
            shares[kind_of(event.key)] += event.self_cpu_time_total
        total = sum(shares.values())
        shares = {kind: time / total for kind, time in shares.items()}
        rows.append([backend.name, *(f"{share:.0%}" for share in shares.values())])
        records.append({"model": backend.name, "batch": batch, "share": shares})
    caption = f"Where the time of a plain call goes, batch {batch}:"
    return Table("profile", caption, ["model", *KINDS, "other"], rows, records)


def kind_of(operation: str) -> str:
    """The kind of an operation by its name in the profile, "aten::addmm"."""
    name = operation.removeprefix("aten::")
    for kind, parts in KINDS.items():
        if any(part == name if kind == "matrix products" else part in name for part in parts):
            return kind
    return "other"


def random_images(backend: Backend, batch: int) -> Tensor:
    """(batch, 3, H, W), the same for every call."""
    return torch.randn(batch, 3, *height_and_width(backend.image_size), generator=torch.Generator().manual_seed(0))


def _ways(backend: Backend, images: Tensor, compiled: bool) -> dict[str, Callable[[], object]]:
    ways: dict[str, Callable[[], object]] = {
        "trained": partial(_plain, backend.model, images),
        "backend": partial(backend.logits, images),
        "traced": partial(backend.trace, images, ("energy",)),
    }
    if compiled:
        fast = Backend(backend.model, str(backend.device), backend.precision, compiled=True)
        ways["compiled"] = partial(fast.logits, images)
    return ways


@torch.no_grad()
def _plain(model: VisionModel | torch.nn.Module, images: Tensor) -> Tensor:
    device = next(model.parameters()).device
    logits: Tensor = model(images.to(device))
    return logits.float().cpu()


def _over(seconds: Mapping[str, list[float]], above: str, below: str = "plain") -> dict[str, list[float]]:
    return {"numerator": seconds[above], "denominator": seconds[below]}
