"""Tensors of a graph as objects: their names, types, readers; in function bodies too."""

from __future__ import annotations

import gc
import weakref

import pytest

from graphsurgeon.errors import GraphError, NotFoundError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.output import Output
from graphsurgeon.tensors import dtypes
from tests import notation

TEXT = """
    x = Placeholder {dtype: f32, shape: shape[2,?]}
    axis = Const {i32 []}
    s = Split(axis, x) {num_split: 2}
    y = Add(s, s:1, ^axis)
    z = Add(s:0, s:1)
    v = VariableV2 {dtype: f32, shape: shape[2]}
    n = NoOp(^s)
"""


@pytest.fixture
def graph() -> Graph:
    return notation.graph(TEXT)


@pytest.fixture
def function() -> Function:
    text = (
        "axis = Const {i32 []}; s = Split(axis:output:0, a) {num_split: 2}; y = Add(s:output:0, s:output:1); z = Neg(a)"
    )
    return notation.function("f", "a b", "y:z:0", text)


def test_names_and_types(graph: Graph):
    assert [each.name for each in graph["s"].outputs] == ["s:0", "s:1"]
    assert [each.text for each in graph["s"].outputs] == ["s", "s:1"]
    assert graph["s:1"].dtype is dtypes.FLOAT
    assert graph["v:0"].dtype.is_ref
    assert graph["x:0"].shape == Shape([2, None])
    assert graph["s:0"].shape is None
    assert graph["n"].outputs == ()
    assert repr(graph["s:1"]) == "Output('s:1')"


def test_who_reads_it(graph: Graph):
    assert [node.name for node in graph["s:0"].consumers()] == ["y", "z"]
    assert [(node.name, position) for node, position in graph["s:1"].uses()] == [("y", 1), ("z", 1)]
    assert graph["s:1"].producer is graph["s:1"].node is graph["s"]
    assert [node.name for node in graph.consumers("s")] == ["y", "z"]
    assert [node.name for node in graph.consumers("^s")] == ["n"]


def test_outputs_are_equal_by_node_and_number(graph: Graph):
    assert graph["s:1"] == graph["s"].outputs[1] != graph["s:0"]
    assert {graph["s"].outputs[0], graph["s:0"], graph["y"].input_tensors[0]} == {graph["s:0"]}
    assert graph["s:0"] != notation.graph(TEXT)["s:0"]
    assert graph["s:0"] != "s:0"


def test_inputs_are_outputs(graph: Graph):
    assert [each.name for each in graph["y"].input_tensors] == ["s:0", "s:1"]
    other = notation.graph("y = Neg(gone:3)")
    loose = other["y"].input_tensors[0]
    assert (loose.name, loose.producer, loose.dtype) == ("gone:3", None, None)


@pytest.mark.parametrize(("name", "near"), [("s:2", ("s:0", "s:1")), ("y:1", ("y:0",))])
def test_an_output_that_is_not_there(graph: Graph, name: str, near: tuple[str, ...]):
    with pytest.raises(NotFoundError) as caught:
        graph[name]
    assert (caught.value.kind, caught.value.near) == ("tensor", near)


def test_what_is_no_tensor(graph: Graph):
    with pytest.raises(GraphError, match="op NoOp has no outputs"):
        graph.tensor("n")
    with pytest.raises(TypeError, match="a control input, and no tensor"):
        graph.tensor("^s")
    with pytest.raises(TypeError, match="an Output, a Node or a name, not a int"):
        graph.tensor(3)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        graph.tensor("gone")
    other = notation.graph(TEXT)
    with pytest.raises(GraphError, match="a node of another graph"):
        graph.tensor(other["s:0"])
    with pytest.raises(GraphError, match="a node of another graph"):
        graph.node(other["s"])


def test_nodes_that_passes_replaced_are_told(graph: Graph):
    old = graph["s"]
    graph.set_nodes([node.copy() for node in graph])
    with pytest.raises(GraphError, match="it is in no graph any more"):
        old.outputs[0].consumers()


def test_in_function_bodies(function: Function):
    body = function.body
    assert [each.name for each in body["s"].outputs] == ["s:output:0", "s:output:1"]
    assert [node.name for node in body["s:output:1"].consumers()] == ["y"]
    assert body["s:output:1"].uses() == [(body["y"], 1)]
    argument = body["a"]
    assert isinstance(argument, Output)
    assert (argument.node, argument.text, argument.name) == (None, "a", "a:0")
    assert argument.dtype is dtypes.FLOAT
    assert [node.name for node in argument.consumers()] == ["s", "z"]
    assert argument == body["z"].input_tensors[0] != body["b"]


def test_an_op_that_nobody_knows_has_the_outputs_that_are_read():
    graph = notation.graph("a = Mine; b = Neg(a:2); c = Mine")
    assert [each.name for each in graph["a"].outputs] == ["a:0", "a:1", "a:2"]
    assert [each.name for each in graph["c"].outputs] == ["c:0"]
    assert graph["a:2"].dtype is None


def test_calls_of_functions_have_their_outputs():
    called = notation.function("f", "a", "n:y:0 n:y:0", "n = Neg(a)")
    model = notation.model("x = Placeholder {dtype: f32}; c = f(x)", called)
    assert [each.dtype for each in model.graph["c"].outputs] == [dtypes.FLOAT] * 2


def test_a_graph_that_nobody_holds_goes_at_once():
    gc.collect()
    gc.disable()
    try:
        graph = notation.graph(TEXT)
        graph.replace_uses("s:0", "s:1", only="y")
        graph.remove("z")
        node, gone = graph["y"], weakref.ref(graph)
        del graph
        assert gone() is None
        assert node.graph is None
    finally:
        gc.enable()


def test_a_graph_outlives_its_model_and_knows_its_functions():
    called = notation.function("f", "a", "n:y:0", "n = Neg(a)")
    graph = notation.model("x = Placeholder {dtype: f32}; c = f(x)", called).graph
    gc.collect()
    assert graph.model is None
    assert graph["c:0"].dtype is dtypes.FLOAT
