"""Two graphs node by node: what may differ and what may not."""

from __future__ import annotations

import pytest

from graphsurgeon.checks.finding import WARNING, Finding
from graphsurgeon.compare.equivalence.bodies import Bodies, Call
from graphsurgeon.compare.equivalence.sides import Side
from graphsurgeon.compare.equivalence.values import Values
from graphsurgeon.ir.model import Model
from tests import notation

FROZEN = """
    x = Placeholder {dtype: f32}
    w = Const {f32 [2,2]}
    w/read = Identity(w)
    y = MatMul(x, w/read)
    z = Relu(y, ^x)
"""
REF = FROZEN.replace("w = Const {f32 [2,2]}", "w = VariableV2 {dtype: f32, shape: shape[2,2]}")
RESOURCE = FROZEN.replace("w = Const {f32 [2,2]}", "w = VarHandleOp {dtype: f32, shape: shape[2,2]}").replace(
    "w/read = Identity(w)", "w/read = ReadVariableOp(w) {dtype: f32}"
)


def found(frozen: str, thawed: str, **variables: str) -> list[Finding]:
    """Findings; every variable has the value that `tests.notation` gives constants, unless told."""
    a, b = notation.model(frozen), notation.model(thawed)
    for node in b.graph:
        if node.op in ("VariableV2", "VarHandleOp") and node.name in a.graph:
            (source,) = notation.graph(f"v = Const {{{variables.get(node.name, 'f32 [2,2]')}}}")
            b.variables[node.name] = source.tensor
    bodies = Bodies(Side(a.graph), Side(b.graph))
    return list(bodies.findings(Values(a), Values(b)))


def rules(frozen: str, thawed: str, **variables: str) -> list[tuple[str, str | None]]:
    return [(finding.rule, finding.node) for finding in found(frozen, thawed, **variables)]


@pytest.mark.parametrize("thawed", [FROZEN, REF, RESOURCE])
def test_same(thawed: str):
    assert found(FROZEN, thawed) == []


@pytest.mark.parametrize("thawed", [REF, RESOURCE])
@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("z = Relu", "z = Elu", ("op", "z")),
        ("(x, w/read)", "(w/read, x)", ("input", "y")),
        ("(x, w/read)", "(x, x)", ("input", "y")),
        ("MatMul(x, w/read)", "MatMul(x, w/read) {transpose_b: true}", ("attr", "y")),
        ("(y, ^x)", "(y)", ("control-input", "z")),
        ("(y, ^x)", "(y, ^x, ^w)", ("control-input", "z")),
        ("(y, ^x)", "(y:1, ^x) {T: f32}", ("input", "z")),
        ("(y, ^x)", "(ghost, ^x) {T: f32}", ("input", "z")),
        ("z = Relu(y, ^x)", "z = Relu(y, ^x); t = Tanh(z)", ("missing-node", "t")),
    ],
)
def test_one_thing_wrong(thawed: str, old: str, new: str, wanted: tuple[str, str]):
    assert old in FROZEN
    assert wanted in rules(FROZEN.replace(old, new), thawed)


def test_values():
    assert rules(FROZEN, REF, w="f32 [4]") == [("value", "w")]
    assert rules(FROZEN, REF, w="f64 [2,2]") == [("value", "w")]


def test_the_variable_read_directly():
    assert found(FROZEN.replace("(x, w/read)", "(x, w)"), REF) == []
    assert found(FROZEN, REF.replace("(x, w/read)", "(x, w)")) == []


def test_reads_that_one_side_lacks():
    bare = FROZEN.replace("w/read = Identity(w)", "").replace("w/read", "w")
    assert found(bare, REF) == found(bare, RESOURCE) == []
    assert found(FROZEN, REF.replace("w/read = Identity(w)", "").replace("w/read", "w")) == []


def test_another_variable_of_the_same_value():
    more = "; v = {}; v/read = Identity(v)"
    frozen = FROZEN + more.format("Const {f32 [2,2]}")
    thawed = REF + more.format("VariableV2 {dtype: f32, shape: shape[2,2]}")
    assert found(frozen, thawed) == []
    assert rules(frozen.replace("(x, w/read)", "(x, v/read)"), thawed) == [("input", "y")]


GATHER = """
    i = Placeholder {dtype: i32}
    w = Const {f32 [2,2]}
    g/axis = Const {i32 []}
    g = GatherV2(w, i, g/axis)
"""
RESOURCE_GATHER = """
    i = Placeholder {dtype: i32}
    w = VarHandleOp {dtype: f32, shape: shape[2,2]}
    g = ResourceGather(w, i) {dtype: f32}
"""


def test_gather():
    assert found(GATHER, RESOURCE_GATHER) == []
    assert found(GATHER, RESOURCE_GATHER + "; unrelated = Placeholder {dtype: i32}") == []
    assert rules(GATHER.replace("(w, i, ", "(w, g/axis, "), RESOURCE_GATHER) == [("input", "g")]
    assert rules(GATHER, RESOURCE_GATHER.replace("{dtype: f32}\n", "{dtype: f32, batch_dims: 1}\n")) == [
        ("attr", "g"),
        ("input", "g"),
        ("missing-node", "g/axis"),
    ]
    along = GATHER.replace("g/axis = Const {i32 []}", "zero = Const {i32 []}; g/axis = Pack(zero)")
    assert ("input", "g") in rules(along, RESOURCE_GATHER)


