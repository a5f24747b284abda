"""Data files that are missing, too short or something else cost what is in them and nothing more."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.tensors import dtypes
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from tests.formats.bundle_files import raw, save

TENSORS = {name: raw(dtypes.UINT8, [300], name.encode() * 300) for name in "abc"}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 900\n" % (b"0" * 64)


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    save(tmp_path / "x", TENSORS, shard_nbytes=300)
    return sorted(tmp_path.glob("x.data-*"))


def lost(prefix: Path) -> dict[str, str]:
    """What cannot be read, and why; all else has its values."""
    found = {}
    for name, tensor in Bundle(prefix).items():
        try:
            assert tensor.numpy().tobytes() == name.encode() * 300
        except (CorruptionError, NotFoundError, UnsupportedError) as error:
            found[name] = str(error)
            assert tensor.fault is not None
    return found


def test_nothing_is_wrong(shards, tmp_path):
    assert Bundle(tmp_path / "x").damaged_files() == []
    assert lost(tmp_path / "x") == {}


def test_a_missing_one(shards, tmp_path):
    shards[1].unlink()
    (file,) = Bundle(tmp_path / "x").damaged_files()
    assert (file.path, file.damage, file.names) == (str(shards[1]), "missing", ["b"])
    assert list(lost(tmp_path / "x")) == ["b"]
    with pytest.raises(NotFoundError) as caught:
        Bundle(tmp_path / "x")["b"].numpy()
    assert caught.value.name == str(shards[1])
    # The other files of the checkpoint are not what was meant.
    assert caught.value.near == ()
    assert "one of the 3 data files of this checkpoint" in str(caught.value.hint)


def test_one_under_another_name(shards, tmp_path):
    shards[1].rename(tmp_path / "old.data-00001-of-00003")
    with pytest.raises(NotFoundError) as caught:
        Bundle(tmp_path / "x")["b"].numpy()
    assert caught.value.near == (str(tmp_path / "old.data-00001-of-00003"),)


def test_a_truncated_one(shards, tmp_path):
    shards[2].write_bytes(b"c" * 7)
    (file,) = Bundle(tmp_path / "x").damaged_files()
    assert file.describe(3) == f"{shards[2]} is truncated: 7 of 300 bytes: 1 of 3 tensors is lost (c)"
    assert list(lost(tmp_path / "x")) == ["c"]


def test_a_git_lfs_pointer(shards, tmp_path):
    shards[0].write_bytes(POINTER)
    (file,) = Bundle(tmp_path / "x").damaged_files()
    assert (file.damage, file.names) == ("Git LFS pointer", ["a"])
    (reason,) = lost(tmp_path / "x").values()
    assert "git lfs pull" in reason


def test_values_may_begin_as_a_pointer_does(tmp_path):
    text = POINTER * 20
    prefix = save(tmp_path / "y", {"t": raw(dtypes.UINT8, [len(text)], text)})
    assert Bundle(prefix)["t"].numpy().tobytes() == text


def test_an_index_that_is_a_pointer(shards, tmp_path):
    (tmp_path / "x.index").write_bytes(POINTER)
    with pytest.raises(UnsupportedError, match="git lfs pull"):
        Bundle(tmp_path / "x")
