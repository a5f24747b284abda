"""Edits of a graph in place: what they change, what they refuse, and that the index follows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graphsurgeon.errors import GraphError, NotFoundError
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from tests import notation
from tests.counting import num_calls
from tests.notation import show
from tests.passes.unfreeze.test_control_inputs import LOOP

TEXT = """
    x = Placeholder {dtype: f32, shape: shape[2,3]}
    w = Const {f32 [2,3]}
    y = Add(x, w)
    a = Neg(y, ^w) {_class: loc:@y} on /gpu:0
    b = Abs(y:0)
    i = Const {i32 [2]}
    n = NoOp(^y, ^a)
"""


@pytest.fixture
def graph() -> Graph:
    graph = notation.graph(TEXT)
    assert len(graph.index.producers) == 7
    return graph


def edges(index: Index, names: list[str]) -> dict[str, list[tuple[str, int]]]:
    return {name: [(node.name, position) for node, position in index.edges(name)] for name in names}


def check_index(graph: Graph) -> None:
    names = [node.name for node in graph]
    fresh = Index(graph)
    assert edges(graph.index, names) == edges(fresh, names)
    assert {name: graph[name] for name in names} == fresh.producers


def test_adding(graph: Graph):
    node = graph.add("Mul", [graph["y"], "w:0"], control_inputs=["a"], device="/cpu:0")
    assert show([node]) == "Mul = Mul(y, w, ^a) on /device:CPU:0"
    assert node.attrs["T"] is dtypes.FLOAT
    assert graph.add("Mul", ["y", "y"]).name == "Mul_1"
    assert graph.add("Neg", "y", name="deep/neg").name == "deep/neg"
    assert [each.name for each in graph][-3:] == ["Mul", "Mul_1", "deep/neg"]
    check_index(graph)


def test_a_device_that_tensorflow_does_not_take(graph: Graph):
    with pytest.raises(GraphError, match="'gpu what' is no name of a device"):
        graph.add("Neg", "y", device="gpu what")
    assert "Neg" not in graph


def test_attrs_of_what_is_added(graph: Graph):
    cast = graph.add("Cast", ["i"], DstT="float32")
    assert (cast.attrs["SrcT"], cast.attrs["DstT"], cast.attrs["Truncate"]) == (dtypes.INT32, dtypes.FLOAT, False)
    assert cast.outputs[0].dtype is dtypes.FLOAT
    with pytest.raises(GraphError):
        graph.add("Add", ["x", "i"])
    with pytest.raises(NotFoundError):
        graph.add("NoSuchOp")
    check_index(graph)


def test_names(graph: Graph):
    with pytest.raises(GraphError, match="a node of this name is there already") as caught:
        graph.add("Neg", "x", name="a")
    assert "'a_1' is free" in str(caught.value.hint)
    with pytest.raises(GraphError, match="is no name of a node"):
        graph.add("Neg", "x", name="a b")
    graph.add("NoOp", name="Foo")
    assert graph.unique_name("foo") == "foo_1"
    assert graph.unique_name("bar") == "bar"
    graph.remove("Foo")
    assert graph.unique_name("foo") == "foo"


def test_many_names_cost_no_more_than_they_are():
    graph = Graph()
    for _ in range(3000):
        graph.add("NoOp")
    assert list(graph)[-1].name == "NoOp_2999"


def test_scopes(graph: Graph):
    with graph.scope("net"):
        with graph.scope("a/b/") as name:
            assert name == "net/a/b"
            assert graph.add("NoOp").name == "net/a/b/NoOp"
            assert graph.add("NoOp", name="other").name == "net/a/b/other"
        assert graph.add("NoOp").name == "net/NoOp"
    assert graph.add("NoOp").name == "NoOp"


def test_inserting_after(graph: Graph):
    node = graph.insert_after("y", "StopGradient", name="stop")
    assert show(graph) == (
        "x = Placeholder\nw = Const\ny = Add(x, w)\na = Neg(stop, ^w) {_class: loc:@y} on /gpu:0\n"
        "b = Abs(stop)\ni = Const\nn = NoOp(^y, ^a)\nstop = StopGradient(y)"
    )
    assert node.outputs[0].consumers() == [graph["a"], graph["b"]]
    check_index(graph)


def test_inserting_for_some(graph: Graph):
    graph.insert_after("y", "Identity", only=["a"], name="one")
    graph.insert_after("y", "Identity", except_=["one"], name="two")
    assert [graph[name].inputs[0] for name in ("a", "b", "one", "two")] == ["one", "two", "y", "y"]
    graph.insert_after("a", "Identity")
    assert graph["Identity"].device == "/gpu:0"


def test_what_is_inserted_is_in_the_scope_of_what_it_reads():
    graph = notation.graph("net/x = Placeholder {dtype: f32}; y = Neg(net/x)")
    assert graph.insert_after("net/x", "Identity").name == "net/Identity"
    with graph.scope("other"):
        assert graph.insert_after("net/x", "Identity").name == "other/Identity"


def test_an_insertion_that_is_refused_leaves_nothing(graph: Graph):
    before = show(graph)
    with pytest.raises(GraphError, match=r"its input 0 is float32, and 'Cast:0' is int32"):
        graph.insert_after("y", "Cast", DstT="int32")
    with pytest.raises(GraphError, match=r"its input 1 is float32, and 'Cast:0' is int32"):
        graph.insert_before("y", 1, "Cast", DstT="int32")
    assert show(graph) == before
    check_index(graph)


def test_inserting_before(graph: Graph):
    node = graph.insert_before("b", 0, "Identity")
    assert (graph["b"].inputs, graph["a"].inputs, node.inputs) == (("Identity",), ("y", "^w"), ("y",))
    with pytest.raises(GraphError, match="it has no input 1, but 1 of them"):
        graph.insert_before("b", 1, "Identity")


def test_replacing_uses(graph: Graph):
    assert graph.replace_uses("y", "x") == 2
    assert [graph[name].inputs for name in ("a", "b", "n")] == [("x", "^w"), ("x",), ("^y", "^a")]
    assert graph.replace_uses("x", "w", only="a|b", except_="b") == 1
    assert graph["a"].inputs == ("w", "^w")
    assert graph.replace_uses("x", "x") == 0
    check_index(graph)


def test_replacing_what_is_waited_for(graph: Graph):
    assert graph.replace_uses("^y", "^b") == 1
    assert graph["n"].inputs == ("^b", "^a")
    assert graph.replace_uses("^b", "^a") == 1
    assert graph["n"].inputs == ("^a",)
    check_index(graph)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda graph: graph.replace_uses("y", "i"), r"its input 0 is float32, and 'i:0' is int32"),
        (lambda graph: graph.replace_uses("x", "small"), r"'small:0' has the shape \[3\], which does not fit \[2, 3\]"),
        (lambda graph: graph.replace_uses("v", "x"), "op Assign changes what its input 0 refers to"),
        (lambda graph: graph.replace_uses("y", "a"), "it would read itself; name it in except_ to leave it as it is"),
        (lambda graph: graph.set_input("a", 0, "a"), "node 'a': it would read itself"),
        (lambda graph: graph.set_input("a", 0, "i"), "its input 0 is float32"),
        (lambda graph: graph.set_input("a", 1, "x"), "it has no input 1, but 1 of them"),
        (lambda graph: graph.set_control_inputs("a", ["a"]), "it cannot wait for itself"),
        (lambda graph: graph.remove("y", "a"), "it is still needed by 'b', 'n'"),
        (lambda graph: graph.rename("y", "a"), "a node of this name is there already"),
    ],
)
def test_what_is_refused_changes_nothing(edit: Callable[[Graph], object], reason: str):
    graph = notation.graph(TEXT + "small = Const {f32 [3]}\n v = VariableV2 {dtype: f32}\n s = Assign(v, x)")
    before = show(graph)
    with pytest.raises(GraphError, match=reason):
        edit(graph)
    assert show(graph) == before


def test_one_input(graph: Graph):
    graph.set_input("b", 0, graph["x"])
    graph.set_control_inputs("b", [graph["w"], "y", "w"])
    assert graph["b"].inputs == ("x", "^w", "^y")
    check_index(graph)


def test_inputs_that_are_set_at_the_node(graph: Graph):
    graph["b"].inputs = ["x", "^a"]
    graph["a"].set_input(0, "w")
    assert graph["y"].outputs[0].consumers() == []
    assert graph["w"].outputs[0].consumers() == [graph["y"], graph["a"]]
    check_index(graph)


def test_removing(graph: Graph):
    graph["n"].inputs = ()
    graph.remove(["y", graph["a"]], "b")
    assert [node.name for node in graph] == ["x", "w", "i", "n"]
    assert (len(graph), "y" in graph) == (4, False)
    check_index(graph)


def test_colocation_with_what_is_removed_goes(graph: Graph):
    graph.replace_uses("y", "x")
    graph.replace_uses("^y", "^b")
    graph.remove("y")
    assert "_class" not in graph["a"].attrs


def test_renaming(graph: Graph):
    node = graph["y"]
    graph.rename("y", "sum")
    assert graph["sum"] is node
    assert show(graph) == (
        "x = Placeholder\nw = Const\nsum = Add(x, w)\na = Neg(sum, ^w) {_class: loc:@sum} on /gpu:0\nb = Abs(sum:0)\n"
        "i = Const\nn = NoOp(^sum, ^a)"
    )
    check_index(graph)
    assert [node.name for node in graph["sum"].outputs[0].consumers()] == ["a", "b"]


@pytest.fixture
def function() -> Function:
    return notation.function("f", "a b", "y:z:0 a", "y = Add(a, b) {T: f32}; n = Neg(y:z:0) {T: f32}; c = NoOp(^y)")


def test_in_a_function(function: Function):
    body = function.body
    node = body.insert_after("y", "StopGradient", name="stop")
    assert node.inputs == ("y:z:0",)
    assert body["n"].inputs == ("stop:output:0",)
    assert dict(function.proto.ret) == {"out0": "stop:output:0", "out1": "a"}
    assert body.add("Neg", [body["b"]]).inputs == ("b",)
    assert body.replace_uses("a", "b") == 2
    assert dict(function.proto.ret)["out1"] == "b"
    body.rename("stop", "end")
    assert (body["n"].inputs, function.proto.ret["out0"]) == (("end:output:0",), "end:output:0")
    with pytest.raises(GraphError, match="the function returns it"):
        body.remove("end", "n")
    with pytest.raises(GraphError, match="a node of this name is there already"):
        body.add("NoOp", name="a")


def test_readers_that_are_chosen_in_a_function(function: Function):
    body = function.body
    assert body.replace_uses("y", "b", only="n") == 1
    assert (body["n"].inputs, function.proto.ret["out0"]) == (("b",), "y:z:0")


def test_everything_is_undone():
    function = notation.function("f", "a", "y:y:0", "y = Neg(a) {T: f32}")
    model = Model.from_graph_def(notation.model(TEXT, function).to_graph_def())
    data = model.to_graph_def().SerializeToString(deterministic=True)
    before = model.snapshot()
    model.graph.insert_after("y", "Identity")
    model.graph.rename("w", "weights")
    model.graph["a"].attrs["T"] = dtypes.DOUBLE
    model.graph["a"].op = "Relu"
    model.graph.replace_uses("^y", "^x")
    model.library.functions["f"].body.insert_after("y", "Identity")
    model.restore(before)
    assert model.to_graph_def().SerializeToString(deterministic=True) == data
    assert not model.graph.is_edited
    check_index(model.graph)


def test_an_edit_costs_what_it_touches():
    """Neither the size of the graph, nor its loops, nor how many others read a node is in it."""

    def cost(size: int) -> int:
        graph = notation.graph(LOOP)
        graph.extend([Node.new("hub", "Placeholder", attrs={"dtype": dtypes.FLOAT})])
        graph.extend([Node.new(f"n{i}", "Neg", ["hub"], attrs={"T": dtypes.FLOAT}) for i in range(size)])

        def edit(at: int) -> None:
            graph.replace_uses("hub", "n0", only=f"n{at}")
            graph.insert_before(f"n{at}", 0, "Identity", name=f"i{at}")
            graph.insert_after(f"n{at}", "Identity")
            graph.rename(f"n{at}", f"r{at}")
            graph.set_control_inputs(f"r{at}", ["n1"])
            graph.set_control_inputs(f"r{at}", [])
            graph.remove(graph.add("Neg", [f"r{at}"]))
            graph.consumers(f"r{at}")

        def edits() -> None:
            for at in range(3, 53):
                edit(at)

        edit(2)  # which finds names, frames and colocations of all nodes
        return num_calls(edits)

    assert cost(2000) < 1.1 * cost(100)
