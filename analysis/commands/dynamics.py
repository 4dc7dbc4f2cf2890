"""``python -m analysis dynamics``: how far each layer's iteration ends from the optimum of its own problem."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.evaluating import CheckpointOption, LayerOption
from vars_core.errors import InputError


def dynamics(
    model: Annotated[list[str], typer.Option(help="Model spec with a dictionary, e.g. rvt_nano/vars_d; repeatable.")],
    image: Annotated[list[Path] | None, typer.Option(help="Photograph; repeatable. None: two of scikit-image.")] = None,
    checkpoint: CheckpointOption = None,
    layer: LayerOption = None,
    bounds: Annotated[
        str | None,
        typer.Option(
            help="Instead, ISTA with L as these fractions of the largest eigenvalue, e.g. 2,1,0.6,0.5,0.4,0.3."
        ),
    ] = None,
) -> None:
    """Print, layer by layer, the excess energy over the optimum of ISTA, LISTA, the circuit and attention's one step.

    The optimum is found by FISTA to a duality gap of 1e-8; everything runs in double precision on the CPU. With
    --bounds: the excess energy of ISTA after 0, 1, 3, 10, 30 and 100 steps for every L, also where it grows.
    """
    from analysis.commands.options import choose_layers, load_backends, parse_models
    from analysis.commands.sheet import samples
    from analysis.dynamics_table import BOUND_HEADER, HEADER, bound_markdown, bound_rows, layer_rows, markdown
    from analysis.provenance import DIGITS
    from vars_core.dynamics import read_layer
    from vars_core.images import decode_image

    fractions = None if bounds is None else parse_fractions(bounds)
    paths = image or samples()[:2]
    photographs = [decode_image(path) for path in paths]
    backends = load_backends(parse_models(model, checkpoint or []), "cpu")
    print(HEADER if fractions is None else BOUND_HEADER)
    for backend in backends:
        batch, _ = backend.prepare(photographs)
        layers = choose_layers(backend, layer or [])
        if fractions is None:
            for row in layer_rows(backend, batch, layers):
                print(markdown(backend.name, row), flush=True)
            continue
        for name in layers:
            for fraction, excesses in bound_rows(read_layer(backend.model, batch, name), fractions):
                print(bound_markdown(backend.name, name, fraction, excesses), flush=True)
    print(f"\n- photographs: {', '.join(path.name for path in paths)}")
    for backend in backends:
        weights = "untrained" if backend.checkpoint_hash is None else backend.checkpoint_hash[:DIGITS]
        print(f"- {backend.name}: weights {weights}, T = {backend.num_steps}, input {backend.image_size} px")


def parse_fractions(text: str) -> list[float]:
    """ "2,1,0.5": numbers above 0, in their order. Raises InputError."""
    try:
        found = [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        found = []
    if not found or not all(0 < value <= 1000 for value in found):
        raise InputError(f"expected --bounds as numbers above 0 with commas between them, got {text!r}")
    return found
