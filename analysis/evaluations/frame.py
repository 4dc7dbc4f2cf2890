"""The frame of every evaluation: models are loaded, samples walked, rows stored, summary and report written.

An evaluation says what its samples are, how one is loaded and scored, how rows are summed up and what the report shows
(`Evaluation`); `run_evaluation` does everything else, alike for all: the run's folder and its provenance,
continuing, progress, what is printed, the exit status.
"""

from __future__ import annotations

import resource
import sys
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow.compute as pc

from analysis.engine import Engine, Item, Local, Measured, evaluate
from analysis.evaluations.assumptions import CONVENTIONS, of_model
from analysis.evaluations.grouping import Entry
from analysis.progress import watched
from analysis.runs import Row, Run

if TYPE_CHECKING:
    from vars_core.backend import Backend

EXIT_WITH_ERROR_ROWS = 3
"""The exit status where some of the data could not be read or scored."""


class Evaluation(Measured, Protocol):
    """What is measured: samples, load, score, summarise, report. To be derived from: what is usual stands here."""

    def policy(self, sample: Any) -> str:
        """Nothing of an image is left out."""
        return "whole"

    def baseline_rows(self, items: Sequence[Item]) -> list[Row]:
        """There are none."""
        return []

    def model_facts(self, backend: Backend) -> Mapping[str, Any]:
        """What ``run.json`` says of a model beside its checkpoint and its input; must not differ on continuing."""
        return {}

    @abstractmethod
    def summarise(self, run: Run) -> list[Entry]:
        """The entries of ``summary.json``, from the rows alone."""

    @abstractmethod
    def report(self, run: Run, summary: Sequence[Entry]) -> str:
        """The report, HTML. Nothing is traced for it."""

    @abstractmethod
    def lines(self, run: Run, summary: Sequence[Entry]) -> Iterable[str]:
        """What the command prints."""


@dataclass(frozen=True)
class Plan:
    """A run that was asked for.

    ``kind``: of `analysis.evaluations.table`.
    ``out``: the run's folder.
    ``settings``: what decides the rows; must not differ on continuing. ``batch_size``, samples a part, is among them;
      1 where it is not said.
    ``data``: what the run says of its data; must not differ either.
    ``facts``: what else must not; ``models`` is among them where the evaluation makes its models itself.
    ``noted``: what else it says, which may change on continuing where files were repaired.
    ``load``: the models, loaded once the folder is known to be right.
    ``engine``: who computes the rows, which do not depend on it.
    ``what``: what samples are, in words.
    ``assumed``: what is taken for granted of a model, in sentences, beside what `noted` says of the data.
    ``failing``: what a row with an error is one of, in words, where that is not a sample.
    """

    kind: str
    out: Path
    settings: Mapping[str, Any]
    data: Mapping[str, Any]
    load: Callable[[], Sequence[Backend]]
    engine: Engine = field(default_factory=Local)
    what: str = "images"
    failing: str | None = None
    noted: Mapping[str, Any] = field(default_factory=dict)
    assumed: Callable[[Backend], Iterable[str]] = of_model
    facts: Mapping[str, Any] = field(default_factory=dict)


def run_evaluation(plan: Plan, make: Callable[[Sequence[Backend]], Evaluation]) -> int:
    """Carry out a plan, or continue it; the exit status: 0, or 3 where some samples could not be scored.

    ``make``: the evaluation, once the models are there. Raises InputError: a folder that holds another run, or whatever
    ``load`` and ``make`` refuse.
    """
    run = Run.open(plan.out, {"evaluation": plan.kind, **plan.settings}, data=plan.data, **plan.facts)
    for name, value in plan.noted.items():
        run.record(name, value)
    backends = plan.load()
    evaluation = make(backends)
    if "models" not in plan.facts:
        confirm_models(run, backends, evaluation)
    confirm_engine(run, plan.engine, backends)
    _tell_assumptions(run, plan, backends)
    batch_size = int(plan.settings.get("batch_size", 1))
    count = len(evaluation.samples)
    started = time.perf_counter()
    with watched(count, plan.what) as show:
        visited = evaluate(
            evaluation,
            backends,
            run,
            plan.engine,
            batch_size=batch_size,
            on_part=lambda parts, _: show(min(parts * batch_size, count)),
        )
    seconds = time.perf_counter() - started
    summary = evaluation.summarise(run)
    run.write_summary(summary)
    run.write_text("report.html", evaluation.report(run, summary))
    for line in evaluation.lines(run, summary):
        print(line)
    speed = f"{visited} {plan.what} visited now in {seconds:.1f} s ({visited / seconds:.2f} a second)"
    print(f"{speed}; {peak_memory()}\n{run.folder / 'summary.json'}, {run.folder / 'report.html'}", file=sys.stderr)
    errors = run.values("error")
    failed = len(run.rows(["error"], where=pc.is_valid(pc.field("error"))))
    if failed:
        of = plan.failing or f"of {count} {plan.what}"
        print(f"{failed} {of} could not be scored: see the report", file=sys.stderr)
    if failed == count:
        print(f"the first of them: {errors[0]}", file=sys.stderr)
    return EXIT_WITH_ERROR_ROWS if failed else 0


def _tell_assumptions(run: Run, plan: Plan, backends: Sequence[Backend]) -> None:
    """Print what is assumed of pictures and models, and keep it in the run beside what is of the data."""
    run.record("conventions", list(CONVENTIONS))
    of_models = [sentence for backend in backends for sentence in plan.assumed(backend)]
    run.record("assumptions", [*plan.noted.get("assumptions", ()), *of_models])
    for sentence in (*CONVENTIONS, *of_models):
        print(f"assumed: {sentence}", file=sys.stderr)


def confirm_models(run: Run, backends: Sequence[Backend], evaluation: Evaluation) -> None:
    """Record in the run which models it is of, or refuse others than those it was started with."""
    described = {
        backend.name: {
            "checkpoint": backend.checkpoint_hash,
            "num_steps": backend.num_steps,
            "image_size": backend.image_size,
            **({} if backend.preprocessing.covered is None else {"covered": backend.preprocessing.covered}),
            **evaluation.model_facts(backend),
        }
        for backend in backends
    }
    run.confirm("models", described)


def confirm_engine(run: Run, engine: Engine, backends: Sequence[Backend]) -> None:
    """Record on what the run is computed; another device on continuing is refused, another engine is not."""
    facts = engine.facts(backends)
    run.confirm("device", facts["device"])
    run.record("engine", facts)


def peak_memory() -> str:
    """The most memory this process has held, in words."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"peak {kilobytes / (1024**2 if sys.platform == 'darwin' else 1024):.0f} MB"
