"""Imports go one way: vars_core ← analysis ← app; gradio stays in the page, plotly in the figures."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FORBIDDEN = {"vars_core": {"analysis", "app", "gradio", "plotly"}, "analysis": {"app", "gradio"}, "app": set()}


def running(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run: what stands under ``if TYPE_CHECKING`` never does."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield child
            yield from running(child)


def imported(path: Path) -> Iterator[str]:
    for node in running(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_package_imports_what_lies_above_it(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    wrong = {
        (str(path.relative_to(ROOT)), name) for path in files for name in imported(path) if name in FORBIDDEN[package]
    }
    assert wrong == set()


def test_plotly_is_imported_by_the_figures_alone() -> None:
    users = {path.name for path in (ROOT / "analysis").rglob("*.py") if "plotly" in set(imported(path))}
    assert users and all(name.startswith("figures_") for name in users)


def test_the_backend_runs_without_the_page_or_the_figures() -> None:
    code = (
        "import sys, vars_core, analysis.engine, analysis.runs, analysis.evaluations.segmentation; "
        "sys.exit(any(name in sys.modules for name in ('gradio', 'plotly')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_file_that_the_picture_of_the_code_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = text.partition("```\n")[2].partition("```")[0]
    named = set(re.findall(r"[\w/]+\.(?:py|js)\b", text)) | set(re.findall(r"\b[a-z_]+/(?= )", picture))
    assert len(named) > 50
    packages = [f"{part}/" for part in FORBIDDEN]
    tracked = [path.relative_to(ROOT).as_posix() for part in (*FORBIDDEN, "tests") for path in (ROOT / part).rglob("*")]
    there = {
        f"/{name}"
        for name in (*tracked, *(f"{name}/" for name in tracked if (ROOT / name).is_dir()), "app.py", *packages)
    }
    assert [name for name in sorted(named) if not any(path.endswith(f"/{name}") for path in there)] == []


def test_docstrings_speak_in_sentences_without_sections() -> None:
    """One dialect: a parameter is "``name``: what it is.", an error "Raises InputError: when."."""
    section = re.compile(r"^\s*(Args|Arguments|Parameters|Attributes|Raises|Returns|Yields):\s*$", re.MULTILINE)
    files = [path for package in (*FORBIDDEN, "tools") for path in sorted((ROOT / package).rglob("*.py"))]
    told = [
        f"{path.relative_to(ROOT)}:{node.body[0].lineno}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if section.search(ast.get_docstring(node) or "")
    ]
    assert len(files) > 300 and told == []


def test_no_two_files_need_one_another() -> None:
    """Imports for types and those inside functions count: what a file names, it has to be read with."""
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in (*FORBIDDEN, "tools")
        for path in (ROOT / package).rglob("*.py")
    }
    needs: dict[str, set[str]] = {}
    for module, path in files.items():
        nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        named = {f"{node.module}.{alias.name}" for node in nodes for alias in node.names}
        needs[module] = {name if name in files else name.rpartition(".")[0] for name in named} & files.keys() - {module}
    while free := {module for module, others in needs.items() if not others & needs.keys()}:
        needs = {module: others for module, others in needs.items() if module not in free}
    assert len(files) > 300 and needs == {}
