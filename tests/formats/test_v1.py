"""V1 checkpoints: names, shapes and dtypes; values are refused, in words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import graphsurgeon as gs
from graphsurgeon.formats.table import TableWriter
from graphsurgeon.formats.v1 import read_v1
from proto_utils import schema
from proto_utils.errors import CorruptionError, NotFoundError, UnsupportedError
from proto_utils.output import Transaction
from tests.models import saved_model, shared


def write(path: Path, *tensors: tuple[str, int, list[int]], key: bytes = b"") -> None:
    """Write the list of tensors of a V1 checkpoint."""
    meta = schema.SavedTensorSliceMeta()
    for name, dtype, shape in tensors:
        entry = meta.tensor.add(name=name, type=dtype)
        entry.shape.dim.extend([schema.TensorShapeProto.Dim(size=size) for size in shape])
    with Transaction() as transaction:
        table = TableWriter(transaction.create(path))
        table.add(key, schema.serialize(schema.SavedTensorSlices(meta=meta)))
        table.finish()


def described(tensors) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {name: (tensor.dtype.name, tensor.shape) for name, tensor in tensors.items()}


def test_one_file(tmp_path: Path):
    write(tmp_path / "m", ("w", 1, [2, 3]), ("b", 3, []))
    assert described(read_v1(str(tmp_path / "m"))) == {"b": ("int32", ()), "w": ("float32", (2, 3))}


def test_shards(tmp_path: Path):
    write(tmp_path / "m-00000-of-00002", ("w", 1, [2]))
    write(tmp_path / "m-00001-of-00002", ("b", 7, [1]))
    assert described(read_v1(str(tmp_path / "m"))) == {"b": ("string", (1,)), "w": ("float32", (2,))}


@pytest.mark.parametrize("ask", [lambda t: t.numpy(), lambda t: list(t.chunks()), lambda t: list(t.strings())])
def test_values_are_refused(tmp_path: Path, ask):
    write(tmp_path / "m", ("w", 1, [2]))
    with pytest.raises(UnsupportedError, match="'w' is in a V1 checkpoint") as caught:
        ask(read_v1(str(tmp_path / "m"))["w"])
    assert caught.value.path == str(tmp_path / "m")


def test_missing(tmp_path: Path):
    with pytest.raises(NotFoundError):
        read_v1(str(tmp_path / "m"))


def test_without_a_list(tmp_path: Path):
    write(tmp_path / "m", key=b"x")
    with pytest.raises(CorruptionError, match="without its list"):
        read_v1(str(tmp_path / "m"))


def test_every_truncation_is_noticed(tmp_path: Path):
    write(tmp_path / "m", ("w", 1, [2, 3]))
    data = (tmp_path / "m").read_bytes()
    for cut in range(len(data)):
        (tmp_path / "m").write_bytes(data[:cut])
        with pytest.raises(CorruptionError):
            read_v1(str(tmp_path / "m"))


def test_in_a_saved_model_the_graph_loads_and_the_values_do_not(tmp_path: Path):
    (tmp_path / "saved_model.pb").write_bytes(saved_model().SerializeToString())
    write(tmp_path / "variables" / "variables", ("w", 1, [3]))
    model = gs.load(tmp_path)
    assert (len(model.graph), described(model.variables)) == (4, {"w": ("float32", (3,))})
    with pytest.raises(UnsupportedError, match="values are not read"):
        gs.save(model, tmp_path / "out", to="saved_model")
    with pytest.raises(UnsupportedError, match="values are not read"):
        gs.save(model, tmp_path / "out" / "m", to="checkpoint")
    assert not (tmp_path / "out").exists()
    shutil.rmtree(tmp_path / "variables")
    assert gs.load(tmp_path).variables == {}


@pytest.mark.parametrize("name", ["half_plus_two", "half_plus_two_pbtxt", "half_plus_two_sharded"])
def test_real_ones(name: str):
    path = shared(f"uve+tensorflow/at-69cfb3b/tensorflow/cc/saved_model/testdata/{name}")
    assert described(gs.load(path).variables) == {"a": ("float32", ()), "b": ("float32", ())}
