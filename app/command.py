"""The command line of the page; each option has an environment variable of the same name."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import typer

from app.serving.preflight import check_backend, check_temporary_folder, chosen_port
from app.serving.settings import Settings, read_auth, read_data, read_weights
from vars_core.command import run_commands
from vars_core.training.options import asks, option

ON_A_SPACE = "SPACE_ID" in os.environ
"""Hugging Face runs the folder in a container, forwards port 7860 and shows the page in a frame of its own."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    host: str = option("Address to listen on.", "0.0.0.0" if ON_A_SPACE else Settings.host)
    port: int = option("Port; 0 takes a free one.", Settings.port)
    device: str = option("auto, cpu, mps or cuda[:index].", Settings.device)
    precision: str = option("fp32, bf16 or fp16.", Settings.precision)
    weights: tuple[str, ...] = option(
        "Folder of checkpoints to offer (.pth, .safetensors), or NAME=SPEC:FILE for one of them; repeatable.", ()
    )
    data: tuple[str, ...] = option("NAME=DIR: a folder of photographs; repeatable.", ())
    runs: Path | None = option("Folder of finished runs to open.", None)
    auth: Path | None = option("File of user:password lines; without it, open to all.", None)
    root_path: str = option("Path under which a proxy serves the page, e.g. /vars.", Settings.root_path)
    max_pixels: int = option("Pixels that a larger photograph is reduced to.", Settings.max_pixels)
    threads: int = option("Of the processor, for the models; 0: all but one.", Settings.threads)
    queue_size: int = option("Model runs that may wait before one is refused.", Settings.queue_size)

    @property
    def settings(self) -> Settings:
        """What is read of the folders and files that are named. Raises InputError."""
        folder, named = read_weights(self.weights)
        read: dict[str, Any] = {
            "weights": folder,
            "named": named,
            "data": read_data(self.data),
            "runs": self.runs.expanduser().resolve() if self.runs else None,
            "auth": read_auth(self.auth),
        }
        return Settings(**{**asdict(self), **read}, framed=ON_A_SPACE)


@asks(Asked, environment="VARS_")
def serve(asked: Asked) -> None:
    """Serve the page until it is stopped."""
    # A web server shares its cores with the models: threads that wait for work sleep instead of spinning.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded
    settings = replace(asked.settings, port=chosen_port(asked.host, asked.port))
    check_temporary_folder()
    print(f"VARS Studio is starting for {settings.address}: it loads its libraries, then the page opens", flush=True)
    check_backend(settings.device, settings.precision)
    from app.server import run  # gradio takes seconds to import: not for --help, nor for a bad option

    run(settings)


page = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
page.command("page")(serve)


def main() -> None:
    """``python app.py``."""
    run_commands(page)
