"""A run on a Ray cluster of two simulated nodes ends in the very bytes of a run on this machine, whatever dies."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.engine import Engine, Item, Local, Scored, evaluate
from analysis.evaluations.segmentation import Segmentation
from analysis.evaluations.segmentation_summary import summarise
from analysis.runs import Run
from analysis.saliency import Reading
from vars_core import Backend, load_model
from vars_core.data.mask_values import MaskValues
from vars_core.data.voc import read_voc
from vars_core.errors import InputError

from ..fixations.made import made_rows, make_table
from ..made import write_image
from ..robustness.made import IDS
from ..segmentation.made import make_voc

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # read by Ray when it is imported: it keeps to 127.0.0.1
ray = pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")
cloudpickle = pytest.importorskip("cloudpickle", reason="it comes with Ray")
pytestmark = pytest.mark.timeout(600)  # a dozen processes start: slow where the cores are shared
STORE = 80 * 2**20
MODEL = ("--model", "rvt_nano/vars_d", "--image-size", "56", "--device", "cpu")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head with two processors and a second node with one; nothing of it is reachable from another machine."""
    from ray.cluster_utils import Cluster

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    before = torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS")
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    head = {
        "num_cpus": 2,
        "object_store_memory": STORE,
        "node_ip_address": "127.0.0.1",
        "include_dashboard": False,
        "env_vars": {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    }
    made = Cluster(initialize_head=True, head_node_args=head)
    ray.init(address=made.address, log_to_driver=False)
    made.second = made.add_node(num_cpus=1, object_store_memory=STORE, node_ip_address="127.0.0.1")
    yield made
    ray.shutdown()
    made.shutdown()
    torch.set_num_threads(before[0])
    if before[1] is None:
        del os.environ["OMP_NUM_THREADS"]
    else:
        os.environ["OMP_NUM_THREADS"] = before[1]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    make_voc(root / "voc", 10)
    (root / "voc" / "JPEGImages" / "2007_000004.jpg").write_bytes(b"no picture")
    make_table(root / "table", made_rows(6), 6)
    for index in range(6):
        write_image(root / "clean" / IDS[index % 3] / f"{index}.png", index, (60, 60))
    return root


def commands(data: Path) -> dict[str, tuple[str, ...]]:
    return {
        "segmentation": ("--data", str(data / "voc"), "--batch-size", "2"),
        "fixations": ("--data", str(data / "table"), "--layout", "table", "--batch-size", "2"),
        "robustness": (
            *("--suite", "clean,corrupted", "--data", str(data / "clean"), "--batch-size", "4"),
            *("--names", "fog,contrast", "--severities", "2"),
        ),
    }


@pytest.mark.parametrize("name", ["segmentation", "fixations", "robustness"])
def test_the_summary_is_the_same_bytes(cluster: Any, data: Path, tmp_path: Path, name: str) -> None:
    for engine in ("local", "ray"):
        arguments = [name, *MODEL, *commands(data)[name], "--engine", engine, "--out", str(tmp_path / engine)]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == (3 if name == "segmentation" else 0), done.output  # a broken photograph is a row
    local, other = (tmp_path / engine for engine in ("local", "ray"))
    assert (local / "summary.json").read_bytes() == (other / "summary.json").read_bytes()
    rows = [Run.read(folder).rows() for folder in (local, other)]
    same = [column for column in rows[0].column_names if column != "seconds"]
    assert rows[0].select(same).equals(rows[1].select(same))
    assert Run.read(other).facts["engine"]["engine"] == "ray"


class DiesOnce(Segmentation):
    """Kills the process it runs in when it scores a certain image, the first time."""

    mark: Path
    at: int

    def score(self, backend: Backend, items: Sequence[Item]) -> Scored:
        if any(item.position == self.at for item in items) and not self.mark.exists():
            self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().score(backend, items)


def evaluated(
    root: Path, out: Path, engine: Engine, mark: Path, on_part: Callable[[int, int], None] = lambda done, count: None
) -> Run:
    """A run over ten images, one a part."""
    backend = Backend(load_model("rvt_nano/vars_d", image_size=56), device="cpu")
    masks = read_voc(root, values=MaskValues.parse("voc"))
    evaluation = DiesOnce(masks, {backend.name: Reading(("0.3",), ("energy",))}, threshold=0.3)
    evaluation.mark, evaluation.at = mark, 7
    run = Run.open(out, {"batch_size": 1}, models={})
    evaluate(evaluation, [backend], run, engine, batch_size=1, on_part=on_part)
    run.write_summary(summarise(run))
    return run


@pytest.fixture(scope="module")
def undisturbed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "mark").touch()  # nothing dies
    run = evaluated(data / "voc", folder / "run", Local(), folder / "mark")
    return (run.folder / "summary.json").read_bytes()


def test_a_killed_worker_changes_nothing(cluster: Any, data: Path, tmp_path: Path, undisturbed: bytes) -> None:
    from analysis.ray_engine import RayEngine

    run = evaluated(data / "voc", tmp_path / "run", RayEngine(device="cpu"), tmp_path / "mark")
    assert (tmp_path / "mark").exists(), "no worker was killed"
    assert (run.folder / "summary.json").read_bytes() == undisturbed


def test_an_error_of_the_evaluation_is_raised_here(cluster: Any, data: Path, tmp_path: Path) -> None:
    from analysis.ray_engine import RayEngine

    backend = Backend(load_model("rvt_nano/vars_d", image_size=56), device="cpu")
    masks = read_voc(data / "voc", values=MaskValues.parse("voc"))
    evaluation = Segmentation(masks, {backend.name: Reading(("9.9",), ("energy",))}, threshold=0.3)
    run = Run.open(tmp_path / "run", {"batch_size": 5}, models={})
    with pytest.raises(Exception, match=r"no layer 9\.9"):
        evaluate(evaluation, [backend], run, RayEngine(device="cpu"), batch_size=5)


def test_a_removed_node_changes_nothing(cluster: Any, data: Path, tmp_path: Path, undisturbed: bytes) -> None:
    from analysis.ray_engine import RayEngine

    removed: list[int] = []

    def remove(done: int, count: int) -> None:
        if done >= 2 and not removed:
            removed.append(done)
            cluster.remove_node(cluster.second, allow_graceful=False)

    (tmp_path / "mark").touch()
    run = evaluated(data / "voc", tmp_path / "run", RayEngine(device="cpu"), tmp_path / "mark", remove)
    assert removed and removed[0] < 10
    assert (run.folder / "summary.json").read_bytes() == undisturbed


@pytest.mark.parametrize(
    ("free", "crew"),
    [
        ({"CPU": 4.0}, ("cpu", 4, 1)),
        ({"CPU": 8.0, "GPU": 2.0}, ("cuda", 2, 1)),
        ({"CPU": 3.0, "GPU": 4.0}, ("cuda", 2, 1)),
    ],
)
def test_a_gpu_has_an_actor_and_a_cpu_is_left_to_decode(
    monkeypatch: pytest.MonkeyPatch, free: dict[str, float], crew: tuple[str, int, int]
) -> None:
    from analysis.ray_engine import Crew, _crew

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(ray, "available_resources", lambda: free)
    assert _crew("auto") == Crew(*crew)


def test_a_cluster_that_cannot_feed_its_gpu_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis import ray_engine

    monkeypatch.setattr(ray_engine, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(ray, "available_resources", lambda: {"CPU": 1.0, "GPU": 1.0})
    with pytest.raises(InputError, match="at least 2 free CPUs beside its GPUs, this one has 1"):
        ray_engine._crew("auto")
