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
    out: Path = option("The animation (.gif, .webp, .mp4) or figure (.pdf, .svg, .png) to write.")
    model: str = option("Model spec.", "rvt_nano/vars_d")  # type: ignore[assignment]  # one alone
    layer: str = option('Layer, e.g. 0.3, or "default" (the model\'s own).', "default")
    readout: str = option('Readout, or "default" (the model\'s own).', "default")
    seconds: float = option("An iterate is shown for.", 0.8, low=0.05)


@asks(Asked)
def animate(asked: Asked) -> None:
    """Draw every iterate's map over the photograph, one after another, or as a figure in order."""
    from analysis.animation import FORMATS, animation
    from analysis.commands.options import choose_layers, choose_readouts, for_maps, load_backends, parse_models
    from analysis.paper_figures.iterates import iterates
    from analysis.paper_figures.studio import described
    from vars_core.images import Placement, decode_image
    from vars_core.readouts import READOUTS

    photograph, out = decode_image(asked.image), asked.out
    (backend,) = load_backends(for_maps(parse_models([asked.model], asked.checkpoint, asked.size)), asked.device)
    (name,), (reading,) = choose_layers(backend, [asked.layer]), choose_readouts(backend, [asked.readout])
    batch, _ = backend.prepare([photograph])
    maps = backend.maps(batch, (reading,), [name])[name].maps[reading][:, 0].numpy()
    height, width = photograph.shape[:2]
    told = described(backend, name, reading, f"0 to {len(maps) - 1}")
    shown = iterates(
        photograph,
        maps,
        Placement(height, width, backend.image_size, preprocessing=backend.preprocessing),
        asked.painting,
        signed=READOUTS[reading].signed,
        title=f"{backend.name} · layer {name} · {reading}",
        footer=told,
    )
    if out.suffix in FORMATS:
        out.write_bytes(animation(shown.frames(), out.suffix, asked.seconds))
    else:
        shown.figure().save(out)
    print(f"{out}: {told}")
