"""What a column of labels holds, and which output of a model stands for which class of the data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from vars_core import create_model
from vars_core.backend import Backend
from vars_core.checkpoints import save_checkpoint
from vars_core.data.class_labels import numbered_labels
from vars_core.data.image_parquet import ParquetImages
from vars_core.errors import InputError
from vars_core.training.evaluate import app, evaluate
from vars_core.training.heads import head_names, match

from .conftest import picture

LAW = settings(deadline=None, max_examples=60)
NAMES = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=6, unique=True)


def shard(folder: Path, labels: Any, name: str = "val.parquet", **metadata: Any) -> Path:
    generator = np.random.default_rng(0)
    images = [picture(number % 4, generator) for number in range(len(labels))]
    table = pa.table({"image": images, "label": labels})
    pq.write_table(table.replace_schema_metadata({k: json.dumps(v) for k, v in metadata.items()}), folder / name)
    return folder / name


@given(names=NAMES, picks=st.lists(st.integers(0, 5), min_size=1, max_size=30), encoded=st.booleans())
@LAW
def test_names_become_numbers_that_lead_back_to_them(names: list[str], picks: list[int], encoded: bool) -> None:
    values = [names[pick % len(names)] for pick in picks]
    plain = pa.array(values)
    column = pa.chunked_array([plain.dictionary_encode() if encoded else plain])
    labels, classes = numbered_labels(column, None, "made")
    assert [classes[label] for label in labels] == values
    assert list(classes) == sorted(set(values))
    given_labels, given_classes = numbered_labels(column, names, "made")
    assert given_classes == tuple(names) and [names[label] for label in given_labels] == values


@given(
    values=st.lists(st.integers(-3, 8), min_size=1, max_size=20),
    count=st.none() | st.integers(1, 9),
    kind=st.sampled_from([pa.int8(), pa.int64(), pa.uint16()]),
)
@LAW
def test_numbers_are_kept_or_refused_and_never_changed(values: list[int], count: int | None, kind: pa.DataType) -> None:
    values = [abs(v) for v in values] if kind == pa.uint16() else values
    classes = None if count is None else [f"class {i}" for i in range(count)]
    column = pa.chunked_array([pa.array(values, kind)])
    beyond = classes is not None and max(values) >= len(classes)
    from_one = min(values) == 1 and (classes is None or max(values) == len(classes))
    if min(values) < 0 or beyond or from_one:
        with pytest.raises(InputError, match="made: expected labels"):
            numbered_labels(column, classes, "made")
    else:
        labels, known = numbered_labels(column, classes, "made")
        assert list(labels) == values and len(known) > max(values)


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (pa.array([[0], [1, 2]]), r"whole numbers or names, got list<\w+: int64>, several classes a picture"),
        (pa.array([{"id": 1}]), "whole numbers or names, got struct"),
        (pa.array([0.5, 1.0]), "whole numbers or names, got double"),
        (pa.array([0, None, 1]), "a label for every picture, 1 have none"),
        (pa.array([1, 2, 7]), "count from 0, they run from 1 to 7: subtract 1"),
        (pa.array([0, -1, -1]), r"labels from 0, 2 are negative \(the least is -1\)"),
        (pa.array([], pa.int64()), "at least one labelled picture"),
    ],
)
def test_labels_that_are_none_are_one_sentence(column: pa.Array, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        numbered_labels(pa.chunked_array([column]), None, "made")


def test_an_unknown_name_comes_with_the_nearest_class() -> None:
    with pytest.raises(InputError, match=r"among the 2 classes, got 'dgo' \(nearest: 'dog'\)"):
        numbered_labels(pa.chunked_array([pa.array(["cat", "dgo"])]), ["cat", "dog"], "made")


def test_shards_with_dictionaries_of_their_own_are_one_column(tmp_path: Path) -> None:
    first = shard(tmp_path, pa.array(["dog", "cat"]).dictionary_encode(), "a.parquet")
    second = shard(tmp_path, pa.array(["cat", "owl"]).dictionary_encode(), "b.parquet")
    images = ParquetImages([first, second])
    assert images.classes == ("cat", "dog", "owl") and list(images.labels) == [1, 0, 0, 2]
    with pytest.raises(InputError, match=r"labels of one kind, a.parquet has string and c.parquet int64"):
        ParquetImages([first, shard(tmp_path, [0, 1], "c.parquet")])


def test_names_that_the_hub_wrote_beside_numbers_are_the_classes(tmp_path: Path) -> None:
    stated = {"info": {"features": {"label": {"_type": "ClassLabel", "names": ["cat", "dog", "owl"]}}}}
    assert ParquetImages([shard(tmp_path, [2, 0], huggingface=stated)]).classes == ("cat", "dog", "owl")


@given(names=NAMES, data=st.data())
@LAW
def test_classes_are_found_among_the_outputs_by_name_in_any_order(names: list[str], data: st.DataObject) -> None:
    head = [f"class {name}" for name in names]
    some = data.draw(st.permutations(head).map(lambda p: p[: data.draw(st.integers(1, len(p)))]))
    assert [head[output] for output in match(len(head), head, some).outputs] == list(some)
    with pytest.raises(InputError, match="are none of them: 'another'"):
        match(len(head), head, [*some, "another"])


@given(outputs=st.integers(1, 20), count=st.integers(1, 20))
@LAW
def test_without_names_on_both_sides_the_numbers_of_classes_must_agree(outputs: int, count: int) -> None:
    classes = [str(number) for number in range(count)]
    if outputs == count:
        assert list(match(outputs, None, classes).outputs) == list(range(count))
    else:
        with pytest.raises(InputError, match=rf"model's {outputs} classes, it has {count} .*no names on both sides"):
            match(outputs, [f"class {i}" for i in range(outputs)], classes)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows three classes by name; its head says the second whatever it sees."""
    torch.manual_seed(0)
    model: Any = create_model("rvt_nano/self", num_classes=3, image_size=32)
    model.head.linear.bias.data = torch.tensor([0.0, 50.0, 0.0])
    file = tmp_path_factory.mktemp("weights") / "three.safetensors"
    save_checkpoint(file, model, {"classes": json.dumps(["cat", "dog", "owl"])}, torch.float32)
    return file


