"""Every "SPEC §n" in code and docs leads to a section of docs/spec.md, and a quoted term to a term of that section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
SPEC = ROOT / "docs" / "spec.md"
SECTION = re.compile(r"^## (\d+)\. ", re.MULTILINE)
TERM = re.compile(r"\*\*([^*|]+)\*\*|^### (.+)$|^\| `?([\w -]+?)`? (?:\([^)]*\) )?\|", re.MULTILINE)
CITATION = re.compile(r"SPEC\s+(?P<sections>§\s?\d+(?:(?:,| and| or)\s+§\s?\d+)*)(?:\s+[\"“](?P<term>[^\"”]+)[\"”])?")


class Citation(NamedTuple):
    section: str
    term: str | None


def citations(text: str) -> Iterator[Citation]:
    for match in CITATION.finditer(text):
        *others, last = re.findall(r"\d+", match["sections"])
        yield from (Citation(number, None) for number in others)
        yield Citation(last, match["term"])


def terms_by_section(specification: str) -> dict[str, set[str]]:
    """What a citation may name: bold words, headings of third level, names in the first column of a table."""
    _, *parts = SECTION.split(specification)
    return {
        number: {word.strip(".\\").casefold() for found in TERM.findall(body) for word in found if word}
        for number, body in zip(parts[::2], parts[1::2], strict=True)
    }


def dead(text: str, specification: str) -> list[Citation]:
    terms = terms_by_section(specification)
    return [
        citation
        for citation in citations(text)
        if citation.section not in terms
        or (citation.term is not None and citation.term.casefold() not in terms[citation.section])
    ]


def cited_files() -> list[Path]:
    folders = [
        ROOT / name for name in ("app", "analysis", "vars_core", "tests", "tools", "docs") if (ROOT / name).is_dir()
    ]
    nested = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".md")]
    return [path for path in [*ROOT.glob("*.py"), *ROOT.glob("*.md"), *nested] if path != Path(__file__)]


def test_no_citation_is_dead() -> None:
    specification = SPEC.read_text()
    wrong = {
        str(path.relative_to(ROOT)): found for path in cited_files() if (found := dead(path.read_text(), specification))
    }
    assert wrong == {}


def test_the_files_that_cite_are_found() -> None:
    cited = [path for path in cited_files() if any(citations(path.read_text()))]
    assert len(cited) > 40
    assert {"vars_core", "analysis", "app", "tests", "docs"} <= {path.relative_to(ROOT).parts[0] for path in cited}


MADE = """
## 1. The layer
**Encode** it.
### Solvers
## 4. Readouts
| | at token n |
| **gap** | pooled |
| `stream` | norm |
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("as SPEC §1 says, and SPEC §4", []),
        ('(SPEC §4 "gap")', []),
        ('(SPEC §4 "stream"), (SPEC §1 "Solvers")', []),
        ("(SPEC §2)", [Citation("2", None)]),
        ("SPEC §1, §3 and §4", [Citation("3", None)]),
        ("the end of a line SPEC\n§5", [Citation("5", None)]),
        ('(SPEC §1 "gap")', [Citation("1", "gap")]),
        ('(SPEC §4 "attention")', [Citation("4", "attention")]),
    ],
)
def test_a_citation_lives_where_its_section_and_its_term_exist(text: str, expected: list[Citation]) -> None:
    assert dead(text, MADE) == expected


def test_sections_are_numbered_from_one_without_gaps() -> None:
    numbers = [int(number) for number in SECTION.findall(SPEC.read_text())]
    assert numbers == list(range(1, len(numbers) + 1))
