"""``/segmentation``: a map cut into a mask, held against a ground truth where there is one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import gradio as gr
import numpy as np

from app.inference.models import DEFAULT_MODEL, DEFAULT_SIZE, sized
from app.library.mask_reading import JUDGED, reading_of
from app.library.photographs import Photograph
from app.page import inputs as given
from app.page.endpoint import declare, outputs, subject_of, told
from app.page.wiring import session_of, traced, wait
from app.services import Services
from app.tabs.segmentation.export import Cut, export
from app.tabs.segmentation.truth import MAX_TRUTH_PIXELS, Truth, Upload, check_shape, stored_truth
from app.tabs.segmentation.words import PAPER_THRESHOLD
from app.views.look import LAST, Look, exact
from vars_core.data.mask_values import CHOICES
from vars_core.readings import DEFAULT_READOUT

MEANING = f"What the numbers of the mask mean: {CHOICES}; or {JUDGED}, and said"


def build(services: Services) -> None:
    """The endpoint."""

    def truth_of(photograph: Photograph, path: str | None, mask_values: str) -> Truth | None:
        values = reading_of(mask_values)
        if path is None:
            return stored_truth(photograph.ref, services.settings.data, values)
        limit = min(services.settings.max_pixels, MAX_TRUTH_PIXELS)
        truth = Upload.read(Path(path), max_pixels=limit).truth(values)
        check_shape(photograph, truth)
        return truth

    async def segment(
        image: given.Picture = None,
        photo: given.Photo = given.PHOTO,
        model: given.Model = DEFAULT_MODEL,
        layer: given.Layer = "",
        readout: given.ReadoutName = DEFAULT_READOUT,
        iteration: given.Iteration = LAST,
        threshold: Annotated[float, given.number("Threshold 0..1", minimum=0, maximum=1)] = PAPER_THRESHOLD,
        mask: Annotated[str | None, given.file("Ground truth as a mask image")] = None,
        size: given.Size = DEFAULT_SIZE,
        mask_values: Annotated[str, given.text(MEANING, pattern=r"^(judged|voc|labels|binary|soft>=\d+)$")] = JUDGED,
        request: gr.Request | None = None,
    ) -> Any:
        """The mask of one map: where the map, scaled to its own 0..1, reaches the threshold.

        With a ground truth (a mask file, or the one beside a photograph of a data folder) it is counted at the truth's
        size, never the reverse. What its numbers mean is what `mask_values` says: voc, labels, binary or soft>=T; by
        default it is judged as the command does (of a data folder from the whole set) and said in the facts, and a
        mask that may mean two things is refused. The two must have the same aspect ratio.

        Returns the mask (white on black, at the size of the truth, else of the photograph), a figure with the mask, the
        contour, the cut-out and the error map, facts (with a truth: iou, fp and fn in percent of all pixels that are
        not void, counts, IoU at each threshold, the best single threshold, which knows the truth, and baselines), and
        the arrays as .npz.
        """
        session = session_of(request)
        cut, seen = Cut(threshold), Look(layer or None, readout, int(iteration))
        subject = await subject_of(services, session, image, photo)
        truth = await wait(truth_of, subject.photograph, mask, mask_values)
        result = await traced(services, session, subject, sized(model, size))
        made = await wait(partial(export, subject, result, exact(seen, [result]), cut, truth))
        mask_picture = np.where(made.arrays["mask"], np.uint8(255), np.uint8(0))
        return mask_picture, *await told("segmentation", made, made.settings)

    declare(services, segment, outputs("Mask", "Figure"), "segmentation")
