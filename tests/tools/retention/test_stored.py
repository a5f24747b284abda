"""Checkpoints as files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graphsurgeon.formats.save import save_checkpoint
from graphsurgeon.tensors import dtypes
from graphsurgeon.tools.retention.stored import (
    age,
    files_of,
    freed_nbytes,
    identity,
    is_whole,
    linked_to,
    stored,
    stored_in,
)
from tests.formats.bundle_files import table
from tests.formats.v1_files import one, write_v1
from tests.models import floats


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def save_v1(name: str) -> None:
    write_v1(Path(name), {"w": one(dtypes.FLOAT, [1], bytes(4))})


def test_files():
    save_checkpoint({"w": floats(1)}, "m-1")
    save_checkpoint({"w": floats(1)}, "m-10")
    save_checkpoint({"w": floats(1)}, "m[1]")
    for name in ("v1", "s-00000-of-00002", "s-00001-of-00002"):
        save_v1(name)
    for name in ("m-1.meta", "s.meta", "m-1.data-00000-of-00001.tmp"):
        Path(name).touch()
    assert files_of("m-1") == ("m-1.index", "m-1.data-00000-of-00001", "m-1.meta")
    assert files_of("./m-10") == ("./m-10.index", "./m-10.data-00000-of-00001")
    assert files_of("m[1]") == ("m[1].index", "m[1].data-00000-of-00001")
    assert files_of("v1") == ("v1",)
    shards = ("s-00000-of-00002", "s-00001-of-00002", "s.meta")
    assert [files_of(prefix) for prefix in ("s-?????-of-00002", "s")] == [shards, shards]
    assert files_of("m") == files_of("s-?????-of-00003") == files_of("nowhere/m") == ()


def test_what_is_no_checkpoint_by_its_content_has_no_files():
    for name in ("notes.txt", "notes.txt.meta", "train.py", "x.index", "x.data-00000-of-00001", "checkpoint"):
        Path(name).write_text("mine")
    assert [files_of(name) for name in ("notes.txt", "train.py", "x", "checkpoint")] == [()] * 4
    save_checkpoint({"w": floats(1)}, "m-1")
    Path("m-1.meta").write_text("mine")
    assert files_of("m-1") == ("m-1.index", "m-1.data-00000-of-00001")


def test_data_files_that_the_index_does_not_know_are_nobodys():
    save_checkpoint({"w": floats(1)}, "m")
    for shard in ("00000-of-00007", "00001-of-00001", "other-of-00001"):
        Path(f"m.data-{shard}").write_text("mine")
    assert files_of("m") == ("m.index", "m.data-00000-of-00001")
    Path("n.index").write_bytes(table([(b"", b"no header")]))
    Path("n.data-00000-of-00001").write_text("mine")
    assert files_of("n") == ()


def test_an_index_is_no_checkpoint_of_version_1():
    save_checkpoint({"w": floats(1)}, "m")
    assert files_of("m.index") == ()


def test_prefixes():
    save_checkpoint({"w": floats(1)}, "m-1")
    for name in ("v1", "s-00000-of-00002", "s-00001-of-00002"):
        save_v1(name)
    Path("000005.ldb").write_bytes(table([(b"key", b"value")]))
    Path("no_values.index").write_bytes(Path("m-1.index").read_bytes())
    Path("other.index").write_text("an index of something else")
    Path("other.data-00000-of-00001").touch()
    for name in ("m-1.meta", "events.out.tfevents.1", ".hidden"):
        Path(name).write_bytes(os.urandom(100))
    Path("sub").mkdir()
    Path("damaged.index").write_bytes(table([(b"", b"no header")]))
    Path("damaged.data-00000-of-00001").touch()
    assert [each.prefix for each in stored_in(".")] == ["./m-1", "./s-?????-of-00002", "./v1"]
    with pytest.raises(FileNotFoundError):
        stored_in("nowhere")


def test_age():
    save_v1("v")
    os.utime("v", ns=(0, 1_500_000_000))
    found = [stored(prefix, ("v",)) for prefix in ("m-10", "m-9-?????-of-00002", "m")]
    assert [each.prefix for each in sorted(found, key=age)] == ["m", "m-9-?????-of-00002", "m-10"]
    assert (found[0].time, found[0].nbytes) == (1.5, os.path.getsize("v"))
    assert stored("m", ("v",), time=7.0).time == 7.0


def test_all_shards_have_to_be_there():
    for name in ("v1", "s-00000-of-00002", "t-00000-of-00002", "t-00001-of-00002"):
        save_v1(name)
    save_checkpoint({"w": floats(1)}, "m")
    Path("n.index").write_bytes(Path("m.index").read_bytes())
    whole = {prefix: is_whole(stored(prefix, files_of(prefix))) for prefix in ("v1", "s", "t", "m", "n")}
    assert whole == {"v1": True, "s": False, "t": True, "m": True, "n": False}


def test_identity():
    os.mkdir("d")
    os.symlink("d", "same")
    os.symlink("elsewhere", "d/link")
    assert identity("d/link") == identity("./same/../same/link") == identity(f"{os.getcwd()}/d/link")
    assert identity("d/link") != identity("d/elsewhere")


def test_links_are_followed():
    Path("a.index").touch()
    os.symlink("a.index", "b.index")
    os.symlink("b.index", "c.index")
    os.symlink("loop", "loop")
    assert linked_to(stored("a", ("a.index",))) == set()
    assert linked_to(stored("c", ("c.index",))) == {identity("b.index"), identity("a.index")}
    assert linked_to(stored("loop", ("loop",), time=0.0)) == {identity("loop")}


def test_bytes_freed():
    Path("a").write_bytes(bytes(10))
    Path("c").write_bytes(bytes(1))
    os.link("a", "b")
    assert [freed_nbytes(paths) for paths in (["a"], ["c"], ["a", "c"], ["a", "b"], [])] == [0, 1, 1, 10, 0]


def test_data_files_have_to_be_whole():
    save_checkpoint({"w": floats(1, 2)}, "m")
    assert is_whole(stored("m", files_of("m")))
    data = Path("m.data-00000-of-00001")
    data.write_bytes(data.read_bytes()[:-1])
    assert not is_whole(stored("m", files_of("m")))
