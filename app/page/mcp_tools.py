"""What the endpoints answer as MCP tools: pictures as image blocks, facts as JSON; uploaded files by their address.

Gradio makes a tool of every endpoint; these are the parts of a tool's way that it has no setting for.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal
from gradio_client.utils import is_file_obj_with_meta
from PIL import Image

SIDE = 800
"""Longest side of a picture in an answer, in pixels: assistants take a megabyte or so. Its address has all of it."""

MAX_FILES = 100
"""Of one list; each tool has a bound of its own."""

FILES = "/gradio_api/file="
"""What stands before the path of a file in its address."""


def fit_answers(page: gr.Blocks) -> None:
    """Facts travel as JSON, where gradio would write them as Python does, and pictures at a size to look at.

    A list of files is taken like one file.
    """
    server = page.mcp_server_obj
    if server is None:
        return
    blocks_of, opened, with_files = (
        server.postprocess_output_data,
        server.get_image,
        server.convert_strings_to_filedata,
    )

    def told(data: Any, root_url: str) -> list[Any]:
        def plain(one: Any) -> Any:
            told_as_it_is = isinstance(one, str) or is_file_obj_with_meta(one)
            return one if told_as_it_is else json.dumps(one, default=lambda framed: framed.model_dump())

        return blocks_of([plain(one) for one in data], root_url)

    def fitted(file_path: str) -> Image.Image | None:
        picture = opened(file_path)
        if picture is not None:
            picture.thumbnail((SIDE, SIDE))
        return picture

    def taken(value: Any, filedata_positions: list[list[str | int]]) -> Any:
        lists = [head for *head, last in filedata_positions if last == "items"]
        return with_files(value, [*filedata_positions, *([*head, i] for head in lists for i in range(MAX_FILES))])

    # No settings, see above.
    server.postprocess_output_data = told  # type: ignore[method-assign]  # of this server alone
    server.get_image = fitted  # type: ignore[method-assign]  # likewise
    server.convert_strings_to_filedata = taken  # type: ignore[method-assign]  # likewise


def uploaded_file(address: str) -> str | None:
    """The file that an address of this server names, if it is one that was uploaded; None for any other address.

    That is how a tool names the file that an assistant has uploaded before.
    """
    _, sign, path = address.partition(FILES)
    path = unquote(path)
    inside = sign and is_in_or_equal(path, get_upload_folder()) and Path(path).is_file()
    return path if inside else None
