"""Nodes: edits are noted, attrs are Python, payloads stay away."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphsurgeon.errors import GraphError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from proto_utils.errors import NotFoundError
from proto_utils.splice import Piece
from tests import notation


def joined(pieces: list[Piece]) -> bytes:
    return b"".join(piece if isinstance(piece, bytes) else b"".join(map(bytes, piece.chunks())) for piece in pieces)


@pytest.fixture
def read() -> Node:
    """A Const of 8,000 bytes as it comes from a file."""
    graph_def = notation.model("w = Const(a, ^b) {f32 [2000]} on /cpu:0").to_graph_def()
    return Model.from_graph_def(graph_def).graph.node("w")


def _rename(node: Node) -> None:
    node._rename("v")


def _op(node: Node) -> None:
    node.op = "Other"


def _inputs(node: Node) -> None:
    node.inputs = ("z",)


def _device(node: Node) -> None:
    node.device = ""


def _set(node: Node) -> None:
    node.attrs["a"] = 1


def _delete(node: Node) -> None:
    del node.attrs["dtype"]


@pytest.mark.parametrize("edit", [_rename, _op, _inputs, _device, _set, _delete], ids=lambda edit: edit.__name__)
def test_every_edit_is_noted_and_written(read: Node, edit):
    before, origin = joined(read.pieces()), read.origin
    edit(read)
    assert origin is not None
    assert read.origin is None
    written = schema.parse(schema.NodeDef, joined(read.pieces()))
    assert schema.serialize(written) == joined(read.pieces()) != before
    assert (written.name, written.op, tuple(written.input), written.device) == (
        read.name, read.op, read.inputs, read.device,
    )  # fmt: skip


def test_reading_edits_nothing(read: Node):
    assert (read.name, read.op, read.inputs, read.device) == ("w", "Const", ("a", "^b"), "/cpu:0")
    assert list(read.attrs) == ["dtype", "value"]
    assert "nothing" not in read.attrs
    assert read.attrs.get("nothing") is None
    assert read.tensor.numpy().tolist() == list(range(2000))
    assert read.origin is not None
    assert sorted(read.proto.attr) == list(read.attrs)


def test_a_long_payload_is_not_in_the_proto(read: Node):
    assert read.proto.ByteSize() < 100
    assert [part.nbytes for part in read.payloads("value")[4]] == [8000]
    assert read.payloads("dtype") == {}


def test_a_node_without_value_has_no_tensor():
    for node in (Node.new("n", "NoOp"), Node.new("n", "NoOp", attrs={"value": 3})):
        with pytest.raises(NotFoundError, match="no attr 'value' in node 'n'"):
            _ = node.tensor


def test_a_copy_is_independent(read: Node):
    copy = read.copy()
    assert joined(copy.pieces()) == joined(read.pieces())
    copy.name = "other"
    copy.attrs["value"] = as_tensor(np.zeros(1000, np.int8))
    copy.inputs = ()
    assert (read.name, read.inputs, read.tensor.size) == ("w", ("a", "^b"), 2000)
    assert read.origin is not None


@given(st.lists(st.text(max_size=3), max_size=4))
def test_inputs(texts: list[str]):
    node = Node.new("n", "NoOp", texts)
    assert node.inputs == tuple(texts)
    node.inputs = [*texts, "z"]
    assert tuple(node.proto.input) == node.inputs == (*texts, "z")


def test_data_and_control_inputs():
    node = Node.new("n", "NoOp", ["a", "b:1", "^c"])
    assert (node.data_inputs, node.control_inputs) == (("a", "b:1"), ("^c",))
    assert Node.new("n", "NoOp", ["^c", "a"]).data_inputs == ("a",)  # not allowed, and still none
    assert Node.new("n", "NoOp", ["a"]).data_inputs == ("a",)


def test_one_input_is_set(read: Node):
    before = read.copy()
    read.set_input(1, "^other")
    assert read.inputs == tuple(read.proto.input) == ("a", "^other")
    assert read.origin is None
    assert before.inputs == ("a", "^b")


def test_serialized_attrs_are_what_stands_behind_name_op_and_inputs():
    node = Node.new("a", "Relu", ["x", "^y"], device="/cpu:0", attrs={"T": dtypes.FLOAT})
    other = Node.new("scope/b", "Neg", [], device="/cpu:0", attrs={"T": dtypes.FLOAT})
    attrs = node.serialized_attrs()
    assert attrs == other.serialized_attrs()
    assert schema.NodeDef.FromString(attrs or b"").attr["T"].type == 1


def test_of_some_nodes_the_serialized_attrs_are_not_known():
    node = Node.new("a", "Relu", attrs={"T": dtypes.FLOAT})
    message = schema.NodeDef(attr={"T": schema.AttrValue(type=1)}).SerializeToString()
    backwards = Node.read("a", "Relu", (), message + schema.NodeDef(name="a", op="Relu").SerializeToString())
    assert backwards.serialized_attrs() is None
    assert Node.new("é", "Relu").serialized_attrs() is None
    assert Node.new("a" * 128, "Relu").serialized_attrs() is None
    assert Node.new("a" * 127, "Relu").serialized_attrs() == b""
    node.device = "/gpu:0"
    assert node.serialized_attrs() is None


@pytest.mark.parametrize("inputs", ["abc", b"a", 3, [1], [b"a"], [Node.new("a", "NoOp")], None])
def test_inputs_are_a_list_of_text(inputs: Any):
    with pytest.raises(TypeError, match=r"inputs are a list of str such as|the input of a node is a str, not"):
        Node.new("n", "X", inputs)
    node = Node.new("n", "X", ["a"])
    with pytest.raises(TypeError, match=r"inputs are a list of str such as|the input of a node is a str, not"):
        node.inputs = inputs
    assert (node.inputs, list(node.proto.input)) == (("a",), ["a"])


@pytest.mark.parametrize("field", ["name", "op", "device"])
@pytest.mark.parametrize("value", [None, 3, b"a"])
def test_names_are_text(field: str, value: Any):
    node = Node.new("n", "X")
    with pytest.raises(TypeError, match=f"the {field} of a node is a str, not {type(value).__name__}"):
        setattr(node, field, value)
    with pytest.raises(TypeError, match=f"the {field} of a node is a str, not {type(value).__name__}"):
        Node.new(**{"name": "n", "op": "X", field: value})
    assert (node.name, node.op, node.device) == ("n", "X", "")


def test_a_node_in_a_graph_keeps_its_name():
    graph = notation.graph("a = NoOp; b = NoOp(^a)")
    with pytest.raises(TypeError, match=r"others name it: gs\.rename\(model, map=\{'a': 'c'\}\) renames it"):
        graph["a"].name = "c"
    copy = graph["a"].copy()
    copy.name = "c"
    assert (copy.name, graph["a"].name) == ("c", "a")


@pytest.mark.parametrize(
    ("op", "key", "given", "held"),
    [
        ("Placeholder", "dtype", "float32", dtypes.FLOAT),
        ("Placeholder", "shape", (None, 3), Shape((None, 3))),
        ("IdentityN", "T", ["float32", np.int32], [dtypes.FLOAT, dtypes.INT32]),
        ("FIFOQueueV2", "shapes", [(None, 2), [3]], [Shape((None, 2)), Shape((3,))]),
        ("FusedBatchNormV3", "epsilon", 1, 1.0),
        ("Conv2D", "strides", np.array([1, 2, 2, 1]), [1, 2, 2, 1]),
        ("Mine", "dtype", "float32", b"float32"),
        ("Placeholder", "_mine", "float32", b"float32"),
    ],
)
def test_a_new_node_holds_attrs_as_its_op_has_them(op, key, given, held):
    node = Node.new("n", op, attrs={key: given})
    assert node.attrs[key] == held
    assert type(node.attrs[key]) is type(held)


def test_a_new_constant_is_of_the_dtype_it_says():
    node = Node.new("n", "Const", attrs={"dtype": "float32", "value": [1, 2]})
    assert (node.attrs["dtype"], node.attrs["value"].numpy().dtype) == ("float32", np.float32)


def test_a_new_node_refuses_what_an_attr_of_its_op_cannot_hold():
    with pytest.raises(GraphError, match="attr 'DstT' of op Cast holds type, not 'float33'"):
        Node.new("n", "Cast", ["x"], attrs={"DstT": "float33"})
