"""What scripts and MCP clients may call: named, typed endpoints. Everything else on the page is private.

A picture is a file, or the name of a photograph that the server has ("sample:cat", "data:NAME/path.jpg").
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from analysis.corruptions import NAMES
from app.exports import arrays_file
from app.handlers import attention, corruptions, grids
from app.handlers.corruptions import checked
from app.look import look
from app.photographs import SAMPLES, Corruption, Subject
from app.rail import photograph_input
from app.services import Services
from app.traced import READOUTS
from app.wiring import raised, session_of, traced, traced_all, wait

START_MODELS = ["rvt_nano/vars_d", "rvt_nano/self"]
START_PICTURES = ["clean", "fog"]


def build(services: Services) -> None:
    """The endpoints, on components that are never rendered."""
    with gr.Column(visible=False):
        image = photograph_input("Photograph as a file; None to use `photo`")
        photo = gr.Textbox("sample:cat", label="Photograph that the server has, used without a file")
        model = gr.Textbox("rvt_nano/vars_d", label="Model, one of /models")
        models = several(services.models.names, START_MODELS, "Models, a list of 1 to 4")
        layer = gr.Textbox("", label="Layer as stage.block, e.g. 0.3; empty for the model's default")
        readout = gr.Radio(list(READOUTS), value="stream", label="Readout")
        iteration = gr.Number(3, label="Iterate 0..T", precision=0)
        opacity = gr.Number(0.6, label="Opacity 0..1")
        scale = gr.Radio(["map", "shared"], value="map", label="Colour scale")
        name = gr.Dropdown(list(NAMES), value="fog", label="Corruption", allow_custom_value=True)
        severity = gr.Number(3, label="Severity 1..5", precision=0)
        seed = gr.Number(0, label="Seed", precision=0)
        chosen = several(["clean", *NAMES], START_PICTURES, "Pictures: clean or names of corruptions, 1 to 5")
        reference = gr.Textbox("none", label="none, or the index of the panel to subtract")
        picture = gr.Image(label="Picture", format="png")
        figure = gr.Image(label="Figure", format="png")
        answer = gr.JSON(label="Facts")
        file = gr.File(label="Arrays (.npz)")

    async def subject_of(
        session: str | None, path: str | None, ref: str, corruption: Corruption | None = None
    ) -> Subject:
        if path is None:
            return await wait(services.subject, session, ref, corruption)
        photograph = await wait(services.upload, session, path)
        return Subject(photograph, corruption)

    async def list_models() -> dict[str, Any]:
        """The models, samples and data folders of this server, and which models are loaded."""
        return {
            "models": services.models.names,
            "states": services.models.states(),
            "readouts": dict(attention.READOUT_WORDS),
            "photographs": [f"sample:{one}" for one in SAMPLES]
            + [f"data:{folder}/{one}" for folder, files in services.data.items() for one in files],
            "corruptions": [one for _, one in corruptions.CHOICES],
        }

    async def attend(
        image: str | None = None,
        photo: str = "sample:cat",
        model: str = "rvt_nano/vars_d",
        layer: str = "",
        readout: str = "stream",
        iteration: float = 3,
        opacity: float = 0.6,
        scale: str = "map",
        request: gr.Request | None = None,
    ) -> Any:
        """The attention map of one model over a photograph.

        Returns the overlay, a sheet with all iterates, facts (layer, grid, raw map, energy, sparsity and change per
        iterate, top five classes), and all raw maps of the layer as .npz.
        """
        session = session_of(request)
        subject = await subject_of(session, image, photo)
        result = await traced(services, session, subject, model)
        seen = look(layer or None, readout, iteration, opacity, scale)
        made = await wait(attention.export, subject, result, seen)
        shown = result.layer(attention.layer_of(result, seen.layer))
        facts = {
            **made.settings,
            "grid": list(shown.grid),
            "map": made.arrays["map"].tolist(),
            "objective": listed(shown.objective),
            "sparsity": listed(shown.sparsity),
            "delta": listed(shown.delta),
            "trained": result.model.trained,
            "top5": attention.predictions(result, services.class_names(result)) if result.model.trained else [],
        }
        overlay = await wait(attention.overlay_image, subject, result, seen)
        return overlay, made.figure, facts, await wait(written, arrays_file("attention", made).data)

    async def compare(
        image: str | None = None,
        photo: str = "sample:cat",
        models: list[str] = START_MODELS,
        pictures: list[str] = START_PICTURES,
        severity: float = 3,
        seed: float = 0,
        layer: str = "",
        readout: str = "stream",
        iteration: float = 3,
        scale: str = "map",
        reference: str = "none",
        request: gr.Request | None = None,
    ) -> Any:
        """Up to four models on the clean photograph and on corrupted ones: a figure, and the agreement of each
        corrupted picture's map with the clean one's (correlation, SSIM).
        """
        session = session_of(request)
        names = [None if one == "clean" else checked(one, severity, seed) for one in pictures]
        grids.check_models(models)
        grids.check_pictures(names)
        clean = await subject_of(session, image, photo)
        subjects = [clean if one is None else Subject(clean.photograph, one) for one in names]
        results = await traced_all(services, session, [clean, *subjects], models)
        seen = look(layer or None, readout, iteration, 0.6, scale)
        said = await wait(corruptions.notes, results[0], results[1:], seen)
        made = await wait(partial(grids.export, reference=reference, captions=said), subjects, results[1:], seen)
        return made.figure, {**made.settings, "agreement": said}

    async def corrupt(
        image: str | None = None,
        photo: str = "sample:cat",
        name: str = "fog",
        severity: float = 3,
        seed: float = 0,
        request: gr.Request | None = None,
    ) -> Any:
        """A photograph with a corruption of ImageNet-C, drawn at its scale (short side 256 pixels)."""
        subject = await subject_of(session_of(request), image, photo, checked(name, severity, seed))
        return await wait(lambda: subject.display)

    endpoint: dict[str, Any] = {"api_visibility": "public", "concurrency_limit": None}
    look_inputs = [layer, readout, iteration]
    declare(list_models, [], [answer], "models", endpoint)
    declare(
        attend,
        [image, photo, model, *look_inputs, opacity, scale],
        [picture, figure, answer, file],
        "attention",
        endpoint,
    )
    declare(
        compare,
        [image, photo, models, chosen, severity, seed, *look_inputs, scale, reference],
        [figure, answer],
        "compare",
        endpoint,
    )
    declare(corrupt, [image, photo, name, severity, seed], [picture], "corrupt", endpoint)


def declare(
    handler: Callable[..., Any], inputs: list[Any], outputs: list[Any], name: str, options: dict[str, Any]
) -> None:
    """One endpoint: ``/name``, documented by the handler's docstring."""
    endpoint = raised(handler)
    endpoint.__name__ = name  # the name of the MCP tool
    gr.on([], endpoint, inputs, outputs, api_name=name, **options)


def several(choices: list[str], value: list[str], label: str) -> gr.Dropdown:
    """A list of names; unknown ones get through, to be answered with the nearest known ones."""
    return gr.Dropdown(choices, value=value, multiselect=True, allow_custom_value=True, label=label)


def listed(values: Any) -> list[float] | None:
    """An array as numbers for JSON, None where there is none."""
    return None if values is None else values.tolist()


def written(data: bytes) -> str:
    """A file for gradio to hand out, in the folder that is swept."""
    folder = Path(get_upload_folder()) / secrets.token_hex(16)
    folder.mkdir(parents=True)
    path = folder / "vars.npz"
    path.write_bytes(data)
    return str(path)
