"""`compact` in the library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tools.compact import nbytes_of


def test_only_the_bytes_in_use_are_written(tmp_path: Path):
    gs.save_checkpoint({"a": np.zeros(1000), "b": np.ones(10)}, tmp_path / "m")
    weights = dict(gs.load_checkpoint(tmp_path / "m"))
    del weights["a"]
    gs.save_checkpoint(weights, tmp_path / "linked", links="hard")
    report = gs.compact(tmp_path / "linked", tmp_path / "small")
    assert (tmp_path / "small.data-00000-of-00001").stat().st_size == 80
    assert report.report.num_unchanged == 1
    assert report.linked == []
    assert report.to_json()["outputs"] == report.outputs
    with pytest.raises(gs.OutputExistsError):
        gs.compact(tmp_path / "linked", tmp_path / "small")
    gs.compact(tmp_path / "linked", tmp_path / "small", force=True, byteorder="big")
    assert gs.load_checkpoint(tmp_path / "small")["b"].numpy().tolist() == [1] * 10


def test_what_tensorflow_cannot_swap_is_named(tmp_path: Path):
    values = {name: np.zeros(2, DType.from_name(name).numpy()) for name in ("float8_e5m2", "float16")}
    gs.save_checkpoint(values, tmp_path / "m")
    little, big = (gs.compact(tmp_path / "m", tmp_path / order, byteorder=order) for order in ("little", "big"))
    told = "only TensorFlow on a big-endian machine reads these, for their dtypes: float8_e5m2"
    assert (told in little.notes, told in big.notes) == (False, True)


def test_sizes(tmp_path: Path):
    assert [nbytes_of(text) for text in ("500M", "2GiB", "1.5kB", "7")] == [500_000_000, 1 << 31, 1500, 7]
    gs.save_checkpoint({"a": np.zeros(10), "b": np.ones(10)}, tmp_path / "m")
    assert len(gs.compact(tmp_path / "m", tmp_path / "two", shard_size="80B").outputs) == 3
    with pytest.raises(gs.PassError, match="not a size"):
        gs.compact(tmp_path / "m", tmp_path / "x", shard_size="much")
