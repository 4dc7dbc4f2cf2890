"""One model in training: its weights, their average, the optimiser, and how far they have come."""

from __future__ import annotations

import math
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from vars_core.errors import InputError
from vars_core.precision import at_least_float32
from vars_core.registry import create_model
from vars_core.resample import resample_to
from vars_core.training import parts
from vars_core.training.accuracy import Accuracy, accuracy
from vars_core.training.arithmetic import attention_kernel, autocast
from vars_core.training.checkpoint import FORMAT
from vars_core.training.distributed import World, share_batch_norm
from vars_core.training.draws import seed_of
from vars_core.training.feed import Feed
from vars_core.training.initial import start_from
from vars_core.training.request import Request

LAST = "last.pt"
BEST = "best.pt"


class Diverged(RuntimeError):
    """The loss is no longer a number; the message names the step and the learning rate."""


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


class TrainingRun:
    """A model in training with everything that changes as it trains."""

    def __init__(self, request: Request, feed: Feed[Any], world: World, state: Mapping[str, Any] | None = None) -> None:
        """``state``: an earlier checkpoint to continue from; None begins anew."""
        self.request, self.feed, self.world = request, feed, world
        self.recipe, self.device = request.recipe, feed.device
        self.num_classes = request.num_classes or len(feed.classes)
        self.stage = int(state["stage"]) if state else 0
        self.facts = facts(request, feed)
        self.progress = Progress()
        self.history: list[dict[str, Any]] = []
        self.pending: list[Taken] = []
        self.criterion = parts.criterion(self.recipe)
        torch.manual_seed(seed_of(request.seed, 0))
        model = self._build()
        if request.init is not None and state is None:
            start_from(model, request.init, feed.classes)
        self._adopt(model)
        if state is not None:
            self._restore(state)

    def _build(self) -> nn.Module:
        """A fresh model for the image size of the stage."""
        size = self.recipe.stages[self.stage].image_size
        return create_model(self.request.model, self.num_classes, image_size=size, **self.request.options)

    def _adopt(self, model: nn.Module) -> None:
        parts.set_drop_path(model, self.recipe.drop_path)
        self.model = model.to(self.device).to(memory_format=torch.channels_last)
        self.ema = parts.average(model, self.recipe)
        if self.world.size > 1:
            share_batch_norm(self.model)
        self.optimiser = parts.optimiser(self.model, self.recipe, self.stage)
        self.scheduler = parts.schedule(self.optimiser, self.recipe, self.feed.count)
        self.forward: Callable[[Tensor], Tensor] = self.model
        if self.world.size > 1:
            on = [self.world.local_rank] if self.device.type == "cuda" else None
            self.forward = DistributedDataParallel(self.model, device_ids=on)
        if self.request.compile:
            self.forward = torch.compile(self.forward)

    def enter(self, stage: int) -> None:
        """Go on at another image size: weights and average are refitted, moments kept where shapes agree."""
        before, ema, optimiser = self.model, self.ema, self.optimiser
        self.stage = stage
        model = self._build().to(self.device)
        averaged = resample_to(ema.module.state_dict(), model)
        model.load_state_dict(resample_to(before.state_dict(), model))
        self._adopt(model)
        self.ema.module.load_state_dict(averaged)
        keep_moments(optimiser, self.optimiser, dict(before.named_parameters()), dict(model.named_parameters()))

    def step(self, pixels: Tensor, labels: Tensor) -> None:
        """One update; its loss waits in ``pending`` to be judged by `settle`."""
        recipe, update = self.recipe, self.progress.update
        self.scheduler.step_update(update)
        if recipe.bound_every and update and update % recipe.bound_every == 0:
            parts.refresh_bounds(self.model, recipe.bound_weight)
        with autocast(self.device, recipe.precision), attention_kernel(self.device):
            logits = self.forward(pixels.contiguous(memory_format=torch.channels_last))
        loss = self.criterion(at_least_float32(logits), labels)
        loss.backward()
        if recipe.clip_gradient:
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
        """Losses of the pending steps, over all processes; raises `Diverged` at the first that is no number."""
        values = []
        for taken in self.pending:
            value = self.world.total(taken.loss).item() / self.world.size
            if not math.isfinite(value):
                raise Diverged(
                    f"the loss became {value} at update {taken.update} (epoch {self.progress.epoch}, "
                    f"step {taken.step}) with learning rate {taken.learning_rate:.3g}; {saved(self.request.out)}"
                )
            values.append(value)
        self.pending.clear()
        self.progress.loss_sum += sum(values)
        return values

    def state(self) -> dict[str, Any]:
        """Everything a continuation needs, as tensors and plain containers."""
        return {
            "format": FORMAT,
            "spec": self.request.model,
            "num_classes": self.num_classes,
            "image_size": self.recipe.stages[self.stage].image_size,
            "recipe": self.recipe.as_dict(),
            "seed": self.request.seed,
            "pictures": self.feed.fingerprint,
            "facts": self.facts,
            "hardware": hardware(self.device, self.world),
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
        size = self.recipe.stages[self.stage].image_size
        batches = self.feed.validation(size)
        return accuracy(self.ema.module, batches, self.device, self.recipe.precision, self.world)


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


def saved(folder: Path) -> str:
    """What a run that stopped has left in its folder, in words."""
    last = folder / LAST
    return f"the last good checkpoint is kept in {last}" if last.is_file() else "nothing was saved yet"


def facts(request: Request, feed: Feed[Any]) -> dict[str, Any]:
    """Plain values that a checkpoint carries along for the model card."""
    return {
        "commands": [request.command],
        "classes": list(feed.classes),
        "options": request.options,
        "data": ", ".join(folder.resolve().name for folder in request.data),
        "train_count": feed.count,
        "val_count": feed.val_count,
    }


def hardware(device: torch.device, world: World) -> str:
    """The machine in words, for the model card."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    return f"{world.size} x {device.type} ({name}{threads}), torch {torch.__version__}"
