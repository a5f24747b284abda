"""Which nodes are thought to be inputs and outputs, and why."""

from __future__ import annotations

import pytest

from graphsurgeon.ir.attr_value import Shape
from graphsurgeon.ir.endpoints import guess_inputs, guess_outputs, likely_outputs
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.node import Node
from graphsurgeon.tensors import dtypes
from tests import notation
from tests.models import floats

FLOAT = {"T": dtypes.FLOAT}


def placeholder(name: str, dtype=dtypes.FLOAT, op: str = "Placeholder", **attrs) -> Node:
    return Node.new(name, op, attrs={"dtype": dtype, **attrs})


def names(endpoints) -> list[str]:
    return [each.name for each in endpoints]


def guesses(*nodes: Node) -> tuple[list[str], list[str]]:
    graph = Graph(nodes)
    inputs = guess_inputs(graph, Index(graph))
    return names(inputs), names(guess_outputs(graph, Index(graph), inputs))


def test_placeholder_to_sink():
    assert guesses(
        placeholder("x"), Node.new("y", "Relu", ["x"], attrs=FLOAT), Node.new("z", "Tanh", ["y"], attrs=FLOAT)
    ) == (
        ["x"],
        ["z"],
    )


def test_loose_ends_are_inputs():
    graph = Graph([Node.new("y", "Sub", ["gone", "gone:1"], attrs=FLOAT), Node.new("z", "Tanh", ["y"], attrs=FLOAT)])
    inputs = guess_inputs(graph, Index(graph))
    assert [(each.name, each.op, each.dtype) for each in inputs] == [
        ("gone", "missing", "float32"),
        ("gone:1", "missing", "float32"),
    ]
    assert names(guess_outputs(graph, Index(graph), inputs)) == ["z"]


def test_placeholders_left_over_from_copying_a_loop_are_no_inputs():
    """lift_to_graph puts them where the way back of a loop is not copied yet, and leaves them behind."""
    left = [placeholder("unused_control_flow_input"), placeholder("while/unused_control_flow_input_12")]
    read = placeholder("unused_control_flow_input_1")
    out = Node.new("y", "Relu", ["unused_control_flow_input_1"], attrs=FLOAT)
    assert guesses(*left, read, out) == (["unused_control_flow_input_1"], ["y"])


def test_sink_that_no_input_reaches_is_no_output():
    other = Node.new("c", "Const", attrs={"dtype": dtypes.FLOAT, "value": floats(1, 2)})
    assert guesses(placeholder("x"), Node.new("y", "Relu", ["x"]), other, Node.new("d", "Relu", ["c"])) == (
        ["x"],
        ["y"],
    )


def test_without_inputs_every_sink_may_be_one():
    assert guesses(Node.new("r", "RandomUniform"), Node.new("y", "Relu", ["r"])) == ([], ["y"])


@pytest.mark.parametrize(
    "sink",
    [
        Node.new("s", "Assert", ["x"]),
        Node.new("s", "ScalarSummary", ["x", "x"]),
        Node.new("s", "AssignVariableOp", ["x", "x"]),
        Node.new("s", "Shape", ["x"]),
        Node.new("s", "NoOp", ["^x"]),
        Node.new("gradients/s", "Relu", ["x"]),
        Node.new("a/gradients/s", "Relu", ["x"]),
    ],
)
def test_sinks_that_are_no_results(sink):
    assert guesses(placeholder("x"), Node.new("y", "Relu", ["x"]), sink)[1] == ["y"]


def test_what_another_waits_for_is_no_output():
    nodes = placeholder("x"), Node.new("y", "Relu", ["x"]), Node.new("z", "Tanh", ["x", "^y"])
    assert guesses(*nodes)[1] == ["z"]


def test_unknown_ops_may_be_results():
    assert guesses(placeholder("x"), Node.new("y", "SomebodysOp", ["x"]))[1] == ["y"]


@pytest.mark.parametrize("op", ["SaveV2", "SaveSlices"])
def test_a_savers_file_name_is_no_input(op):
    nodes = [
        placeholder("save/filename", dtypes.STRING, "PlaceholderWithDefault"),
        placeholder("save/Const", dtypes.STRING, "PlaceholderWithDefault"),
        Node.new("save/Save", op, ["save/Const"]),
        placeholder("examples", dtypes.STRING),
        Node.new("parse", "ParseExample", ["examples"]),
    ]
    nodes[1].inputs = ["save/filename"]
    assert guesses(*nodes)[0] == ["examples"]


def test_a_resource_cannot_be_fed():
    assert guesses(placeholder("r", dtypes.RESOURCE), placeholder("x"))[0] == ["x"]


def test_reasons():
    graph = Graph([placeholder("x"), placeholder("unused"), placeholder("d", op="PlaceholderWithDefault")])
    graph.append(Node.new("y", "Add", ["x", "d"], attrs=FLOAT))
    found = guess_inputs(graph, Index(graph))
    assert [each.reason for each in found] == ["must be fed", "nothing reads it", "may be fed"]
    outputs = guess_outputs(graph, Index(graph), found)
    assert outputs[0].reason == "nothing reads it, and it depends on an input"


