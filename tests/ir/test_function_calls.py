"""Functions that nodes name, and those that are called at all."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.attr_value import Func
from graphsurgeon.ir.function_calls import called_functions, functions_of, trim_library
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function, Library
from graphsurgeon.ir.node import Node
from proto_utils import schema
from tests import notation


def function(name: str, *body: Node, **attrs: bytes) -> Function:
    proto = schema.FunctionDef(attr={key: schema.AttrValue(s=value) for key, value in attrs.items()})
    proto.signature.name = name
    return Function(proto, Graph(body))


def call(name: str) -> Node:
    return Node.new("call", "PartitionedCall", attrs={"f": Func(name, {})})


def test_functions_of():
    (node,) = notation.graph("n = Case {branches: [fn:a, fn:b], x: fn:c, i: 1}")
    assert [(key, func.name) for key, func in functions_of(node)] == [("branches", "a"), ("branches", "b"), ("x", "c")]


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
