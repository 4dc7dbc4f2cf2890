"""Release a run's averaged weights: ``python -m vars_core.training.export --run DIR --data DIR --out assets/weights``.

Writes half-precision safetensors and beside them the model card, as JSON for programs and Markdown for people. The
accuracies on the card are measured on the written file, read back, as the product shows pictures to the model.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from vars_core.backend import Backend
from vars_core.checkpoints import load_state, save_checkpoint
from vars_core.command import portable, run_commands
from vars_core.data.labelled import LabelledImages
from vars_core.data.open import open_split
from vars_core.errors import InputError
from vars_core.registry import create_model
from vars_core.training.checkpoint import read_training_state
from vars_core.training.evaluate import evaluate
from vars_core.training.heads import head_names
from vars_core.training.run import LAST
from vars_core.weights import load_model

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def export(
    runs: Sequence[Path], source: LabelledImages, out: Path, device: str = "auto", policy: str = "whole"
) -> dict[str, Any]:
    """Write ``<backbone>_<mixer>.safetensors``, ``.json`` and ``.md`` into ``out``; returns the card.

    ``runs``: one run, or several of which each started from the weights of the one before it. ``source``: the
    validation pictures. Raises InputError where a weight does not fit into half precision.
    """
    cycles = [read_training_state(run / LAST) for run in runs]
    stored = cycles[-1]
    options = stored["facts"].get("options", {})
    model = create_model(stored["spec"], stored["num_classes"], image_size=stored["image_size"], **options)
    load_state(model, stored["model"], LAST)
    worst = max(value.abs().max().item() for value in model.state_dict().values() if value.is_floating_point())
    if not worst <= torch.finfo(torch.float16).max:
        raise InputError(f"{runs[-1] / LAST} holds a weight of magnitude {worst:g}, too large for half precision")
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{stored['spec'].replace('/', '_')}.safetensors"
    sha256 = save_checkpoint(path, model, metadata(cycles), torch.float16)
    restored = load_model(stored["spec"], path, image_size=stored["image_size"], **options)
    result = evaluate(Backend(restored, device), source, names=head_names(path), policy=policy)
    made = card(cycles, sha256, path, result, policy)
    path.with_suffix(".json").write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n")
    path.with_suffix(".md").write_text(as_markdown(made))
    return made


def metadata(cycles: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What the weights' file says about itself."""
    stored = cycles[-1]
    return {
        "model": stored["spec"],
        "num_classes": str(stored["num_classes"]),
        "image_size": str(stored["image_size"]),
        "classes": json.dumps(stored["facts"].get("classes", []), ensure_ascii=False),
        "recipe": stored["recipe"]["name"],
        "seed": str(stored["seed"]),
        "images_seen": str(sum(cycle["progress"]["images"] for cycle in cycles)),
    }


def card(
    cycles: Sequence[Mapping[str, Any]], sha256: str, path: Path, result: Mapping[str, Any], policy: str
) -> dict[str, Any]:
    """Every fact behind the weights: data, recipes, commands, seed, hardware, hours, accuracy and hash."""
    stored = cycles[-1]
    facts = stored["facts"]
    return {
        "model": stored["spec"],
        "file": path.name,
        "sha256": sha256,
        "bytes": path.stat().st_size,
        "parameters": sum(v.numel() for v in stored["model"].values() if v.is_floating_point()),
        "image_size": stored["image_size"],
        "num_classes": stored["num_classes"],
        "options": facts.get("options", {}),
        "data": {
            "name": facts.get("data"),
            "train_images": facts.get("train_count"),
            "fingerprint": stored.get("pictures"),
        },
        "cycles": [_cycle(cycle) for cycle in cycles],
        "images_seen": sum(cycle["progress"]["images"] for cycle in cycles),
        "seed": stored["seed"],
        "hardware": stored["hardware"],
        "hours": round(sum(cycle["progress"]["seconds"] for cycle in cycles) / 3600, 3),
        "evaluation": {
            "data": f"{facts.get('data')} validation",
            "images": result["count"],
            "policy": policy,
            "top1": result["top1"],
            "top5": result["top5"],
            "weights": "exponential moving average, float16 file read back, float32 arithmetic",
        },
    }


