"""rename_op: nodes of another op."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.rename_op import rename_op
from tests import notation
from tests.passes.harness import check_pass, check_refusal, model

TEXT = "x = Placeholder {dtype: f32}; y = Add(x, x); z = Relu(y)"


def test_all_of_an_op():
    after = """
        x = Placeholder
        y = AddV2(x, x)
        z = Relu(y)
    """
    report = check_pass(rename_op, model(TEXT), after, old_op_name="Add", new_op_name="AddV2")
    assert [row.node for row in report.renamed] == ["y"]


def test_ops_of_others():
    of = model(TEXT)
    rename_op(of, old_op_name="Relu", new_op_name="MyRelu")
    assert of.graph["z"].op == "MyRelu"


def test_outputs_of_function_bodies_are_called_otherwise():
    body = notation.function("f", "a", "s:y:0", "r = Relu(a) {T: f32}; s = Neg(r:activations:0) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    rename_op(of, old_op_name="Relu", new_op_name="Abs")
    assert of.library.functions["f"].body["s"].inputs == ("r:y:0",)
    rename_op(of, old_op_name="Neg", new_op_name="Relu")
    assert of.library.functions["f"].proto.ret["out0"] == "s:activations:0"


@pytest.mark.parametrize(
    ("old", "new", "error", "match"),
    [
        ("Sub", "Add", NotFoundError, "no op 'Sub'"),
        ("Add", "Range", PassError, "Range has no attr 'T'"),
        ("Add", "Relu", PassError, "would not be well formed"),
        ("Add", "MatMul3", None, ""),
        ("Add", "Add", PassError, "no other op"),
        ("Relu", "f", PassError, "a function of the library"),
    ],
)
def test_refusals(old, new, error, match):
    body = notation.function("f", "a", "r:y:0", "r = Neg(a) {T: f32}")
    of = model(TEXT, body)
    if error is None:
        rename_op(of, old_op_name=old, new_op_name=new)
    else:
        check_refusal(rename_op, of, error, match, old_op_name=old, new_op_name=new)
