"""One model in training: its weights, their average, the optimiser, and how far they have come."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.parallel import DistributedDataParallel

from vars_core.errors import InputError
from vars_core.training import parts
from vars_core.training.accuracy import Accuracy, accuracy, autocast
from vars_core.training.checkpoint import FORMAT
from vars_core.training.distributed import World, share_batch_norm
from vars_core.training.draws import seed_of
from vars_core.training.feed import Feed
from vars_core.training.recipe import Recipe

State = dict[str, Tensor]
Transfer = Callable[[State, nn.Module], State]
LAST = "last.pt"
BEST = "best.pt"


class Diverged(RuntimeError):
    """The loss is no longer a number; the message names the step and the learning rate."""


@dataclass(frozen=True)
class Job:
    """One run: which model by which recipe, and where its files go.

    ``build(image_size)`` makes a fresh model; ``transfer(state, to_model)`` refits weights that belong to a
    grid when a stage changes the image size; ``initialise(model)`` gives the first model of a fresh run other weights
    than its own. ``facts`` are plain values that the checkpoint carries along.
    """

    model: str
    num_classes: int
    recipe: Recipe
    build: Callable[[int], nn.Module]
    transfer: Transfer
    out: Path
    initialise: Callable[[nn.Module], None] | None = None
    seed: int = 0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    compile: bool = False
    save_minutes: float = 5.0
    evaluate_every: int = 1  # epochs
    log_every: int = 50  # updates
    keep_best: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Progress:
    """How far a run has come: ``epoch`` and ``step`` within it are the next to do."""

    epoch: int = 0
    step: int = 0
    update: int = 0
    images: int = 0
    seconds: float = 0.0
    loss_sum: float = 0.0  # over the steps of this epoch so far
    best: float = -1.0


@dataclass(frozen=True)
class Taken:
    """A step that was taken, and its loss on the device."""

    update: int
    step: int
    learning_rate: float
    loss: Tensor


class Run:
    """A model in training with everything that changes as it trains."""

    def __init__(self, job: Job, feed: Feed, world: World, state: Mapping[str, Any] | None = None) -> None:
        """``state``: an earlier checkpoint to continue from; None begins anew."""
        self.job, self.feed, self.world = job, feed, world
        self.stage = int(state["stage"]) if state else 0
        self.facts = dict(job.facts)
        self.progress = Progress()
        self.history: list[dict[str, Any]] = []
        self.pending: list[Taken] = []
        self.criterion = parts.criterion(job.recipe)
        torch.manual_seed(seed_of(job.seed, 0))
        model = job.build(job.recipe.stages[self.stage].image_size)
        if job.initialise is not None and state is None:
            job.initialise(model)
        parts.set_drop_path(model, job.recipe.drop_path)
        self._adopt(model.to(job.device).to(memory_format=torch.channels_last))
        if state is not None:
            self._restore(state)

    def _adopt(self, model: nn.Module) -> None:
        self.model = model
        self.ema = parts.average(model, self.job.recipe)
        if self.world.size > 1:
            share_batch_norm(self.model)
        self.optimiser = parts.optimiser(self.model, self.job.recipe, self.stage)
        self.scheduler = parts.schedule(self.optimiser, self.job.recipe, self.feed.count)
        self.forward: Callable[[Tensor], Tensor] = self.model
        if self.world.size > 1:
            on = [self.world.local_rank] if self.job.device.type == "cuda" else None
            self.forward = DistributedDataParallel(self.model, device_ids=on)
        if self.job.compile:
            self.forward = torch.compile(self.forward)

    def enter(self, stage: int) -> None:
        """Go on at another image size: weights and average are refitted, moments kept where shapes agree."""
        before, ema, optimiser = self.model, self.ema, self.optimiser
        self.stage = stage
        model = self.job.build(self.job.recipe.stages[stage].image_size)
        parts.set_drop_path(model, self.job.recipe.drop_path)
        model.to(self.job.device).to(memory_format=torch.channels_last)
        averaged = self.job.transfer(ema.module.state_dict(), model)
        model.load_state_dict(self.job.transfer(before.state_dict(), model))
        self._adopt(model)
        self.ema.module.load_state_dict(averaged)
        keep_moments(optimiser, self.optimiser, dict(before.named_parameters()), dict(model.named_parameters()))

    def step(self, pixels: Tensor, labels: Tensor) -> None:
        """One update; its loss waits in ``pending`` to be judged by :meth:`settle`."""
        recipe, update = self.job.recipe, self.progress.update
        self.scheduler.step_update(update)
        if recipe.bound_every and update and update % recipe.bound_every == 0:
            parts.refresh_bounds(self.model, recipe.bound_weight)
        with autocast(self.job.device, recipe.precision), attention_kernel(self.job.device):
            logits = self.forward(pixels.contiguous(memory_format=torch.channels_last))
        loss = self.criterion(logits.float(), labels)
        loss.backward()
        if recipe.clip_gradient is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip_gradient)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.pending.append(Taken(update, self.progress.step, self.learning_rate, loss.detach()))
        self.progress.update += 1
        self.progress.step += 1
        self.ema.update(self.model, step=self.progress.update)

    @property
    def learning_rate(self) -> float:
        return float(self.optimiser.param_groups[0]["lr"])

    def settle(self) -> list[float]:
        """Losses of the pending steps, over all processes; raises :class:`Diverged` at the first that is no number."""
        values = []
        for taken in self.pending:
            value = self.world.total(taken.loss).item() / self.world.size
            if not math.isfinite(value):
                raise Diverged(
                    f"the loss became {value} at update {taken.update} (epoch {self.progress.epoch}, "
                    f"step {taken.step}) with learning rate {taken.learning_rate:.3g}; "
                    f"the last good checkpoint is kept in {self.job.out / LAST}"
                )
            values.append(value)
        self.pending.clear()
        self.progress.loss_sum += sum(values)
        return values

    def state(self) -> dict[str, Any]:
        """Everything a continuation needs, as tensors and plain containers."""
        return {
            "format": FORMAT,
            "spec": self.job.model,
            "num_classes": self.job.num_classes,
            "image_size": self.job.recipe.stages[self.stage].image_size,
            "recipe": self.job.recipe.as_dict(),
            "seed": self.job.seed,
            "pictures": self.feed.fingerprint,
            "facts": self.facts,
            "hardware": hardware(self.job.device, self.world),
            "stage": self.stage,
            "progress": asdict(self.progress),
            "history": list(self.history),
            "model": self.ema.module.state_dict(),  # the averaged weights: what load_checkpoint reads
            "live": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        if state.get("pictures", self.feed.fingerprint) != self.feed.fingerprint:
            raise InputError("the training pictures differ from those the checkpoint was trained on")
        self.model.load_state_dict(state["live"])
        self.ema.module.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])
        self.history = list(state["history"])
        commands = [*state["facts"].get("commands", []), *self.facts.get("commands", [])]
        self.facts = dict(state["facts"]) | {"commands": commands}

    def evaluate(self) -> Accuracy:
        """Accuracy of the averaged weights on the validation pictures."""
        size = self.job.recipe.stages[self.stage].image_size
        batches = self.feed.validation(size)
        return accuracy(self.ema.module, batches, self.job.device, self.job.recipe.precision, self.world)


def keep_moments(
    old: torch.optim.Optimizer,
    new: torch.optim.Optimizer,
    old_parameters: Mapping[str, nn.Parameter],
    new_parameters: Mapping[str, nn.Parameter],
) -> None:
    """Copy the optimiser's state of every parameter whose name and shape stayed; the others begin anew."""
    for name, parameter in new_parameters.items():
        before = old_parameters.get(name)
        if before is not None and before.shape == parameter.shape and before in old.state:
            new.state[parameter] = dict(old.state[before])


def attention_kernel(device: torch.device) -> AbstractContextManager[None]:
    """Softmax attention by plain matrix products on a CPU, where the fused kernel's backward is slow."""
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()


def hardware(device: torch.device, world: World) -> str:
    """The machine in words, for the model card."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    return f"{world.size} x {device.type} ({name}{threads}), torch {torch.__version__}"
