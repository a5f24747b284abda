"""Downgrade: what an older TensorFlow does not know goes at its default, or all that stands in the way is listed."""

from __future__ import annotations

import pytest

from graphsurgeon.errors import PassError
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.downgrade import RemovedAttr, downgrade
from graphsurgeon.tensors import dtypes
from proto_utils import schema
from tests import notation
from tests.passes.harness import reloaded

TEXT = """
    x = Placeholder {dtype: f32}
    a = MatMul(x, x) {T: f32, grad_a: false, grad_b: false}
    p = MaxPool(a) {T: f32, ksize: [1, 1, 1, 1], strides: [1, 1, 1, 1], padding: "SAME", explicit_paddings: []}
"""


def of(text: str = TEXT, *functions: Function) -> Model:
    return reloaded(notation.model(text, *functions))


def attrs(model: Model) -> dict[str, set[str]]:
    return {node.name: set(node.attrs) for _, graph in model.graphs() for node in graph}


def test_attrs_at_their_default_go():
    model = of()
    report = downgrade(model)
    assert attrs(model)["a"] == {"T"}
    assert "explicit_paddings" not in attrs(model)["p"]
    assert report.to_json() == {
        "version": "1.15",
        "removed": [
            {"op": "MatMul", "attr": "grad_a", "since": "2.16", "nodes": 1},
            {"op": "MatMul", "attr": "grad_b", "since": "2.16", "nodes": 1},
            {"op": "MaxPool", "attr": "explicit_paddings", "since": "2.4", "nodes": 1},
        ],
        "notes": [],
    }


def test_what_the_version_knows_stays():
    model = of()
    assert downgrade(model, to="2.4.1").removed == [
        RemovedAttr("MatMul", "grad_a", "2.16", 1),
        RemovedAttr("MatMul", "grad_b", "2.16", 1),
    ]
    assert "explicit_paddings" in attrs(model)["p"]
    assert downgrade(of(), to="2.21").removed == []


def test_function_bodies_too():
    body = notation.function("f", "x", "m:product:0", "m = MatMul(x, x) {T: f32, grad_a: false}")
    model = of("x = Placeholder {dtype: f32}; y = f(x)", body)
    assert [row.nodes for row in downgrade(model).removed] == [1]
    assert attrs(model)["m"] == {"T"}


def test_names_for_people_and_idle_ops_go():
    body = notation.function(
        "f", "h", "n:y:0", "d = DisableCopyOnRead(h); n = Neg(c:output:0, ^d) {T: f32}; c = Const {f32 []}"
    )
    body.proto.signature.input_arg[0].type = dtypes.RESOURCE.number
    text = 'v = VarHandleOp {dtype: f32, shape: shape[], debug_name: "v/"}; y = f(v)'
    model = of(text, body)
    assert [(row.op, row.attr) for row in downgrade(model).removed] == [
        ("DisableCopyOnRead", ""),
        ("VarHandleOp", "debug_name"),
    ]
    assert "debug_name" not in attrs(model)["v"]
    assert notation.show(model.library.functions["f"].body).splitlines()[:2] == ["d = NoOp", "n = Neg(c:output:0, ^d)"]


def test_inferred_types_go_before_tensorflow_knew_them():
    for version, stays in (("2.6", False), ("2.7", True)):
        graph = notation.model(TEXT).to_graph_def()
        graph.node[1].experimental_type.type_id = 1000
        model = Model.from_graph_def(graph)
        downgrade(model, to=version)
        assert model.to_graph_def().node[1].HasField("experimental_type") is stays


def test_all_that_stands_in_the_way_is_listed_and_nothing_changed():
    text = (
        TEXT
        + """
        s = StatelessCase(i, x) {Tin: [f32], Tout: [f32], branches: [fn:f]}
        m = MatMul(x, x) {T: f32, grad_a: true}
        n = MatMul(x, x) {T: f32, grad_a: true}
    """
    )
    model = of("i = Placeholder {dtype: i32}" + text, notation.function("f", "x", "x", ""))
    before = schema.serialize(model.to_graph_def())
    with pytest.raises(PassError) as caught:
        downgrade(model)
    assert caught.value.reason == (
        "TensorFlow 1.15 does not know op StatelessCase, which came with 2.4 (node 's'); "
        "attr 'grad_a' of op MatMul, which came with 2.16 (node 'm' and 1 more)"
    )
    assert caught.value.hint == 'TensorFlow 2.16 knows all of it: `to="2.16"`'
    assert schema.serialize(model.to_graph_def()) == before


@pytest.mark.parametrize(("to", "reason"), [("newest", "no version"), ("2", "no version"), ("0.12.1", "before 1.0")])
def test_versions_that_are_none_or_not_known(to: str, reason: str):
    with pytest.raises(PassError, match=reason):
        downgrade(of(), to=to)


def test_to_a_release_before_1_15():
    text = """
        x = Placeholder {dtype: f32}
        k = Const {f32 [1,1,1,1]}
        y = Conv2D(x, k) {T: f32, strides: [1, 1, 1, 1], padding: "SAME", dilations: [1, 1, 1, 1], EXPLICIT}
    """
    model = of(text.replace("EXPLICIT", "explicit_paddings: []"))
    assert [(row.attr, row.since) for row in downgrade(model, to="1.4").removed] == [
        ("dilations", "1.5"), ("explicit_paddings", "1.14"),
    ]  # fmt: skip
    with pytest.raises(PassError, match=r"op AddV2, which came with 1\.5"):
        downgrade(of("x = Placeholder {dtype: f32}; y = AddV2(x, x)"), to="1.4")
