"""Constants are judged by their headers and the length of their payloads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphsurgeon.checks import verify
from graphsurgeon.checks.attrs import node_kind
from graphsurgeon.checks.body import Body, const_findings
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Kind, Node
from graphsurgeon.ir.signatures import OpSignatures
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.dtypes import DType
from graphsurgeon.tensors.values import FillTensor, as_tensor
from proto_utils import schema
from proto_utils.errors import FileFormatError
from proto_utils.files import BytesSource, Span
from tests import encodings, notation

CASES = encodings.cases()
SMALL = [name for name in CASES if name.split(": ")[1].split()[0].rstrip(",") in ("2x3", "content", "empty", "3")]


def test_an_incomplete_payload_in_the_file_is_seen_without_reading_it():
    attrs = {"dtype": dtypes.FLOAT, "value": as_tensor(np.zeros(100_000, np.float32))}
    message = Model(Graph([Node.new("c", "Const", attrs=attrs)])).to_graph_def()
    message.node[0].attr["value"].tensor.tensor_shape.dim[0].size = 99_999
    reads = []

    class Counting(BytesSource):
        def read(self, start: int, end: int) -> bytes:
            reads.append(end - start)
            return super().read(start, end)

    raw = schema.serialize(message)
    model = Model.read_graph_def(Span(Counting(raw), 0, len(raw)))
    assert [f.message for f in verify(model)] == ["its value has 400000 bytes, but its dtype and shape take 399996"]
    assert sum(reads) < 100_000


def found(node: Node) -> list[str]:
    return [finding.message for finding in const_findings(Body(Graph([node]), OpSignatures({})))]


@pytest.mark.parametrize("name", SMALL)
def test_a_constant_is_sound_when_it_decodes(name: str):
    """In memory, the rule and the decoder say the same of every encoding."""
    tensor = schema.parse(schema.TensorProto, CASES[name])
    node = Node(schema.NodeDef(name="c", op="Const"))
    node.proto.attr["dtype"].type = tensor.dtype
    node.proto.attr["value"].tensor.CopyFrom(tensor)
    try:
        _ = node.tensor
    except FileFormatError:
        assert len(found(node)) == 1
    else:
        assert found(node) == []


def test_a_constant_that_a_pass_made_is_sound():
    for value in (FillTensor(dtypes.FLOAT, [1 << 20]), as_tensor(np.ones(5000, np.int8)), as_tensor([b"a"] * 3000)):
        assert found(Node.new("c", "Const", attrs={"dtype": value.dtype, "value": value})) == []


def kind(dtype: DType, value: Any, **attrs: object) -> Kind | None:
    tensor = as_tensor(np.asarray(value, np.dtype(dtype.name)))
    return node_kind(Node.new("c", "Const", attrs={"dtype": dtype, "value": tensor, **attrs}))


@pytest.mark.parametrize("count", [2, 30, 60, 200])
def test_constants_of_one_type_and_shape_are_alike(count: int):
    first = kind(dtypes.FLOAT, range(count))
    assert first is not None
    assert first == kind(dtypes.FLOAT, range(7, count + 7))
    assert first not in (kind(dtypes.INT32, range(count)), kind(dtypes.FLOAT, [*range(count), 1]))
    assert first != kind(dtypes.FLOAT, np.arange(count).reshape(2, -1))
    assert first != kind(dtypes.FLOAT, range(count), _a=1)


def test_what_looks_like_a_value_in_another_attr_is_none():
    inner = b"\n\x05value\x12\x10B\x0e\x08\x01\x12\x00\x22"
    kinds = {kind(dtypes.FLOAT, [1.0, 2.0], _a=inner + bytes((8, 0, 0, 0, 0, 0, 0, 0, number))) for number in (1, 2)}
    assert len(kinds) == 2
    assert kind(dtypes.FLOAT, [1.0, 2.0], _a=inner + b"\x7f") != kind(dtypes.FLOAT, [1.0, 2.0], _a=inner + b"\x7e")


@pytest.mark.parametrize("text", ["c = Const {str [2]}", "c = Const {f32 []}", "c = Const {dtype: f32}"])
def test_values_that_are_no_content_are_looked_at_each_time(text: str):
    assert node_kind(notation.graph(text)["c"]) is None


def test_one_of_constants_alike_that_is_too_long_is_found():
    nodes = [
        Node.new(
            f"c{i}", "Const", attrs={"dtype": dtypes.FLOAT, "value": as_tensor(np.arange(i, i + 4, dtype=np.float32))}
        )
        for i in range(3)
    ]
    message = nodes[1].copy().editable_proto()
    message.attr["value"].tensor.tensor_content += b"\0"
    graph = schema.GraphDef(node=[nodes[0].proto, message, nodes[2].proto])
    assert [(each.rule, each.node) for each in verify(Model.from_graph_def(graph))] == [("const", "c1")]
