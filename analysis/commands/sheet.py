"""``python -m analysis sheet``: photographs × models × iterates as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.evaluating import ImageSizeOption


def sheet(
    model: Annotated[list[str], typer.Option(help="Model spec; repeatable.")],
    out: Annotated[Path, typer.Option(help="The picture to write (.png, .webp, .jpg).")],
    image: Annotated[list[Path] | None, typer.Option(help="Photograph; repeatable. None: six of scikit-image.")] = None,
    checkpoint: Annotated[list[str] | None, typer.Option(help="SPEC=FILE; repeatable.")] = None,
    image_size: ImageSizeOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu, mps or cuda[:index].")] = "auto",
) -> None:
    """Draw the default map of every model at every iterate on every photograph."""
    from PIL import Image

    from analysis.commands.options import for_maps, load_backends, parse_image_size, parse_models
    from analysis.contact_sheet import contact_sheet
    from vars_core.images import decode_image

    photographs = [decode_image(path) for path in (image or samples())]
    size = parse_image_size(image_size)
    backends = load_backends(for_maps(parse_models(model, checkpoint or [], size)), device)
    Image.fromarray(contact_sheet(photographs, backends)).save(out)


def samples() -> list[Path]:
    """Six photographs that come with scikit-image, chosen before any map of them was seen."""
    import skimage.data

    folder = Path(skimage.data.__file__).parent
    names = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png", "camera.png")
    return [folder / name for name in names]
