"""Regions become functions, in whose bodies outputs have names."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.colocation import colocated_with
from graphsurgeon.ir.library import Library
from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.functionalizing.regions import Argument, Functions, Region, argument_name
from graphsurgeon.rewrites.functionalizing.tensor_facts import TensorFact
from graphsurgeon.tensors import dtypes
from tests.notation import function, graph, show

SPLIT = """
    n = Const {i32 []}
    s = Split(n, x) {num_split: 2, T: f32}
    y = Neg(s:1, ^n) {_class: loc:@away}
"""
FLOATS = TensorFact(dtypes.FLOAT, Shape([None, 4]))


def region(text: str, *results: str, fact: TensorFact = FLOATS) -> Region:
    return Region(graph(text), [Argument("x", fact)], [(result, FLOATS) for result in results])


def test_a_function_of_a_region():
    library = Library()
    functions = Functions(library)
    made = functions.make(
        functions.name("a/b", "body"),
        region(SPLIT, "y", "x"),
    )
    assert (made.name, list(library.functions)) == ("a_b_body_0", [])
    assert functions.install() == ["a_b_body_0"]
    found = library.functions["a_b_body_0"]
    assert show(found.body).splitlines()[2] == "y = Neg(s:output:1, ^n)"
    assert colocated_with(found.body["y"]) == []
    assert dict(found.proto.ret) == {"result": "y:y:0", "result_1": "x"}
    assert not found.proto.signature.is_stateful
    (shape,) = found.proto.arg_attr[0].attr["_output_shapes"].list.shape
    assert [dim.size for dim in shape.dim] == [-1, 4]


def test_a_handle_says_what_it_is_of():
    variable = Node.new("v", "VarHandleOp", attrs={"dtype": dtypes.FLOAT, "shape": Shape([4])})
    handle = TensorFact(dtypes.RESOURCE, Shape(()), variable)
    library = Library()
    functions = Functions(library)
    made = functions.make("f", region("y = ReadVariableOp(x) {dtype: f32}", "y", fact=handle))
    functions.install()
    proto = library.functions["f"].proto
    assert proto.signature.is_stateful
    assert functions.are_stateful([made])
    (held,) = proto.signature.input_arg[0].handle_data
    assert (held.dtype, [dim.size for dim in held.shape.dim]) == (dtypes.FLOAT.number, [4])


def test_names_of_functions_are_free():
    functions = Functions(Library([function("f_true_0", "a", "a", "b = NoOp")]))
    assert functions.name("f", "true") == "f_true_1"


def test_names_of_arguments():
    taken = {"w"}
    assert argument_name("a/B-c:1", taken) == "a_b_c"
    assert argument_name("a/B-c", taken) == "a_b_c_1"
    assert argument_name("W", taken) == "w_1"
    assert argument_name("1", taken) == "arg_1"


def test_a_reference_is_not_given_to_a_function():
    with pytest.raises(PassError, match="by reference"):
        Functions(Library()).make("f", region("y = AssignAdd(x, one) {T: f32}; one = Const {f32 []}", "y"))


def test_an_output_that_nobody_knows_is_declined():
    with pytest.raises(PassError, match="nobody knows"):
        Functions(Library()).make("f", region("y = SomebodysOp(x)", "y"))