def test_likely_outputs_of_a_training_graph():
    nodes = [
        placeholder("x"),
        Node.new("prob", "Softmax", ["x"], attrs=FLOAT),
        Node.new("loss", "Neg", ["prob"], attrs=FLOAT),
        Node.new("gradients/Neg", "Neg", ["loss"], attrs=FLOAT),
        Node.new("other", "Neg", ["gradients/Neg"], attrs=FLOAT),
    ]
    graph = Graph(nodes)
    assert likely_outputs(graph, Index(graph)) == ["prob", "loss", "other"]


CALL = "y = StatefulPartitionedCall(x) {Tin: [f32], Tout: [f32, i64], f: fn:f}"


def described(text: str) -> list[tuple[str, str | None, list[int | None] | None]]:
    graph = notation.graph("x = Placeholder {dtype: f32}; " + text)
    graph["y"].attrs["_output_shapes"] = [Shape((None, 2)), Shape((5,))]
    inputs = guess_inputs(graph, Index(graph))
    return [(each.name, each.dtype, each.shape) for each in guess_outputs(graph, Index(graph), inputs)]


def test_every_output_of_the_last_node_is_one():
    assert described(CALL) == [("y", "float32", [None, 2]), ("y:1", "int64", [5])]


def test_an_output_of_a_call_that_is_not_read_was_asked_for():
    assert [name for name, *_ in described(f"{CALL}; z = Neg(y)")] == ["y:1", "z"]


@pytest.mark.parametrize(
    ("text", "outputs"),
    [
        ("y = Unpack(x) {num: 2}; z = Neg(y:1)", ["z"]),
        ("s = Const {f32 [3]}; y = FusedBatchNormV3(x, s, s, s, s) {U: f32}", ["y"]),
        ("t = Const {i64 [3]}; y = SparseSoftmaxCrossEntropyWithLogits(x, t)", ["y"]),
        ("a = Neg(x); y = Merge(x, a)", ["y"]),
    ],
)
def test_outputs_for_the_nodes_of_ones_own_are_none(text, outputs):
    assert [name for name, *_ in described(text)] == outputs


TRAINED = """
    x = Placeholder {dtype: f32}
    prob = Softmax(x)
    square = Mul(prob, prob)
    gradients/Shape = Shape(square)
    gradients/Mul = Mul(prob, prob)
    clipped = Neg(gradients/Mul)
    w = VariableV2 {dtype: f32, shape: shape[]}
    update = ApplyGradientDescent(w, w, clipped)
    train = NoOp(^update)
    after = Identity(w, ^train)
"""


def test_what_only_gradients_read_is_an_output_where_nothing_else_is():
    graph = notation.graph(TRAINED)
    found = guess_outputs(graph, Index(graph), guess_inputs(graph, Index(graph)))
    assert [(each.name, each.reason) for each in found] == [
        ("prob", "only gradients read it, and it depends on an input")
    ]


def test_gradients_of_a_result_do_not_make_it_none():
    graph = notation.graph(TRAINED + "loss = Neg(square); gradients_1/Shape = Shape(loss)")
    inputs = guess_inputs(graph, Index(graph))
    assert names(guess_outputs(graph, Index(graph), inputs)) == ["prob"]
    assert likely_outputs(graph, Index(graph)) == ["prob"]
    graph = notation.graph(TRAINED + "loss = Neg(square)")
    assert names(guess_outputs(graph, Index(graph), inputs)) == ["loss"]
    assert likely_outputs(graph, Index(graph)) == ["prob", "loss"]


def test_the_file_of_a_sharded_saver_is_no_input():
    nodes = notation.graph(
        """
        x = Placeholder {dtype: str}
        save/filename = PlaceholderWithDefault(c) {dtype: str}
        c = Const {str []}
        save/Const = PlaceholderWithDefault(save/filename) {dtype: str}
        save/join = StringJoin(save/Const, c) {N: 2}
        save/shard = ShardedFilename(save/join, n, n)
        n = Const {i32 []}
        save/SaveV2 = SaveV2(save/shard, c, c, x) {dtypes: [str]}
        save/control = Identity(save/shard, ^save/SaveV2) {T: str}
        save/prefixes = Pack(save/shard, ^save/control) {T: str, N: 1}
        save/merge = MergeV2Checkpoints(save/prefixes, save/Const)
        """
    )
    assert [each.name for each in guess_inputs(nodes, Index(nodes))] == ["x"]


@pytest.mark.parametrize("op", ["Identity(x) {T: str}", "StringJoin(x) {N: 1}", "Pack(x) {T: str, N: 1}"])
def test_strings_that_pass_on_are_inputs(op: str):
    nodes = notation.graph(f"x = Placeholder {{dtype: str}}; i = {op}; y = StringToNumber(i) {{out_type: f32}}")
    assert [each.name for each in guess_inputs(nodes, Index(nodes))] == ["x"]


def test_a_graph_tells_its_inputs_and_outputs():
    graph = notation.graph(
        "x = Placeholder {dtype: f32}; s = Split(i, x) {num_split: 2}; i = Const {i32 []}; y = Neg(s:1)"
    )
    assert [each.name for each in graph.inputs] == ["x:0"]
    assert [each.name for each in graph.outputs] == ["y:0"]
    assert graph.outputs[0] == graph["y:0"]


def test_a_function_tells_its_own():
    body = notation.function("f", "a b", "n:y:0 b", "n = Neg(a) {T: f32}").body
    assert [each.name for each in body.inputs] == ["a:0", "b:0"]
    assert [each.name for each in body.outputs] == ["n:y:0", "b:0"]
