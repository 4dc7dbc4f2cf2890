"""Looks into every architecture that timm lists and prints, as Markdown, whose attention is traced (docs/models.md).

    python -m tools.timm_architectures --rows timm.jsonl

Each is built without numbers, and run so. Those of up to ``--numbers`` million parameters are built again with random
weights and run: traced logits must equal the plain ones, and rows of attention sum to 1. Rows that FILE holds already
are not made again, so that a sweep can be continued.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Annotated, Any

import timm
import torch
import typer

from tests.core.attention_checks import check_attention
from vars_core.errors import InputError
from vars_core.models.timm.structure import structure_of
from vars_core.spec import model_names

ATTENTIVE = (
    "vit",
    "former",
    "eva",
    "beit",
    "deit",
    "cait",
    "coat",
    "swin",
    "pit",
    "volo",
    "nest",
    "twins",
    "hiera",
    "tnt",
)
"""Words in the names of architectures that are likely to attend: they come first in a sweep."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def architectures() -> list[str]:
    """Every name that timm lists, without those that this project registers; those that say "former" or "vit" first."""
    own = {spec.replace("/", "_") for spec in model_names()}
    names = [name for name in timm.list_models() if name not in own]
    return sorted(names, key=lambda name: not any(part in name + family_of(name) for part in ATTENTIVE))


def family_of(name: str) -> str:
    """The file of timm that holds the architecture."""
    return str(timm.models.model_entrypoint(name).__module__.rpartition(".")[2])


def examine(name: str, numbers: float) -> dict[str, Any]:
    """One row: the family, how many layers are traced or the reason for none, and whether it was run with numbers."""
    row: dict[str, Any] = {"name": name, "family": family_of(name)}
    try:
        structure = structure_of(name, None)
        row |= {"layers": len(structure.layers), "reason": structure.reason}
        row["checked"] = bool(structure.layers) and structure.num_parameters <= numbers * 1e6
        if row["checked"]:
            check_attention(name)
    except (InputError, AssertionError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        row["error"] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return row


def table(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each file of timm whose attention is traced, a line for each reason why it is not, and the totals."""
    traced: dict[str, list[dict[str, Any]]] = defaultdict(list)
    others: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row.get("layers") and "error" not in row:
            traced[row["family"]].append(row)
        else:
            others[row.get("error") or row["reason"]].append(row)
    lines = ["| timm's file | traced | e.g. | run with numbers |", "|---|---:|---|---:|"]
    for family, members in sorted(traced.items()):
        run = sum(row["checked"] for row in members)
        lines.append(f"| `{family}` | {len(members)} | `{members[0]['name']}` | {run or ''} |")
    lines += ["", "| logits only because | architectures | timm's files (how many) |", "|---|---:|---|"]
    for reason, members in sorted(others.items(), key=lambda group: -len(group[1])):
        families = sorted(Counter(row["family"] for row in members).items())
        lines.append(f"| {reason} | {len(members)} | {', '.join(f'{name} ({count})' for name, count in families)} |")
    count, failed = sum(map(len, traced.values())), sum("error" in row for row in rows)
    rest = len(rows) - count - failed
    lines += ["", f"{len(rows)} architectures: {count} traced, {rest} logits only, {failed} failed."]
    return lines


@app.command()
def main(
    rows: Annotated[Path, typer.Option(help="A file of rows, one JSON object a line, made or continued.")],
    numbers: Annotated[float, typer.Option(help="Run with random weights up to this many million parameters.")] = 30,
) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    done = [json.loads(line) for line in rows.read_text().splitlines()] if rows.is_file() else []
    known = {row["name"] for row in done}
    with rows.open("a") as file:
        for name in architectures():
            if name not in known:
                done.append(examine(name, numbers))
                print(json.dumps(done[-1]), file=file, flush=True)
    print("\n".join(table(done)))


if __name__ == "__main__":
    app()
