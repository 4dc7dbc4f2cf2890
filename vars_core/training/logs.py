"""What a run tells: CSV tables that survive a resume, TensorBoard where it is installed, a bar on the terminal."""

from __future__ import annotations

import csv
import importlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

STEP_FIELDS = ("update", "epoch", "image_size", "loss", "learning_rate", "images_per_second")
EPOCH_FIELDS = (
    "update", "epoch", "image_size", "loss", "learning_rate", "top1", "top5", "val_loss", "images_per_second", "hours",
)  # fmt: skip


class Table:
    """A CSV file of rows with an increasing ``update``; opening it drops rows later than the update resumed from."""

    def __init__(self, path: Path, fields: tuple[str, ...], resumed_at: int) -> None:
        self.path, self.fields = path, fields
        rows: list[dict[str, str]] = []
        if resumed_at and path.is_file():
            with path.open(newline="") as file:
                rows = [row for row in csv.DictReader(file) if int(row["update"]) <= resumed_at]
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, fields)
            writer.writeheader()
            writer.writerows(rows)

    def add(self, row: Mapping[str, Any]) -> None:
        """Append one row; floats are written with six significant digits."""
        with self.path.open("a", newline="") as file:
            values = {k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()}
            csv.DictWriter(file, self.fields, extrasaction="ignore").writerow(values)


class RunLog:
    """``steps.csv`` and ``epochs.csv`` in the run's folder, TensorBoard events if installed, and a progress bar.

    ``enabled`` is False for the processes that keep quiet: they write and show nothing.
    """

    def __init__(self, folder: Path, total_updates: int, resumed_at: int, *, enabled: bool = True) -> None:
        self._tables = (
            {
                "train": Table(folder / "steps.csv", STEP_FIELDS, resumed_at),
                "epoch": Table(folder / "epochs.csv", EPOCH_FIELDS, resumed_at),
            }
            if enabled
            else {}
        )
        self._events = _tensorboard(folder, resumed_at) if enabled else None
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TimeRemainingColumn(), TextColumn("{task.fields[facts]}"), disable=not enabled,
        )  # fmt: skip
        self._enabled = enabled
        self._task = self._bar.add_task("training", total=total_updates, completed=resumed_at, facts="")

    def __enter__(self) -> RunLog:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()
        if self._events is not None:
            self._events.close()

    def advance(self, update: int) -> None:
        """Move the bar to ``update``."""
        self._bar.update(self._task, completed=update)

    def step(self, row: Mapping[str, Any]) -> None:
        """A row of ``steps.csv`` (fields: STEP_FIELDS)."""
        facts = f"loss {row['loss']:.3f}  lr {row['learning_rate']:.2e}  {row['images_per_second']:.0f} images/s"
        self._bar.update(self._task, facts=facts)
        self._write("train", row)

    def epoch(self, row: Mapping[str, Any]) -> None:
        """A row of ``epochs.csv`` (fields: EPOCH_FIELDS)."""
        self.say(
            f"epoch {row['epoch']} ({row['image_size']} px): loss {row['loss']:.3f}, EMA top-1 {row['top1']:.2%}, "
            f"top-5 {row['top5']:.2%}, {row['images_per_second']:.0f} images/s, {row['hours']:.2f} h in all"
        )
        self._write("epoch", row)

    def say(self, text: str) -> None:
        """A line on the terminal, above the bar."""
        if self._enabled:
            self._bar.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def _write(self, group: str, row: Mapping[str, Any]) -> None:
        if group in self._tables:
            self._tables[group].add(row)
        if self._events is not None:
            for name, value in row.items():
                if name != "update":
                    self._events.add_scalar(f"{group}/{name}", value, row["update"])


def _tensorboard(folder: Path, resumed_at: int) -> Any:
    """A writer of TensorBoard events, or None where the package is not installed."""
    try:
        writer = importlib.import_module("torch.utils.tensorboard").SummaryWriter
    except ImportError:
        return None
    return writer(str(folder / "tensorboard"), purge_step=resumed_at + 1 if resumed_at else None)
