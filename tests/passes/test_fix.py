"""Fix: graphs that were frozen badly import again, and the report names every node that was touched."""

from __future__ import annotations

import pytest

from graphsurgeon.checks import check
from graphsurgeon.errors import GraphError, NotFoundError, PassError
from graphsurgeon.ir.model import Model
from graphsurgeon.passes.fix import fix
from proto_utils import schema
from tests import notation
from tests.notation import function
from tests.passes.harness import reloaded


def broken(text: str) -> Model:
    """The model of a text, which need not be well formed."""
    return reloaded(notation.model(text))


def repaired(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The nodes after fixing, and the nodes of the report with what they were."""
    model = broken(text)
    with pytest.raises(GraphError):
        check(model)
    report = fix(model)
    check(reloaded(model))
    return notation.show(model.graph).splitlines(), [(row.node, row.op) for row in report.repairs]


# A batch norm that was frozen with its update, as slim builds it.
BATCH_NORM = """
    x = Placeholder {dtype: f32}
    training = Placeholder {dtype: bool}
    mean = Const {f32 []}
    mean/read = Identity(mean) {_class: loc:@mean}
    update/Switch = RefSwitch(mean, training) {_class: loc:@mean, T: f32}
    batch/Switch = Switch(x, training)
    update/sub = Sub(mean/read, batch/Switch:1)
    update = AssignSub(update/Switch:1, update/sub) {_class: loc:@mean, T: f32}
    batch = Identity(batch/Switch:1, ^update)
    Switch_1 = Switch(mean/read, training)
    Merge = Merge(Switch_1, batch) {N: 2}
    y = Sub(x, Merge)
"""


def test_updates_go_with_what_served_them_alone():
    nodes, rows = repaired(BATCH_NORM)
    assert nodes == [
        "x = Placeholder",
        "training = Placeholder",
        "mean = Const",
        "mean/read = Identity(mean) {_class: loc:@mean}",
        "batch/Switch = Switch(x, training)",
        "batch = Identity(batch/Switch:1)",
        "Switch_1 = Switch(mean/read, training)",
        "Merge = Merge(Switch_1, batch)",
        "y = Sub(x, Merge)",
    ]
    assert rows == [("update/Switch", "RefSwitch"), ("update/sub", "Sub"), ("update", "AssignSub")]


@pytest.mark.parametrize(
    ("op", "becomes"), [("AssignSub", "Sub(v, x)"), ("AssignAdd", "Add(v, x)"), ("Assign", "Identity(x)")]
)
def test_a_result_that_is_read_is_computed(op, becomes):
    nodes, rows = repaired(
        f"x = Placeholder {{dtype: f32}}; v = Const {{f32 []}}; u = {op}(v, x) {{T: f32}}; y = Neg(u)"
    )
    assert nodes[2:] == [f"u = {becomes}", "y = Neg(u)"]
    assert rows == [("u", op)]


def test_an_output_that_changes_rows():
    text = """
        v = Const {f32 [4]}
        i = Placeholder {dtype: i32}
        x = Placeholder {dtype: f32}
        a = Assign(v, v) {T: f32}
        u = ScatterUpdate(a, i, x) {T: f32, Tindices: i32}
        n = ScatterNdAdd(u, i, x) {T: f32, Tindices: i32}
    """
    nodes, rows = repaired(text)
    assert nodes[3:] == [
        "a = Identity(v)",
        "u = TensorScatterUpdate(a, u/indices, x)",
        "n = TensorScatterAdd(u, i, x)",
        "u/axis = Const",
        "u/indices = ExpandDims(i, u/axis)",
    ]
    assert rows == [("a", "Assign"), ("u", "ScatterUpdate"), ("n", "ScatterNdAdd")]


def test_a_result_that_nothing_computes_is_named():
    model = broken("v = Const {f32 [4]}; i = Placeholder {dtype: i32}; u = ScatterMul(v, i, v) {T: f32, Tindices: i32}")
    with pytest.raises(PassError, match="fix: node 'u': op ScatterMul changes variable 'v', and its result is needed"):
        fix(model)


def test_references_are_values_behind_switches():
    nodes, rows = repaired(
        """
        p = Placeholder {dtype: bool}
        v = Const {f32 [2]}
        s = RefSwitch(v, p) {T: f32}
        a = Neg(s)
        b = Neg(s:1)
        m = Merge(a, b) {N: 2}
        """
    )
    assert nodes[2] == "s = Switch(v, p)"
    assert rows == [("s", "RefSwitch")]


def test_handles_are_values():
    nodes, rows = repaired(
        """
        i = Placeholder {dtype: i32}
        v = Const {f32 [4]}
        e = Identity(v) {T: resource}
        r = ReadVariableOp(e) {dtype: f32}
        g = ResourceGather(e, i) {dtype: f32, Tindices: i32}
        u = AssignVariableOp(v, r) {dtype: f32}
        y = Add(r, g, ^u)
        """
    )
    assert nodes == [
        "i = Placeholder",
        "v = Const",
        "e = Identity(v)",
        "r = Identity(e)",
        "g = GatherV2(e, i, g/axis)",
        "y = Add(r, g)",
        "g/axis = Const",
    ]
    assert rows == [("e", "Identity"), ("r", "ReadVariableOp"), ("g", "ResourceGather"), ("u", "AssignVariableOp")]


# A network that only its own update reads, as TensorFlow freezes it with resource variables.
TRAINING = """
    x = Placeholder {dtype: f32}
    w = Const {f32 [2,2]}
    w/read = Identity(w)
    prob = MatMul(x, w/read)
    gradients/Neg = Neg(prob)
    rate = Const {f32 []}
    train/update = ResourceApplyGradientDescent(w, rate, gradients/Neg) {T: f32}
    train = NoOp(^train/update)
"""


def test_a_network_stays_when_only_its_update_reads_it():
    nodes, rows = repaired(TRAINING)
    assert nodes == [
        "x = Placeholder",
        "w = Const",
        "w/read = Identity(w)",
        "prob = MatMul(x, w/read)",
        "gradients/Neg = Neg(prob)",
        "train = NoOp",
    ]
    assert rows == [("rate", "Const"), ("train/update", "ResourceApplyGradientDescent")]


def test_a_training_op_that_was_asked_for_by_name_keeps_it():
    nodes, rows = repaired(TRAINING.replace("train = NoOp(^train/update)", ""))
    assert nodes[-1] == "train/update = NoOp"
    assert rows == [("rate", "Const"), ("train/update", "ResourceApplyGradientDescent")]


def test_a_read_that_had_waited_reads_the_result():
    nodes, rows = repaired(
        """
        x = Placeholder {dtype: f32}
        v = Const {f32 []}
        u = AssignVariableOp(v, x) {dtype: f32}
        r = Identity(v)
        y = Neg(r)
        """
    )
    assert nodes[2:] == ["u = Identity(x)", "r = Identity(u)", "y = Neg(r)"]
    assert rows == [("u", "AssignVariableOp"), ("r", "Identity")]


def test_nodes_that_are_broken_by_themselves():
    nodes, rows = repaired(
        """
        x = Placeholder {dtype: f32}
        rate = Const(x) {f32 []}
        rate = Const(x) {f32 []}
        y = Sub(x, rate)
        """
    )
    assert nodes == ["x = Placeholder", "rate = Const(^x)", "y = Sub(x, rate)"]
    assert rows == [("rate", "Const"), ("rate", "Const")]


def test_what_names_nothing_goes():
    nodes, rows = repaired(
        """
        v = Const {f32 [2]}
        a = Neg(v, ^gone) {_class: loc:@gone}
        b = Neg(a) {_class: loc:@v}
        """
    )
    assert nodes == ["v = Const", "a = Neg(v)", "b = Neg(a) {_class: loc:@v}"]
    assert rows == [("a", "Neg"), ("a", "Neg")]


def body_that_gathers(type_number: int) -> Model:
    """A call of a function that gathers from its argument, which is said to be of that type."""
    called = function("f", "v i", "g:output:0", "g = ResourceGather(v, i) {dtype: f32, Tindices: i32}")
    called.proto.signature.input_arg[0].type = type_number
    called.proto.signature.input_arg[1].type = 3
    caller = f"""
        i = Placeholder {{dtype: i32}}
        v = Const {{f32 [4]}}
        y = PartitionedCall(v, i) {{f: fn:f, Tin: [{"f32" if type_number == 1 else "resource"}, i32], Tout: [f32]}}
    """
    return reloaded(notation.model(caller, called))


def test_a_body_that_is_given_a_value_already():
    model = body_that_gathers(1)
    rows = fix(model).repairs
    assert [(row.node, row.function) for row in rows] == [("g", "f")]
    assert notation.show(model.library.functions["f"].body) == "g = GatherV2(v, i, g/axis:output:0)\ng/axis = Const"


def test_a_call_that_passes_a_value_for_a_handle():
    model = body_that_gathers(20)
    rows = fix(model).repairs
    assert [(row.node, row.function) for row in rows] == [("y", None), ("g", "f_frozen_0")]
    assert list(model.library.functions) == ["f_frozen_0"]


def test_nothing_to_repair():
    model = broken("x = Placeholder {dtype: f32}; y = Neg(x)")
    before = schema.serialize(model.to_graph_def())
    report = fix(model)
    assert (report.repairs, report.notes) == ([], ["there was nothing to repair"])
    assert schema.serialize(model.to_graph_def()) == before


def test_other_faults_are_refused_and_nothing_is_changed():
    model = broken("v = Const {f32 []}; a = Neg(v, ^gone); b = Neg(missing) {T: f32}")
    before = schema.serialize(model.to_graph_def())
    with pytest.raises(GraphError, match=r"'b'.*'missing' names no node"):
        fix(model)
    assert schema.serialize(model.to_graph_def()) == before


class TestLooseEnds:
    TEXT = "w = Const {f32 [2,2]}; y = MatMul(front/relu, w) {T: f32}; z = Add(y, other:1) {T: f32}"

    def test_what_is_named_is_fed(self):
        model = broken(self.TEXT)
        report = fix(model, inputs=("front/relu", "other:1"))
        check(reloaded(model))
        assert notation.show(model.graph).splitlines()[-2:] == ["front/relu = Placeholder", "other_1 = Placeholder"]
        assert [(row.node, row.repair) for row in report.repairs] == [
            ("front/relu", "is a Placeholder now, to be fed"),
            ("other_1", "is a Placeholder now, to be fed"),
        ]
        assert model.graph["front/relu"].attrs["dtype"].name == "float32"

    def test_what_is_not_named_is_refused_with_the_way_on(self):
        with pytest.raises(GraphError, match="input 'other:1' names no node") as caught:
            fix(broken(self.TEXT), inputs=("front/relu",))
        assert (caught.value.node, caught.value.hint) == ("z", 'name it to be fed: `inputs="other:1"`')

    def test_names_that_nobody_reads(self):
        with pytest.raises(NotFoundError, match="front/rel") as caught:
            fix(broken(self.TEXT), inputs=("front/rel",))
        assert "front/relu" in caught.value.near

    def test_nodes_that_are_there(self):
        with pytest.raises(PassError, match="is there, and needs no repair"):
            fix(broken(self.TEXT), inputs=("y:0",))

    def test_a_dtype_that_nobody_knows(self):
        with pytest.raises(PassError, match="nothing tells the dtype"):
            fix(broken("y = OfAnotherLibrary(x)"), inputs=("x",))
