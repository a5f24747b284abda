"""Constant folding in one graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from graphsurgeon.evaluator import evaluate
from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.folding.constants import ConstantFolding, FoldingRules
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests import notation

RULES = FoldingRules(approximate=False, max_nbytes=1000, exclude_ops=(), exclude_nodes=())


def folded(text, *, rules=RULES, protected=(), weights=(), shapes=None):
    graph = notation.graph(text)
    folding = ConstantFolding(
        graph, rules, evaluate, (shapes or {}).get, protected=protected, weights=weights
    )  # fmt: skip
    folding.apply()
    return graph, folding


def value(graph, name):
    return graph[name].tensor.numpy().tolist()


def test_the_last_of_a_chain_has_the_value_and_its_own_name():
    graph, folding = folded("""
        x = Placeholder {dtype: f32}
        a = Const {i32 [2]}
        b = Neg(a)
        c = Add(b, a) {_class: loc:@x} on /cpu:0
        y = Reshape(x, c)
    """)
    assert folding.folded == {"b": "Neg", "c": "Add"}
    assert [node.name for node in graph] == ["x", "c", "y"]
    assert value(graph, "c") == [0, 0]
    assert graph["c"].device == "/cpu:0"
    assert graph["c"].attrs["_class"] == [b"loc:@x"]


def test_what_is_fetched_stays():
    graph, _ = folded("a = Const {i32 [2]}; b = Neg(a); c = Neg(b)", protected=("a", "b", "c"))
    assert [node.op for node in graph] == ["Const"] * 3


def test_control_inputs_come_along():
    graph, _ = folded("""
        x = Placeholder {dtype: f32}
        go = NoOp
        a = Const {f32 [2]}
        b = Abs(a, ^go)
        c = Abs(b)
        y = Add(x, c)
    """)
    assert graph["c"].inputs == ("^go",)


def test_who_waited_for_what_is_computed_waits_for_what_that_waited_for():
    text = "p = Placeholder {dtype: f32}; a = Const {i32 [2]}; n = Neg(a, ^p); y = Neg(a, ^n)"
    graph, folding = folded(text, protected=("y",))
    assert folding.folded == {"n": "Neg", "y": "Neg"}
    assert [(node.name, node.inputs) for node in graph] == [("p", ()), ("y", ("^p",))]


def test_shapes_that_are_known():
    text = "x = Placeholder {dtype: f32}; s = Shape(x) {out_type: i64}; n = Size(x); r = Rank(x); y = AddN(s, s) {N: 2}"
    graph, _ = folded(text, protected=("s", "n", "r"), shapes={"x": (2, 3)})
    assert [value(graph, name) for name in ("s", "n", "r")] == [[2, 3], 6, 2]
    assert graph["s"].tensor.dtype.name == "int64"


def test_weights_are_not_computed_of():
    text = "w = Const {f32 [2]}; r = Identity(w); a = Const {f32 [2]}; b = Add(r, a); c = Neg(b)"
    graph, folding = folded(text, weights=("w",), protected=("c",))
    assert folding.kept == {
        "r": "reads the weight 'w'",
    }
    assert {node.op for node in graph} == {"Const", "Identity", "Add", "Neg"}


@pytest.mark.parametrize(
    ("line", "rules", "reason"),
    [
        ("b = Exp(a)", {}, "TensorFlow's own releases compute it to other last bits"),
        ("b = Neg(a)", {"exclude_ops": ("Neg",)}, "is excluded"),
        ("b = Neg(a)", {"exclude_nodes": ("b",)}, "is excluded"),
        ("b = Blorp(a)", {}, "is of an op that is not known here"),
        ("b = Digamma(a)", {}, "is of an op that is not computed here"),
        (
            "z = Const {i32 []}; n = Const {i32 [1] 7}; b = GatherV2(a, n, z)",
            {},
            "cannot be computed without TensorFlow: indices that are not all in 0 to 1",
        ),
        (
            "i = Const {i32 [2]}; b = FloorMod(i, i)",
            {},
            "cannot be computed without TensorFlow: integers are divided by 0",
        ),
        ("b = Neg(a)", {}, "TensorFlow's own releases differ on the -0 in it"),
        ("n = Const {i32 [1] 400}; b = Tile(a, n)", {}, "would take 3,200 bytes"),
        ("b = Print(a, a) {U: [f32]}", {}, "has state or effects"),
        ('b = Enter(a) {frame_name: "f"}', {}, "controls the flow"),
    ],
)
def test_what_is_not_computed(line, rules, reason):
    graph, folding = folded(f"a = Const {{f32 [2]}}; {line}", rules=RULES._replace(**rules), protected=("b",))
    assert folding.kept == {"b": reason}
    assert graph["b"].op != "Const"


def test_large_values_may_stay_as_large():
    graph, _ = folded("a = Const {f32 [30,20]}; p = Const {i32 [2]}; b = Reshape(a, p)", protected=("b",))
    assert graph["b"].op == "Reshape"  # to 0 rows it cannot be
    graph, _ = folded("a = Const {f32 [30,20]}; b = Abs(a)", protected=("b",))
    assert graph["b"].op == "Const"


def test_denormals_are_nothing_to_compute_with():
    tiny = as_tensor(np.array([1e-45, 1], np.float32))
    graph = notation.graph("a = Const {f32 [2]}; b = Neg(a); c = Identity(a)")
    graph["a"].attrs["value"] = tiny
    folding = ConstantFolding(graph, RULES, evaluate, lambda _: None, protected=("b", "c"), weights=())
    folding.apply()
    assert folding.kept == {"b": "TensorFlow takes the denormal numbers in it for 0"}
    assert graph["c"].op == "Const"


def test_several_outputs():
    def halves(node: Node, operands: Sequence[Tensor]) -> Sequence[Tensor]:
        if node.op != "Unpack":
            return evaluate(node, operands)
        return [as_tensor(each) for each in operands[0].numpy()]

    graph = notation.graph("a = Const {f32 [2]}; u = Unpack(a) {num: 2}; b = Placeholder {dtype: f32}; c = Add(b, u:1)")
    folding = ConstantFolding(graph, RULES, halves, lambda _: None, protected=("c",), weights=())
    folding.apply()
    assert graph["c"].inputs == ("b", "u/output_1")
    assert value(graph, "u/output_1") == 1


def test_what_repeats_stands_once():
    graph, _ = folded("d = Const {i32 [2] 3000}; v = Const {f32 [] 1}; f = Fill(d, v)", protected=("f",))
    assert graph["f"].tensor.shape == (3000, 3000)
    assert len(schema.serialize(graph["f"].proto)) < 100


def test_what_is_approximate_is_told():
    _, folding = folded(
        "a = Const {f32 [2]}; b = Exp(a); c = Add(b, b); d = Add(a, a); s = Shape(c)",
        rules=RULES._replace(approximate=True), protected=("c", "d", "s"),
    )  # fmt: skip
    assert folding.approximate == {"b", "c"}
