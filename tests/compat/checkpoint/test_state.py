"""State files and files of checkpoints, by TensorFlow's functions."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from graphsurgeon.compat import checkpoint as train
from graphsurgeon.compat.errors import NotFoundError, OpError
from graphsurgeon.formats.save import save_checkpoint
from tests.models import floats


def paths(state) -> list[str]:
    assert state is not None
    return [state.model_checkpoint_path, *state.all_model_checkpoint_paths]


@pytest.mark.parametrize("given", [None, [], ["d/a"], ("d/a",)])
def test_latest_comes_last(given):
    state = train.generate_checkpoint_state_proto("/d", "/d/b", given)
    assert paths(state) == ["/d/b", *(given or ()), "/d/b"]


def test_what_is_given_stays_as_it_is():
    given = ["d/a"]
    train.generate_checkpoint_state_proto("d", "d/b", given)
    assert given == ["d/a"]


@pytest.mark.parametrize(
    ("directory", "given", "stored"),
    [
        ("d", ["d/a", "d/b"], ["a", "b"]),
        ("d", ["/x/a", "d/b"], ["/x/a", "b"]),
        ("d", ["e/a", "d/b"], ["../e/a", "b"]),
        ("/d", ["/d/a", "/d/b"], ["/d/a", "/d/b"]),
        ("/d", ["a", "b"], ["a", "b"]),
        (Path("d"), ["d/a", "d/b"], ["a", "b"]),
    ],
)
def test_paths_are_relative_to_a_relative_directory(directory, given, stored):
    assert paths(train.generate_checkpoint_state_proto(directory, given[-1], given)) == [stored[-1], *stored]


def test_a_timestamp_per_checkpoint():
    state = train.generate_checkpoint_state_proto("d", "d/b", ["d/a"], [1.5, 2.5], 0.5)
    assert (list(state.all_model_checkpoint_timestamps), state.last_preserved_timestamp) == ([1.5, 2.5], 0.5)
    with pytest.raises(ValueError, match=r"must match checkpoint paths \(got paths \['d/a', 'd/b'\] and timestamps"):
        train.generate_checkpoint_state_proto("d", "d/b", ["d/a"], [1.5])


def test_written_state_is_read_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("d")
    train.update_checkpoint_state("d", "d/b", ["/x/a", "d/b"], None, [1, 2], 3)
    assert Path("d/checkpoint").read_text().splitlines() == [
        'model_checkpoint_path: "b"',
        'all_model_checkpoint_paths: "/x/a"',
        'all_model_checkpoint_paths: "b"',
        "all_model_checkpoint_timestamps: 1.0",
        "all_model_checkpoint_timestamps: 2.0",
        "last_preserved_timestamp: 3.0",
    ]
    for directory in ("d", Path("d")):
        assert paths(train.get_checkpoint_state(directory)) == ["d/b", "/x/a", "d/b"]


def test_another_name_for_the_file(tmp_path):
    train.update_checkpoint_state(str(tmp_path), "b", latest_filename="other")
    assert os.listdir(tmp_path) == ["other"]
    assert train.get_checkpoint_state(tmp_path) is None
    assert paths(train.get_checkpoint_state(tmp_path, "other")) == [f"{tmp_path}/b"] * 2


def test_absolute_paths_written_relative(tmp_path):
    train.update_checkpoint_state_internal(
        str(tmp_path), f"{tmp_path}/b", ["a", f"{tmp_path}/b"], save_relative_paths=True
    )
    assert '"a"' in (tmp_path / "checkpoint").read_text()
    assert str(tmp_path) not in (tmp_path / "checkpoint").read_text()


def test_checkpoint_with_the_path_of_the_state_file(tmp_path):
    with pytest.raises(RuntimeError, match="conflicts with path used for checkpoint state"):
        train.update_checkpoint_state(str(tmp_path), f"{tmp_path}/checkpoint")
    assert os.listdir(tmp_path) == []


def test_directory_is_not_made(tmp_path):
    with pytest.raises(NotFoundError, match="No such file or directory"):
        train.update_checkpoint_state(str(tmp_path / "new"), "a")
    assert os.listdir(tmp_path) == []


def test_link_is_replaced_and_not_what_it_leads_to(tmp_path):
    (tmp_path / "other").write_text("theirs")
    (tmp_path / "checkpoint").symlink_to("other")
    train.update_checkpoint_state(str(tmp_path), "m-1")
    assert not (tmp_path / "checkpoint").is_symlink()
    assert (tmp_path / "other").read_text() == "theirs"


def test_state_that_cannot_be_written(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(OpError):
        train.update_checkpoint_state(str(tmp_path), "a")
    assert os.listdir(tmp_path) == ["checkpoint"]


@pytest.mark.parametrize(
    "text", [b"garbage {{{", b'model_checkpoint_path: "a"\nfoo: 3', b'model_checkpoint_path: "a\\377"']
)
def test_bad_state_is_ignored_with_a_warning(tmp_path, caplog, text):
    (tmp_path / "checkpoint").write_bytes(text)
    with caplog.at_level(logging.WARNING):
        assert train.get_checkpoint_state(tmp_path) is None
    assert caplog.messages[-1] == f"{tmp_path}/checkpoint: Checkpoint ignored"


def test_state_file_that_is_a_directory(tmp_path):
    (tmp_path / "checkpoint").mkdir()
    assert train.get_checkpoint_state(tmp_path) is None


@pytest.mark.parametrize("text", [b"", b'all_model_checkpoint_paths: "a"', b'model_checkpoint_path: "a\xff"'])
def test_state_that_names_nothing(tmp_path, text):
    (tmp_path / "checkpoint").write_bytes(text)
    with pytest.raises(ValueError):  # noqa: PT011 -- UnicodeDecodeError has a message of its own
        train.get_checkpoint_state(tmp_path)


def test_no_state(tmp_path):
    assert train.get_checkpoint_state(tmp_path) is None
    assert train.latest_checkpoint(tmp_path / "nowhere") is None
    with pytest.raises(TypeError):
        train.latest_checkpoint(None)  # type: ignore[arg-type]


def test_latest_has_to_be_there(tmp_path):
    save_checkpoint({"w": floats(1)}, tmp_path / "a")
    assert train.latest_checkpoint(str(tmp_path)) == f"{tmp_path}/a"
    os.unlink(tmp_path / "a.index")
    assert train.latest_checkpoint(str(tmp_path)) is None


def test_moved_directory_is_not_followed(tmp_path):
    """As TensorFlow does it; the library finds what is beside the state file."""
    save_checkpoint({"w": floats(1)}, tmp_path / "new" / "a")
    train.update_checkpoint_state(tmp_path / "new", str(tmp_path / "old" / "a"))
    assert train.latest_checkpoint(tmp_path / "new") is None


def test_times(tmp_path):
    save_checkpoint({"w": floats(1)}, tmp_path / "a")
    (tmp_path / "v1").touch()
    os.utime(tmp_path / "a.index", (5, 1234.75))
    os.utime(tmp_path / "v1", (5, 99))
    prefixes = [f"{tmp_path}/{name}" for name in ("v1", "gone", "a")]
    assert train.get_checkpoint_mtimes(prefixes) == [99.0, 1234.0]
    assert train.get_checkpoint_mtimes([]) == []


def touch(directory: Path, names: str) -> None:
    for name in names.split():
        (directory / name).touch()


@pytest.mark.parametrize(
    ("prefix", "version", "left"),
    [
        ("m-1", 2, "m-1 m-10.index s-00000-of-00002 s-00001-of-00002 s.meta"),
        ("m-1", 1, "m-1.data-00000-of-00001 m-1.index m-10.index s-00000-of-00002 s-00001-of-00002 s.meta"),
        ("s-?????-of-00002", 1, "m-1 m-1.data-00000-of-00001 m-1.index m-1.meta m-10.index"),
        (
            "none",
            2,
            "m-1 m-1.data-00000-of-00001 m-1.index m-1.meta m-10.index s-00000-of-00002 s-00001-of-00002 s.meta",
        ),
    ],
)
def test_remove(tmp_path, prefix, version, left):
    touch(
        tmp_path, "m-1 m-1.index m-1.data-00000-of-00001 m-1.meta m-10.index s-00000-of-00002 s-00001-of-00002 s.meta"
    )
    train.remove_checkpoint(f"{tmp_path}/{prefix}", version)
    assert sorted(os.listdir(tmp_path)) == left.split()


def test_remove_with_brackets_in_the_name(tmp_path):
    touch(tmp_path, "m1.index m1.data-00000-of-00001 m1.meta m[1].index m[1].data-00000-of-00001")
    train.remove_checkpoint(f"{tmp_path}/m[1]")
    assert sorted(os.listdir(tmp_path)) == ["m1.data-00000-of-00001", "m1.index", "m1.meta"]


def test_remove_says_what_it_cannot(tmp_path):
    (tmp_path / "m.index").mkdir()
    with pytest.raises(OpError, match=r"m\.index; "):
        train.remove_checkpoint(f"{tmp_path}/m")


@pytest.mark.parametrize(
    ("name", "meta"),
    [
        ("model.ckpt-12", "model.ckpt-12.meta"),
        ("model.ckpt-12-?????-of-00005", "model.ckpt-12.meta"),
        ("model.ckpt-12-00001-of-00005", "model.ckpt-12.meta"),
    ],
)
def test_meta_graph_filename(name, meta):
    assert train.meta_graph_filename(name) == meta
    assert train.meta_graph_filename(name, "pb") == meta.replace(".meta", ".pb")
