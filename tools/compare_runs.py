"""Do two runs of an evaluation hold the same numbers? Rows are compared value by value, summaries byte by byte.

    python tools/compare_runs.py RUN OTHER [--without seconds]

Exit status 0 where nothing differs, 1 with what differs: columns that only one has, rows that do, and for each column
that differs in how many rows, by how much at most, and where first. NaN equals NaN, and null only null.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def rows_of(run: Path) -> pa.Table:
    """All rows of a run folder, part after part."""
    parts = sorted((run / "rows").glob("part-*.parquet"))
    if not parts:
        raise SystemExit(f"expected a run with rows in {run}")
    return pa.concat_tables([pq.read_table(part) for part in parts])


def differences(first: pa.Table, second: pa.Table, without: Sequence[str]) -> Iterator[str]:
    """What differs between two tables of rows, in sentences; columns ``without`` are not looked at."""
    names = [name for name in first.column_names if name not in without]
    others = [name for name in second.column_names if name not in without]
    if alone := sorted(set(names) ^ set(others)):
        yield f"columns that one run alone has: {', '.join(alone)}"
    if len(first) != len(second):
        yield f"rows: {len(first)} and {len(second)}"
        return
    for name in names:
        if name in others:
            pairs = list(zip(first[name].to_pylist(), second[name].to_pylist(), strict=True))
            unequal = [at for at, (one, other) in enumerate(pairs) if not same(one, other)]
            if unequal:
                at = unequal[0]
                largest = max((distance(*pairs[i]) for i in unequal), default=0.0)
                yield (
                    f"{name}: {len(unequal)} of {len(pairs)} rows differ, by {largest:.3g} at most; "
                    f"first row {at}: {pairs[at][0]!r} and {pairs[at][1]!r}"
                )


def same(one: Any, other: Any) -> bool:
    """Whether two values of a column are equal to the last bit."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other or (one != one and other != other))


def distance(one: Any, other: Any) -> float:
    """How far two numbers, or the furthest two of two lists, lie apart; infinite for what is no number."""
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return max(map(distance, one, other), default=0.0)
    try:
        return abs(float(one) - float(other))
    except (TypeError, ValueError):
        return float("inf")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("--without", nargs="*", default=["seconds"], help="columns left out (seconds)")
    asked = parser.parse_args(arguments)
    first, second = rows_of(asked.run), rows_of(asked.other)
    said = list(differences(first, second, asked.without))
    summaries = [run / "summary.json" for run in (asked.run, asked.other)]
    if all(path.is_file() for path in summaries):
        if summaries[0].read_bytes() != summaries[1].read_bytes():
            said.append("summary.json: other bytes")
    else:
        said.append("summary.json: not in both")
    looked_at = [name for name in first.column_names if name not in asked.without]
    print(f"{len(first)} rows, {len(looked_at)} columns (without {', '.join(asked.without)})")
    print("\n".join(said) if said else "rows and summary.json are the same")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
