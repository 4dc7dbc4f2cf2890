"""``python -m analysis dynamics``: how far each layer's iteration ends from the optimum of its own problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from analysis.commands.evaluating import OfMaps
from analysis.commands.options import parse_models, parse_numbers
from vars_core.training.options import asks, option, options


@dataclass(frozen=True, kw_only=True)
class Asked:
    model: tuple[str, ...] = option("Model spec with a dictionary, e.g. rvt_nano/vars_d; repeatable.")
    image: tuple[Path, ...] = option("Photograph; repeatable. None: two of scikit-image.", ())
    checkpoint: tuple[str, ...] = option(options(OfMaps)["checkpoint"].help, ())
    layer: tuple[str, ...] = option(options(OfMaps)["layer"].help, ())
    bounds: str | None = option(
        "Instead, ISTA with L as these fractions of the largest eigenvalue, e.g. 2,1,0.6,0.5,0.4,0.3.", None
    )


@asks(Asked)
def dynamics(asked: Asked) -> None:
    """Print, layer by layer, the excess energy over the optimum of ISTA, LISTA, the circuit and attention's one step.

    The optimum is found by FISTA to a duality gap of 1e-8; everything runs in double precision on the CPU. With
    --bounds: the excess energy of ISTA after 0, 1, 3, 10, 30 and 100 steps for every L, also where it grows.
    """
    from analysis.commands.options import choose_layers, load_backends
    from analysis.commands.sheet import samples
    from analysis.dynamics_table import BOUND_HEADS, HEADS, bound_cells, bound_rows, layer_cells, layer_rows
    from analysis.markdown import table
    from analysis.provenance import DIGITS
    from vars_core.dynamics import read_layer
    from vars_core.images import decode_image

    fractions = None if asked.bounds is None else parse_numbers(asked.bounds, "--bounds", 1e-3, 1000)
    paths = asked.image or samples()[:2]
    photographs = [decode_image(path) for path in paths]
    backends = load_backends(parse_models(asked.model, asked.checkpoint), "cpu")

    def rows() -> Iterator[list[str]]:
        for backend in backends:
            batch, _ = backend.prepare(photographs)
            layers = choose_layers(backend, asked.layer)
            if fractions is None:
                yield from (layer_cells(backend.name, row) for row in layer_rows(backend, batch, layers))
                continue
            for name in layers:
                for fraction, excesses in bound_rows(read_layer(backend.model, batch, name), fractions):
                    yield bound_cells(backend.name, name, fraction, excesses)

    heads, words = (HEADS, len(HEADS)) if fractions is None else (BOUND_HEADS, 3)
    for line in table(heads, rows(), left=words):
        print(line, flush=True)
    print(f"\n- photographs: {', '.join(path.name for path in paths)}")
    for backend in backends:
        weights = "untrained" if backend.checkpoint_hash is None else backend.checkpoint_hash[:DIGITS]
        print(f"- {backend.name}: weights {weights}, T = {backend.num_steps}, input {backend.image_size} px")
