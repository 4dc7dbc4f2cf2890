"""Style and script of a report's page: the filter by model, sorting by a column, values under the pointer."""

from __future__ import annotations

from pathlib import Path

from analysis.figures import BOTTOM, LEFT, RIGHT, TOP

HERE = Path(__file__).resolve().parent

STYLE = "\n" + (HERE / "report.css").read_text(encoding="utf-8")

FRAME = f"const [left, right, top, bottom] = [{LEFT}, {RIGHT}, {TOP}, {BOTTOM}];"
"""The box between the axes of a chart; in a block, for ``top`` is also a name of the browser's."""

SCRIPT = f"{{{FRAME}\n{(HERE / 'report.js').read_text(encoding='utf-8')}}}\n"
