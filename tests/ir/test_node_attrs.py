"""Attrs are Python values; long ones stay out of the message, and what cannot be encoded changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.node_attrs import LONG_TENSOR_NBYTES
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from proto_utils.errors import UnsupportedError
from proto_utils.splice import Piece
from tests import notation, strategies


def joined(pieces: list[Piece]) -> bytes:
    return b"".join(piece if isinstance(piece, bytes) else b"".join(map(bytes, piece.chunks())) for piece in pieces)


@pytest.fixture
def read() -> Node:
    """A Const of 8,000 bytes as it comes from a file."""
    graph_def = notation.model("w = Const(a, ^b) {f32 [2000]} on /cpu:0").to_graph_def()
    return Model.from_graph_def(graph_def).graph.node("w")


@pytest.mark.parametrize("count", [1, LONG_TENSOR_NBYTES // 4 - 1, LONG_TENSOR_NBYTES // 4, 5000])
def test_a_tensor_attr_is_written_as_protobuf_would(count: int):
    array = np.arange(count, dtype=np.float32)
    node = Node.new("w", "Const", attrs={"dtype": dtypes.FLOAT, "value": as_tensor(array)})
    expected = schema.NodeDef(name="w", op="Const")
    expected.attr["dtype"].type = 1
    tensor = expected.attr["value"].tensor
    tensor.dtype = 1
    tensor.tensor_shape.dim.add(size=count)
    if count == 1:
        tensor.float_val.append(0.0)
    else:
        tensor.tensor_content = array.tobytes()
    assert joined(node.pieces()) == schema.serialize(expected)
    assert node.tensor.numpy().tobytes() == array.tobytes()


def test_replacing_a_payload_leaves_nothing_of_the_old_one(read: Node):
    read.attrs["value"] = as_tensor(np.ones(2, np.float32))
    assert read.payloads("value") == {}
    assert read.tensor.numpy().tolist() == [1, 1]
    read.attrs["value"] = as_tensor(np.ones(3000, np.float32))
    read.attrs["value"] = 3
    assert joined(read.pieces()) == schema.serialize(read.proto)
    del read.attrs["value"]
    assert "value" not in read.attrs


def test_an_attr_that_cannot_be_encoded_changes_nothing(read: Node):
    with pytest.raises(GraphError, match="attr 'value' of op Const holds tensor, not <object"):
        read.attrs["value"] = object()
    with pytest.raises(TypeError, match="no attr holds a object"):
        read.attrs["_mine"] = object()
    assert read.origin is not None
    assert read.tensor.size == 2000


def test_absent_attrs_are_key_errors(read: Node):
    with pytest.raises(KeyError):
        read.attrs["nothing"]
    with pytest.raises(KeyError):
        del read.attrs["nothing"]
    assert read.origin is not None
    assert "nothing" not in read.proto.attr


@given(strategies.node_defs())
def test_attrs_are_a_mapping_of_what_is_there(node_def: schema.NodeDef):
    node = Node(node_def)
    before = schema.serialize(node_def)
    try:
        items = dict(node.attrs)
    except UnsupportedError:
        return
    assert sorted(items) == sorted(node_def.attr) == list(node.attrs)
    assert len(node.attrs) == len(items)
    assert schema.serialize(node_def) == before


def test_shapes_and_types_come_back():
    node = Node.new("n", "Placeholder", attrs={"dtype": dtypes.HALF, "shape": Shape([2, None])})
    assert (node.attrs["dtype"], node.attrs["shape"]) == (dtypes.HALF, Shape([2, None]))
    assert repr(node) == "Node('n', Placeholder)"


def test_attrs_are_by_name():
    attrs: Any = [1]
    with pytest.raises(TypeError, match="attrs are a mapping of names to values, not a list"):
        Node.new("n", "X", attrs=attrs)
    attrs = {1: 2}
    with pytest.raises(TypeError, match="the name of an attr of a node is a str, not int"):
        Node.new("n", "X", attrs=attrs)
    with pytest.raises(TypeError, match="no attr holds a NoneType"):
        Node.new("n", "X").attrs["T"] = None


def test_an_array_is_a_value():
    node = Node.new("n", "Const", attrs={"dtype": np.float32, "value": np.ones(1000, np.float32)})
    assert node.proto.attr["value"].tensor.tensor_content == b""  # it stays out of the message
    node.attrs["other"] = np.arange(3)
    assert node.tensor.numpy().tolist() == [1.0] * 1000
    assert node.attrs["other"].numpy().tolist() == [0, 1, 2]
    assert node.attrs["dtype"] is dtypes.FLOAT
