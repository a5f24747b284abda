"""Functions and their library."""

from __future__ import annotations

from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function, Library
from proto_utils import schema
from tests import notation


def test_a_library_of_nothing_is_empty():
    assert Library().is_empty
    assert not Library().is_edited
    rest = schema.FunctionDefLibrary()
    rest.gradient.add(function_name="f")
    assert not Library(rest=rest).is_empty


def test_functions_are_named_by_their_signature():
    proto = schema.FunctionDef()
    proto.signature.name = "f"
    function = Function(proto, notation.graph("a = NoOp"))
    assert function.name == "f"
    assert Library([function]).functions == {"f": function}
    assert repr(function) == "Function('f', 1 nodes)"


def test_a_body_knows_its_function():
    function = notation.function("f", "a", "n:y:0", "n = Neg(a)")
    assert function.body.function_def is function.proto
    assert function.body.is_body
    assert not Graph().is_body
    function.body = Graph()
    assert function.body.function_def is function.proto
    function.proto = schema.FunctionDef()
    assert function.body.function_def is function.proto
