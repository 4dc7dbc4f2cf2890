"""Strips of thumbnails in the rail: what a visitor has loaded, and a page of a data folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from app.library.data_folders import DataFolders
from app.library.thumbnails import Thumbnail
from app.library.uploads import MAX_UPLOADS, Uploads
from app.page.events import Updates
from app.page.viewer import Viewer
from vars_core.errors import InputError


def strip(identifier: str, label: str) -> gr.HTML:
    """Thumbnails of which one can be chosen, drawn by static/rail.js from what the functions below return."""
    return Viewer(
        value=None,
        html_template=f'<div class="thumbnails" role="group" aria-label="{label}" data-strip="{identifier}"></div>',
        js_on_load=(
            f"VARS.rail.strip(element, '{identifier}', () => trigger('select'));"
            f"watch('value', () => VARS.rail.show('{identifier}', props.value));"
        ),
        apply_default_css=False,
        elem_id=f"{identifier}-strip",
    )


def uploaded(uploads: Uploads, seconds: float, refused: Sequence[str], came: Mapping[str, str]) -> dict[str, Any]:
    """The strip of what a visitor has loaded, and a sentence for each file that could not be read.

    ``seconds``: for which a file that is not looked at stays. ``came``: which file became which photograph: the browser
    alone knows their names.
    """
    items = [listed(entry.thumbnail, f"your photograph {i}") for i, entry in enumerate(uploads.values(), start=1)]
    words = f"The latest {MAX_UPLOADS} stay, each for {seconds / 60:.0f} minutes after it was last shown."
    return {"items": items, "words": words if items else "", "refused": list(refused), "came": dict(came)}


def of_folder(folders: DataFolders, at: str) -> dict[str, Any]:
    """The strip of one page of a data folder. ``at``: JSON of folder, find and page. Raises InputError."""
    folder, find, number = read_at(at)
    page = folders.page(folder, number, find)
    last = page.first + len(page.names)
    words = f"{page.first + 1}–{last} of {page.total:,}" if page.total else "No photograph has this in its name."
    items = [listed(one, one.title) for one in folders.thumbnails(folder, page)]
    return {"items": items, "words": words, "page": page.number, "pages": page.pages}


def turn_to(folders: DataFolders, ref: str, at: str) -> Updates | None:
    """Updates of "at", "folder" and "find" that bring a photograph onto the strip; None where it is there already."""
    folder, find, number = read_at(at)
    wanted, _, name = ref.removeprefix("data:").partition("/")
    page = folders.page_of(wanted, name, find) if wanted == folder else None
    if page is not None and page == number:
        return None
    if page is None:
        find, page = "", folders.page_of(wanted, name)
    return None if page is None else {"at": written_at(wanted, find, page), "folder": wanted, "find": find}


def read_at(at: str) -> tuple[str, str, int]:
    """(folder, find, page) as the browser writes them. Raises InputError."""
    try:
        given = json.loads(at)
        return str(given["folder"]), str(given["find"] or ""), int(given["page"])
    except (ValueError, TypeError, KeyError, OverflowError):
        raise InputError("expected a page of a data folder as folder, find and page") from None


def written_at(folder: str, find: str, page: int) -> str:
    """As `VARS.rail.at` writes it."""
    return json.dumps({"folder": folder, "find": find, "page": page}, separators=(",", ":"), ensure_ascii=False)


def listed(one: Thumbnail, title: str) -> dict[str, str]:
    """What the browser gets of a thumbnail."""
    return {"ref": one.ref, "title": title, "picture": one.picture}
