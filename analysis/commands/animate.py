"""``python -m analysis animate``: a layer's iterates on a photograph as an animation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.commands.evaluating import Models
from analysis.commands.painting_options import Painted
from vars_core.training.options import asks, option


@dataclass(frozen=True, kw_only=True)
class Asked(Painted, Models):
    image: Path = option("The photograph.")
    out: Path = option("The animation to write (.gif, .webp, .mp4).")
    model: str = option("Model spec.", "rvt_nano/vars_d")  # type: ignore[assignment]  # one alone
    layer: str = option('Layer, e.g. 0.3, or "default" (the model\'s own).', "default")
    readout: str = option('Readout, or "default" (the model\'s own).', "default")
    seconds: float = option("An iterate is shown for.", 0.8, low=0.05)


@asks(Asked)
def animate(asked: Asked) -> None:
    """Draw every iterate's map over the photograph, one after another."""
    from analysis.animation import frames, write_animation
    from analysis.commands.options import choose_layers, choose_readouts, for_maps, load_backends, parse_models
    from analysis.paper_figures.studio import described
    from vars_core.images import decode_image
    from vars_core.readouts import READOUTS

    photograph, out = decode_image(asked.image), asked.out
    (backend,) = load_backends(for_maps(parse_models([asked.model], asked.checkpoint, asked.size)), asked.device)
    (name,), (reading,) = choose_layers(backend, [asked.layer]), choose_readouts(backend, [asked.readout])
    batch, _ = backend.prepare([photograph])
    maps = backend.maps(batch, (reading,), [name])[name].maps[reading][:, 0].numpy()
    caption, signed = f"{backend.name}, layer {name}, {reading}", READOUTS[reading].signed
    write_animation(frames(photograph, maps, caption, painting=asked.painting, signed=signed), out, asked.seconds)
    print(f"{out}: {described(backend, name, reading, f'0 to {len(maps) - 1}')}")
