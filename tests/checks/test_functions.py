"""Who calls what, and what is in the library."""

from __future__ import annotations

from graphsurgeon.checks import verify
from graphsurgeon.checks.finding import ERROR
from graphsurgeon.checks.functions import reachable
from graphsurgeon.ir.model import Model
from proto_utils import schema
from tests.malformed import CASES, call, const, function, identity, library


def read(text: str) -> Model:
    return Model.from_graph_def(schema.parse_text(schema.GraphDef, text))


def test_a_function_filed_under_another_name():
    model = read(CASES["a call"].text)
    model.library.functions["other"] = model.library.functions["f"]
    assert [(f.severity, f.rule, f.function) for f in verify(model)] == [("error", "function", "f")]


def test_what_a_saved_model_exports_counts_as_called():
    model = read(CASES["faults of a body that nobody calls"].text)
    assert [f for f in verify(model) if f.severity == ERROR] == []
    model.meta = schema.MetaGraphDef()
    model.meta.object_graph_def.concrete_functions["f"].canonicalized_input_signature.SetInParent()
    assert [f for f in verify(model) if f.severity == ERROR] != []


def test_functions_are_reached_through_others_and_through_gradients():
    model = read(
        const()
        + call(function="a")
        + library(
            function("a", call("i", "x", "b")),
            function("b"),
            function("gradient_of_b"),
            function("apart", identity("i", "x")),
            'gradient { function_name: "b" gradient_func: "gradient_of_b" }',
        )
    )
    assert reachable(model) == {"a", "b", "gradient_of_b"}


def test_functions_that_call_each_other_end():
    model = read(const() + call() + library(function("f", call("i", "x", "g")), function("g", call("i", "x", "f"))))
    assert reachable(model) == {"f", "g"}


def test_every_attr_of_a_custom_op_may_call():
    text = const() + call().replace("PartitionedCall", "MyOwnCall").replace('key: "f"', 'key: "body"')
    assert [(f.severity, f.rule, f.message) for f in verify(read(text + library(function("g"))))] == [
        ("warning", "unknown-op", "TensorFlow has no op 'MyOwnCall'"),
        ("error", "missing-function", "attr 'body' names function 'f', which is not in the library"),
    ]


def test_a_gradient_that_is_there_often_is_told_of_once():
    gradient = 'gradient { function_name: "f" gradient_func: "g" }'
    found = verify(read(library(function("f"), gradient, gradient, gradient)))
    assert [finding.rule for finding in found] == ["missing-function"]