def test_gather_nd_shape_and_whether_there_is_a_value():
    frozen = """
        i = Placeholder {dtype: i32}
        w = Const {f32 [2,2]}
        g = GatherNd(w, i)
        s = Shape(w)
        """
    thawed = """
        i = Placeholder {dtype: i32}
        w = VarHandleOp {dtype: f32, shape: shape[2,2]}
        g = ResourceGatherNd(w, i) {dtype: f32}
        s = VariableShape(w)
        """
    assert found(frozen, thawed) == []
    assert rules(frozen.replace("Shape(w)", "Shape(w) {out_type: i64}"), thawed) == [("attr", "s")]
    is_there = thawed + "q = VarIsInitializedOp(w)"
    assert found(frozen + "q = Const {dtype: bool, value: true}", is_there) != []
    assert rules(frozen + "q = Const {bool []}", is_there) == [("value", "q")]


def test_readers_wait_for_nothing_once_they_are_frozen():
    waiting = RESOURCE.replace("ReadVariableOp(w)", "ReadVariableOp(w, ^x)")
    assert found(FROZEN, waiting) == []
    assert rules(FROZEN.replace("Identity(w)", "Identity(w, ^x)"), RESOURCE) == [("control-input", "w/read")]


def test_references_through_switches():
    frozen = "p = Placeholder {dtype: bool}; w = Const {f32 [2,2]}; s = Switch(w, p); y = Relu(s:1)"
    thawed = (
        "p = Placeholder {dtype: bool}; w = VariableV2 {dtype: f32, shape: shape[2,2]}; "
        "s = RefSwitch(w, p); y = Relu(s:1) {T: f32}"
    )
    assert found(frozen, thawed) == []
    assert rules(frozen.replace("s:1", "s"), thawed) == [("input", "y")]
    handles = (
        "p = Placeholder {dtype: bool}; w = VarHandleOp {dtype: f32, shape: shape[2,2]}; "
        "s = Switch(w, p) {T: resource}; r = ReadVariableOp(s:1) {dtype: f32}; y = Relu(r)"
    )
    frozen = frozen.replace("y = Relu(s:1)", "r = Identity(s:1); y = Relu(r)")
    assert found(frozen, handles) == []


def test_constant_inside_a_loop():
    """Unfreezing puts the variable outside and brings its value in."""
    frozen = """
        x = Placeholder {dtype: f32}
        e = Enter(x) {frame_name: "f"}
        w = Const {f32 [2,2]}
        y = MatMul(e, w)
        """
    thawed = """
        x = Placeholder {dtype: f32}
        e = Enter(x) {frame_name: "f"}
        w = VariableV2 {dtype: f32, shape: shape[2,2]}
        w/read = Identity(w)
        w/Enter = Enter(w/read) {frame_name: "f", is_constant: true}
        w/Identity = Identity(w/Enter, ^e)
        y = MatMul(e, w/Identity)
        """

    def held_back(text: str) -> Model:
        model = notation.model(text)
        if model.graph["w"].op == "Const":
            model.graph["w"].inputs = ("^e",)
        model.variables = {"w": notation.graph("v = Const {f32 [2,2]}")["v"].tensor}
        return model

    def compare(b: str) -> list[str]:
        models = held_back(frozen), held_back(b)
        bodies = Bodies(Side(models[0].graph), Side(models[1].graph))
        return [finding.rule for finding in bodies.findings(Values(models[0]), Values(models[1]))]

    assert compare(thawed) == []
    assert compare(thawed.replace(", ^e)", ")")) == ["control-input"]
    assert compare(thawed.replace("(e, w/Identity)", "(e, w)")) == ["control-input"]


def test_updates_that_freezing_cut():
    thawed = REF + "; u = Assign(w, y) {T: f32}; n = NoOp(^u)"
    assert found(FROZEN, thawed.replace("(y, ^x)", "(y, ^x, ^n)")) == []
    other = REF + "; n = NoOp"
    assert rules(FROZEN, other.replace("(y, ^x)", "(y, ^x, ^n)")) == [("control-input", "z")]


def test_what_goes_on_from_the_frozen_graph_is_a_warning():
    (finding,) = found(FROZEN, REF + "; loss = Tanh(z); more = Relu(loss)")
    assert (finding.severity, finding.rule) == (WARNING, "unmatched")
    assert "'loss'" in finding.message


def test_variables_on_both_sides():
    assert found(REF, REF) == []
    assert found(RESOURCE, REF.replace("w/read = Identity(w)", "w/read = Identity(w) {T: f32}")) != []


def test_calls_are_noted():
    text = "x = Placeholder {dtype: f32}; c = PartitionedCall(x) {f: fn:g, Tout: [f32]}; d = h(x)"
    a, b = notation.model(text), notation.model(text.replace("fn:g", "fn:k").replace("h(", "j("))
    bodies = Bodies(Side(a.graph), Side(b.graph), "outer")
    assert list(bodies.findings(Values(a), Values(b))) == []
    assert bodies.calls == [Call("c", "outer", "g", "k"), Call("d", "outer", "h", "j")]
    more = notation.model(text.replace("f: fn:g", "f: fn:g, extra: fn:g"))
    bodies = Bodies(Side(a.graph), Side(more.graph))
    assert "function" in [finding.rule for finding in bodies.findings(Values(a), Values(more))]
