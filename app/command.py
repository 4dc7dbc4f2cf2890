"""The command line of the page; each option has an environment variable of the same name."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from app.serving.preflight import check_backend, check_temporary_folder, chosen_port
from app.serving.settings import Settings, read_auth, read_data, read_weights
from vars_core.command import run_commands

ON_A_SPACE = "SPACE_ID" in os.environ
"""Hugging Face runs the folder in a container, forwards port 7860 and shows the page in a frame of its own."""


def serve(
    host: Annotated[str, typer.Option(envvar="VARS_HOST", help="Address to listen on.")] = (
        "0.0.0.0" if ON_A_SPACE else "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(envvar="VARS_PORT", help="Port; 0 takes a free one.")] = 7860,
    device: Annotated[str, typer.Option(envvar="VARS_DEVICE", help="auto, cpu, mps or cuda[:index].")] = "auto",
    precision: Annotated[str, typer.Option(envvar="VARS_PRECISION", help="fp32, bf16 or fp16.")] = "fp32",
    weights: Annotated[
        list[str] | None,
        typer.Option(
            envvar="VARS_WEIGHTS",
            help="Folder of checkpoints to offer (.pth, .safetensors), or NAME=SPEC:FILE for one of them; repeatable.",
        ),
    ] = None,
    data: Annotated[
        list[str] | None, typer.Option(envvar="VARS_DATA", help="NAME=DIR: a folder of photographs; repeatable.")
    ] = None,
    runs: Annotated[Path | None, typer.Option(envvar="VARS_RUNS", help="Folder of finished runs to open.")] = None,
    auth: Annotated[
        Path | None, typer.Option(envvar="VARS_AUTH", help="File of user:password lines; without it, open to all.")
    ] = None,
    root_path: Annotated[
        str, typer.Option(envvar="VARS_ROOT_PATH", help="Path under which a proxy serves the page, e.g. /vars.")
    ] = Settings.root_path,
    max_pixels: Annotated[
        int, typer.Option(envvar="VARS_MAX_PIXELS", help="Pixels that a larger photograph is reduced to.")
    ] = Settings.max_pixels,
    threads: Annotated[
        int, typer.Option(envvar="VARS_THREADS", help="Of the processor, for the models; 0: all but one.")
    ] = Settings.threads,
    queue_size: Annotated[
        int, typer.Option(envvar="VARS_QUEUE_SIZE", help="Model runs that may wait before one is refused.")
    ] = Settings.queue_size,
) -> None:
    """Serve the page until it is stopped."""
    # A web server shares its cores with the models: threads that wait for work sleep instead of spinning.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded
    folder, named = read_weights(weights or [])
    settings = Settings(
        host=host,
        port=port,
        device=device,
        precision=precision,
        weights=folder,
        named=named,
        data=read_data(data or []),
        runs=runs.expanduser().resolve() if runs else None,
        auth=read_auth(auth),
        root_path=root_path,
        max_pixels=max_pixels,
        threads=threads,
        queue_size=queue_size,
        framed=ON_A_SPACE,
    )
    settings = replace(settings, port=chosen_port(host, port))
    check_temporary_folder()
    print(f"VARS Studio is starting for {settings.address}: it loads its libraries, then the page opens", flush=True)
    check_backend(device, precision)
    from app.server import run  # gradio takes seconds to import: not for --help, nor for a bad option

    run(settings)


page = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
page.command("page")(serve)


def main() -> None:
    """``python app.py``."""
    run_commands(page)
