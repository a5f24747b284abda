"""Copies of parts of a graph, and what handlers make of them."""

from __future__ import annotations

import collections
from typing import Any

import pytest

from graphsurgeon.compat import graph_editor as ge
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.model import Model
from proto_utils import schema
from tests import notation
from tests.notation import show

SUMS = """
    Const = Const {f32 [10]}; Const_1 = Const {f32 [10]}; Const_2 = Const {f32 [10]}; Input = Const {f32 [10]}
    Add = Add(Const, Input); Add_1 = Add(Const_1, Add); Add_2 = Add(Const_2, Add_1)
"""
REPLACED = "a = Const {f32 []}; b = Const {f32 []}; c = Add(a, b); d = Neg(c); new = Const {f32 []}; e = Neg(b)"


@pytest.fixture
def sums() -> Graph:
    return notation.graph(SUMS)


@pytest.fixture
def graph() -> Graph:
    return notation.graph(REPLACED)


def test_a_copy_in_another_graph(sums: Graph):
    into = Graph()
    _, info = ge.copy(sums, into)
    assert show(into) == show(sums)
    for op in sums:
        assert info.transformed(op) is into[op.name]
        assert info.original(into[op.name]) is op
    for t in ge.get_tensors(sums):
        assert info.transformed(t) == into[t.name]
        assert info.original(into[t.name]) == t
    assert (info.transformed("Add"), info.transformed("Add:0")) == (into["Add"], into["Add:0"])
    assert info.transformed({"x": [sums["Add"], "none"]}) == {"x": [into["Add"], None]}
    assert "  Add => Add" in str(info)
    with pytest.raises(TypeError, match="a Node, an Output or a name is wanted"):
        info.transformed(3)


def test_a_handler_adds_noise(sums: Graph):
    def noisy(info: Any, op: Any, new_inputs: Any) -> Any:
        copied, outputs = ge.copy_op_handler(info, op, new_inputs)
        if not op.name.startswith("Add"):
            return copied, outputs
        graph = info.graph_
        noise = graph.add("Const", name=graph.unique_name("Noise"), value=[1.0] * 10)
        added = graph.add("Add", [noise, outputs[0]], name=graph.unique_name("AddNoise"))
        return added, added.outputs

    transformer = ge.Transformer()
    transformer.transform_op_handler = noisy
    into = Graph()
    transformer(sums, into, "", "")
    first = ge.matcher("^AddNoise$").input_ops("^Noise$", ge.matcher("^Add$").input_ops("^Const$", "^Input$"))
    second = ge.matcher("^AddNoise_1$").input_ops("^Noise_1$", ge.matcher("^Add_1$").input_ops("^Const_1$", first))
    third = ge.matcher("^AddNoise_2$").input_ops("^Noise_2$", ge.matcher("^Add_2$").input_ops("^Const_2$", second))
    assert third(ge.select_ops("^AddNoise_2$", graph=into)[0])


def test_a_handler_changes_the_node_def(sums: Graph):
    def renamed(node_def: Any) -> Any:
        if "Add" in node_def.name:
            node_def.op = "Mul"
        return node_def

    def handler(info: Any, op: Any, new_inputs: Any) -> Any:
        return ge.copy_op_handler(info, op, new_inputs, nodedef_fn=renamed)

    transformer = ge.Transformer()
    transformer.transform_op_handler = handler
    view, _ = transformer(sums, sums, "copied")
    assert [op.op for op in view.ops if "Add" in op.name] == ["Mul"] * 3
    assert sums["copied/Const"].tensor.numpy().tolist() == sums["Const"].tensor.numpy().tolist()
    transformer.transform_op_handler = lambda _info, op, _inputs: (op, op.outputs)
    with pytest.raises(ValueError, match="in place"):
        transformer(sums, sums, "")


def test_inputs_that_are_replaced(sums: Graph):
    ten = sums.add("Const", name="ten", value=[10.0] * 10)
    add = sums.node("Add_2")
    view, _ = ge.copy_with_input_replacements(add, {add.input_tensors[1]: ten.outputs[0]})
    assert view.ops[0].inputs == ("Const_2", "ten")
    assert view.ops[0].name == "Add_2_1"


