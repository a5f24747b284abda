"""What a node needs: ancestors, colocation, functions."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.graph import Function, Graph, Library
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.ir.traversal import (
    ancestors,
    called_functions,
    closure,
    colocated_with,
    drop_colocation,
    followers,
    trim_library,
)
from proto_utils import schema
from tests import notation


def producers(text: str) -> dict[str, Node]:
    return Index(notation.graph(text)).producers


def function(name: str, *body: Node, **attrs: bytes) -> Function:
    proto = schema.FunctionDef(attr={key: schema.AttrValue(s=value) for key, value in attrs.items()})
    proto.signature.name = name
    return Function(proto, Graph(body))


def call(name: str) -> Node:
    return Node.new("call", "PartitionedCall", attrs={"f": Func(name, {})})


def test_a_closure_asks_once_for_each_name():
    asked: list[str] = []

    def step(name: str) -> str:
        asked.append(name)
        return {"a": "bc", "b": "ca", "c": "c"}.get(name, "")

    assert closure("ad", step) == {"a", "b", "c", "d"}
    assert sorted(asked) == ["a", "b", "c", "d"]


def test_ancestors_follow_data_and_control():
    nodes = producers("a = X; b = X(a:1); c = X(^b); d = X(c); e = X(a)")
    assert ancestors(nodes, ["c"]) == {"a", "b", "c"}


def test_ancestors_go_around_loops_once():
    assert ancestors(producers("merge = X(enter, next); next = X(merge); enter = X"), ["next"]) == {
        "merge",
        "next",
        "enter",
    }


def test_ancestors_pass_over_what_is_not_there():
    assert ancestors(producers("a = X(nowhere, ^neither)"), ["a", "missing"]) == {"a"}


def test_ancestors_take_along_what_comes_with_a_node():
    nodes = producers("v = X; init = X(v, zeros); zeros = X; out = X(v); other = X")
    assert ancestors(nodes, ["out"], {"v": ["init"]}) == {"v", "init", "zeros", "out"}


def test_a_long_chain_is_no_recursion():
    nodes = producers("; ".join(["n0 = X", *(f"n{i} = X(n{i - 1})" for i in range(1, 5000))]))
    assert len(ancestors(nodes, ["n4999"])) == 5000


def test_followers():
    index = Index(notation.graph("a = NoOp; b = Neg(a); c = Neg(b:0, ^a); d = NoOp(^b); e = Neg(a, ^d)"))
    assert followers(index, ["b"]) == {"c", "d", "e"}
    assert followers(index, ["b"], by_data=True) == {"c"}
    assert followers(index, ["c"]) == set()


def test_followers_of_a_loop_follow_themselves():
    index = Index(notation.graph("m = Merge(x, n) {T: f32, N: 2}; n = NextIteration(m)"))
    assert followers(index, ["m"]) == {"m", "n"}


def test_colocation_is_read_and_dropped_entry_by_entry():
    node = Node.new("n", "X", attrs={"_class": [b"loc:@a", b"group", b"loc:@b", b"a"]})
    assert colocated_with(node) == ["a", "b"]
    drop_colocation(node, ["a"])
    assert node.attrs["_class"] == [b"group", b"loc:@b", b"a"]
    drop_colocation(node, ["b"])
    assert node.attrs["_class"] == [b"group", b"a"]


def test_colocation_goes_with_its_last_entry():
    node = Node.new("n", "X", attrs={"_class": [b"loc:@a"]})
    drop_colocation(node, ["a"])
    assert "_class" not in node.attrs
    assert colocated_with(node) == []


@pytest.mark.parametrize(
    "node",
    [
        Node.new("n", "f"),
        call("f"),
        Node.new("n", "Case", attrs={"branches": [Func("other", {}), Func("f", {})]}),
        Node.new("n", "MapDataset", attrs={"f": Func("elsewhere", {"inner": Func("f", {})})}),
        Node.new("n", "Identity", attrs={"_private": Func("f", {})}),
    ],
    ids=["op", "func", "list", "nested", "attr of no function"],
)
def test_a_call_is_found(node: Node):
    assert called_functions([node], Library([function("f"), function("g")])) == {"f"}


def test_calls_are_followed_through_bodies():
    library = Library([function("f", call("g")), function("g", call("f")), function("h")])
    assert called_functions([call("f")], library) == {"f", "g"}


def test_a_function_brings_its_gradient():
    rest = schema.FunctionDefLibrary()
    rest.gradient.add(function_name="f", gradient_func="f_grad")
    library = Library([function("f"), function("f_grad", call("inner")), function("inner")], rest)
    assert called_functions([call("f")], library) == {"f", "f_grad", "inner"}
    assert called_functions([call("f_grad")], library) == {"f_grad", "inner"}


def test_a_node_brings_its_registered_gradient():
    rest = schema.FunctionDefLibrary()
    rest.registered_gradients.add(gradient_func="g", registered_op_type="CustomGradient-7")
    library = Library([function("g")], rest)
    node = Node.new("n", "IdentityN", attrs={"_gradient_op_type": b"CustomGradient-7"})
    assert called_functions([node], library) == {"g"}
    assert called_functions([Node.new("n", "IdentityN")], library) == set()


def test_implementations_of_one_interface_stay_together():
    library = Library(
        [function("cpu", api_implements=b"lstm_1"), function("gpu", call("x"), api_implements=b"lstm_1")]
        + [function("x"), function("other", api_implements=b"lstm_2")]
    )
    assert called_functions([call("cpu")], library) == {"cpu", "gpu", "x"}


def test_trimming_drops_functions_and_their_gradients():
    rest = schema.FunctionDefLibrary()
    for name in ("f", "g", "h"):
        rest.gradient.add(function_name=name, gradient_func=f"{name}_grad")
        rest.registered_gradients.add(gradient_func=f"{name}_grad", registered_op_type=name)
    library = Library([function(name) for name in ("f", "f_grad", "g", "g_grad", "h", "h_grad")], rest)
    assert trim_library(library, {"g", "g_grad"}) == ["f", "f_grad", "h", "h_grad"]
    assert list(library.functions) == ["g", "g_grad"]
    assert [(g.function_name, g.gradient_func) for g in library.rest.gradient] == [("g", "g_grad")]
    assert [g.registered_op_type for g in library.rest.registered_gradients] == ["g"]


def test_trimming_nothing_edits_nothing():
    library = Library([function("f")])
    assert trim_library(library, {"f"}) == []
    assert list(library.functions) == ["f"]
