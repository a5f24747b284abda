"""remove_nodes: nodes of some ops go, and who read one reads what it read."""

from __future__ import annotations

from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.passes.remove_nodes import remove_nodes
from tests.models import meta_graph
from tests.passes.harness import check_pass, check_refusal, model

TEXT = """
    x = Placeholder {dtype: f32}
    p = Const {bool []}
    assert = Assert(p, x) {T: [f32]}
    checked = Identity(x, ^assert)
    numbers = CheckNumerics(checked) {message: "no"}
    y = Relu(numbers)
    out = Identity(y)
"""


def test_guards_go_on_guarding():
    after = """
        x = Placeholder
        p = Const
        assert = Assert(p, x)
        y = Relu(x, ^assert)
        out = Identity(y)
    """
    report = check_pass(remove_nodes, model(TEXT), after, op=("Identity", "CheckNumerics"), outputs=("out",))
    assert [(row.node, row.op, row.instead) for row in report.removed] == [
        ("checked", "Identity", "x"),
        ("numbers", "CheckNumerics", "x"),
    ]
    assert [row.node for row in report.kept] == ["out"]


def test_signatures_protect():
    meta = meta_graph()
    del meta.graph_def.node[:]
    of = model("x = Placeholder {dtype: f32}; a = Identity(x); out = Identity(a)", meta=meta)
    remove_nodes(of, op=("Identity",))
    assert [node.name for node in of.graph] == ["x", "out"]


def test_refusals():
    check_refusal(remove_nodes, model(TEXT), PassError, "no ops are named", op=())
    check_refusal(remove_nodes, model(TEXT), NotFoundError, "no node 'z'", op=("Identity",), outputs=("z",))
