"""OSIE, tables, and what all readers return."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io

from vars_core.data.fixation_table import read_fixation_folder, write_table
from vars_core.data.fixations import Fixations, FixationSet, Stimulus
from vars_core.data.osie import read_osie
from vars_core.errors import InputError

from ..made import write_image
from .made import make_table


def write_osie(root: Path, entries: list[tuple[str, list[tuple[list[float], list[float], list[float]]]]]) -> Path:
    """OSIE's cell array of structs with a cell array of subjects."""
    cells = np.empty((len(entries), 1), dtype=object)
    for index, (name, subjects) in enumerate(entries):
        people = np.empty((len(subjects), 1), dtype=object)
        for number, (x, y, duration) in enumerate(subjects):
            people[number, 0] = {"fix_x": x, "fix_y": y, "fix_duration": duration}
        cells[index, 0] = {"img": name, "subjects": people}
    root.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(root / "fixations.mat", {"fixations": cells})
    return root


ENTRIES: list[Any] = [
    ("1001.jpg", [([10.5, 20], [5, 6.25], [200, 150]), ([1], [2], [300])]),
    ("1002.jpg", [([3], [4], [100])]),
]


def test_osie_gives_each_subject_their_fixations_in_seconds(tmp_path: Path) -> None:
    write_image(tmp_path / "stimuli/1001.jpg", 0, (30, 40))
    write_image(tmp_path / "stimuli/9999.jpg", 0, (30, 40))
    found = read_osie(write_osie(tmp_path, ENTRIES))
    assert (found.listed, found.sigma, found.drops_first, found.observers) == (2, 24, False, ("1", "2"))
    (stimulus,) = found.stimuli
    assert stimulus.fixations.xs.tolist() == [10.5, 20, 1]
    assert stimulus.fixations.ys.tolist() == [5, 6.25, 2]
    assert stimulus.fixations.observers.tolist() == [0, 0, 1]
    assert stimulus.fixations.duration_s.tolist() == [0.2, 0.15, 0.3]
    assert np.isnan(stimulus.fixations.start_s).all()
    assert {note.what: note.names for note in found.notes} == {
        "images listed but missing in stimuli": ("1002.jpg (nearest: '1001.jpg')",),
        "images in stimuli that are not listed": ("9999.jpg",),
    }


def test_an_osie_trial_of_unequal_lengths_is_a_fault_with_a_name(tmp_path: Path) -> None:
    write_image(tmp_path / "stimuli/1001.jpg", 0, (30, 40))
    entries: list[Any] = [("1001.jpg", [([1, 2], [3], [100, 100]), ([1], [2], [300])])]
    found = read_osie(write_osie(tmp_path, entries))
    (note,) = found.notes
    assert note.fault
    assert note.names == ("1001.jpg, observer 1: expected as many fix_x as fix_y and fix_duration, found 2, 1, 2",)
    assert found.count == 1


def test_osie_without_its_parts_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"folder of images at .*stimuli"):
        read_osie(tmp_path)
    write_image(tmp_path / "stimuli/a.jpg", 0, (30, 40))
    with pytest.raises(InputError, match=r"there is no .*fixations\.mat"):
        read_osie(tmp_path)
    scipy.io.savemat(tmp_path / "fixations.mat", {"other": 1})
    with pytest.raises(InputError, match=r"cell array 'fixations' in .*, found other"):
        read_osie(tmp_path)
    with pytest.raises(InputError, match="none of the 2 images"):
        read_osie(write_osie(tmp_path, ENTRIES))


ROWS = [("image_0.png", "b", 3.5, 4.0), ("image_1.png", "a", 1.0, 2.0), ("image_0.png", "a", 5.0, 6.0)]


def test_a_table_is_grouped_by_image_in_the_order_of_its_rows(tmp_path: Path) -> None:
    found = read_fixation_folder(make_table(tmp_path, ROWS, 3))
    assert found.observers == ("b", "a")
    first, second = found.stimuli
    assert (first.id, first.fixations.xs.tolist(), first.fixations.observers.tolist()) == (
        "image_0.png",
        [3.5, 5],
        [0, 1],
    )
    assert (second.id, second.fixations.ys.tolist()) == ("image_1.png", [2.0])
    assert [(note.what, note.names) for note in found.notes] == [
        ("images in stimuli without a fixation in the table", ("image_2.png",))
    ]


