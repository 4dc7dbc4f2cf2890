"""docs/extending.md quotes the tests of this folder, and quotes them truly."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs" / "extending.md"


def test_every_paragraph_of_code_in_the_docs_stands_in_a_test() -> None:
    quotes = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    paragraphs = [paragraph for quote in quotes for paragraph in re.split(r"\n\n+", quote.strip("\n"))]
    tests = [file.read_text(encoding="utf-8") for file in sorted(HERE.glob("test_*.py"))]
    assert len(paragraphs) >= len(quotes) > 0
    assert [paragraph for paragraph in paragraphs if not any(paragraph in test for test in tests)] == []


def test_the_table_of_files_says_what_the_tests_touch() -> None:
    rows = re.findall(r"^\| an? ([a-z ]+?) \|.*\| (.*?) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    said = {what: set(re.findall(r"`([\w.]+)`", tables)) for what, tables in rows}
    files = {"mixer": "a_mixer", "readout": "a_readout", "metric": "a_metric", "layout of data": "a_layout"}
    for what, name in {**files, "evaluation": "an_evaluation"}.items():
        test = (HERE / f"test_{name}.py").read_text(encoding="utf-8")
        assert set(re.findall(r"monkeypatch\.setitem\(([\w.]+),", test)) == said[what], what
