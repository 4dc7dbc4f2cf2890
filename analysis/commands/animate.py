"""``python -m analysis animate``: a layer's iterates on a photograph as an animation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.evaluating import CheckpointOption, DeviceOption, ImageSizeOption


def animate(
    image: Annotated[Path, typer.Option(help="The photograph.")],
    out: Annotated[Path, typer.Option(help="The animation to write (.gif, .webp, .mp4).")],
    model: Annotated[str, typer.Option(help="Model spec.")] = "rvt_nano/vars_d",
    checkpoint: CheckpointOption = None,
    layer: Annotated[str, typer.Option(help='Layer, e.g. 0.3, or "default" (the model\'s own).')] = "default",
    readout: Annotated[str, typer.Option(help='Readout, or "default" (the model\'s own).')] = "default",
    image_size: ImageSizeOption = None,
    seconds: Annotated[float, typer.Option(min=0.05, help="An iterate is shown for.")] = 0.8,
    device: DeviceOption = "auto",
) -> None:
    """Draw every iterate's map over the photograph, one after another."""
    from analysis.animation import frames, write_animation
    from analysis.commands.options import (
        choose_layers,
        choose_readouts,
        for_maps,
        load_backends,
        parse_image_size,
        parse_models,
    )
    from analysis.paper_figures.studio import described
    from vars_core.images import decode_image

    photograph = decode_image(image)
    (backend,) = load_backends(for_maps(parse_models([model], checkpoint or [], parse_image_size(image_size))), device)
    (name,), (reading,) = choose_layers(backend, [layer]), choose_readouts(backend, [readout])
    batch, _ = backend.prepare([photograph])
    maps = backend.trace(batch, (reading,), [name])[name].maps[reading][:, 0].numpy()
    write_animation(frames(photograph, maps, f"{backend.name}, layer {name}, {reading}"), out, seconds)
    print(f"{out}: {described(backend, name, reading, f'0 to {len(maps) - 1}')}")