def test_unknown_images_are_counted_and_empty_fields_become_nan(tmp_path: Path) -> None:
    make_table(tmp_path, [*ROWS, ("gone.png", "a", 1.0, 1.0)], 2)
    with (tmp_path / "fixations.csv").open("a") as file:
        file.write("image_1.png,a,,7\n")
    found = read_fixation_folder(tmp_path)
    assert found.listed == 3
    assert [(note.what, note.names) for note in found.notes] == [
        ("images listed but missing in stimuli, with 1 fixations", ("gone.png (nearest: 'image_1.png')",))
    ]
    np.testing.assert_array_equal(found.stimuli[1].fixations.xs, [1.0, np.nan])


def test_fixations_of_nobody_are_counted_and_named(tmp_path: Path) -> None:
    make_table(tmp_path, [*ROWS, ("image_0.png", "", 3.0, 4.0), ("image_0.png", "", 5.0, 6.0)], 2)
    found = read_fixation_folder(tmp_path)
    assert [(note.what, note.names) for note in found.notes] == [
        ("fixations without an observer's name, taken for one observer's; images", ("image_0.png ×2",))
    ]


def test_parquet_reads_as_csv_does_and_observers_may_be_numbers(tmp_path: Path) -> None:
    make_table(tmp_path, ROWS, 2)
    (tmp_path / "fixations.csv").unlink()
    image, _, x, y = zip(*ROWS, strict=True)
    pq.write_table(pa.table({"image": image, "observer": [2, 1, 1], "x": x, "y": y}), tmp_path / "fixations.parquet")
    found = read_fixation_folder(tmp_path)
    assert found.observers == ("2", "1")
    assert found.stimuli[0].fixations.xs.tolist() == [3.5, 5.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("image,observer,px,py\na.png,1,2,3\n", "x and y are missing; it has image, observer, px, py"),
        ("image,x,y\na.png,2,3\n", "observer is missing"),
        ("image,observer,x,y\na.png,1,left,3\n", "left"),
        ("image,observer,x,y\n", "table is empty"),
        ("", "expected a table of fixations"),
        ("image,observer,x,y\nelse.png,1,2,3\n", "none of the 1 images of the table"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path, content: str, said: str) -> None:
    write_image(tmp_path / "stimuli/a.png", 0, (20, 20))
    (tmp_path / "fixations.csv").write_text(content)
    with pytest.raises(InputError, match=said) as raised:
        read_fixation_folder(tmp_path)
    assert "\n" not in str(raised.value)


def test_two_tables_or_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither is there"):
        read_fixation_folder(tmp_path)
    for name in ("fixations.csv", "fixations.parquet"):
        (tmp_path / name).write_text("")
    with pytest.raises(InputError, match="both are there"):
        read_fixation_folder(tmp_path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_written_as_a_table_is_read_back(tmp_path: Path, ending: str) -> None:
    root = make_table(tmp_path / "a", ROWS, 2)
    found = read_fixation_folder(root)
    assert write_table(found, tmp_path / f"b/fixations.{ending}") == 3
    (root / "stimuli").rename(tmp_path / "b/stimuli")
    again = read_fixation_folder(tmp_path / "b")
    assert (again.observers, again.listed) == (found.observers, found.listed)
    for one, other in zip(found.stimuli, again.stimuli, strict=True):
        for column in ("xs", "ys", "observers", "start_s", "duration_s"):
            np.testing.assert_array_equal(getattr(one.fixations, column), getattr(other.fixations, column))


def test_the_first_fixation_is_the_earliest_where_times_are_known_else_the_first_listed() -> None:
    def later(starts: list[float]) -> list[float]:
        found = Fixations.of([[1, 2, 3, 4], [0] * 4, [0, 1, 0, 1], starts, [0] * 4])
        (stimulus,) = FixationSet("t", ("a", "b"), (_stimulus(found),), 1, 1.0, True).without_first().stimuli
        return stimulus.fixations.xs.tolist()

    assert later([np.nan] * 4) == [3, 4]
    assert later([0.5, 0.0, 0.1, 0.2]) == [1, 4]


def _stimulus(found: Fixations) -> Any:
    return Stimulus("a", Path("a"), found)
