"""``python -m analysis figures``: each figure of the paper, drawn again on any photographs with any models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.commands.evaluating import Models
from analysis.commands.painting_options import Painted
from vars_core.errors import InputError
from vars_core.training.options import asks, option

DEFAULT_MODELS = ("rvt_nano/self", "rvt_nano/vars_d", "rvt_nano/vars_sd", "rvt_nano/vars_s")


@dataclass(frozen=True, kw_only=True)
class Asked(Painted, Models):
    out: Path = option("Folder to write into.")
    figure: tuple[str, ...] = option('1 to 12, repeatable, or "all" (the default).', ())
    images: Path | None = option("Folder of photographs, in the order of their names. None: six of scikit-image.", None)
    model: tuple[str, ...] = option("Model spec; repeatable. None: the embedded ones.", DEFAULT_MODELS)
    fixations: Path | None = option("Fixation data set for figures 4 and 12, in any layout; its own photographs.", None)
    layout: str | None = option("Layout of --fixations. None: as it looks.", None)
    format: tuple[str, ...] = option("png, svg, pdf, html, webp; repeatable.", ("png",))
    limit: int = option("Only the first N photographs.", 8, low=1)
    seed: int = option("Of the corruptions.", 0)


@asks(Asked)
def figures(asked: Asked) -> None:
    """Write figure_N.<format> for every figure asked for; 4 and 12 only where fixations are given."""
    from analysis.commands.options import for_maps, load_backends
    from analysis.commands.sheet import samples
    from analysis.paper_figures.canvas import FORMATS
    from analysis.paper_figures.studio import Studio
    from analysis.paper_figures.table import FIGURES, WITH_FIXATIONS
    from vars_core.data.layouts import FIXATIONS, choose
    from vars_core.data.listing import list_files
    from vars_core.images import decode_image

    figure, formats, images, fixations = asked.figure, asked.format, asked.images, asked.fixations
    numbers = list(FIGURES) if not figure or "all" in figure else [parse_number(text) for text in figure]
    if wrong := [name for name in formats if name not in FORMATS]:
        raise InputError(f"expected --format out of {', '.join(FORMATS)}, got {wrong[0]!r}")
    if images is not None and not images.is_dir():
        raise InputError(f"expected a folder of photographs, {images} is none")
    files = (sorted(list_files(images).files) if images else samples())[: asked.limit]
    if not files:
        raise InputError(f"expected photographs in {images}, there are none")
    stimuli = choose(asked.layout, fixations, FIXATIONS).read(fixations).stimuli[:12] if fixations else ()
    studio = Studio(
        backends=load_backends(for_maps(asked.requests), asked.device),
        photographs={path.stem: decode_image(path) for path in files},
        stimuli=[(stimulus, decode_image(stimulus.path)) for stimulus in stimuli],
        seed=asked.seed,
        painting=asked.painting,
    )
    asked.out.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        if number in WITH_FIXATIONS and not studio.stimuli:
            print(f"figure {number} is left out: it shows people's fixations, and no --fixations are given")
            continue
        canvas = FIGURES[number](studio)
        for suffix in formats:
            print(canvas.save(asked.out / f"figure_{number}.{suffix}"))


def parse_number(text: str) -> int:
    """ "3" -> 3. Raises InputError for what is no figure of the paper."""
    if not text.isdecimal() or not 1 <= int(text) <= 12:
        raise InputError(f'expected --figure 1 to 12 or "all", got {text!r}')
    return int(text)
