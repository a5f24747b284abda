"""Nodes that both graphs have, compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphsurgeon.compare.graphs import diff_graphs
from graphsurgeon.compare.matching import match_graphs
from graphsurgeon.compare.plain import ABSENT
from graphsurgeon.compare.report import GraphDiff, NodeRow, Rename
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import FillTensor, as_tensor
from tests import notation

NET = """
    x = Placeholder {dtype: f32}
    w = Const {f32 [2,2]}
    y = MatMul(x, w) {transpose_a: false} on /cpu:0
    z = Relu(y, ^x) {T: f32}
"""


def compared(a: str | Graph, b: str | Graph) -> GraphDiff:
    left, right = (notation.graph(side) if isinstance(side, str) else side for side in (a, b))
    return diff_graphs(match_graphs(left, right), {})


def changes(a: str | Graph, b: str | Graph) -> list[tuple[Any, ...]]:
    return [(row.a, c.field, c.key, c.a, c.b) for row in compared(a, b).changed for c in row.changes]


def test_equal():
    found = compared(NET, NET)
    assert (found.is_equal, found.num_equal, found.is_reordered) == (True, 4, False)


def test_added_and_removed():
    found = compared(NET, NET.replace("z = Relu(y, ^x) {T: f32}", "t = Tanh(y)"))
    assert found.removed == [NodeRow("z", "Relu")]
    assert found.added == [NodeRow("t", "Tanh")]
    assert (found.changed, found.num_equal) == ([], 3)


def test_order_is_no_difference():
    lines = NET.strip().splitlines()
    found = compared(NET, "\n".join([lines[1], lines[0], *lines[2:]]))
    assert (found.is_equal, found.is_reordered) == (True, True)


def test_op_and_device():
    other = NET.replace("z = Relu", "z = Elu").replace("/cpu:0", "/gpu:1")
    assert changes(NET, other) == [("y", "device", None, "/cpu:0", "/gpu:1"), ("z", "op", None, "Relu", "Elu")]


def test_inputs():
    assert changes(NET, NET.replace("Relu(y, ^x)", "Relu(w, ^x)")) == [("z", "input", 0, "y", "w")]
    assert changes(NET, NET.replace("MatMul(x, w)", "MatMul(w, x)")) == [
        ("y", "input", 0, "x", "w"),
        ("y", "input", 1, "w", "x"),
    ]
    assert changes(NET, NET.replace("Relu(y, ^x)", "Relu(^x)")) == [("z", "inputs", None, ["y"], [])]


def test_control_inputs():
    assert changes(NET, NET.replace("^x", "^w")) == [("z", "control_inputs", None, ["^x"], ["^w"])]
    a, b = "p = NoOp; q = NoOp; r = NoOp(^p, ^q)", "p = NoOp; q = NoOp; r = NoOp(^q, ^p)"
    assert changes(a, b) == []


def test_output_zero_by_either_name():
    assert compared(NET, NET.replace("Relu(y, ^x)", "Relu(y:0, ^x)")).is_equal
    assert changes(NET, NET.replace("Relu(y, ^x)", "Relu(y:1, ^x)")) == [("z", "input", 0, "y", "y:1")]


def test_attrs():
    assert changes(NET, NET.replace("transpose_a: false", "transpose_a: true, note: 3")) == [
        ("y", "attr", "note", ABSENT, 3),
        ("y", "attr", "transpose_a", False, True),
    ]
    assert changes("a = X {t: f32}", 'a = X {t: "float32"}') == [("a", "attr", "t", "float32", "float32")]
    assert changes("a = X {t: 1}", "a = X {t: true}") == [("a", "attr", "t", 1, True)]
    assert changes("a = X {t: [1, 2]}", "a = X {t: [1, 3]}") == [("a", "attr", "t", [1, 2], [1, 3])]


def const(value: Tensor) -> Graph:
    made = Graph([Node.new("c", "Const", attrs={"dtype": value.dtype, "value": value})])
    return Model.from_graph_def(Model(made).to_graph_def()).graph


def test_values():
    for size in (2, 5000):
        a, b = np.zeros(size, np.float32), np.zeros(size, np.float32)
        b[1] = 2
        (row,) = compared(const(as_tensor(a)), const(as_tensor(b))).changed
        (change,) = row.changes
        assert (change.field, change.key) == ("attr", "value")
        assert change.values is not None
        assert (change.values.num_different, change.values.max_absolute) == (1, 2.0)


def test_other_encodings_of_one_value():
    for size in (3, 5000):
        spelled = const(as_tensor(np.full(size, 7, np.float32)))
        short = const(FillTensor(dtypes.FLOAT, [size], np.float32(7).tobytes()))
        assert compared(spelled, short).is_equal


def test_shape_of_a_value():
    (change,) = compared(const(as_tensor(np.zeros(2))), const(as_tensor(np.zeros(3)))).changed[0].changes
    assert change.values is None
    assert (change.a["shape"], change.b["shape"]) == ([2], [3])


def test_nan_in_an_attr_equals_itself():
    a, b = (Graph([Node.new("a", "X", attrs={"f": float("nan")})]) for _ in range(2))
    assert compared(a, b).is_equal


def test_renamed():
    found = compared(NET, NET.replace("y =", "fc =").replace("(y,", "(fc,"))
    assert found.renamed == [Rename("y", "fc", "MatMul")]
    assert (found.changed, found.removed, found.added, found.num_equal) == ([], [], [], 3)
    assert not found.is_equal


def test_references_to_a_renamed_node_are_no_change():
    a = """
        w = VariableV2 {dtype: f32, shape: shape[2]}
        r = Identity(w) {_class: loc:@w}
        n = NoOp(^w)
        h = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "h"}
        """
    b = a.replace("w =", "v =").replace("(w)", "(v)").replace("loc:@w", "loc:@v").replace("^w", "^v")
    b = b.replace("h =", "k =").replace('"h"', '"k"')
    found = compared(a, b)
    assert found.renamed == [Rename("w", "v", "VariableV2"), Rename("h", "k", "VarHandleOp")]
    assert found.changed == []
    assert changes(a, b.replace("loc:@v", "loc:@n")) == [("r", "attr", "_class", ["loc:@w"], ["loc:@n"])]


def test_renamed_loop_frame():
    a = """
        x = Placeholder {dtype: f32}
        e1 = Enter(x) {frame_name: "f"}
        e2 = Enter(x, ^e1) {frame_name: "f"}
        """
    assert changes(a, a.replace('"f"', '"g"').replace("x", "v").replace("e1", "s/e1").replace("e2", "s/e2")) == []
    one = a.replace("x", "v").replace('e1 = Enter(v) {frame_name: "f"}', 'e1 = Enter(v) {frame_name: "g"}')
    assert changes(a, one) == [("e1", "attr", "frame_name", "f", "g")]


def test_swapped_arguments_of_a_function_body():
    a, b = notation.graph("n = Sub(p, q)"), notation.graph("n = Sub(p, q)")
    assert diff_graphs(match_graphs(a, b, {"p": "p", "q": "q"}), {}).is_equal
    (row,) = diff_graphs(match_graphs(a, b, {"p": "q", "q": "p"}), {}).changed
    assert [(c.key, c.a, c.b) for c in row.changes] == [(0, "p", "p"), (1, "q", "q")]


def test_renamed_function():
    a, b = notation.graph("n = PartitionedCall {f: fn:one}"), notation.graph("n = PartitionedCall {f: fn:two}")
    assert diff_graphs(match_graphs(a, b), {"one": "two"}).is_equal
    (row,) = diff_graphs(match_graphs(a, b), {}).changed
    assert row.changes[0].a == {"function": "one", "attrs": {}}


def test_debug_info():
    a, b = notation.graph("n = NoOp"), notation.graph("n = NoOp")
    b["n"].editable_proto().experimental_debug_info.original_node_names.append("m")
    assert changes(a, b) == [("n", "experimental_debug_info", None, {}, {"original_node_names": ["m"]})]


def test_report_is_linear_data():
    (row,) = compared(NET, NET.replace("false", "true")).changed
    assert row.to_json() == {
        "a": "y",
        "b": "y",
        "op": "MatMul",
        "changes": [{"field": "attr", "key": "transpose_a", "a": False, "b": True}],
    }


def test_frames_whose_name_is_none():
    """Graphs are compared that TensorFlow would not take."""
    text = "x = Placeholder {dtype: f32}; e = Enter(x) {frame_name: [1]}; y = Exit(e)"
    other = text.replace("e = ", "f = ").replace("(e)", "(f)").replace("[1]", "[2]")
    assert changes(text, other) == [("e", "attr", "frame_name", [1], [2])]
