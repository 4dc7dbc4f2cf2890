"""What a caller wants trained: one value that the command line fills and that the whole run reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vars_core.training.options import check_ranges, option
from vars_core.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Request:
    """A training run: which model on which data by which recipe, and where its files go."""

    data: tuple[Path, ...] = option("Folder of training data; several are joined")
    out: Path = option("Folder of the run: checkpoints and logs")
    recipe: Recipe
    model: str = option("<backbone>/<mixer>", "rvt_nano/vars_d")
    seed: int = option("Of every random draw", 0)
    device: str = option("auto, cpu, cuda, mps", "auto")
    resume: bool = option("Continue the run in --out exactly", False)
    init: Path | None = option("Start from this checkpoint's weights", None)
    num_classes: int | None = option("Classes of the head; the data's number by default", None)
    num_steps: int | None = option("Iterations T of the solver", None)
    solver: str | None = option("ista or lista", None)
    lam: float | None = option("λ of the sparsity", None)
    held_out: float | None = option("Validate on this fraction of every class", None)
    cache: Path = option("Folder for decoded pictures", Path(".work/decoded"))
    cache_size: int = option("Side of the decoded pictures", 64, low=1)
    workers: int = option("Decoding processes of the stream pipeline", 2, low=0)
    threads: int | None = option("CPU threads; torch's choice by default", None, low=1)
    compile: bool = option("Use torch.compile", False)
    save_minutes: float = option("Minutes between checkpoints within an epoch", 5.0, low=0)
    evaluate_every: int = option("Epochs between validations", 1, low=1)
    keep_best: bool = option("Also keep the best validated weights", False)
    command: str = ""

    def __post_init__(self) -> None:
        check_ranges(self)

    @property
    def options(self) -> dict[str, Any]:
        """What ``create_model`` is told of the solver; what was not asked for is the mixer's own."""
        asked = {"num_steps": self.num_steps, "solver": self.solver, "lam": self.lam}
        return {name: value for name, value in asked.items() if value is not None}
