"""Texts that name tensors, in graphs and in function bodies, and their types."""

from __future__ import annotations

import pytest

from graphsurgeon.checks.body import Body
from graphsurgeon.checks.inputs import SEVERAL
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.signatures import UNKNOWN, OpSignatures
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests import notation
from tests.encodings import reference_to

FLOAT, INT, REF = dtypes.FLOAT.number, dtypes.INT32.number, reference_to(dtypes.FLOAT).number


@pytest.fixture
def graph() -> Body:
    text = (
        "a = Const {f32 []}; s = Split(d, a) {num_split: 2, T: f32}; d = Const {i32 []}; n = NoOp; c = Custom; a = NoOp"
    )
    return Body(notation.graph(text), OpSignatures({}))


def test_texts_of_a_graph(graph: Body):
    types = {"a": FLOAT, "a:0": FLOAT, "s:1": FLOAT, "d": INT, "c": UNKNOWN, "c:7": UNKNOWN}
    assert {text: graph.type_of(text) for text in types} == types
    assert graph.position["a"] == 0


@pytest.mark.parametrize(
    ("text", "rule"),
    [("s:2", "output-index"), ("n", "output-index"), ("z", "dangling-input"), ("a:0:0", "dangling-input")],
)
def test_texts_that_a_graph_does_not_have(graph: Body, text: str, rule: str):
    found = graph.type_of(text)
    assert isinstance(found, tuple)
    assert found[0] == rule


@pytest.fixture
def body() -> Body:
    proto = schema.FunctionDef()
    proto.signature.input_arg.add(name="x", type=1)
    proto.signature.input_arg.add(name="t", type_attr="T")
    proto.signature.input_arg.add(name="many", type=1, number_attr="N")
    proto.signature.input_arg.add(name="v", type=1, is_ref=True)
    nodes = [
        Node.new("top", "TopKV2", ["x", "k"], attrs={"T": dtypes.FLOAT}),
        Node.new("u", "Unpack", ["x"], attrs={"T": dtypes.FLOAT, "num": 3}),
        Node.new("c", "Custom"),
        Node.new("n", "NoOp"),
    ]
    graph = Graph(nodes)
    return Body(graph, OpSignatures({}), Function(proto, graph))


def test_texts_of_a_body(body: Body):
    types = {
        "x": FLOAT, "x:0": FLOAT, "t": UNKNOWN, "v": REF, "many": SEVERAL, "many:4": UNKNOWN, "top:values:0": FLOAT,
        "top:values": FLOAT, "top:indices:0": INT, "u:output:2": FLOAT, "u:output": SEVERAL, "c:anything:3": UNKNOWN,
    }  # fmt: skip
    assert {text: body.type_of(text) for text in types} == types


@pytest.mark.parametrize(
    ("text", "rule"),
    [("z", "dangling-input"), ("top", "dangling-input"), ("n", "dangling-input"), ("x:1", "dangling-input")]
    + [("top:zork:0", "output-index"), ("u:output:3", "output-index"), ("top:0", "output-index")],
)
def test_texts_that_a_body_does_not_have(body: Body, text: str, rule: str):
    found = body.type_of(text)
    assert isinstance(found, tuple)
    assert found[0] == rule


def test_control_inputs_of_a_body(body: Body):
    assert [body.has_producer(name) for name in ("x", "n", "top", "top:values:0", "z")] == [True] * 4 + [False]
