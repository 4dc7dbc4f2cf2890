"""docs/extending.md quotes the tests of this folder, and quotes them truly."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs" / "extending.md"


def test_what_the_docs_quote_stands_in_a_test() -> None:
    def lines(text: str) -> str:
        return "".join(line + "\n" for line in text.splitlines() if line.strip())

    quotes = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    tests = [file.read_text(encoding="utf-8") for file in sorted(HERE.glob("test_*.py"))]
    assert quotes
    assert [quote for quote in quotes if not any(lines(quote) in lines(test) for test in tests)] == []