@pytest.mark.parametrize("kind", [dict, collections.OrderedDict])
def test_targets_are_replaced_in_a_structure_like_theirs(graph: Graph, kind: Any):
    made = ge.graph_replace(kind({"d": graph["d:0"], "e": graph["e:0"]}), {graph["a:0"]: graph["new:0"]})
    assert isinstance(made, kind)
    assert (made["d"].name, made["e"].name) == ("d_1:0", "e:0")
    assert (graph["c_1"].inputs, graph["d_1"].inputs) == (("new", "b"), ("c_1",))


def test_targets_in_a_named_tuple(graph: Graph):
    one = collections.namedtuple("one", ["t"])
    assert isinstance(ge.graph_replace(one(graph["d:0"]), {graph["a:0"]: graph["new:0"]}), one)


def test_what_is_not_connected(graph: Graph):
    with pytest.raises(ValueError, match="no target depends on"):
        ge.graph_replace(graph["e:0"], {graph["a:0"]: graph["new:0"]})


def test_a_replaced_tensor_that_depends_on_another(graph: Graph):
    """TensorFlow's keeps the second, which is no input of what it copies."""
    made = ge.graph_replace(graph["d:0"], {graph["a:0"]: graph["new:0"], graph["c:0"]: graph["b:0"]})
    assert made.node.inputs == ("b",)
    assert "c_1" not in graph


def test_assertions_are_copied():
    graph = notation.graph("""
        a = Const {i32 []}; b = Const {i32 []}; eq = Equal(a, b); check = Assert(eq, a, b); sum = Add(a, b, ^check)
    """)
    view = ge.make_view([graph[name] for name in ("check", "eq", "a", "b")])
    _, info = ge.Transformer()(view, view.graph, "", "")  # type: ignore[arg-type]
    assert info.transformed(graph["check"]).inputs == ("eq_1", "a_1", "b_1")


def test_control_inputs_and_colocation_go_along():
    graph = notation.graph("""
        a = Const {f32 []}; b = Neg(a, ^w) {_class: loc:@a}; w = NoOp; c = Neg(b, ^b) {_class: loc:@w}
    """)
    ge.copy([graph[name] for name in "abc"], dst_scope="k")
    assert show(graph).splitlines()[4:] == [
        "k/a = Const", "k/b = Neg(k/a, ^w) {_class: loc:@k/a}", "k/c = Neg(k/b, ^k/b) {_class: loc:@w}",
    ]  # fmt: skip
    into = Graph()
    ge.copy([graph[name] for name in "abc"], into)
    assert show(into) == "a = Const\nb = Neg(a) {_class: loc:@a}\nc = Neg(b, ^b)"


def test_scopes(sums: Graph):
    ge.copy(sums["Add"], dst_scope="x")
    view, _ = ge.copy(sums["Add"], dst_scope="x")
    assert view.ops[0].name == "x_1/Add"
    view, _ = ge.copy(sums["Add"], dst_scope="x", reuse_dst_scope=True)
    assert view.ops[0].name == "x/Add_1"
    view, _ = ge.copy(sums["x/Add"], dst_scope="y", src_scope="x")
    assert view.ops[0].name == "y/Add"
    with pytest.raises(ValueError, match="Add is not in the source scope x/"):
        ge.copy(sums["Add"], src_scope="x")


def test_collections_of_a_model_go_along():
    model = notation.model(REPLACED)
    model.meta = schema.MetaGraphDef()
    model.meta.collection_def["losses"].node_list.value.append("d:0")
    model.meta.collection_def["mine"].node_list.value.append("c")
    ge.copy(model.graph, dst_scope="k")
    held = {key: list(each.node_list.value) for key, each in model.meta.collection_def.items()}
    assert held == {"losses": ["d:0", "k/d:0"], "mine": ["c"], "k/mine": ["k/c"]}
    ge.copy(model.graph, Model().graph)


def test_what_cannot_be_copied(sums: Graph):
    with pytest.raises(TypeError, match="a Graph is wanted"):
        ge.Transformer()(sums, "graph", "")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the view is empty"):
        ge.Transformer()(ge.SubGraphView(), sums, "")
