"""The training loop: epochs over stages, evaluation, checkpoints, and an exact continuation of all of them."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Mapping
from typing import Any

from vars_core.training import parts
from vars_core.training.arithmetic import tensor_float32
from vars_core.training.checkpoint import write_training_state
from vars_core.training.distributed import World
from vars_core.training.draws import seed_step
from vars_core.training.feed import Feed
from vars_core.training.logs import RunLog
from vars_core.training.request import Request
from vars_core.training.run import BEST, LAST, TrainingRun

logger = logging.getLogger(__name__)

LOG_EVERY = 50
"""Updates between rows of ``steps.csv``."""


def train(
    request: Request, feed: Feed[Any], world: World | None = None, resume: Mapping[str, Any] | None = None
) -> TrainingRun:
    """Train to the recipe's end; ``request.out`` then holds last.pt (and best.pt), steps.csv and epochs.csv.

    ``resume``: what `vars_core.training.checkpoint.read_training_state` returned. On one CPU the weights at the
    end are then identical to those of a run that was never interrupted.

    Raises `Diverged` when the loss is no longer finite.
    """
    world = world or World()
    request.out.mkdir(parents=True, exist_ok=True)
    run = TrainingRun(request, feed, world, resume)
    recipe, total = request.recipe, request.recipe.updates(feed.count)
    stop = _StopOnSignal(active=world.size == 1 and threading.current_thread() is threading.main_thread())
    reduced = tensor_float32(feed.device, recipe.precision)
    with RunLog(request.out, total, run.progress.update, enabled=world.leads) as log, stop, reduced:
        while run.progress.epoch < recipe.epochs:
            stage = recipe.stage_of(run.progress.epoch)
            if stage != run.stage:
                run.enter(stage)
            if not _epoch(run, log, stop):
                log.say(f"stopped by request at update {run.progress.update}; resume with --resume")
                break
    return run


def _epoch(run: TrainingRun, log: RunLog, stop: _StopOnSignal) -> bool:
    """The rest of the current epoch, its evaluation and checkpoint; False when asked to stop on the way."""
    request, recipe, progress = run.request, run.recipe, run.progress
    stage = recipe.stages[run.stage]
    steps = recipe.steps_per_epoch(run.feed.count)[run.stage]
    mixup = parts.mixing(recipe, run.num_classes)
    run.model.train()
    entered = began = saved = marked = time.perf_counter()
    entered_images = marked_images = progress.images
    recent: list[float] = []
    for pixels, labels in run.feed.training(progress.epoch, progress.step):
        key = (request.seed, progress.epoch, progress.step)
        pixels, targets = parts.mixed(mixup, pixels, labels, key)
        seed_step(*key, run.world.rank)
        run.step(pixels, targets)
        progress.images += stage.batch_size
        now = time.perf_counter()
        progress.seconds, began = progress.seconds + now - began, now
        log.advance(progress.update)
        logs = progress.update % LOG_EVERY == 0 or progress.step == steps
        if logs or stop.asked or run.device.type == "cpu":  # an accelerator is not made to wait at every step
            recent += run.settle()
        if logs:
            rate = (progress.images - marked_images) / max(now - marked, 1e-9)
            marked, marked_images = now, progress.images
            log.step(_facts(run, sum(recent) / len(recent), rate))
            recent = []
        due = now - saved >= 60 * request.save_minutes and progress.step < steps
        if stop.asked or (due and not run.pending):
            _save(run, LAST)
            saved = time.perf_counter()
        if stop.asked:
            return False
    _finish_epoch(run, log, steps, (progress.images - entered_images) / (time.perf_counter() - entered))
    return True


def _finish_epoch(run: TrainingRun, log: RunLog, steps: int, images_per_second: float) -> None:
    request, progress = run.request, run.progress
    last = progress.epoch + 1 == run.recipe.epochs
    facts = _facts(run, progress.loss_sum / steps, images_per_second)
    progress.epoch, progress.step, progress.loss_sum = progress.epoch + 1, 0, 0.0
    if last or progress.epoch % request.evaluate_every == 0:
        result = run.evaluate()
        row = facts | {"top1": result.top1, "top5": result.top5, "val_loss": result.loss, "val_count": result.count}
        run.history.append(row)
        log.epoch(row)
        finishing = run.stage + 1 == len(run.recipe.stages)  # weights are chosen at the size the model ends with
        if request.keep_best and finishing and result.top1 > progress.best:
            progress.best = result.top1
            _save(run, BEST)
    _save(run, LAST, required=last)


def _facts(run: TrainingRun, loss: float, images_per_second: float) -> dict[str, Any]:
    return {
        "update": run.progress.update,
        "epoch": run.progress.epoch,
        "image_size": run.recipe.stages[run.stage].image_size,
        "loss": loss,
        "learning_rate": run.learning_rate,
        "images_per_second": images_per_second,
        "hours": run.progress.seconds / 3600,
    }


def _save(run: TrainingRun, name: str, *, required: bool = False) -> None:
    """Write a checkpoint; a failure (a full disk) leaves the one before and is only reported unless ``required``."""
    if not run.world.leads:
        return
    try:
        write_training_state(run.state(), run.request.out / name)
    except OSError as error:
        if required:
            raise
        logger.error("%s; training goes on, the previous checkpoint is intact", error)


class _StopOnSignal:
    """Within the block SIGINT and SIGTERM ask for a stop after the current step instead of ending the process."""

    def __init__(self, *, active: bool) -> None:
        self.asked, self._active = False, active

    def __enter__(self) -> _StopOnSignal:
        if self._active:
            self._before = {sig: signal.signal(sig, self._ask) for sig in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        if self._active:
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def _ask(self, *_: object) -> None:
        self.asked = True
