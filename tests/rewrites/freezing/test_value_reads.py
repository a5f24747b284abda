"""What reads a handle reads the value: the same attrs that TensorFlow's conversion gives."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.node import Node
from graphsurgeon.rewrites.freezing.body_edits import BodyEdits
from graphsurgeon.rewrites.freezing.value_reads import READS, Value
from graphsurgeon.tensors.dtypes import BOOL, FLOAT, INT32, INT64
from tests import notation

VALUE = Value(FLOAT, (4,), "v")


def rewritten(line: str, *, function: str | None = None, value: Value = VALUE) -> tuple[Node, BodyEdits]:
    body = BodyEdits(notation.graph(line), function)
    node = next(iter(body.graph))
    READS[node.op](body, node, value)
    return body.current(node), body


def test_a_read_is_an_identity():
    node, _ = rewritten("r = ReadVariableOp(v, ^c) {dtype: f32, _class: loc:@v, _output_shapes: [shape[4]]} on /gpu:0")
    assert (node.op, node.inputs, node.device) == ("Identity", ("v",), "")
    assert dict(node.attrs) == {"T": FLOAT, "_class": [b"loc:@v"]}


def test_a_read_that_was_an_identity_keeps_all_else():
    node, _ = rewritten(
        "r = ReadVariableOp(v, ^c) {dtype: f32, _output_shapes: [shape[4]]} on /gpu:0",
        value=VALUE._replace(is_thawed=True),
    )
    assert (node.op, node.inputs, node.device) == ("Identity", ("v", "^c"), "/gpu:0")
    assert list(node.attrs) == ["T", "_output_shapes"]


@pytest.mark.parametrize("batch_dims", [0, 2])
def test_gather(batch_dims):
    node, body = rewritten(f"g = ResourceGather(v, i) {{dtype: f32, Tindices: i64, batch_dims: {batch_dims}}}")
    assert (node.op, node.inputs) == ("GatherV2", ("v", "i", "g/axis"))
    extra = {"batch_dims": batch_dims} if batch_dims else {}
    assert dict(node.attrs) == {"Tparams": FLOAT, "Tindices": INT64, "Taxis": INT64, **extra}
    assert [(n.name, n.attrs["dtype"], n.tensor.numpy().tolist()) for n in list(body.nodes())[1:]] == [
        ("g/axis", INT64, batch_dims)
    ]


def test_an_axis_that_is_there_is_used():
    text = "g = ResourceGather(v, i) {dtype: f32, Tindices: i32}\ng/axis = Const {i32 []}"
    assert len(list(rewritten(text)[1].nodes())) == 2


def test_gather_nd():
    node, _ = rewritten("g = ResourceGatherNd(v, i) {dtype: f32, Tindices: i32, _class: loc:@v}")
    assert (node.op, node.inputs) == ("GatherNd", ("v", "i"))
    assert dict(node.attrs) == {"Tparams": FLOAT, "Tindices": INT32, "_class": [b"loc:@v"]}


@pytest.mark.parametrize(("attrs", "out_type"), [("", INT32), ("out_type: i64", INT64)])
def test_shape(attrs, out_type):
    node, _ = rewritten(f"s = VariableShape(v) {{{attrs}}}")
    assert (node.op, dict(node.attrs)) == ("Shape", {"T": FLOAT, "out_type": out_type})


def test_a_constant_is_initialized():
    node, _ = rewritten("s = VarIsInitializedOp(v, ^c)")
    assert (node.op, node.inputs, node.attrs["dtype"]) == ("Const", ("^c",), BOOL)
    assert node.tensor.numpy().tolist() is True


@pytest.mark.parametrize(
    ("line", "output"),
    [("r = ReadVariableOp(v) {dtype: f32}", "value"), ("r = VarIsInitializedOp(v)", "is_initialized")],
)
def test_readers_in_a_body_use_the_new_output(line, output):
    _, body = rewritten(f"{line}\nn = Neg(r:{output}:0) {{T: f32}}\nm = Neg(x) {{T: f32}}", function="f")
    assert body.current(body.graph["n"]).inputs == ("r:output:0",)
    assert body.current(body.graph["m"]) is body.graph["m"]
