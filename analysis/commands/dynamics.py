"""``python -m analysis dynamics``: how far each layer's iteration ends from the optimum of its own problem."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.evaluating import CheckpointOption, LayerOption


def dynamics(
    model: Annotated[list[str], typer.Option(help="Model spec with a dictionary, e.g. rvt_nano/vars_d; repeatable.")],
    image: Annotated[list[Path] | None, typer.Option(help="Photograph; repeatable. None: two of scikit-image.")] = None,
    checkpoint: CheckpointOption = None,
    layer: LayerOption = None,
) -> None:
    """Print, layer by layer, the excess energy over the optimum of ISTA, LISTA, the circuit and attention's one step.

    The optimum is found by FISTA to a duality gap of 1e-8; everything runs in double precision on the CPU.
    """
    from analysis.commands.options import choose_layers, load_backends, parse_models
    from analysis.commands.sheet import samples
    from analysis.dynamics_table import HEADER, layer_rows, markdown
    from analysis.provenance import DIGITS
    from vars_core.images import decode_image

    paths = image or samples()[:2]
    photographs = [decode_image(path) for path in paths]
    backends = load_backends(parse_models(model, checkpoint or []), "cpu")
    print(HEADER)
    for backend in backends:
        batch, _ = backend.prepare(photographs)
        for row in layer_rows(backend, batch, choose_layers(backend, layer or [])):
            print(markdown(backend.name, row), flush=True)
    print(f"\n- photographs: {', '.join(path.name for path in paths)}")
    for backend in backends:
        weights = "untrained" if backend.checkpoint_hash is None else backend.checkpoint_hash[:DIGITS]
        print(f"- {backend.name}: weights {weights}, T = {backend.num_steps}, input {backend.image_size} px")
