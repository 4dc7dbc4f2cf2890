"""What the server is started with."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from analysis.commands.options import ModelRequest, parse_models
from vars_core.errors import InputError, check_range


@dataclass(frozen=True)
class Settings:
    """Everything the page needs to know; the command line and the environment fill it in (see `app.command`).

    ``device``, ``precision``: handed to `vars_core.backend.Backend`.
    ``weights``: a folder of checkpoints that are offered beside the embedded models, None for none.
    ``named``: single checkpoints of known models, under their names.
    ``data``: folders of photographs by name; nothing outside of them is readable.
    ``runs``: a folder of finished runs for the Runs tab, None for none.
    ``auth``: (user, password) pairs, empty for an open page.
    ``max_pixels``: the largest photograph that is decoded, in pixels.
    ``max_file_size``: the largest upload, in bytes.
    ``threads``: of the processor that a model runs on, 0 for all but one, which the server itself keeps.
    ``queue_size``: how many model runs may wait; a further one is refused.
    ``keep_uploads``: seconds until an uploaded file is removed, and a visitor who asks for nothing is forgotten.
    ``root_path``: the path under which a proxy serves the page, such as "/vars"; "" for a page of its own host.
    ``framed``: whether pages of other sites may show this one in a frame, as a Hugging Face Space's does.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    device: str = "auto"
    precision: str = "fp32"
    weights: Path | None = None
    named: tuple[ModelRequest, ...] = field(default=(), kw_only=True)
    data: dict[str, Path] = field(default_factory=dict)
    runs: Path | None = None
    auth: tuple[tuple[str, str], ...] = ()
    max_pixels: int = 40_000_000
    max_file_size: int = 25_000_000
    threads: int = 0
    queue_size: int = 64
    keep_uploads: int = 1800
    root_path: str = ""
    framed: bool = False

    def __post_init__(self) -> None:
        check_range("a port", self.port, 0, 65535)
        check_range("threads", self.threads, 0)
        check_range("a queue size", self.queue_size, 1)
        if self.root_path and not re.fullmatch(r"(/[\w.~-]+)+", self.root_path, re.ASCII):
            raise InputError(f"expected a root path such as /vars, without a slash at its end, got {self.root_path!r}")
        check_range("--max-pixels", self.max_pixels, 4)
        for folder in (*self.data.values(), self.weights, self.runs):
            if folder is not None and not folder.is_dir():
                raise InputError(f"expected a folder, got {folder}")
            if folder is not None and not os.access(folder, os.R_OK | os.X_OK):
                raise InputError(f"the folder {folder} may not be read")

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the page."""
        shown = "localhost" if self.host in ("127.0.0.1", "0.0.0.0") else self.host
        return f"http://{shown}:{self.port}{self.root_path}"


def read_weights(given: Sequence[str]) -> tuple[Path | None, tuple[ModelRequest, ...]]:
    """``["DIR", "NAME=SPEC:FILE", …]`` -> the folder, and what the commands read of ``--checkpoint NAME=SPEC:FILE``."""
    named = [text for text in given if "=" in text and not Path(text).is_dir()]
    folders = [text for text in given if text not in named]
    if len(folders) > 1:
        raise InputError(f"expected one folder of checkpoints, got {len(folders)}")
    requests = parse_models([text.partition("=")[0] for text in named], named)
    return Path(folders[0]).expanduser().resolve() if folders else None, tuple(requests)


def read_data(pairs: Sequence[str]) -> dict[str, Path]:
    """``["NAME=DIR", …]`` -> folders by name."""
    folders = {}
    for pair in pairs:
        name, equals, folder = pair.partition("=")
        if not (equals and folder and name.replace("_", "").replace("-", "").isalnum()):
            raise InputError(f"expected NAME=DIR with a name of letters, digits, - and _, got {pair!r}")
        folders[name] = Path(folder).expanduser().resolve()
    return folders


def read_auth(path: Path | None) -> tuple[tuple[str, str], ...]:
    """A file of ``user:password`` lines; blank lines and those that start with # are skipped."""
    if path is None:
        return ()
    if not path.is_file():
        raise InputError(f"expected a file of user:password lines, got {path}")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as a file of user:password lines: {error}") from None
    pairs = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        user, colon, password = line.strip().partition(":")
        if not (user and colon and password):
            raise InputError(f"expected user:password in line {number} of {path.name}")
        pairs.append((user, password))
    if not pairs:
        raise InputError(f"{path.name} holds no user:password line")
    return tuple(pairs)
