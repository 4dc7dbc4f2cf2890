"""How the page is laid out: floors on floors, and tabs that know nothing of each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[2] / "app"
FLOORS = ("serving", "library", "inference", "views", "services", "page", "tabs", "ui", "server", "command", "studio")
"""From the ground up; a part imports from its own floor and those below, `serving` settings apart from none."""


def part_of(module: str) -> str:
    """ "app.tabs.runs.page" -> "tabs"."""
    return module.split(".")[1] if "." in module else ""


def imports() -> Iterator[tuple[str, str]]:
    """(module, what it imports of this package)."""
    for path in sorted(APP.rglob("*.py")):
        module = ".".join(("app", *path.relative_to(APP).with_suffix("").parts))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "app":
                for name in node.names:
                    yield module, f"{node.module}.{name.name}"


def test_every_part_imports_from_floors_below_it_alone() -> None:
    upwards = [
        (module, what)
        for module, what in imports()
        if part_of(module) in FLOORS and FLOORS.index(part_of(what)) > FLOORS.index(part_of(module))
    ]
    assert upwards == []


def test_nothing_imports_from_a_tab_but_itself_and_the_page_that_lists_the_tabs() -> None:
    tabs = [(module, what) for module, what in imports() if what.startswith("app.tabs.")]
    strangers = [
        (module, what) for module, what in tabs if module != "app.ui" and module.split(".")[:3] != what.split(".")[:3]
    ]
    assert tabs and strangers == []


@pytest.mark.parametrize("folder", ["views", "library", "inference"])
def test_what_computes_knows_no_gradio(folder: str) -> None:
    wrong = [path.name for path in (APP / folder).rglob("*.py") if "import gradio" in path.read_text(encoding="utf-8")]
    assert wrong == []


def test_the_words_of_a_tab_know_no_gradio() -> None:
    files = [path for path in (APP / "tabs").rglob("*.py") if not path.name.endswith(("page.py", "api.py"))]
    assert files
    assert [str(path) for path in files if "import gradio" in path.read_text(encoding="utf-8")] == []
