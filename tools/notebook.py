"""Run a notebook from top to bottom and keep what its cells show: ``python -m tools.notebook docs/notebook.ipynb``.

Cells are run as Python, in order and in one namespace; what a cell's last line leaves is shown as Jupyter shows it
(``_repr_html_``, ``_repr_jpeg_`` or its repr), what is handed to ``display`` before it too.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Cell = dict[str, Any]


def run(path: Path) -> dict[str, Any]:
    """The notebook with the outputs of a fresh run."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    outputs: list[Cell] = []
    names: dict[str, Any] = {
        "__name__": "__main__",
        "display": lambda *shown: outputs.extend({"output_type": "display_data", **output(one)} for one in shown),
    }
    for count, cell in enumerate((one for one in notebook["cells"] if one["cell_type"] == "code"), start=1):
        outputs.clear()
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            last = run_cell("".join(cell["source"]), names)
        if printed.getvalue():
            outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": lines(printed.getvalue())})
        if last is not None:
            outputs.append({"output_type": "execute_result", "execution_count": count, **output(last)})
        cell["execution_count"], cell["outputs"] = count, list(outputs)
    return notebook


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run one cell; returns the value of its last line, None where that is a statement."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if isinstance(last, ast.Expr) else None


def output(value: Any) -> Cell:
    """How Jupyter keeps a value that is shown."""
    data: dict[str, Any] = {"text/plain": lines(repr(value))}
    if hasattr(value, "_repr_html_"):
        data["text/html"] = lines(value._repr_html_())
    elif hasattr(value, "_repr_jpeg_"):  # a photograph takes a fifth of what it takes as PNG
        data["image/jpeg"] = base64.b64encode(value._repr_jpeg_()).decode()
    return {"data": data, "metadata": {}}


def lines(text: str) -> list[str]:
    """As notebooks keep text."""
    return text.splitlines(keepends=True)


def write(path: Path, notebook: Mapping[str, Any]) -> None:
    """As Jupyter writes it."""
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    file = Path(sys.argv[1])
    write(file, run(file))
