"""set_inputs: placeholders are constants, and what surrounds the graph is in step."""

from __future__ import annotations

import numpy as np
import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.set_inputs import set_inputs
from proto_utils import schema
from tests import notation
from tests.passes.harness import check_pass, check_refusal, model
from tests.rewrites.specializing.test_branches import COND

LEFT = """
    x = Placeholder
    p = Const
    a = Relu(x)
    m = Identity(a)
"""


def meta_of(of: Model) -> schema.MetaGraphDef:
    assert of.meta is not None
    return of.meta


def around(**signature: str) -> schema.MetaGraphDef:
    meta = schema.MetaGraphDef()
    served = meta.signature_def["serving_default"]
    for name, tensor in signature.items():
        (served.outputs if name == "y" else served.inputs)[name].name = tensor
    return meta


def test_a_placeholder_is_a_constant_and_its_condition_decided():
    report = check_pass(set_inputs, model(COND), LEFT, set=("p=false",))
    assert [row.node for row in report.inputs] == ["p"]
    assert [(row.node, row.became) for row in report.changed] == [("m", "its input 0, a")]
    assert [row.node for row in report.removed] == ["pivot", "switch_t", "s", "b", "c", "d"]


@pytest.mark.parametrize("given", ["p=false", {"p": False}, {"p:0": np.bool_(False)}, ("p=0",)])
def test_ways_to_say_it(given):
    check_pass(set_inputs, model(COND), LEFT, set=given)


def test_a_placeholder_with_default_loses_it():
    text = COND.replace(
        "p = Placeholder {dtype: bool}", "f = Const {bool []}; p = PlaceholderWithDefault(f) {shape: shape[]}"
    )
    check_pass(set_inputs, model(text), LEFT, set="p=false")


@pytest.mark.parametrize(("value", "taken", "left"), [("true", "a", "a = Relu(x)"), ("false", "b", "b = Elu(x)")])
def test_a_select_by_a_scalar_takes_one(value, taken, left):
    of = model("""
        x = Placeholder {dtype: f32}
        p = Placeholder {dtype: bool, shape: shape[]}
        a = Relu(x)
        b = Elu(x)
        y = Select(p, a, b)
    """)
    after = f"x = Placeholder\np = Const\n{left}\ny = Identity({taken})"
    report = check_pass(set_inputs, of, after, set=f"p={value}")
    assert [(row.node, row.became) for row in report.changed] == [("y", f"its input, {taken}")]


@pytest.mark.parametrize(
    ("shape", "b", "became"),
    [
        ("shape[?, 4]", "Mul(x, x)", "Identity(a)"),
        ("shape[?, 4]", "Const {f32 [] 1}", "Identity(a)"),
        ("shape[?, 4]", "Const {f32 [1, 4] 1}", None),
        ("unknown", "Elu(x)", "Identity(a)"),
        ("unknown", "Mul(x, x)", None),
    ],
)
def test_a_select_that_broadcasts_takes_one_that_has_its_shape(shape, b, became):
    text = f"""
        x = Placeholder {{dtype: f32{f", shape: {shape}" if shape != "unknown" else ""}}}
        p = Placeholder {{dtype: bool, shape: shape[]}}
        a = Relu(x)
        b = {b}
        y = SelectV2(p, a, b)
    """
    done = model(text)
    set_inputs(done, set="p=true")
    assert [(node.op, node.inputs[0]) for node in done.graph if node.name == "y"] == [
        ("Identity", "a") if became else ("SelectV2", "p")
    ]


def test_a_select_of_each_element_stays():
    of = model("""
        x = Placeholder {dtype: f32}
        p = Placeholder {dtype: bool, shape: shape[2]}
        y = Select(p, x, x)
    """)
    check_pass(set_inputs, of, "x = Placeholder\np = Const\ny = Select(p, x, x)", set="p=[true, false]")


def test_signatures_lose_the_input():
    of = model(COND, meta=around(x="x:0", training="p:0", y="m:0"))
    report = set_inputs(of, set=("training=false",))
    assert sorted(meta_of(of).signature_def["serving_default"].inputs) == ["x"]
    assert [(row.where, row.name, row.part) for row in report.references] == [
        ("signature", "serving_default", "input training")
    ]


def test_names_of_what_moved_follow():
    of = model(COND, meta=around(x="x:0", y="s:0"))
    set_inputs(of, set=("p=false",))
    assert meta_of(of).signature_def["serving_default"].outputs["y"].name == "x:0"


def test_outputs_stay_or_are_refused():
    text = COND.replace("b = Tanh(s:1)", "l = Neg(x); t = Switch(l, p); b = Tanh(t:1)")
    of = model(text)
    set_inputs(of, set=("p=false",), outputs=("l",))
    assert "l = Neg(x)" in notation.show(of.graph)
    of = model(text)
    set_inputs(of, set=("p=false",))
    assert "l" not in of.graph
    check_refusal(set_inputs, model(COND), PassError, "node 'b'.*is not computed", set="p=false", outputs="b")


def test_contexts_of_the_condition_go():
    meta = schema.MetaGraphDef()
    for pivot, member in (("switch_t", "b"), ("switch_f", "a")):
        context = schema.CondContextDef(context_name=member, pivot_name=f"{pivot}:0", pred_name="p:0")
        context.values_def.values.append(f"{member}:0")
        meta.collection_def["cond_context"].bytes_list.value.append(schema.serialize(context))
    text = COND + "switch_f = Identity(pivot)"
    of = model(text, meta=meta)
    assert set_inputs(of, set=("p=false",)).contexts == 1
    assert "cond_context" not in meta_of(of).collection_def


def test_old_placeholders_may_have_any_shape():
    text = "s = Placeholder {dtype: i32, shape: shape[]}; y = Identity(s)"
    set_inputs(model(text), set=("s=[1, 2]",))
    new = model(text)
    new.rest.versions.producer = 24
    check_refusal(set_inputs, new, PassError, "takes a value of shape", set="s=[1, 2]")


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ("q=1", NotFoundError, "no input 'q'"),
        ("m=1", PassError, "Merge is no input"),
        (("p=1", "p:0=0"), PassError, "is named twice"),
        ("p=maybe", PassError, "no bool; 0 or 1, true or false"),
        ((), PassError, "no inputs are named"),
        ("p", PassError, "NAME=VALUE"),
    ],
)
def test_what_is_refused(given, error, match):
    check_refusal(set_inputs, model(COND), error, match, set=given)
