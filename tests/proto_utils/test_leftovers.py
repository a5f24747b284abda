"""Hidden names that a process left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proto_utils.leftovers import Leftover, claimed, half_replaced, leftovers, set_right, settle
from proto_utils.locks import Lock
from proto_utils.places import hidden_beside
from tests.proto_utils.directories import contents


def test_hidden_names_are_found_again(tmp_path: Path):
    names = ["m.index", "x" * 200, "a.b\n.tmp"]
    for name in names:
        for kind in ("old", "tmp"):
            Path(hidden_beside(str(tmp_path / name), kind)).touch()
    for name in (".m.index.tmp", "m.index.0123456789ab.old", ".m.0123456789ab.new", ".0123456789ab.old"):
        (tmp_path / name).touch()
    found = leftovers(str(tmp_path))
    assert {(os.path.basename(each.target), each.kind) for each in found} == {
        (name, kind) for name in names for kind in ("old", "tmp")
    }
    assert all(os.path.exists(each.path) for each in found)


def test_half_replaced(tmp_path: Path):
    target = str(tmp_path / "m.index")
    assert half_replaced(target) is None
    Path(hidden_beside(target, "tmp")).touch()
    assert half_replaced(target) is None
    Path(hidden_beside(target, "old")).touch()
    error = half_replaced(target)
    assert error is not None
    assert str(tmp_path) in str(error.hint)
    Path(target).touch()
    assert half_replaced(target) is None
    assert half_replaced(str(tmp_path / "nowhere" / "m")) is None


NUMBER, OTHER = "0123456789ab", "ba9876543210"


def put(directory: Path, **texts: str) -> None:
    """Write files; a double underscore stands for the number of a run in a hidden name."""
    for name, text in texts.items():
        hidden = f".m.{name.removesuffix('_tmp').removesuffix('_old')}.{NUMBER}.{name[-3:]}"
        (directory / (hidden if name.endswith(("_tmp", "_old")) else f"m.{name}")).write_text(text)


def test_an_output_that_does_not_count_is_taken_back(tmp_path: Path):
    put(tmp_path, meta="new", index_tmp="new", index_old="old", meta_old="old")
    restored, removed = settle(leftovers(str(tmp_path)))
    assert contents(tmp_path) == {"m.index": "old", "m.meta": "old"}
    assert [os.path.basename(each) for each in restored] == ["m.meta", "m.index"]
    assert [os.path.basename(each) for each in removed] == [f".m.index.{NUMBER}.tmp"]


def test_new_parts_of_one_that_does_not_count_go(tmp_path: Path):
    put(tmp_path, index="old", index_tmp="new", meta_tmp="new")
    os.link(tmp_path / f".m.meta.{NUMBER}.tmp", tmp_path / "m.meta")
    settle(leftovers(str(tmp_path)))
    assert contents(tmp_path) == {"m.index": "old"}


def test_what_was_superseded_goes_when_the_output_counts(tmp_path: Path):
    put(tmp_path, index="new", index_old="old", meta="old")
    os.link(tmp_path / "m.meta", tmp_path / f".m.meta.{NUMBER}.old")
    (tmp_path / "checkpoint").write_text("state")
    os.link(tmp_path / "checkpoint", tmp_path / f".checkpoint.{NUMBER}.old")
    settle(leftovers(str(tmp_path)))
    assert contents(tmp_path) == {"m.index": "new", "checkpoint": "state"}


def test_an_earlier_run_does_not_fill_in_for_one_that_was_stopped(tmp_path: Path):
    put(tmp_path, index_tmp="new", index_old="old")
    (tmp_path / f".m.index.{OTHER}.old").write_text("older")
    settle(leftovers(str(tmp_path)))
    assert contents(tmp_path) == {"m.index": "old"}


def test_a_plan_changes_nothing(tmp_path: Path):
    put(tmp_path, index_tmp="new", index_old="old", meta_tmp="new")
    before = contents(tmp_path)
    planned = settle(leftovers(str(tmp_path)), dry_run=True)
    assert contents(tmp_path) == before
    assert planned == settle(leftovers(str(tmp_path)))


def test_who_writes_to_an_output_sets_it_right_first(tmp_path: Path):
    put(tmp_path, index_tmp="new", index_old="old")
    other = tmp_path / f".n.index.{OTHER}.old"
    other.write_text("of another output")
    (tmp_path / f".checkpoint.{OTHER}.tmp").write_text("of its")
    set_right(str(tmp_path / "nowhere" / "m"))
    set_right(str(tmp_path / "m"))
    assert contents(tmp_path) == {
        "m.index": "old",
        other.name: "of another output",
        f".checkpoint.{OTHER}.tmp": "of its",
    }
    with claimed(str(tmp_path / "checkpoint")), claimed(str(tmp_path / "n")):
        assert {name for name in contents(tmp_path) if not name.endswith("lock")} == {"m.index", "n.index"}
    assert contents(tmp_path) == {"m.index": "old", "n.index": "of another output"}


def test_what_somebody_writes_is_left_alone(tmp_path: Path):
    put(tmp_path, index_tmp="new")
    with claimed(str(tmp_path / "other")):
        lock = Lock(str(tmp_path / "m"))
        lock.acquire()
        set_right(str(tmp_path / "m"))
        assert (tmp_path / f".m.index.{NUMBER}.tmp").exists()
        lock.release()


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("m.index", "m"), ("m.ckpt-1.meta", "m.ckpt-1"), ("m.data-00012-of-00020", "m"), (".index", ""),
        ("m.data-00012-of-0002", None), ("m.data-0001x-of-00020", None), ("m", None), ("index", None), ("x.pb", None),
    ],
)  # fmt: skip
def test_the_files_of_a_checkpoint_are_of_one_output(name: str, output: str | None):
    leftover = Leftover(f"/a.b/.{name}.{NUMBER}.tmp", f"/a.b/{name}", "tmp", NUMBER)
    assert leftover.output == f"/a.b/{name if output is None else output}"
    assert leftover.is_member == (output is not None)
    assert leftover.is_seal == name.endswith(".index")
