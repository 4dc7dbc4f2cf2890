"""``/runs`` and ``/run``: the finished runs that this server was started with."""

from __future__ import annotations

from typing import Any

import gradio as gr

from app.page import inputs as given
from app.page.endpoint import declare
from app.page.wiring import wait
from app.services import Services
from app.tabs.runs import files, words


def build(services: Services) -> None:
    """The endpoints."""

    async def list_runs() -> list[dict[str, Any]]:
        """Every run of this server: name, kind (segmentation, fixations), models, number of images, date, and whether
        it has finished; `problem` where one cannot be read.
        """
        return await wait(words.described, services.runs)

    async def one_run(run: given.Run = "") -> dict[str, Any]:
        """One run: its provenance (command, settings, versions, device, checkpoints, data) and its summary, a list of
        {model, layer, readout, iteration, metric, value, ci95, n}, None while it has not finished.
        """
        return await wait(lambda: files.facts(services.runs.open(run)))

    declare(services, list_runs, [gr.JSON(label="Runs")], "runs")
    declare(services, one_run, [gr.JSON(label="Facts")], "run")
