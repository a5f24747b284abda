"""Tensors that data files hold, written by columns: the index is what one by one would make."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from graphsurgeon.formats import bundle_writer
from graphsurgeon.formats.bundle_reader import Bundle
from graphsurgeon.formats.listed_rows import split_rows
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from tests.formats.bundle_files import entry, raw, save, strings, values, write_files, write_slices


@pytest.fixture
def first(tmp_path) -> dict[str, Tensor]:
    tensors = {f"layer_{i}/w": as_tensor(np.arange(i % 5, dtype=np.float32)) for i in range(40)}
    tensors |= {"s": strings(b"a", b"bc"), "é": as_tensor(np.int64(3)), "0": raw(dtypes.BOOL, [2], b"\1\0")}
    return Bundle(save(tmp_path / "first", tensors, shard_nbytes=64)).tensors()


@pytest.fixture
def second(tmp_path) -> dict[str, Tensor]:
    return Bundle(save(tmp_path / "second", {f"layer_{i}/v": as_tensor(np.ones(3)) for i in range(9)})).tensors()


def both(tensors: Mapping[str, Tensor], path: Path, monkeypatch, **options) -> Bundle:
    """Save one by one and by columns; both are the same, byte by byte."""
    options = {"links": "hard", **options}
    monkeypatch.setattr(bundle_writer, "_MANY", 1 << 30)
    save(path / "x", tensors, **options)
    monkeypatch.setattr(bundle_writer, "_MANY", 1)
    save(path / "y", tensors, **options)
    names = [each.name.replace("x.", "y.") for each in sorted(path.glob("x.*"))]
    assert names == [each.name for each in sorted(path.glob("y.*"))]
    for name in names:
        assert (path / name).read_bytes() == (path / name.replace("y.", "x.")).read_bytes()
    return Bundle(path / "y")


def test_one_checkpoint_under_other_names(first, tmp_path, monkeypatch):
    renamed = {f"my/{name}": tensor for name, tensor in first.items()}
    assert values(both(renamed, tmp_path, monkeypatch)) == values(renamed)


def test_in_another_order(first, tmp_path, monkeypatch):
    renamed = {name[::-1]: tensor for name, tensor in reversed(first.items())}
    assert values(both(renamed, tmp_path, monkeypatch)) == values(dict(sorted(renamed.items())))


def test_of_two_checkpoints_and_of_none(first, second, tmp_path, monkeypatch):
    tensors = {**first, **second, "layer_3/w": as_tensor(np.float32(3)), "new": strings(b"x"), "twin": first["é"]}
    found = both(tensors, tmp_path, monkeypatch)
    assert values(found) == {name: values(tensors)[name] for name in found}


def test_crumbs_are_copied(tmp_path, monkeypatch):
    large = save(tmp_path / "large", {"big": as_tensor(np.zeros(1 << 20)), "step": as_tensor(np.int64(7))})
    other = save(tmp_path / "other", {"w": as_tensor(np.ones(3))})
    tensors = {"a": Bundle(large)["step"], "b": Bundle(other)["w"]}
    assert both(tensors, tmp_path, monkeypatch).num_shards == 2


@pytest.mark.parametrize("byteorder", [None, "little", "big"])
def test_byte_orders(first, second, tmp_path, monkeypatch, byteorder):
    big = Bundle(save(tmp_path / "big", {"b": as_tensor(np.arange(5))}, byteorder="big")).tensors()
    both(big, tmp_path, monkeypatch, byteorder=byteorder)
    both({**second, **big}, tmp_path / "", monkeypatch, byteorder=byteorder)


def test_partitioned_tensors_and_unknown_fields_go_one_by_one(second, tmp_path, monkeypatch):
    parts = {((0, 1), (0, -1)): b"12345678", ((1, 1), (0, -1)): b"abcdefgh"}
    sliced = Bundle(write_slices(tmp_path / "p", "w", dtypes.FLOAT, [2, 2], parts)).tensors()
    odd = entry(dtypes.INT8, [2], crc32c=5) + b"\x58\x05"
    unknown = Bundle(write_files(tmp_path / "u", {b"u": odd}, b"ab")).tensors()
    tensors = {**second, **sliced, **unknown}
    many, rest = split_rows(tensors, sorted(tensors))
    assert (many is not None, sorted(rest)) == (True, ["u", "w"])
    assert both(tensors, tmp_path, monkeypatch).entries["u"].unknown == b"\x58\x05"


def test_what_is_lost_is_told_as_one_by_one(first, tmp_path, monkeypatch):
    path = next(tmp_path.glob("first.data-00001-*"))
    whole = path.read_bytes()
    monkeypatch.setattr(bundle_writer, "_MANY", 1)
    for damage, error in ((lambda: path.write_bytes(whole[:-1]), CorruptionError), (path.unlink, NotFoundError)):
        damage()
        lost = Bundle(tmp_path / "first").tensors()
        with pytest.raises(error):
            save(tmp_path / "out", lost, links="hard")
        assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("names", [["", "w"], ["é", "\udcc3\udca9"], ["\ud800", "w"]])
def test_names_that_cannot_be(second, tmp_path, monkeypatch, names):
    monkeypatch.setattr(bundle_writer, "_MANY", 1)
    with pytest.raises(UnsupportedError):
        save(tmp_path / "out", dict(zip(names, second.values(), strict=False)), links="hard")


def test_nothing_of_a_data_file():
    assert split_rows({"a": as_tensor(1)}, ["a"])[0] is None
