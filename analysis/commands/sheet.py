"""``python -m analysis sheet``: photographs × models × iterates as one picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.commands.evaluating import Models
from analysis.commands.painting_options import Painted
from vars_core.training.options import asks, option


@dataclass(frozen=True, kw_only=True)
class Asked(Painted, Models):
    out: Path = option("The figure to write (.png, .svg, .pdf, .webp, .html).")
    image: tuple[Path, ...] = option("Photograph; repeatable. None: six of scikit-image.", ())


@asks(Asked)
def sheet(asked: Asked) -> None:
    """Draw the default map of every model at every iterate on every photograph."""
    from analysis.commands.options import for_maps, load_backends
    from analysis.paper_figures.maps import contact_sheet
    from analysis.paper_figures.studio import Studio
    from vars_core.images import decode_image

    studio = Studio(
        backends=load_backends(for_maps(asked.requests), asked.device),
        photographs={path.stem: decode_image(path) for path in (asked.image or samples())},
        painting=asked.painting,
    )
    print(contact_sheet(studio).save(asked.out))


def samples() -> list[Path]:
    """Six photographs that come with scikit-image, chosen before any map of them was seen."""
    import skimage.data

    folder = Path(skimage.data.__file__).parent
    names = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png", "camera.png")
    return [folder / name for name in names]
