"""Weights in, weights out, and every way a file can be wrong."""

from __future__ import annotations

import os
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
import torch

from vars_core import InputError, create_model, load_checkpoint, load_model
from vars_core.checkpoints import read_checkpoint, save_checkpoint
from vars_core.resample import resample_spectrum
from vars_core.weights import infer_spec


def model_of(spec: str = "rvt_nano/vars_d", **options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return create_model(spec, num_classes=6, **{"image_size": 64, **options}).eval()


def saved(path: Path, model: torch.nn.Module) -> Path:
    if path.suffix == ".safetensors":
        save_checkpoint(path, model, {}, torch.float32)
    else:
        torch.save({"model": OrderedDict(model.state_dict()), "optimizer": {"lr": 0.1}}, path)
    return path


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("spec", ["rvt_nano/self", "rvt_nano/vars_s", "rvt_nano/vars_sd", "gfnet_tiny/filter"])
def test_what_is_saved_is_what_is_loaded(spec: str, suffix: str, tmp_path: Path) -> None:
    model = model_of(spec)
    path = saved(tmp_path / f"w{suffix}", model)
    other = create_model(spec, num_classes=6, image_size=64).eval()
    load_checkpoint(other, path)
    images = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(model(images), other(images))
    assert len(other.checkpoint_hash) == 64


@pytest.mark.parametrize("spec", ["rvt_nano/performer", "rvt_nano/vars_s", "rvt_tiny/vars_sd", "deit_tiny/self"])
def test_the_model_is_read_off_the_keys(spec: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "w.safetensors", model_of(spec))
    assert str(infer_spec(read_checkpoint(path))) == spec


def test_a_model_is_loaded_from_its_file_alone(tmp_path: Path) -> None:
    model = load_model(checkpoint=saved(tmp_path / "w.pth", model_of("rvt_nano/vars_d")))
    assert str(model.spec) == "rvt_nano/vars_d" and model.num_classes == 6 and not model.training


def test_fresh_weights_do_not_pass_for_trained() -> None:
    assert load_model("rvt_tiny/vars_d").checkpoint_hash is None


@pytest.mark.parametrize("spec", ["rvt_nano/vars_s", "rvt_nano/vars_sd", "deit_tiny/vars_s", "gfnet_tiny/filter"])
def test_weights_of_one_grid_are_resampled_to_another(spec: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "w.safetensors", model_of(spec))
    larger = create_model(spec, num_classes=6, image_size=112).eval()
    load_checkpoint(larger, path)
    with torch.no_grad():
        assert larger(torch.randn(1, 3, 112, 112)).isfinite().all()


@pytest.mark.parametrize(("small", "large"), [(8, 14), (7, 14), (6, 7), (4, 12)])
def test_a_resampled_spectrum_is_the_same_filter_and_comes_back(small: int, large: int) -> None:
    kernels = torch.zeros(2, 1, 1, small, small)
    kernels[..., :2, :2] = torch.randn(2, 1, 1, 2, 2)  # a few taps at the origin
    spectrum = torch.view_as_real(torch.fft.rfft2(kernels)).contiguous()
    grown = resample_spectrum(spectrum, (large, large), "k")
    taps = torch.fft.irfft2(torch.view_as_complex(grown), s=(large, large))
    torch.testing.assert_close(taps[..., :2, :2], kernels[..., :2, :2], atol=1e-5, rtol=0)
    assert taps[..., 2:, 2:].abs().max() < 1e-5
    torch.testing.assert_close(resample_spectrum(grown, (small, small), "k"), spectrum, atol=1e-5, rtol=0)


def test_missing_unexpected_and_misshaped_keys_are_one_sentence_that_names_them(tmp_path: Path) -> None:
    state = dict(model_of().state_dict())
    del state["head.norm.weight"]
    state["tail.weight"] = torch.zeros(1)
    state["head.linear.bias"] = torch.zeros(9)
    torch.save(state, tmp_path / "w.pth")
    with pytest.raises(InputError) as caught:
        load_checkpoint(model_of(), tmp_path / "w.pth")
    message = str(caught.value)
    assert "missing: head.norm.weight" in message
    assert "unexpected: tail.weight" in message
    assert "head.linear.bias is 9, expected 6" in message
    assert "\n" not in message


class _Malicious:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("executed",)


def test_a_pickle_that_would_execute_code_is_refused_and_not_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"model": model_of().state_dict(), "payload": _Malicious()}, tmp_path / "w.pth")
    with pytest.raises(InputError, match=r"refused: it needs more than tensors.*torch.save"):
        load_checkpoint(model_of(), tmp_path / "w.pth")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_one_clear_sentence(suffix: str, share: float, tmp_path: Path) -> None:
    path = saved(tmp_path / f"w{suffix}", model_of())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"is not a whole|refused") as caught:
        load_checkpoint(model_of(), path)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_checkpoints_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("hello", "world")
    torch.save([1, 2], tmp_path / "b.pth")
    (tmp_path / "c.pth").write_text("plain text")
    for name in ("a.pth", "b.pth", "c.pth", "absent.pth"):
        with pytest.raises(InputError) as caught:
            load_checkpoint(model_of(), tmp_path / name)
        assert name in str(caught.value)


def test_weights_of_another_model_are_not_loaded(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.safetensors", model_of("rvt_nano/self"))
    with pytest.raises(InputError, match="does not fit rvt_nano/vars_d"):
        load_checkpoint(model_of(), path)
