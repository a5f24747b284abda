"""insert: an op of one input between a tensor and all who read it; `tests/tf/test_rewiring_tf.py` has the judge."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.passes.insert import InsertedRow, insert
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests import notation
from tests.models import meta_graph
from tests.passes.harness import attrs, check_pass, check_refusal, model, reloaded

TEXT = """
    x = Placeholder {dtype: f32}
    net/y = Relu(x) on /device:CPU:0
    z = Neg(net/y)
    v = Add(net/y, net/y)
"""
LOOP = """
    x = Placeholder {dtype: f32}
    e = Enter(x) {frame_name: "f", is_constant: false, parallel_iterations: 10}
    m = Merge(e, n)
    less = Less(m, m)
    c = LoopCond(less)
    s = Switch(m, c)
    body = Relu(s:1)
    n = NextIteration(body)
    out = Exit(s)
"""


def test_all_who_read_it_read_the_new_node():
    after = """
        x = Placeholder
        net/y = Relu(x) on /device:CPU:0
        z = Neg(net/StopGradient)
        v = Add(net/StopGradient, net/StopGradient)
        net/StopGradient = StopGradient(net/y) on /device:CPU:0
    """
    report = check_pass(insert, model(TEXT), after, at=("net/y",), op="StopGradient")
    assert report.inserted == [InsertedRow("net/StopGradient", "StopGradient", "net/y:0", 3)]


def test_names_and_attrs():
    of = model(TEXT)
    insert(of, at=("net/y:0",), op="LeakyRelu", name="a/b", attr=("alpha=0.5",))
    assert attrs(of, "a/b") == {"T": dtypes.FLOAT, "alpha": 0.5}


def test_lists_beside_the_input_hold_the_tensor_too():
    of = model(TEXT)
    insert(of, at=("net/y",), op="Print", attr={"message": "y: "})
    assert of.graph["net/Print"].inputs == ("net/y", "net/y")
    insert(of, at=("x",), op="IdentityN")
    assert of.graph["IdentityN"].inputs == ("x",)


def test_several_tensors_one_after_the_other():
    of = model(TEXT)
    rows = insert(of, at=("x", "net/y"), op="Identity").inserted
    assert [row.node for row in rows] == ["Identity", "net/Identity"]
    assert of.graph["net/y"].inputs == ("Identity",)


def test_function_bodies_and_their_results():
    body = notation.function("f", "a", "r:activations:0", "r = Relu(a) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    report = insert(of, at=("f/r", "f/a"), op="Identity")
    function = of.library.functions["f"]
    assert [row.node for row in report.inserted] == ["f/Identity", "f/Identity_1"]
    assert function.proto.ret["out0"] == "Identity:output:0"
    assert function.body["r"].inputs == ("Identity_1:output:0",)


def test_signatures_and_collections_follow_and_what_is_fed_stays():
    meta = meta_graph()
    meta.collection_def["endpoints"].node_list.value.extend(["out:0", "out"])
    del meta.graph_def.node[:]
    of = model("x = Placeholder {dtype: f32}; out = Relu(x)", meta=meta)
    report = insert(of, at=("fetch",), op="Cast", attr=("DstT=float16",))
    assert of.meta is not None
    signature = of.meta.signature_def["serving_default"]
    assert (signature.outputs["fetch"].name, signature.outputs["fetch"].dtype) == ("Cast:0", dtypes.HALF.number)
    assert list(of.meta.collection_def["endpoints"].node_list.value) == ["Cast:0", "out"]
    assert [(row.where, row.name, row.was) for row in report.followed] == [
        ("signature serving_default", "fetch", "out:0"), ("collection endpoints", "out:0", "out:0"),
    ]  # fmt: skip
    insert(of, at=("x",), op="Identity")
    assert signature.inputs["feed"].name == "x:0"


def test_a_loop_has_what_is_put_into_it():
    meta = schema.MetaGraphDef()
    context = schema.WhileContextDef(context_name="f", pivot_name="c:0")
    context.values_def.values.extend(["m:0", "s:1", "body:0"])
    meta.collection_def["while_context"].bytes_list.value.append(schema.serialize(context))
    of = model(LOOP, meta=meta)
    insert(of, at=("body",), op="Identity")
    assert of.meta is not None
    (data,) = of.meta.collection_def["while_context"].bytes_list.value
    assert schema.parse(schema.WhileContextDef, data).values_def.values[:] == ["m:0", "s:1", "body:0", "Identity:0"]
    assert of.graph["n"].inputs == ("Identity",)


def test_noted_shapes_go_behind_what_may_change_them():
    of = model(TEXT)
    for name in ("x", "net/y", "z"):
        of.graph[name].attrs["_output_shapes"] = [Shape([2, 3])]
    of = reloaded(of)
    insert(of, at=("net/y",), op="Identity")
    assert "_output_shapes" in attrs(of, "z")
    insert(of, at=("net/y",), op="MatrixInverse")
    assert "_output_shapes" in attrs(of, "net/y")
    assert "_output_shapes" not in attrs(of, "z")
    of = reloaded(model(TEXT))
    of.graph["x"].attrs["shape"] = Shape([2, 3])
    for name in ("net/y", "z"):
        of.graph[name].attrs["_output_shapes"] = [Shape([2, 3])]
    insert(of, at=("net/y",), op="Squeeze", attr={"squeeze_dims": []})
    assert attrs(of, "z")["_output_shapes"] == [Shape([2, 3])]


@pytest.mark.parametrize(
    ("text", "options", "error", "match"),
    [
        (TEXT, {"at": ("y",), "op": "Identity"}, NotFoundError, "no node 'y'"),
        (TEXT, {"at": ("x",), "op": "Identify"}, NotFoundError, "no op 'Identify'"),
        (TEXT, {"at": ("x",), "op": "Add"}, PassError, r"takes 2 inputs \(x, y\), not one"),
        (TEXT, {"at": ("x",), "op": "NoOp"}, PassError, "takes no input, not one"),
        (TEXT, {"at": ("x",), "op": "PrintV2"}, PassError, "takes string for 'input', and 'x' is float32"),
        (TEXT, {"at": ("x",), "op": "Cast"}, PassError, "needs attr 'DstT'"),
        (TEXT, {"at": ("x",), "op": "Cast", "attr": ("DstT=int32",)}, PassError, "int32 of float32, which 'net/y'"),
        (TEXT, {"at": ("x", "z"), "op": "Neg", "name": "a"}, PassError, "'a' cannot be the name of 2 nodes"),
        (TEXT, {"at": ("x",), "op": "Neg", "name": "z"}, PassError, "a node of this name is there already"),
        (TEXT, {"at": ("x",), "op": "Neg", "attr": ("t=1",)}, PassError, "op Neg has no attr 't'"),
        (TEXT, {"at": (), "op": "Neg"}, PassError, "no tensor is named"),
        ("w = VariableV2 {dtype: f32, shape: shape[2]}; r = Identity(w)", {"at": ("w",), "op": "Identity"}, PassError,
         "node 'w:0': is a reference to a variable"),
        ("w = VarHandleOp {dtype: f32, shape: shape[2]}; r = ReadVariableOp(w) {dtype: f32}",
         {"at": ("w",), "op": "Identity"}, PassError, "handle of a resource"),
        (LOOP, {"at": ("n",), "op": "Identity"}, PassError, "op NextIteration makes a loop go round"),
        (LOOP, {"at": ("c",), "op": "Identity"}, PassError, "op LoopCond makes a loop go round"),
    ],
)  # fmt: skip
def test_refusals(text, options, error, match):
    check_refusal(insert, model(text), error, match, **options)


def test_branches_in_function_bodies():
    body = notation.function(
        "f", "a", "y:y:0",
        "p = Const {bool []}; s = Switch(a, p:output:0) {T: f32}; t = Relu(s:output_true:0) {T: f32};"
        "n = Neg(s:output_false:0) {T: f32}; m = Merge(n:y:0, t:activations:0) {T: f32, N: 2};"
        "y = Abs(m:output:0) {T: f32}",
    )  # fmt: skip
    of = model("x = Placeholder {dtype: f32}; y = f(x)", body)
    insert(of, at=("f/t",), op="Identity")
    assert of.library.functions["f"].body["m"].inputs == ("n:y:0", "Identity:output:0")


def test_objects_that_would_compute_something_else_go():
    meta = meta_graph()
    meta.object_graph_def.concrete_functions["f"].SetInParent()
    del meta.graph_def.node[:]
    body = notation.function("f", "a", "r:activations:0", "r = Relu(a) {T: f32}")
    of = model("x = Placeholder {dtype: f32}; out = f(x)", body, meta=meta)
    assert insert(of, at=("f/r",), op="Identity").notes == []
    assert of.meta is not None
    assert of.meta.HasField("object_graph_def")
    (note,) = insert(of, at=("out",), op="Identity").notes
    assert "object graph is gone" in note
    assert not of.meta.HasField("object_graph_def")


def test_defaults_that_came_later_are_left_out():
    of = model("x = Placeholder {dtype: f32, shape: shape[1,4,4,2]}; y = Relu(x)")
    insert(of, at=("x",), op="MaxPool", attr=("ksize=1,1,1,1", "strides=1,1,1,1", "padding=SAME"))
    assert set(attrs(of, "MaxPool")) == {"T", "ksize", "strides", "padding", "data_format"}
