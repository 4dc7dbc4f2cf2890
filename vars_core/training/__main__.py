"""``python -m vars_core.training --preset nano --model rvt_nano/vars_d --data DIR --out DIR``."""

from __future__ import annotations

import dataclasses
import logging
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from vars_core.errors import InputError
from vars_core.training.recipe import Recipe, Stage, parse_stages, preset
from vars_core.training.run import LAST, Diverged
from vars_core.training.session import Request, run_request

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def chosen_recipe(
    name: str,
    *,
    stages: str | None = None,
    epochs: int | None = None,
    image_size: int | None = None,
    batch_size: int | None = None,
    lr: float | None = None,
    precision: str | None = None,
    epoch_images: int | None = None,
    warmup_epochs: float | None = None,
    weight_decay: float | None = None,
    label_smoothing: float | None = None,
    drop_path: float | None = None,
    mixup: float | None = None,
    cutmix: float | None = None,
) -> Recipe:
    """The preset with the given values in place of its own; None leaves it as it is."""
    recipe = preset(name)
    if stages is not None:
        recipe = dataclasses.replace(recipe, stages=parse_stages(stages))
    if epochs is not None:
        recipe = recipe.with_epochs(epochs)
    if image_size is not None:
        recipe = dataclasses.replace(recipe, stages=(Stage(recipe.epochs, image_size, recipe.stages[-1].batch_size),))
    if batch_size is not None:
        sized = tuple(dataclasses.replace(stage, batch_size=batch_size) for stage in recipe.stages)
        recipe = dataclasses.replace(recipe, stages=sized)
    own = {
        "learning_rate": lr,
        "precision": precision,
        "epoch_images": epoch_images,
        "warmup_epochs": warmup_epochs,
        "weight_decay": weight_decay,
        "label_smoothing": label_smoothing,
        "drop_path": drop_path,
    }
    mixing = {"mixup": mixup, "cutmix": cutmix}
    augmentation = dataclasses.replace(recipe.augmentation, **_given(mixing))
    return dataclasses.replace(recipe, augmentation=augmentation, **_given(own))


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


@app.command()
def main(
    data: Annotated[list[Path], typer.Option(help="Folder of training data; several are joined")],
    out: Annotated[Path, typer.Option(help="Folder of the run: checkpoints and logs")],
    model: Annotated[str, typer.Option(help="<backbone>/<mixer>")] = "rvt_nano/vars_d",
    preset_name: Annotated[str, typer.Option("--preset", help="imagenet or nano")] = "nano",
    stages: Annotated[str | None, typer.Option(help="EPOCHSxSIZE@BATCH,... instead of the preset's")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs in all; stages keep their shares")] = None,
    image_size: Annotated[int | None, typer.Option(help="One stage at this size")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pictures a step, over all processes")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate at the preset's reference batch")] = None,
    warmup_epochs: Annotated[float | None, typer.Option(help="Epochs of linear warm-up")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Of the weights, not of norms and biases")] = None,
    label_smoothing: Annotated[float | None, typer.Option(help="In [0, 1)")] = None,
    drop_path: Annotated[float | None, typer.Option(help="Stochastic depth of the last block")] = None,
    mixup: Annotated[float | None, typer.Option(help="Alpha of mixup; 0 turns it off")] = None,
    cutmix: Annotated[float | None, typer.Option(help="Alpha of CutMix; 0 turns it off")] = None,
    seed: int = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, mps")] = "auto",
    precision: Annotated[str | None, typer.Option(help="fp32 or bf16")] = None,
    epoch_images: Annotated[int | None, typer.Option(help="Pictures an epoch draws; all by default")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out exactly")] = False,
    init: Annotated[Path | None, typer.Option(help="Start from this checkpoint's weights")] = None,
    num_classes: Annotated[int | None, typer.Option(help="Classes of the head; the data's number by default")] = None,
    num_steps: Annotated[int | None, typer.Option(help="Iterations T of the solver")] = None,
    solver: Annotated[str | None, typer.Option(help="ista or lista")] = None,
    lam: Annotated[float | None, typer.Option(help="λ of the sparsity")] = None,
    held_out: Annotated[float | None, typer.Option(help="Validate on this fraction of every class")] = None,
    cache: Annotated[Path, typer.Option(help="Folder for decoded pictures")] = Path(".work/decoded"),
    cache_size: Annotated[int, typer.Option(help="Side of the decoded pictures")] = 64,
    workers: Annotated[int, typer.Option(help="Decoding processes of the stream pipeline")] = 2,
    threads: Annotated[int | None, typer.Option(help="CPU threads; torch's choice by default")] = None,
    compile_model: Annotated[bool, typer.Option("--compile", help="Use torch.compile")] = False,
    save_minutes: Annotated[float, typer.Option(help="Minutes between checkpoints within an epoch")] = 5.0,
    evaluate_every: Annotated[int, typer.Option(help="Epochs between validations")] = 1,
    keep_best: Annotated[bool, typer.Option("--keep-best", help="Also keep the best validated weights")] = False,
) -> None:
    """Train a model, or continue a run."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        recipe = chosen_recipe(
            preset_name,
            stages=stages,
            epochs=epochs,
            image_size=image_size,
            batch_size=batch_size,
            lr=lr,
            precision=precision,
            epoch_images=epoch_images,
            warmup_epochs=warmup_epochs,
            weight_decay=weight_decay,
            label_smoothing=label_smoothing,
            drop_path=drop_path,
            mixup=mixup,
            cutmix=cutmix,
        )
        request = Request(
            model=model,
            recipe=recipe,
            data=tuple(data),
            out=out,
            seed=seed,
            device=device,
            resume=resume,
            init=init,
            num_classes=num_classes,
            options=_given({"num_steps": num_steps, "solver": solver, "lam": lam}),
            held_out=held_out,
            cache=cache,
            cache_size=cache_size,
            workers=workers,
            compile=compile_model,
            save_minutes=save_minutes,
            evaluate_every=evaluate_every,
            keep_best=keep_best,
            command=shlex.join(["python", "-m", "vars_core.training", *sys.argv[1:]]),
        )
        run_request(request)
    except InputError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from None
    except Diverged as error:
        typer.echo(f"stopped: {error}", err=True)
        raise typer.Exit(3) from None
    except OSError as error:
        typer.echo(f"stopped: {error}; {out / LAST} holds the last good checkpoint", err=True)
        raise typer.Exit(4) from None


if __name__ == "__main__":
    app()
