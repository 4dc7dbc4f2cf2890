"""Weights under a name of their own: several of one spec side by side in every table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import timm
import torch

from analysis.__main__ import main
from analysis.commands.options import ModelRequest, load_backends, parse_models
from vars_core.embedded import embedded_weights
from vars_core.errors import InputError
from vars_core.weights import load_model

SPEC = "rvt_nano/self"


@pytest.fixture
def file() -> Path:
    found = embedded_weights(SPEC)
    assert found is not None
    return found


def test_a_name_stands_for_a_spec_and_a_file(file: Path) -> None:
    requests = parse_models(["mine", SPEC], [f"mine={SPEC}:{file}"], 64)
    assert requests == [ModelRequest(SPEC, file, 64, "mine"), ModelRequest(SPEC, None, 64)]
    assert [backend.name for backend in load_backends(requests, "cpu")] == ["mine", SPEC]


@pytest.mark.parametrize(
    ("models", "checkpoints", "sentence"),
    [
        (["mine"], [], "unknown model 'mine'"),
        (["mine"], ["mine=rvt_nano/selv:x.pth"], "unknown model 'rvt_nano/selv'; nearest: 'rvt_nano/self'"),
        (["mine"], [f"mine={SPEC}:absent.pth"], "expected a checkpoint file for 'mine', there is none at 'absent.pth'"),
        (["mine"], [f"other={SPEC}:absent.pth"], "unknown model 'mine'"),
    ],
)
def test_what_does_not_fit_is_a_sentence(models: list[str], checkpoints: list[str], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        parse_models(models, checkpoints)


def test_both_stand_in_the_summary_under_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    data, out = tmp_path / "pictures", tmp_path / "run"
    data.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    cv2.imwrite(str(data / "0.png"), cv2.resize(noise, (64, 64)))
    command = ["--data", data, "--out", out, "--image-size", 64, "--steps", 1, "--readout", "energy", "--device", "cpu"]
    models = ["--model", "mine", "--model", SPEC, "--checkpoint", f"mine={SPEC}:{file}"]
    monkeypatch.setattr("sys.argv", ["analysis", "faithfulness", *map(str, [*command, *models])])
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    values = {
        (entry["model"], entry["metric"]): entry["value"]
        for entry in json.loads((out / "summary.json").read_text())
        if entry["readout"] == "energy"
    }
    assert values["mine", "deletion"] == values[SPEC, "deletion"]
    assert json.loads((out / "run.json").read_text())["models"].keys() == {"mine", SPEC}


def test_the_hub_is_asked_only_by_its_name_and_a_missing_network_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bool] = []
    make = timm.create_model

    def offline(name: str, **options: Any) -> Any:
        asked.append(bool(options.get("pretrained")))
        if options.get("pretrained"):
            raise OSError("no route to host\nand more")
        return make(name, **options)

    monkeypatch.setattr("timm.create_model", offline)
    load_model("timm/vit_tiny_patch16_224", num_classes=2, image_size=32)
    assert asked and not any(asked)
    (request,) = parse_models(["timm/vit_tiny_patch16_224"], ["timm/vit_tiny_patch16_224=hub"])
    with pytest.raises(InputError, match=r"cannot be fetched: there is no network.*\(no route to host\)"):
        load_backends([request], "cpu")
    with pytest.raises(InputError, match="weights of timm's models"):
        load_model("rvt_nano/self", "hub")


def test_what_the_hub_gives_has_the_hash_of_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    make = timm.create_model

    def online(name: str, **options: Any) -> Any:
        torch.manual_seed(0)
        return make(name, **{**options, "pretrained": False})

    monkeypatch.setattr("timm.create_model", online)
    first, again = (load_model("timm/vit_tiny_patch16_224", "hub", num_classes=2, image_size=32) for _ in range(2))
    assert first.checkpoint_hash and first.checkpoint_hash == again.checkpoint_hash
    assert not first.training
