"""``python -m analysis figures``: each figure of the paper, drawn again on any photographs with any models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analysis.commands.evaluating import CheckpointOption, DeviceOption, ImageSizeOption
from vars_core.errors import InputError

DEFAULT_MODELS = ("rvt_nano/self", "rvt_nano/vars_d", "rvt_nano/vars_sd", "rvt_nano/vars_s")


def figures(
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    figure: Annotated[list[str] | None, typer.Option(help='1 to 12, repeatable, or "all" (the default).')] = None,
    images: Annotated[
        Path | None, typer.Option(help="Folder of photographs, in the order of their names. None: six of scikit-image.")
    ] = None,
    model: Annotated[list[str] | None, typer.Option(help="Model spec; repeatable. None: the embedded ones.")] = None,
    checkpoint: CheckpointOption = None,
    image_size: ImageSizeOption = None,
    fixations: Annotated[
        Path | None, typer.Option(help="Fixation data set for figures 4 and 12, in any layout; its own photographs.")
    ] = None,
    layout: Annotated[str | None, typer.Option(help="Layout of --fixations. None: as it looks.")] = None,
    format: Annotated[list[str] | None, typer.Option(help="png, svg, pdf, html, webp; repeatable. None: png.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Only the first N photographs.")] = 8,
    seed: Annotated[int, typer.Option(help="Of the corruptions.")] = 0,
    device: DeviceOption = "auto",
) -> None:
    """Write figure_N.<format> for every figure asked for; 4 and 12 only where fixations are given."""
    from analysis.commands.options import for_maps, load_backends, parse_image_size, parse_models
    from analysis.commands.sheet import samples
    from analysis.paper_figures.canvas import FORMATS
    from analysis.paper_figures.studio import Studio
    from analysis.paper_figures.table import FIGURES, WITH_FIXATIONS
    from vars_core.data.layouts import FIXATIONS, choose
    from vars_core.data.listing import list_files
    from vars_core.images import decode_image

    numbers = list(FIGURES) if not figure or "all" in figure else [parse_number(text) for text in figure]
    formats = format or ["png"]
    if wrong := [name for name in formats if name not in FORMATS]:
        raise InputError(f"expected --format out of {', '.join(FORMATS)}, got {wrong[0]!r}")
    if images is not None and not images.is_dir():
        raise InputError(f"expected a folder of photographs, {images} is none")
    files = (sorted(list_files(images).files) if images else samples())[:limit]
    if not files:
        raise InputError(f"expected photographs in {images}, there are none")
    stimuli = choose(layout, fixations, FIXATIONS).read(fixations).stimuli[:12] if fixations else ()
    requests = for_maps(parse_models(model or list(DEFAULT_MODELS), checkpoint or [], parse_image_size(image_size)))
    studio = Studio(
        backends=load_backends(requests, device),
        photographs={path.stem: decode_image(path) for path in files},
        stimuli=[(stimulus, decode_image(stimulus.path)) for stimulus in stimuli],
        seed=seed,
    )
    out.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        if number in WITH_FIXATIONS and not studio.stimuli:
            print(f"figure {number} is left out: it shows people's fixations, and no --fixations are given")
            continue
        canvas = FIGURES[number](studio)
        for suffix in formats:
            print(canvas.save(out / f"figure_{number}.{suffix}"))


def parse_number(text: str) -> int:
    """ "3" -> 3. Raises InputError for what is no figure of the paper."""
    if not text.isdecimal() or not 1 <= int(text) <= 12:
        raise InputError(f'expected --figure 1 to 12 or "all", got {text!r}')
    return int(text)