def _cycle(stored: Mapping[str, Any]) -> dict[str, Any]:
    """One run from warm-up to the end of its cosine."""
    recipe, progress = stored["recipe"], stored["progress"]
    return {
        "recipe": recipe,
        "seed": stored["seed"],
        "epochs_done": progress["epoch"],
        "epochs_planned": sum(stage["epochs"] for stage in recipe["stages"]),
        "images_seen": progress["images"],
        "commands": [portable(command) for command in stored["facts"].get("commands", [])],
        "history": stored["history"],
    }


def as_markdown(made: Mapping[str, Any]) -> str:
    """The card for people."""
    evaluation, data = made["evaluation"], made["data"]
    trained = "; then, from those weights, ".join(_told(cycle) for cycle in made["cycles"])
    commands = "\n".join(f"    {command}" for cycle in made["cycles"] for command in cycle["commands"])
    return f"""# {made["model"]}

Top-1 {evaluation["top1"]:.2%}, top-5 {evaluation["top5"]:.2%} on the {evaluation["images"]:,} validation images of
{data["name"]} ({evaluation["weights"]}; preprocessing `{evaluation["policy"]}`, {made["image_size"]} px).

| | |
|---|---|
| file | `{made["file"]}`, {made["bytes"] / 1e6:.1f} MB, float16 |
| SHA-256 | `{made["sha256"]}` |
| parameters and buffers | {made["parameters"]:,} |
| data | {data["name"]}, {data["train_images"]:,} training images, no validation image among them |
| recipe | {trained} |
| trained | {made["images_seen"]:,} images |
| seed | {made["seed"]} |
| hardware | {made["hardware"]} |
| hours | {made["hours"]:.2f}, wall clock of the training steps |

Commands, run where the data lies:

{commands}

All values of the recipe and the accuracies on the way are in `{Path(made["file"]).with_suffix(".json")}`.
"""


def _told(cycle: Mapping[str, Any]) -> str:
    """A cycle's recipe in a phrase."""
    recipe = cycle["recipe"]
    stages = ", then ".join(
        f"{s['epochs']} epochs at {s['image_size']} px, batch {s['batch_size']}" for s in recipe["stages"]
    )
    drawn = "" if recipe.get("epoch_images") is None else f" of {recipe['epoch_images']:,} images"
    done = f" ({cycle['epochs_done']} of {cycle['epochs_planned']} epochs{drawn} done)"
    return f"`{recipe['name']}`: {stages}{done}; {recipe['optimiser']}, learning rate {recipe['learning_rate']:g}"


@app.command()
def main(
    run: Annotated[list[Path], typer.Option(help="Training run; several: each began from the weights before it")],
    data: Annotated[Path, typer.Option(help="The folder it was trained on, for the validation pictures")],
    out: Annotated[Path, typer.Option(help="Where the weights and their card go")] = Path("assets/weights"),
    policy: Annotated[str, typer.Option(help="whole or center")] = "whole",
    device: str = "auto",
    held_out: Annotated[float | None, typer.Option(help="As in training")] = None,
) -> None:
    """Write the averaged weights of a run, half precision, with their model card."""
    seed = read_training_state(run[-1] / LAST)["seed"]
    _, source = open_split(data, held_out, seed)
    made = export(run, source, out, device, policy)
    evaluation = made["evaluation"]
    typer.echo(
        f"{out / made['file']}: top-1 {evaluation['top1']:.2%}, top-5 {evaluation['top5']:.2%} on "
        f"{evaluation['images']} images, sha256 {made['sha256']}"
    )


if __name__ == "__main__":
    run_commands(app)
