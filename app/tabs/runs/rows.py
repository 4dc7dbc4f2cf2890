"""The Runs tab: its table of images, page by page."""

from __future__ import annotations

import html
from collections.abc import Callable

import numpy as np

from analysis.evaluations.image_scores import ImageScores
from app.library.run_library import MAX_IMAGES
from app.tabs.runs.view import MAP_TAB, OWN_TABS, Sight, View, metrics_of
from app.tabs.runs.words import counted
from app.views.numbers import written

PAGE_ROWS = 20
MAX_ERRORS = 200
"""Images that could not be scored and are named; the others are counted."""

Located = Callable[[str], bool]
"""Whether the image of that name is among the server's photographs."""


def ranked(sight: Sight) -> np.ndarray:
    """Indices of the images in the order of the view, (n,)."""
    view, higher = sight.view, metrics_of(sight.stored)[sight.view.metric].higher_is_better
    return sight.scores.order(view.metric, worst_first=view.order == "worst", higher_is_better=higher)


def page_words(sight: Sight, page: int, located: Located) -> str:
    """HTML: one page of the images in the order of the view; page numbers start at 1, one too high is the last.

    Scores stand before names, which may be long: a narrow screen shows what the order is by.
    """
    scores, view = sight.scores, sight.view
    if not scores.ids:
        return '<p class="fine">No image was scored with this map.</p>'
    order = ranked(sight)
    pages = -(-len(order) // PAGE_ROWS)
    page = min(max(page, 1), pages)
    start = (page - 1) * PAGE_ROWS
    shown = {name: one for name, one in metrics_of(sight.stored).items() if name in scores.values}
    heads = "".join(_head(name, one.title, view) for name, one in shown.items())
    opens = OWN_TABS.get(sight.stored.kind, MAP_TAB)
    rows = []
    for rank, index in enumerate(order[start : start + PAGE_ROWS], start=start + 1):
        name = html.escape(scores.ids[index])
        cells = "".join(f"<td>{written(scores.values[one][index], shown[one].digits)}</td>" for one in shown)
        note = "map without range" if scores.degenerate[index] else ""
        here = located(scores.ids[index])
        hint = f"Open in the {opens} tab" if here else "Not among this server's photographs"
        rows.append(
            f'<tr data-position="{scores.positions[index]}" title="{hint}"{"" if here else " class=elsewhere"}>'
            f'<td>{rank}</td>{cells}<th scope="row"><button type="button">{name}</button></th><td>{note}</td></tr>'
        )
    return (
        f'<div class="run-box whole"><table class="run-table rows"><thead><tr><th scope="col">#</th>'
        f'{heads}<th scope="col">image</th><th></th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
        f"{_pager(page, pages, start, len(order), opens)}"
    )


def failures_words(scores: ImageScores) -> str:
    """HTML: what could not be scored, counted and named with the reason; and what was not read."""
    parts = []
    if scores.errors:
        rows = "".join(
            f"<tr><td>{position}</td><td>{html.escape(name)}</td><td>{html.escape(why)}</td></tr>"
            for position, name, why in scores.errors[:MAX_ERRORS]
        )
        more = len(scores.errors) - MAX_ERRORS
        rest = f'<p class="fine">and {more:,} more</p>' if more > 0 else ""
        parts.append(
            f'<details class="notice" open><summary>{counted(len(scores.errors), "image")} could not be scored and '
            f'count nowhere.</summary><div class="run-box"><table class="run-table errors"><thead><tr>'
            '<th scope="col">position</th><th scope="col">image</th><th scope="col">why</th></tr></thead>'
            f"<tbody>{rows}</tbody></table></div>{rest}</details>"
        )
    if scores.skipped:
        parts.append(
            f'<p class="notice">{counted(scores.skipped, "image")} without a fixation inside the frame: skipped.</p>'
        )
    if scores.cut:
        parts.append(
            f'<p class="notice">Only the first {MAX_IMAGES:,} rows of this map are read here: the ranking below is '
            "theirs. The summary above is over all images.</p>"
        )
    return "".join(parts)


def _head(name: str, title: str, view: View) -> str:
    """A column's head, a button that sorts by it; a second click turns the order round."""
    mark = {"best": "best first", "worst": "worst first"}[view.order] if name == view.metric else ""
    sorted_by = ' aria-sort="other"' if mark else ""
    return (
        f'<th scope="col"{sorted_by}><button type="button" data-metric="{html.escape(name)}" title="Sort by this">'
        f"{html.escape(title)}<small>{mark}</small></button></th>"
    )


def _pager(page: int, pages: int, start: int, count: int, opens: str) -> str:
    if pages == 1:
        return f'<p class="fine">{counted(count, "image")}. A click on one opens it in the {opens} tab.</p>'
    back = f'<button type="button" data-page="{page - 1}"{" disabled" if page == 1 else ""}>← Previous</button>'
    on = f'<button type="button" data-page="{page + 1}"{" disabled" if page == pages else ""}>Next →</button>'
    words = f"{start + 1:,}–{min(start + PAGE_ROWS, count):,} of {counted(count, 'image')}"
    return f'<div class="run-pager">{back}<span>{words}</span>{on}</div>'
