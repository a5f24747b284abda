"""Copy: a part of a graph once more, and what refuses leaves the model as it was."""

from __future__ import annotations

from typing import Any

import pytest

from graphsurgeon.checks import verify
from graphsurgeon.errors import NotFoundError, PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.copy import CopiedNodeRow, CopiedVariableRow, copy
from tests import notation
from tests.passes.harness import check_pass, check_refusal, keys_saved, listed
from tests.passes.harness import model as bare
from tests.passes.prune.models import trained

NET = """
    x = Placeholder {dtype: f32}
    t/a = Relu(x)
    t/b/c = Mul(t/a, x, ^t/a) {_class: loc:@t/a}
    y = Elu(t/b/c)
"""


def net(keys: dict[str, str] | None = None) -> Model:
    return trained(["t/w", "v"], "\nx = Placeholder {dtype: f32}\nt/h = Mul(x, t/w/read)\nout = Mul(t/h, v/read)", keys)


def test_names_are_below_the_scope_instead_of_what_they_share():
    report = check_pass(
        copy,
        bare(NET),
        """
        x = Placeholder
        t/a = Relu(x)
        t/b/c = Mul(t/a, x, ^t/a) {_class: loc:@t/a}
        y = Elu(t/b/c)
        twin/a = Relu(x)
        twin/b/c = Mul(twin/a, x, ^twin/a) {_class: loc:@twin/a}
        """,
        nodes=("t/.*",),
        scope="twin/",
    )
    assert report.nodes[0] == CopiedNodeRow("twin/a", "t/a", "Relu")


def test_copies_read_what_is_not_copied():
    model = bare(NET)
    copy(model, nodes=("y", "t/b/c:0"), scope="s")
    assert model.graph["s/y"].inputs == ("s/t/b/c",)
    assert model.graph["s/t/b/c"].inputs == ("t/a", "x", "^t/a")


def test_variables_come_with_what_belongs_to_them_and_their_values():
    model = net()
    report = copy(model, nodes=("t/w", "t/h"), scope="twin")
    assert verify(model, consistency=True) == []
    assert report.variables == [CopiedVariableRow("twin/w", "twin/w", "t/w")]
    assert {"twin/w/Assign", "twin/w/read", "twin/w/zeros"} <= {node.name for node in model.graph}
    assert model.variables["twin/w"] is model.variables["t/w"]
    assert keys_saved(model) == [b"t/w", b"twin/w", b"v"]
    assert listed(model, "variables") == ["t/w", "v", "twin/w"]


def test_keys_that_are_no_names_are_below_the_scope():
    model = net({"t/w": "old/weights"})
    copy(model, nodes=("t/.*",), scope="twin")
    assert sorted(model.variables) == ["old/weights", "twin/old/weights", "v"]
    assert keys_saved(model) == [b"old/weights", b"twin/old/weights", b"v"]


def test_variables_may_be_shared():
    model = net()
    report = copy(model, nodes=("t/.*",), scope="twin", share_variables=True)
    assert verify(model, consistency=True) == []
    assert (report.shared, report.variables) == (["t/w"], [])
    assert model.graph["twin/h"].inputs == ("x", "t/w/read")
    assert list(model.variables) == ["t/w", "v"]
    assert [row.name for row in report.nodes] == ["twin/h"]


def test_savers_and_init_ops_are_not_copied_but_serve_the_copies():
    model = net()
    model.graph.append(notation.node("init = NoOp(^t/w/Assign, ^v/Assign)"))
    copy(model, nodes=(".*",), scope="twin")
    assert model.graph["init"].inputs == ("^t/w/Assign", "^v/Assign", "^twin/t/w/Assign", "^twin/v/Assign")
    assert not [node.name for node in model.graph if node.name.startswith(("twin/save", "twin/init"))]


def test_tables_and_queues_are_their_own():
    queue = 't/q = FIFOQueueV2 {component_types: [f32], shared_name: "mine"}'
    model = bare(
        queue
        + "; "
        + queue.replace("t/q", "t/same")
        + '; t/v = VarHandleOp {dtype: f32, shape: shape[2], shared_name: "t/v"}'
    )
    copy(model, nodes=("t/.*",), scope="s")
    assert model.graph["s/q"].attrs["shared_name"] == b"s/mine"
    assert model.graph["s/same"].attrs["shared_name"] == b"s/mine"
    assert model.graph["s/v"].attrs["shared_name"] == b"s/v"


LOOP = """
    x = Placeholder {dtype: f32}
    l/e = Enter(x) {frame_name: "l"}
    l/m = Merge(l/e, l/n)
    l/c = Less(l/m, l/m)
    l/l = LoopCond(l/c)
    l/s = Switch(l/m, l/l)
    l/i = Relu(l/s:1)
    l/n = NextIteration(l/i)
    l/exit = Exit(l/s)
"""


def test_a_loop_runs_in_a_frame_of_its_own():
    model = bare(LOOP)
    copy(model, nodes=("l/.*",), scope="k")
    assert model.graph["k/e"].attrs["frame_name"] == b"l_1"
    assert model.graph["k/m"].inputs == ("k/e", "k/n")


def test_nodes_in_a_loop_may_be_copied_into_it():
    model = bare(LOOP)
    copy(model, nodes=("l/i",), scope="k")
    assert model.graph["k/i"].inputs == ("l/s:1",)


def test_the_library_is_shared():
    function = notation.function("f", "a", "r:activations:0", "r = Relu(a) {T: f32}")
    model = bare("x = Placeholder {dtype: f32}; y = f(x)", function)
    copy(model, nodes=("y",), scope="s")
    assert model.graph["s/y"].op == "f"
    check_refusal(copy, model, PassError, "f/r is in a function", nodes="f/r", scope="t")


@pytest.mark.parametrize(
    ("model", "options", "error", "match"),
    [
        (bare(NET), {"nodes": "nothing", "scope": "s"}, NotFoundError, "nothing"),
        (bare(NET), {"nodes": "y", "scope": "a b"}, PassError, "no scope for names"),
        (
            bare(NET + "; s/y = Relu(x)"),
            {"nodes": "y", "scope": "s"},
            PassError,
            "names of 1 copies are taken: s/y",
        ),
        (bare(LOOP), {"nodes": "l/[em]", "scope": "s"}, PassError, "the while loop 'l' is chosen without"),
        (net(), {"nodes": "save/.*", "scope": "s"}, PassError, "none of the nodes is to be copied"),
    ],
)
def test_refusals(model: Model, options: dict[str, Any], error: Any, match: str):
    check_refusal(copy, model, error, match, **options)
