"""Files that are whole or not there, and commands without the folders of a machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vars_core.command import command_line, portable
from vars_core.whole_file import flush_to_disk, remove_leftovers, whole_file


def test_until_it_is_complete_a_reader_sees_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with whole_file(path) as temporary:
        temporary.write_text("ne")
        assert path.read_text() == "old"
        temporary.write_text("new")
        flush_to_disk(temporary)
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [OSError("full"), KeyboardInterrupt()])
def test_where_writing_fails_nothing_is_left_and_the_old_file_stays(tmp_path: Path, failure: BaseException) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(type(failure)), whole_file(path) as temporary:
        temporary.write_text("half")
        raise failure
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_two_writers_of_one_file_leave_one_of_the_two_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with whole_file(path) as one, whole_file(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert path.read_text() == "one"


def test_what_a_killed_writer_leaves_is_found_below_a_folder(tmp_path: Path) -> None:
    (tmp_path / "rows").mkdir()
    writer = whole_file(tmp_path / "rows/a")
    writer.__enter__().write_text("half")  # and never comes to its end
    (tmp_path / "rows/b").write_text("whole")
    remove_leftovers(tmp_path)
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["b"]


def test_a_command_is_told_as_one_would_type_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    monkeypatch.setattr(sys, "argv", ["/there/vars_core/training/__main__.py", "--out", "two words"])
    for name in ("vars_core.training.__main__", "vars_core.training"):
        module.__spec__ = type("Spec", (), {"name": name})()
        assert command_line() == "python -m vars_core.training --out 'two words'"
    module.__spec__ = None
    monkeypatch.setattr(sys, "argv", ["/there/app.py", "--port", "1"])
    assert command_line() == "app.py --port 1"


def test_a_command_leaves_out_the_folders_of_its_machine() -> None:
    assert portable("python --data /some/where/tiny --out runs/a --checkpoint 'm=/x/my w.pth' --lr 0.1") == (
        "python --data tiny --out runs/a --checkpoint 'm=my w.pth' --lr 0.1"
    )


@given(st.lists(st.text(alphabet="ab/ '=-", min_size=1), min_size=1))
def test_a_portable_command_stays_as_it_is(words: list[str]) -> None:
    import shlex

    once = portable(shlex.join(words))
    assert portable(once) == once
