"""What is well formed, what is not, and how soon that is known."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphsurgeon.checks import ERROR, Finding, attrs, check, verify
from graphsurgeon.errors import GraphError, GraphSurgeonError
from graphsurgeon.ir import attr_value
from graphsurgeon.ir.attr_value import Func, Placeholder, Shape
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.tensor import Tensor
from graphsurgeon.tensors.values import as_tensor
from graphsurgeon.variables.layout import VariableKind, new_variable
from proto_utils import schema
from tests import notation, strategies
from tests.counting import num_calls, parses
from tests.malformed import CASES
from tests.models import SHARED, shared_files

# The names that TensorFlow refuses it for are in the graphs of others that are no graphs for a session.
REFUSED_BY_TENSORFLOW = {"name", "cycle", "input-type"}


@pytest.mark.parametrize("name", CASES)
def test_each_fault_breaks_its_rule(name: str):
    case = CASES[name]
    found = verify(Model.from_graph_def(schema.parse_text(schema.GraphDef, case.text)))
    assert sorted(f.rule for f in found if f.severity == ERROR) == sorted(case.errors), found
    assert sorted(f.rule for f in found if f.severity != ERROR) == sorted(case.warnings), found


def of(text: str) -> list[Finding]:
    return verify(notation.model(text))


def test_findings_say_where():
    assert of("a = Identity(b:1) {T: f32}") == [
        Finding("error", "dangling-input", "a", None, "input 'b:1' names no node"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = Const {i32 []}; b = Identity(a) {T: f32}", "input 0 ('a') is int32, but Identity takes float32"),
        ("a = Const {f32 []}; b = Identity(a:3) {T: f32}", "input 'a:3': 'a' (Const) has 1 output"),
        ("a = Const {f32 []}; b = Add(a)", "1 data inputs, but Add takes 2"),
        ("a = NoOp; a = NoOp; a = NoOp", "3 nodes have this name"),
        ("a = Identity(a) {_class: loc:@z, T: f32}", "is colocated with 'z', which is no node"),
        ("a = Placeholder", "Placeholder: attr 'dtype' is missing"),
        ("a = Pack {N: -2, T: f32}", "Pack: attr 'N' is -2, but must be at least 1"),
        ("a = Const {dtype: i32, value: 3}", "Const: attr 'value' holds int, not tensor"),
    ],
)
def test_messages_say_what_was_found_and_what_wanted(text: str, message: str):
    assert of(text)[0].message == message


def test_a_finding_in_a_function_names_it():
    model = Model.from_graph_def(schema.parse_text(schema.GraphDef, CASES["body input 'z'"].text))
    (finding,) = verify(model)
    assert (finding.function, finding.node) == ("f", "i")
    with pytest.raises(GraphError) as caught:
        check(model)
    assert caught.value.fields() == {"node": "i", "reason": finding.message, "function": "f"}


def test_check_lets_warnings_through():
    check(Model.from_graph_def(schema.parse_text(schema.GraphDef, CASES["a custom op"].text)))


def test_attrs_that_stand_for_the_functions_own_are_not_known():
    proto = schema.FunctionDef()
    proto.signature.name = "f"
    proto.signature.input_arg.add(name="x", type_attr="T")
    proto.signature.input_arg.add(name="many", type_attr="T", number_attr="N")
    body = [
        Node.new("c", "Const", attrs={"dtype": Placeholder("T"), "value": Placeholder("v")}),
        Node.new("i", "Identity", ["x"], attrs={"T": Placeholder("T")}),
        Node.new("p", "Pack", ["many:0", "many:1"], attrs={"T": Placeholder("T"), "N": Placeholder("N")}),
        Node.new("a", "AddN", ["many"], attrs={"T": dtypes.FLOAT, "N": 2}),
        Node.new("s", "Split", ["p:output:0", "x"], attrs={"T": dtypes.FLOAT, "num_split": Placeholder("N")}),
        Node.new("j", "Identity", ["s:output:5"], attrs={"T": dtypes.FLOAT}),
        Node.new("k", "If", ["x", "x"], attrs={"then_branch": Func("f", {}), "else_branch": Placeholder("e")})
    ]  # fmt: skip
    model = notation.model("")
    model.library.functions["f"] = Function(proto, Graph(body))
    model.graph.append(Node.new("call", "PartitionedCall", attrs={"Tin": [], "Tout": [], "f": Func("f", {})}))
    found = verify(model)
    assert [(f.rule, f.node) for f in found] == [("attr", "k")] * 3  # Tcond, Tin and Tout are missing


@given(strategies.frozen_graphs())
@settings(max_examples=60)
def test_sound_graphs_have_no_findings(graph_def: schema.GraphDef):
    assert verify(Model.from_graph_def(graph_def)) == []


@given(strategies.graph_defs())
@settings(max_examples=100)
def test_any_message_gives_findings_and_is_left_alone(graph_def: schema.GraphDef):
    model = Model.from_graph_def(graph_def)
    found = verify(model)
    assert all(isinstance(finding, Finding) for finding in found)
    assert model.to_graph_def() == graph_def


def test_graphs_of_others():
    """Every frozen graph beside the project: sound, but for those that TensorFlow refuses too."""
    if not SHARED.is_dir():
        pytest.skip("real TensorFlow files (../shared/models) are not beside this checkout")
    load = importlib.import_module("graphsurgeon.formats.load").load
    faulty = {}
    for path in shared_files(".pb"):
        try:
            found = verify(load(path))
        except GraphSurgeonError:
            continue  # not a model: other tests say why
        rules = {finding.rule for finding in found if finding.severity == ERROR}
        if rules:
            faulty[path.relative_to(SHARED).as_posix()] = rules
    assert len(faulty) >= 20
    assert set().union(*faulty.values()) <= REFUSED_BY_TENSORFLOW
    assert all("scatter" in name or "char-rnn" in name for name in faulty), faulty


def many(count: int) -> Model:
    """Layers of a constant, its read and three ops, colocated as variables' reads are."""
    shape = as_tensor(np.zeros(4, np.float32))
    nodes = [Node.new("x", "Placeholder", attrs={"dtype": dtypes.FLOAT})]
    last = "x"
    for layer in range(count // 5):
        name = f"layer_{layer}"
        nodes += [
            Node.new(f"{name}/w", "Const", attrs={"dtype": dtypes.FLOAT, "value": shape}),
            Node.new(
                f"{name}/r", "Identity", [f"{name}/w"], attrs={"T": dtypes.FLOAT, "_class": [f"loc:@{name}/w".encode()]}
            ),
            Node.new(f"{name}/m", "Mul", [last, f"{name}/r"], attrs={"T": dtypes.FLOAT}),
            Node.new(f"{name}/a", "Relu", [f"{name}/m", f"^{name}/r"], attrs={"T": dtypes.FLOAT}),
            Node.new(f"{name}/b", "Relu", [f"{name}/a:0"], attrs={"T": dtypes.FLOAT}),
        ]
        last = f"{name}/b"
    return Model(Graph(nodes))


@pytest.mark.parametrize("order", ["in order", "reversed"])
def test_the_cost_is_linear_in_nodes(order: str):
    first, again = [], []
    for count in (2_500, 20_000):
        model = many(count)
        if order == "reversed":
            model.graph.set_nodes(list(reversed(list(model.graph))))
        first.append(num_calls(functools.partial(verify, model)))
        again.append(num_calls(functools.partial(verify, model)))
        assert verify(model) == []
    for costs, limit in ((first, 65), (again, 36)):
        assert costs[1] < 8.5 * costs[0]  # 8 times the nodes
        assert costs[1] < limit * 20_000


def test_what_a_node_tells_is_looked_at_once(monkeypatch: pytest.MonkeyPatch):
    model = Model.from_graph_def(many(1000).to_graph_def())
    verify(model)
    parsed = parses(monkeypatch, "GraphDef")
    model.graph["layer_7/m"].attrs["T"] = dtypes.DOUBLE
    assert [finding.rule for finding in verify(model)] == ["input-type"] * 3
    assert [len(schema.GraphDef.FromString(data).node) for data in list(parsed)] == [1]


def test_a_message_that_somebody_may_change_is_looked_at_again():
    model = notation.model("a = Placeholder {dtype: f32}; b = Relu(a)")
    proto = model.graph["b"].editable_proto()
    assert verify(model) == []
    proto.attr["T"].type = 3
    assert [finding.rule for finding in verify(model)] == ["input-type"]


def test_of_inputs_alike_each_is_looked_at():
    assert [f.rule for f in of("a = NoOp; b = NoOp(^a); c = NoOp(^z)")] == ["dangling-input"]
    text = "a = Placeholder {dtype: f32}; b = Split(n, a) {num_split: 2}; n = Const {i32 []}"
    assert [f.rule for f in of(f"{text}; c = Relu(b:1); d = Relu(b:1); e = Relu(b:2) {{T: f32}}")] == ["output-index"]


SOUND = """
    x = Placeholder {dtype: f32}; w = Const {f32 [2,2]}; w/read = Identity(w) {_class: loc:@w}; n = Const {i32 [2]}
    y = MatMul(x, w/read); s = Split(n, y) {num_split: 2}; z = Add(s:1, s, ^n); v = VariableV2 {dtype: f32}
    a = Assign(v, z) {_class: loc:@v}; c = f(z:0) {T: f32}; e = Enter(z) {frame_name: "e"}
    m = Merge(e, i) {N: 2, T: f32}; i = NextIteration(m) {T: f32}
    d = PartitionedCall(c) {f: fn:f, Tin: [f32], Tout: [f32]}
"""
TEXTS = st.sampled_from(
    ["x", "w", "w/read", "y:0", "s:1", "s:2", "^n", "^gone", "gone", "v", "c:0", "i", "a b", "_u", "", "p", "r"]
)
VALUES = st.sampled_from(
    [dtypes.FLOAT, dtypes.INT32, 2, -1, [b"loc:@w"], [b"loc:@v", b"loc:@gone"], [dtypes.FLOAT], Shape([3])]
)
KEYS = st.sampled_from(["T", "_class", "dtype", "N", "num_split", "value", "f", "shape"])


def edit_in_place(draw: Callable[..., Any], node: Node) -> None:
    """Change something of a node, sound or not."""
    match draw(st.integers(0, 7)):
        case 0:
            node.op = draw(st.sampled_from(["Identity", "f", "Add", "Const", "VariableV2", "NoSuchOp"]))
        case 1:
            node._rename(draw(TEXTS))
        case 2:
            node.inputs = draw(st.lists(TEXTS, max_size=3))
        case 3 if node.inputs:
            node.set_input(0, draw(TEXTS))
        case 4:
            key = draw(KEYS)
            if key in node.attrs:
                del node.attrs[key]
        case 5:
            node.editable_proto().attr[draw(KEYS)].type = draw(st.integers(0, 40))
        case 6:
            node.device = "/cpu:0"
        case _:
            node.attrs[draw(KEYS)] = attr_value.encode(draw(VALUES))


def edit_graph(draw: Callable[..., Any], model: Model, graph: Graph) -> None:
    """Do something that a pass does, or a pass with a fault."""
    nodes = list(graph)
    position = draw(st.integers(0, len(nodes) - 1))
    match draw(st.integers(0, 6)):
        case 0 if len(nodes) > 1:
            del nodes[position]
        case 1:
            nodes.insert(draw(st.integers(0, len(nodes))), nodes[position].copy())
        case 2:
            model.library.functions.pop("f", None)
        case 3:
            model.library.functions["Add"] = notation.function("Add", "q", "b:y:0", "b = Neg(q)")
        case 4:
            edit_in_place(draw, nodes[position])
        case _:
            nodes[position] = nodes[position].copy()
            edit_in_place(draw, nodes[position])
    graph.set_nodes(nodes)


@given(st.data())
@settings(max_examples=150)
def test_a_check_after_edits_finds_what_a_first_one_finds(data: st.DataObject):
    body = notation.function("f", "a", "g:z:0", "k = Const {f32 [2]}; g = Add(a, k:output:0) {T: f32}")
    made = notation.model(SOUND, body)
    kinds: dict[str, VariableKind] = {"p": "ref", "q": "ref", "r": "resource", "t": "resource"}
    for name, kind in kinds.items():
        for node in new_variable(name, Tensor(dtypes.FLOAT, (2,)), kind, set()).nodes:
            made.graph.append(node)
    model = Model.from_graph_def(made.to_graph_def()) if data.draw(st.booleans()) else made
    assert verify(model) == []
    for _ in range(data.draw(st.integers(1, 4))):
        graphs = [graph for _, graph in model.graphs()]
        edit_graph(data.draw, model, data.draw(st.sampled_from(graphs)))
        again = Model.from_graph_def(model.to_graph_def())
        again.library.functions = {key: again.library.functions[f.name] for key, f in model.library.functions.items()}
        found = verify(model)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(attrs, "_sound", {})
            assert found == verify(again)
