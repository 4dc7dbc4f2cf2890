"""What the Fixations tab computes, against the metrics of the batch evaluation; and which points it takes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.baselines import centre_gaussian
from analysis.metrics.fixations import auc_judd, fixation_density, nss
from analysis.metrics.fixations.one_map import Z_EDGES
from analysis.placed_map import DenseMap, Pixels, centre_map, placed, points_on
from analysis.source_factors import source_factors
from app.inference.traced import LayerMaps, ModelFacts, Traced
from app.library.fixation_library import FixationLibrary
from app.library.fixation_points import MAX_POINTS, Points
from app.tabs.fixations import words as fixations
from app.tabs.fixations.scores import Scores, score
from app.tabs.fixations.tables import MAX_ROWS, table_points
from tests.fixations.made import gaze_of, made_rows, make_mit1003, make_table, write_image
from vars_core.data.mit1003 import read_mit1003
from vars_core.decoding import picture_size
from vars_core.errors import InputError
from vars_core.images import Placement

SIZE = 32
GRID = (5, 6)
HEIGHT, WIDTH = 48, 64


def traced(maps: np.ndarray) -> Traced:
    """A model of one layer whose stream maps (T+1, h, w) are these."""
    facts = ModelFacts("rvt_nano/vars_d", SIZE, ("0.0",), "0.0", "stream", len(maps) - 1, None)
    layer = LayerMaps("0.0", {"stream": maps}, None, None, None)
    return Traced(facts, np.zeros(3, np.float32), (layer,), {"0.0": layer.grid})


def random_maps(seed: int = 0, steps: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(steps, *GRID)).astype(np.float32)


def on_photograph(one: np.ndarray, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """The whole map, formed explicitly."""
    return placed(one, source_factors(Placement(height, width, SIZE), GRID)).array


def points(*places: tuple[float, float], observers: str = "", sigma: float | None = None) -> Points:
    names = observers or " " * len(places)
    return Points("sample:cat", tuple((x, y, n.strip()) for (x, y), n in zip(places, names, strict=True)), sigma)


def scored(given: Points, maps: np.ndarray, iteration: int = 3) -> Scores:
    found = score(HEIGHT, WIDTH, traced(maps), "0.0", "stream", iteration, given)
    assert found is not None
    return found


THREE = points((10.5, 20.0), (33.9, 5.2), (60.0, 47.9))


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    places=st.lists(st.tuples(st.floats(-5, 70, width=32), st.floats(-5, 55, width=32)), min_size=1, max_size=12),
    repeated=st.booleans(),
)
def test_scores_are_those_of_the_metrics_on_the_whole_map(
    seed: int, places: list[tuple[float, float]], repeated: bool
) -> None:
    maps, chosen = random_maps(seed), [*places, *(places[:1] if repeated else ())]
    inside = [(int(y), int(x)) for x, y in chosen if 0 <= x < WIDTH and 0 <= y < HEIGHT]
    found = score(HEIGHT, WIDTH, traced(maps), "0.0", "stream", 2, points(*chosen))
    if not inside:
        assert found is None
        return
    assert found is not None
    pixels = Pixels(*(np.array(one) for one in zip(*inside, strict=True)))
    whole = DenseMap(on_photograph(maps[2]))
    np.testing.assert_allclose(found.map.z, whole.z_at(pixels), atol=1e-9)
    assert found.map.nss == pytest.approx(nss(whole, pixels), abs=1e-9)
    assert found.map.auc == pytest.approx(auc_judd(whole, pixels), abs=1e-9)
    assert found.kept.sum() == len(inside)
    gaussian = DenseMap(centre_gaussian(HEIGHT, WIDTH))
    assert found.centre.nss == pytest.approx(nss(gaussian, pixels), abs=1e-9)
    assert found.centre.auc == pytest.approx(auc_judd(gaussian, pixels), abs=2e-3)  # symmetric pixels tie


def test_every_iterate_has_its_nss() -> None:
    maps = random_maps()
    pixels = Pixels(np.array([20, 5, 47]), np.array([10, 33, 60]))
    expected = [nss(DenseMap(on_photograph(one)), pixels) for one in maps]
    np.testing.assert_allclose(scored(THREE, maps).by_iterate, expected, atol=1e-9)


def test_an_iterate_past_the_last_is_the_last() -> None:
    maps = random_maps(steps=1)
    assert scored(THREE, maps, iteration=3).map.nss == scored(THREE, maps, iteration=0).map.nss


def test_bands_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    maps = random_maps(3)
    whole = scored(THREE, maps)
    monkeypatch.setattr("analysis.placed_map.BAND_PIXELS", 5 * WIDTH)
    banded = scored(THREE, maps)
    assert banded.map.auc == whole.map.auc
    np.testing.assert_array_equal(banded.map.everywhere, whole.map.everywhere)


def test_the_histogram_counts_every_pixel_of_the_map() -> None:
    maps = random_maps(4)
    whole = on_photograph(maps[3])
    z = (whole - whole.mean()) / whole.std()
    counted = scored(THREE, maps).map.everywhere
    assert counted.sum() == HEIGHT * WIDTH
    expected, _ = np.histogram(np.clip(z, Z_EDGES[0], Z_EDGES[-1]), Z_EDGES)
    assert np.abs(counted - expected).sum() <= 2  # a value on an edge


def test_a_constant_map_prefers_no_place() -> None:
    found = scored(THREE, np.full((4, *GRID), 2.5, np.float32))
    assert (found.map.nss, found.map.auc, found.map.degenerate) == (0.0, 0.5, True)
    assert found.map.everywhere.sum() == HEIGHT * WIDTH
    assert "constant" in fixations.score_words(traced(random_maps()), 3, THREE, found)


def test_the_centre_of_the_shared_mit1003_is_the_pinned_one(shared: Path) -> None:
    library = FixationLibrary({"mit": shared / "data/mit1003"})
    means = []
    for _, ref in library.choices():
        height, width = picture_size(shared / "data/mit1003" / ref.removeprefix("data:mit/"))
        found = library.recorded(ref, "drop")
        assert found is not None
        pixels, _ = points_on(found.xs, found.ys, height, width)
        means.append(centre_map(height, width).z_at(pixels).mean())
    assert len(means) == 50
    assert np.mean(means) == pytest.approx(1.199531, abs=1e-6)


def test_the_ceiling_leaves_one_observer_out() -> None:
    given = points((10, 20), (12, 22), (30, 9), (11, 21), (33, 5), observers="aabbc", sigma=6.0)
    pixels, names = Pixels(given.ys.astype(int), given.xs.astype(int)), given.observers
    expected = []
    for name in "abc":
        own = names == name
        others = DenseMap(fixation_density(pixels.keep(~own), (HEIGHT, WIDTH), 6.0))
        expected.append(nss(others, pixels.keep(own)))
    assert scored(given, random_maps()).human == pytest.approx(np.mean(expected), abs=1e-9)


def test_clicks_of_one_person_have_no_ceiling() -> None:
    assert scored(THREE, random_maps()).human is None


def test_points_outside_are_counted_and_named() -> None:
    given = points((10, 20), (64, 5), (-1, 3.5))
    found = scored(given, random_maps())
    words = fixations.score_words(traced(random_maps()), 3, given, found)
    assert "1 fixation counted" in words
    assert "2 of 3 fixations lie outside the photograph and do not count: 2 at (64, 5), 3 at (-1, 3.5)." in words
    assert json.loads(fixations.labels(found))[1:] == [None, None]


def test_where_all_points_lie_outside_nothing_is_scored() -> None:
    given = points((64, 5))
    assert score(HEIGHT, WIDTH, traced(random_maps()), "0.0", "stream", 3, given) is None
    assert "1 of 1 fixations lies outside" in fixations.score_words(traced(random_maps()), 3, given, None)


def test_the_centre_stands_beside_the_map_always() -> None:
    found = scored(THREE, random_maps())
    words = fixations.score_words(traced(random_maps()), 3, THREE, found)
    assert f'data-score="map-nss">{found.map.nss:.3f}'.replace("-0", "−0") in words
    assert f'data-score="centre-nss">{found.centre.nss:.3f}'.replace("-0", "−0") in words
    curve = fixations.figures(traced(random_maps()), found)[1]
    assert list(curve.data[1].y) == [found.centre.nss] * 4


def test_names_of_observers_are_escaped() -> None:
    given = Points("sample:cat", ((3.0, 4.0, "<img src=x>"),))
    assert "<img" not in fixations.point_words(given, scored(given, random_maps()))


def test_points_travel_as_json() -> None:
    given = Points("data:a/b.png", ((1.5, 2.5, "zoë"), (3.0, 4.0, "")), 24.0, ("one note",))
    assert Points.from_json(given.to_json()) == given
    assert Points.from_json("") == Points("")


@pytest.mark.parametrize(
    "text",
    [
        "[]", "{", '{"ref": "a"}', '{"ref": "a", "points": [[1, 2]]}', '{"ref": "a", "points": [["x", 2, ""]]}',
        '{"ref": "a", "points": [[1e999, 2, ""]]}', '{"ref": "a", "points": [], "sigma": -1}',
        json.dumps({"ref": "a", "points": [[1, 2, ""]] * (MAX_POINTS + 1)}),
    ],
)  # fmt: skip
def test_what_the_page_never_sends_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        Points.from_json(text)


def uploaded(folder: Path, text: str, title: str = "cat") -> Points:
    path = folder / "table.csv"
    path.write_text(text)
    return table_points(path, "sample:cat", title, HEIGHT, WIDTH)


def test_a_table_needs_x_and_y_alone(tmp_path: Path) -> None:
    found = uploaded(tmp_path, "y,x\n4,3\n6,5.5\n")
    assert found.points == ((3.0, 4.0, ""), (5.5, 6.0, ""))


def test_a_table_may_name_observers_and_images(tmp_path: Path) -> None:
    found = uploaded(tmp_path, "image,observer,x,y\ncat,ann,3,4\ndog,bo,1,1\ncat,7,5,6\n")
    assert found.points == ((3.0, 4.0, "ann"), (5.0, 6.0, "7"))


def test_rows_without_a_number_are_counted(tmp_path: Path) -> None:
    found = uploaded(tmp_path, "x,y\n3,4\n,6\n5,nan\n")
    assert len(found.points) == 1
    assert found.notes == ("2 of 3 fixations have no number in x or y and are left out.",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x,z\n1,2\n", "y is missing; it has x, z"),
        ("a,b\n1,2\n", "x and y are missing"),
        ("x,y\nleft,2\n", "expected numbers in the columns x and y"),
        ("x,y\n", "not one with a number"),
        ("x,y\n1,2,3\n", "expected a table of fixations"),
        ("", "expected a table of fixations"),
        ("x,y\n0.5,0.25\n0.1,0.9\n", "got fractions"),
        ("x,y\n500,600\n", "all lie outside"),
        ("image,x,y\ndog,1,2\ncow,1,2\n", "none is 'cat'"),
        ("x,y\n" + "1,2\n" * (MAX_POINTS + 1), f"at most {MAX_POINTS}"),
    ],
)
def test_a_table_that_cannot_be_used_gets_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as error:
        uploaded(tmp_path, text)
    assert "\n" not in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_the_layout_follows_from_the_folder(tmp_path: Path) -> None:
    folders = {"none": tmp_path, "table": make_table(tmp_path / "table", made_rows(2), 2)}
    folders["mit"] = make_mit1003(tmp_path / "mit", {("a", "CNG"): gaze_of((10, 10, 100))})
    write_image(tmp_path / "osie/stimuli/1001.jpg", 0, (40, 50))
    (tmp_path / "osie/fixations.mat").write_bytes(b"")
    folders["osie"] = tmp_path / "osie"
    found = {name: layout.name for name, layout in FixationLibrary(folders).layouts.items()}
    assert found == {"table": "table", "mit": "mit1003", "osie": "osie"}


def test_recorded_fixations_of_a_table_and_of_no_data_set(tmp_path: Path) -> None:
    rows = made_rows(2)
    library = FixationLibrary({"eyes": make_table(tmp_path / "eyes", rows, 3), "plain": tmp_path})
    assert library.choices()[1] == ("eyes · image_1.png", "data:eyes/stimuli/image_1.png")
    found = library.recorded("data:eyes/stimuli/image_0.png")
    assert found is not None and found.points == tuple((x, y, who) for name, who, x, y in rows if name == "image_0.png")
    dropped = library.recorded("data:eyes/stimuli/image_0.png", "drop")
    assert dropped is not None and len(dropped.points) == len(found.points) - 3
    empty = library.recorded("data:eyes/stimuli/image_2.png")
    assert empty is not None and empty.points == () and "lists no fixations" in empty.notes[0]
    for ref in ("sample:cat", "data:plain/x.png", "data:eyes/image_0.png", "data:eyes/stimuli/../stimuli/image_0.png"):
        assert library.recorded(ref) is None


def test_one_image_of_mit1003_is_read_as_the_whole_is(tmp_path: Path) -> None:
    trials = {
        ("one", "CNG"): gaze_of((100, 100, 150), (250, 120, 150), (60, 200, 200), seed=1),
        ("one", "ajs"): gaze_of((200, 150, 700), seed=4),
        ("two", "CNG"): gaze_of((20, 15, 300), (200, 150, 300), seed=5),
    }
    root = make_mit1003(tmp_path, trials)
    library, whole = FixationLibrary({"mit": root}), read_mit1003(root)
    for stimulus in whole.stimuli:
        for first, expected in (("keep", stimulus), ("usual", None)):
            if expected is None:
                expected = next(one for one in whole.without_first().stimuli if one.id == stimulus.id)
            found = library.recorded(f"data:mit/ALLSTIMULI/{stimulus.id}", first)
            assert found is not None and found.sigma == 35.0
            np.testing.assert_array_equal(found.xs, expected.fixations.xs)
            assert list(found.observers) == [whole.observers[i] for i in expected.fixations.observers]
    assert found is not None and "trials missing: 1 (ajs/two.mat)." in found.notes


def test_a_broken_trial_is_named(tmp_path: Path) -> None:
    root = make_mit1003(tmp_path, {("one", "CNG"): gaze_of((9, 9, 100)), ("one", "zb"): gaze_of((9, 9, 100))})
    scipy.io.savemat(root / "DATA/zb/one.mat", {"other": 1})
    found = FixationLibrary({"mit": root}).recorded("data:mit/ALLSTIMULI/one.jpeg", "keep")
    assert found is not None and set(found.observers) == {"CNG"}
    assert any("cannot be read: 1 (" in note and "zb/one.mat" in note for note in found.notes)


def test_a_file_that_claims_too_many_rows_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "many.parquet"
    pq.write_table(pa.table({"x": pa.array(np.zeros(MAX_ROWS + 1)), "y": pa.array(np.zeros(MAX_ROWS + 1))}), path)
    with pytest.raises(InputError, match="at most 200,000 fixations, it has 200,001"):
        table_points(path, "sample:cat", "cat", HEIGHT, WIDTH)


def test_a_parquet_table_is_read_as_csv_is(tmp_path: Path) -> None:
    path = tmp_path / "few.parquet"
    columns = {"image": ["cat", "dog"], "observer": ["ann", None], "x": [3, 9], "y": [4.5, 1.0]}
    pq.write_table(pa.table(columns), path)
    assert table_points(path, "sample:cat", "cat", HEIGHT, WIDTH).points == ((3.0, 4.5, "ann"),)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"x": [1.0], "z": [2.0]}, "y is missing; it has x, z"),
        ({"x": [1.0], "y": [2.0], "observer": ["a" * 500]}, "names of at most 200 characters in the column observer"),
        ({"x": [1.0], "y": [2.0], "observer": [["a"]]}, "in the column observer"),
        ({"x": [[1.0]], "y": [2.0]}, "expected numbers"),
    ],
)
def test_a_parquet_table_that_cannot_be_used_gets_one_sentence(tmp_path: Path, columns: dict, words: str) -> None:
    path = tmp_path / "odd.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(InputError, match=words):
        table_points(path, "sample:cat", "cat", HEIGHT, WIDTH)