def run(trained: Path, data: Path) -> Any:
    options = ("--model", "rvt_nano/self", "--checkpoint", str(trained), "--data", str(data), "--image-size", "32")
    return CliRunner().invoke(app, [*options, "--device", "cpu"])


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([0, 1, 2, 3], "model's 3 classes, it has 4"),
        ([0, 1, 0], "model's 3 classes, it has 2"),
        (["cat", "dog", "emu"], "1 of the data's 3 are none of them: 'emu'"),
        ([1, 2, 3], "they run from 1 to 3: subtract 1"),
    ],
)
def test_data_of_other_classes_are_refused_before_the_first_batch(
    trained: Path, tmp_path: Path, labels: list[Any], sentence: str
) -> None:
    shard(tmp_path, labels, "train.parquet")
    shard(tmp_path, labels)
    result = run(trained, tmp_path)
    assert isinstance(result.exception, InputError) and sentence in str(result.exception)


def test_fewer_classes_in_another_order_are_scored_by_name(trained: Path, tmp_path: Path) -> None:
    """Sorted, the data's classes are (dog, owl): by number, "dog" would be the model's cat and never be hit."""
    shard(tmp_path, ["owl", "dog"], "train.parquet")
    shard(tmp_path, ["owl", "dog", "dog", "dog"])
    result = run(trained, tmp_path)
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["top1"] == 0.75 and told["count"] == 4 and told["classes"] == "by name, 2 of 3"


def test_evaluation_goes_through_a_backend_and_names_what_it_skips(trained: Path, tmp_path: Path) -> None:
    file = shard(tmp_path, ["dog", "cat"])
    table = pq.read_table(file)
    broken = [table["image"][0].as_py(), b"no picture"]
    pq.write_table(table.set_column(0, "image", pa.array(broken)), file)
    from vars_core.weights import load_model

    backend = Backend(load_model("rvt_nano/self", trained, image_size=32), "cpu")
    result = evaluate(backend, ParquetImages([file]), names=head_names(trained))
    assert (result["count"], result["top1"]) == (1, 1.0)
    assert result["skipped"][0].startswith("val.parquet row 1: ")
