"""Function libraries: which functions are the same, and what differs in them."""

from __future__ import annotations

from typing import Any

from graphsurgeon.compare.functions import FunctionMatch, diff_functions
from graphsurgeon.compare.matching import match_graphs
from graphsurgeon.compare.report import LibraryDiff
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from tests import notation
from tests.notation import function

BODY = "n = Relu(a); m = Tanh(n:activations:0)"


def model(text: str, *functions: Function) -> Model:
    made = notation.model(text)
    made.library.functions.update({function.name: function for function in functions})
    return made


def compared(a: Model, b: Model) -> LibraryDiff:
    return diff_functions(a, b, FunctionMatch(a, b, match_graphs(a.graph, b.graph)))


def one(name: str, body: str = BODY, arguments: str = "a", result: str = "m:y:0") -> Function:
    return function(name, arguments, result, body)


def test_equal():
    found = compared(model("c = f", one("f")), model("c = f", one("f")))
    assert (found.is_equal, found.num_equal) == (True, 1)


def test_added_and_removed():
    found = compared(model("c = NoOp", one("f")), model("c = NoOp", one("g")))
    assert (found.removed, found.added, found.renamed) == (["f"], ["g"], [])
    assert not found.is_equal


def test_changed_body():
    found = compared(model("c = f", one("f")), model("c = f", one("f", BODY.replace("Tanh", "Sigmoid"))))
    (row,) = found.changed
    assert [(c.field, c.a, c.b) for node in row.body.changed for c in node.changes] == [("op", "Tanh", "Sigmoid")]
    assert row.changes == []


def test_renamed_by_the_calls():
    a = model("c = PartitionedCall {f: fn:f_1}", one("f_1"))
    b = model("c = PartitionedCall {f: fn:f_2}", one("f_2"))
    found = compared(a, b)
    assert (found.renamed, found.changed, found.removed, found.added) == ([("f_1", "f_2")], [], [], [])


def test_renamed_by_calls_in_functions_that_are_renamed():
    a = model("c = outer_1", one("outer_1", "n = inner_1(a); m = Tanh(n)"), one("inner_1"))
    b = model("c = outer_2", one("outer_2", "n = inner_2(a); m = Tanh(n)"), one("inner_2"))
    found = compared(a, b)
    assert found.renamed == [("inner_1", "inner_2"), ("outer_1", "outer_2")]


def test_branches():
    a = model("c = Case {branches: [fn:p_1, fn:q_1]}", one("p_1"), one("q_1"))
    b = model("c = Case {branches: [fn:p_2, fn:q_2]}", one("p_2"), one("q_2"))
    assert compared(a, b).renamed == [("p_1", "p_2"), ("q_1", "q_2")]


def test_two_functions_do_not_become_one():
    a = model("c = f_1; d = g_1", one("f_1"), one("g_1"))
    b = model("c = h; d = h", one("h"))
    found = compared(a, b)
    assert (found.renamed, found.removed) == ([("f_1", "h")], ["g_1"])


def signature(a: Function, b: Function) -> list[tuple[Any, ...]]:
    (row,) = compared(model("c = f", a), model("c = f", b)).changed
    return [(c.field, c.key, c.a, c.b) for c in row.changes]


def test_renamed_argument():
    other = one("f", BODY.replace("(a)", "(b)"), arguments="b")
    assert signature(one("f"), other) == [
        ("argument", 0, {"name": "a", "type": "float32"}, {"name": "b", "type": "float32"})
    ]


def test_results():
    assert signature(one("f"), one("f", result="n:activations:0")) == [("ret", "out0", "m:y:0", "n:activations:0")]
    kinds = [field for field, *_ in signature(one("f"), one("f", result="m:y:0 n:activations:0"))]
    assert kinds == ["result"]


def test_result_of_a_renamed_node_is_the_same():
    found = compared(model("c = f", one("f")), model("c = f", one("f", BODY.replace("m =", "k ="), result="k:y:0")))
    assert [(row.a, row.b) for row in found.changed[0].body.renamed] == [("m", "k")]
    assert found.changed[0].changes == []


def test_attrs_and_control_results():
    other = one("f")
    other.proto.attr["_noinline"].b = True
    other.proto.control_ret["done"] = "m"
    assert [(field, key) for field, key, *_ in signature(one("f"), other)] == [
        ("control_ret", "done"),
        ("function", "attr/_noinline"),
    ]
