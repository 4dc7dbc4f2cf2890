"""What is checked before the server starts: a bad option ends in one sentence, not in a page that does not work."""

from __future__ import annotations

import socket
import tempfile

from vars_core.errors import InputError


def chosen_port(host: str, port: int) -> int:
    """``port``, or for 0 a free one. Raises InputError where the address cannot be listened on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InputError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        return int(probe.getsockname()[1])


def check_backend(device: str, precision: str) -> None:
    """Raise InputError for a device that is not there, or an unknown precision."""
    from vars_core.backend import PRECISIONS, choose_device

    choose_device(device)
    if precision not in PRECISIONS:
        raise InputError(f"unknown precision {precision!r}: expected one of {', '.join(PRECISIONS)}")


def check_temporary_folder() -> None:
    """Raise InputError where no uploaded file could be written."""
    try:
        with tempfile.TemporaryFile():
            pass
    except OSError as error:
        raise InputError(f"no temporary folder that can be written to: {error.strerror}") from None
