"""One self-contained HTML file: text, tables, charts and pictures, filtered by model; it opens offline."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.drawing import small_data_uri
from analysis.figures import BOTTOM, LEFT, RIGHT, TOP

PICTURE_BYTES = 1_300_000
"""Letters that all pictures of a report take together, however many there are: they share them equally."""

LARGEST_PICTURE = 12_000
"""Letters of one picture where there are few."""

STYLE, _SCRIPT = (Path(__file__).with_name(f"report.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))

SCRIPT = f"{{const [left, right, top, bottom] = [{LEFT}, {RIGHT}, {TOP}, {BOTTOM}];\n{_SCRIPT}}}\n"
"""With the box between the axes of a chart; in a block, for ``top`` is also a name of the browser's."""


@dataclass(frozen=True)
class Cell:
    """A number as it should read, with a smaller line below and a text that shows on hovering."""

    text: str
    note: str = ""
    title: str = ""


@dataclass(frozen=True)
class Card:
    """Pictures of one sample side by side, with a caption for each and a line of text below.

    ``pictures``: (caption, uint8 (H, W, 3)). ``text``: the line below. ``model``: whose it is, for the filter.
    """

    pictures: Sequence[tuple[str, np.ndarray]]
    text: str
    model: str


@dataclass(frozen=True)
class Gallery:
    """Cards under a title; ``folded``: shown once the title is clicked."""

    title: str
    cards: Sequence[Card]
    folded: bool

    @property
    def pictures(self) -> int:
        """How many there are on its cards."""
        return sum(len(card.pictures) for card in self.cards)

    def html(self, most_bytes: int) -> str:
        """Each picture in at most ``most_bytes`` letters."""
        whose = _owned(self.cards[0].model) if self.cards else ""
        inside = "".join(_card(card, most_bytes) for card in self.cards)
        return (
            f"<details{'' if self.folded else ' open'}{whose}><summary>{html.escape(self.title)}</summary>"
            f'<div class="gallery">{inside}</div></details>'
        )


class Report:
    """Collects the parts of a report in order and writes them as one page.

    A part that belongs to a model carries its name; the checkboxes on top of the page hide and show these.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._parts: list[str | Gallery] = []
        self._models: dict[str, None] = {}

    def heading(self, text: str, model: str | None = None) -> None:
        """A section's title."""
        self._parts.append(f"<h2{self._of(model)}>{html.escape(text)}</h2>")

    def text(self, text: str, *, kind: str = "") -> None:
        """A paragraph; ``kind`` "warning" sets it off."""
        self._parts.append(f'<p class="{html.escape(kind)}">{html.escape(text)}</p>')

    def table(
        self,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        *,
        models: Sequence[str | None] | None = None,
        folded: str = "",
    ) -> None:
        """A table; a click on a column's head sorts by it.

        ``models``: for each row the model it belongs to, None for rows that no filter hides. ``folded``: a title under
        which the table is folded away, for long ones.
        """
        owners = list(models or [None] * len(rows))
        whose = owners[0] if folded and len(set(owners)) == 1 else None  # a table of one model hides as a whole
        if whose is not None:
            owners = [None] * len(rows)
        first: Sequence[Any] = rows[0] if rows else [""] * len(columns)
        kinds = (' class="t"' if isinstance(value, str) else "" for value in first)
        head = "".join(f"<th{kind}>{html.escape(name)}</th>" for name, kind in zip(columns, kinds, strict=True))
        body = "".join(
            f"<tr{self._of(owner)}>{''.join(_cell(value) for value in row)}</tr>"
            for row, owner in zip(rows, owners, strict=True)
        )
        table = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        if folded:
            table = f"<details{self._of(whose)}><summary>{html.escape(folded)}</summary>{table}</details>"
        self._parts.append(table)

    def figure(self, figure: str) -> None:
        """A chart of `analysis.figures`; its parts with ``data-model`` follow the filter."""
        self._parts.append(figure)

    def gallery(self, title: str, cards: Sequence[Card], *, folded: bool = False) -> None:
        """Pictures with captions under a title; ``folded``: shown once the title is clicked."""
        for card in cards:
            self._models[card.model] = None
        self._parts.append(Gallery(title, cards, folded))

    def legend(self, entries: Sequence[tuple[str, str]]) -> None:
        """What colours mean: (CSS colour, meaning)."""
        self._parts.append(
            '<p class="legend">'
            + "".join(f'<span><i style="background:{c}"></i>{html.escape(text)}</span>' for c, text in entries)
            + "</p>"
        )

    def html(self) -> str:
        """The page."""
        pictures = sum(part.pictures for part in self._parts if isinstance(part, Gallery))
        share = min(LARGEST_PICTURE, PICTURE_BYTES // max(1, pictures))
        body = "".join(part.html(share) if isinstance(part, Gallery) else part for part in self._parts)
        boxes = "".join(
            f'<label><input type="checkbox" checked value="{html.escape(model)}">{html.escape(model)}</label>'
            for model in self._models
        )
        filters = f'<nav id="filter" aria-label="Models shown">{boxes}</nav>' if len(self._models) > 1 else ""
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(self.title)}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>\n{STYLE}</style>'
            f"</head><body><h1>{html.escape(self.title)}</h1>{filters}{body}"
            f"<script>{SCRIPT}</script></body></html>\n"
        )

    def _of(self, model: str | None) -> str:
        if model is None:
            return ""
        self._models[model] = None
        return _owned(model)


def _owned(model: str) -> str:
    return f' data-model="{html.escape(model)}"'


def _card(card: Card, most_bytes: int) -> str:
    pictures = "".join(
        f'<figure><img alt="{html.escape(caption)}" src="{small_data_uri(picture, most_bytes)}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        for caption, picture in card.pictures
    )
    return f'<div class="card"{_owned(card.model)}><div>{pictures}</div><p>{html.escape(card.text)}</p></div>'


def _cell(value: Any) -> str:
    """Numbers are what most cells hold, so they are plain; text says that it is."""
    if isinstance(value, Cell):
        note = f"<small>{html.escape(value.note)}</small>" if value.note else ""
        told = f' title="{html.escape(value.title)}"' if value.title else ""
        return f"<td{told}>{html.escape(value.text)}{note}</td>"
    if value is None:
        return "<td>–</td>"
    if isinstance(value, float):
        return f'<td title="{value:.6g}">{value:.2f}</td>'
    kind = "" if isinstance(value, int) else ' class="t"'
    return f"<td{kind}>{html.escape(str(value))}</td>"
