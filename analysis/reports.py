"""One self-contained HTML file: text, tables, charts and pictures, filtered by model; it opens offline."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.drawing import data_uri

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


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


class Report:
    """Collects the parts of a report in order and writes them as one page.

    A part that belongs to a model carries its name; the checkboxes on top of the page hide and show these.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._parts: list[str] = []
        self._models: dict[str, None] = {}
        self._figures = 0

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
        owners = models or [None] * len(rows)
        head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
        body = "".join(
            f"<tr{self._of(owner)}>{''.join(_cell(value) for value in row)}</tr>"
            for row, owner in zip(rows, owners, strict=True)
        )
        table = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        if folded:
            table = f"<details><summary>{html.escape(folded)}</summary>{table}</details>"
        self._parts.append(table)

    def figure(self, figure: Figure) -> None:
        """A chart; lines with ``meta.model`` follow the filter."""
        from analysis.figures import as_fragment

        self._figures += 1
        self._parts.append(as_fragment(figure, f"figure-{self._figures}"))

    def gallery(self, title: str, cards: Sequence[Card], *, folded: bool = False) -> None:
        """Pictures with captions under a title; ``folded``: shown once the title is clicked."""
        model = cards[0].model if cards else None
        inside = '<div class="gallery">' + "".join(self._card(card) for card in cards) + "</div>"
        opened = "" if folded else " open"
        summary = f"<summary>{html.escape(title)}</summary>"
        self._parts.append(f"<details{opened}{self._of(model)}>{summary}{inside}</details>")

    def legend(self, entries: Sequence[tuple[str, str]]) -> None:
        """What colours mean: (CSS colour, meaning)."""
        self._parts.append(
            '<p class="legend">'
            + "".join(f'<span><i style="background:{c}"></i>{html.escape(text)}</span>' for c, text in entries)
            + "</p>"
        )

    def html(self) -> str:
        """The page."""
        script = ""
        if self._figures:
            from analysis.figures import plotly_script

            script = f"<script>{plotly_script()}</script>"
        boxes = "".join(
            f'<label><input type="checkbox" checked value="{html.escape(model)}">{html.escape(model)}</label>'
            for model in self._models
        )
        filters = f'<nav id="filter" aria-label="Models shown">{boxes}</nav>' if len(self._models) > 1 else ""
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(self.title)}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style>{script}'
            f"</head><body><h1>{html.escape(self.title)}</h1>{filters}{''.join(self._parts)}"
            f"<script>{_SCRIPT}</script></body></html>\n"
        )

    def _of(self, model: str | None) -> str:
        if model is None:
            return ""
        self._models[model] = None
        return f' data-model="{html.escape(model)}"'

    def _card(self, card: Card) -> str:
        pictures = "".join(
            f'<figure><img alt="{html.escape(caption)}" src="{data_uri(picture)}">'
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            for caption, picture in card.pictures
        )
        return f'<div class="card"{self._of(card.model)}><div>{pictures}</div><p>{html.escape(card.text)}</p></div>'


def _cell(value: Any) -> str:
    if isinstance(value, Cell):
        note = f"<small>{html.escape(value.note)}</small>" if value.note else ""
        return f'<td class="number" title="{html.escape(value.title)}">{html.escape(value.text)}{note}</td>'
    if value is None:
        return '<td class="number">–</td>'
    if isinstance(value, float):
        return f'<td class="number" title="{value!r}">{value:.2f}</td>'
    kind = ' class="number"' if isinstance(value, int) else ""
    return f"<td{kind}>{html.escape(str(value))}</td>"


_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1240px;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}
nav{position:sticky;top:0;background:#fff;padding:.5rem 0;border-bottom:1px solid #ddd;z-index:2}
nav label{margin-right:1.2rem;white-space:nowrap}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .5rem;border-bottom:1px solid #e5e5e5;text-align:left;white-space:nowrap}
th{cursor:pointer;border-bottom:2px solid #999;white-space:normal;vertical-align:bottom}
td.number{text-align:right}td small{display:block;color:#666;font-size:.75em}
.warning{background:#fff4e5;border-left:4px solid #d55e00;padding:.6rem 1rem}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(520px,1fr));gap:1rem}
.card{border:1px solid #e0e0e0;border-radius:6px;padding:.6rem}.card>div{display:flex;gap:.4rem}
.card figure{margin:0;flex:1 1 0}.card img{display:block;width:100%}
.card figcaption,.card p{font-size:.8rem;margin:.2rem 0;color:#444}
.legend span{margin-right:1.2rem}.legend i{display:inline-block;width:.9em;height:.9em;margin-right:.4em}
summary{cursor:pointer;margin:.6rem 0}[hidden]{display:none!important}
@media print{nav{display:none}}
"""

_SCRIPT = """
const shown = () => new Set([...document.querySelectorAll('#filter input:checked')].map(box => box.value));
function filter() {
  const keep = shown();
  document.querySelectorAll('[data-model]').forEach(part => { part.hidden = !keep.has(part.dataset.model); });
  document.querySelectorAll('.plotly-graph-div').forEach(chart => {
    const seen = chart.data.map(line => !line.meta || keep.has(line.meta.model));
    Plotly.restyle(chart, {visible: seen});
  });
}
document.querySelectorAll('#filter input').forEach(box => box.addEventListener('change', filter));
document.querySelectorAll('th').forEach(head => head.addEventListener('click', () => {
  const body = head.closest('table').tBodies[0], column = head.cellIndex;
  const up = head.dataset.up = head.dataset.up === '1' ? '0' : '1';
  const value = row => { const text = row.cells[column].textContent; const number = parseFloat(text);
    return isNaN(number) ? text : number; };
  const order = (a, b) => typeof a === typeof b ? (a > b) - (a < b) : (typeof a === 'number' ? -1 : 1);
  [...body.rows].sort((a, b) => order(value(a), value(b)) * (up === '1' ? 1 : -1)).forEach(row => body.append(row));
}));
"""
