"""What is well formed, what is not, and how soon that is known."""

from __future__ import annotations

import functools
import importlib

import numpy as np
import pytest
from hypothesis import given, settings

from graphsurgeon.checks import ERROR, Finding, check, verify
from graphsurgeon.errors import GraphError, GraphSurgeonError
from graphsurgeon.ir.attr_value import Func, Placeholder
from graphsurgeon.ir.graph import Function, Graph
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from graphsurgeon.tensors.values import as_tensor
from proto_utils import schema
from tests import notation, strategies
from tests.counting import num_calls
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
        ("a = Pack {N: -2, T: f32}", "Pack: attr 'N' is -2"),
        ("a = Const {dtype: i32, value: 3}", "attr 'value' holds i, not a tensor"),
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
    assert [(f.rule, f.node) for f in found] == [("attr", "k")]  # Tcond is missing


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
    costs = []
    for count in (5_000, 40_000):
        model = many(count)
        if order == "reversed":
            model.graph.set_nodes(list(reversed(list(model.graph))))
        assert verify(model) == []
        costs.append(num_calls(functools.partial(verify, model)))
    assert costs[1] < 8.5 * costs[0]  # 8 times the nodes
    assert costs[1] < 60 * 40_000
