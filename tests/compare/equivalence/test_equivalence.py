"""`same_model` on what TensorFlow froze itself, on what we thaw and freeze, and on what was made wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import graphsurgeon as gs
from graphsurgeon.checks import ERROR, Finding
from graphsurgeon.compare.equivalence import same_model
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.library import Function
from graphsurgeon.ir.model import Model
from graphsurgeon.tensors.values import ArrayTensor, as_tensor
from proto_utils import schema
from proto_utils.files import FileSource
from tests import notation
from tests.notation import function

TWINS = ["cond", "dtypes", "lstm_calls", "lstm_loop", "mobile_cnn", "partitioned", "resource_cnn"]
FROZEN = [*TWINS, "in_frame", "names", "keras_attention", "keras_convolutions"]


def errors(frozen: Model, thawed: Model) -> list[Finding]:
    return [finding for finding in same_model(frozen, thawed) if finding.severity == ERROR]


def wrong(frozen: Model, thawed: Model) -> set[tuple[str, str | None]]:
    """The rules that are broken, and where."""
    return {(finding.rule, finding.node) for finding in errors(frozen, thawed)}


def edited(model: Model, edit: Callable[[schema.GraphDef], object]) -> Model:
    """A copy of a model's graph, edited as a message."""
    graph: schema.GraphDef = model.to_graph_def()
    edit(graph)
    return Model.from_graph_def(graph)


def node_of(graph: schema.GraphDef, name: str) -> schema.NodeDef:
    return next(node for node in graph.node if node.name == name)


@pytest.mark.parametrize("name", TWINS)
def test_frozen_by_tensorflow(fixtures: Path, name: str):
    assert errors(gs.load(fixtures / f"{name}.pb"), gs.load(fixtures / f"{name}.ckpt")) == []


@pytest.mark.parametrize("kind", ["ref", "resource"])
@pytest.mark.parametrize("name", FROZEN)
def test_unfrozen(fixtures: Path, tmp_path: Path, name: str, kind: str):
    """The result in memory, and from the files it is saved to: not a word, not even of warning."""
    thawed = gs.load(fixtures / f"{name}.pb")
    gs.unfreeze(thawed, variables=kind)  # type: ignore[arg-type]
    assert same_model(gs.load(fixtures / f"{name}.pb"), thawed) == []
    gs.save(thawed, tmp_path / "m")
    assert same_model(gs.load(fixtures / f"{name}.pb"), gs.load(tmp_path / "m")) == []


@pytest.mark.parametrize("name", TWINS)
def test_every_changed_weight_is_found(fixtures: Path, name: str):
    """One bit of the last byte of one weight after the other."""
    frozen, thawed = gs.load(fixtures / f"{name}.pb"), gs.load(fixtures / f"{name}.ckpt")
    for key in list(thawed.variables):
        kept = thawed.variables[key]
        value = kept.numpy().copy()
        value.reshape(-1).view(np.uint8)[-1] ^= 1
        thawed.variables[key] = ArrayTensor(value, kept.dtype)
        assert {rule for rule, _ in wrong(frozen, thawed)} == {"value"}
        assert all(node and (node == key or node.startswith(f"{key}/part_")) for _, node in wrong(frozen, thawed))
        thawed.variables[key] = kept
    assert errors(frozen, thawed) == []


@pytest.mark.parametrize("name", TWINS)
def test_every_missing_variable_is_found(fixtures: Path, name: str):
    frozen, thawed = gs.load(fixtures / f"{name}.pb"), gs.load(fixtures / f"{name}.ckpt")
    for key in list(thawed.variables):
        kept = thawed.variables.pop(key)
        found = errors(frozen, thawed)
        assert {finding.rule for finding in found} == {"missing-variable"}
        assert all(repr(key) in finding.message for finding in found)
        thawed.variables[key] = kept


@pytest.mark.parametrize("name", TWINS)
def test_every_swapped_pair_of_inputs_is_found(fixtures: Path, name: str):
    frozen, thawed = gs.load(fixtures / f"{name}.pb"), gs.load(fixtures / f"{name}.ckpt")
    num_swapped = 0
    for node in frozen.graph:
        if len(node.inputs) >= 2 and node.inputs[0] != node.inputs[1] and node.inputs[1][:1] != "^":

            def swap(graph: schema.GraphDef, name: str = node.name) -> None:
                inputs = node_of(graph, name).input
                inputs[0], inputs[1] = inputs[1], inputs[0]

            assert ("input", node.name) in wrong(edited(frozen, swap), thawed)
            num_swapped += 1
    assert num_swapped or name == "lstm_calls"


def test_wrong_inside_a_function(fixtures: Path):
    frozen, thawed = gs.load(fixtures / "lstm_calls.pb"), gs.load(fixtures / "lstm_calls.ckpt")
    (body,) = (name for name in frozen.library.functions if "body" in name)

    def swap(graph: schema.GraphDef) -> None:
        nodes = next(f for f in graph.library.function if f.signature.name == body).node_def
        inputs = next(node for node in nodes if node.op == "MatMul").input
        inputs[0], inputs[1] = inputs[1], inputs[0]

    found = errors(edited(frozen, swap), thawed)
    assert {(finding.rule, finding.function) for finding in found} == {("input", body)}

    def reorder(graph: schema.GraphDef) -> None:
        results = next(f for f in graph.library.function if f.signature.name == body).ret
        first, second = sorted(results, key=lambda key: results[key])[:2]
        results[first], results[second] = results[second], results[first]

    found = errors(edited(frozen, reorder), thawed)
    assert [(finding.rule, finding.function) for finding in found] == [("function", body)] * 2


def test_a_weight_for_another_of_the_same_shape(fixtures: Path):
    """Readers that were crossed are found although every value is there."""
    frozen, thawed = gs.load(fixtures / "cond.pb"), gs.load(fixtures / "cond.ckpt")

    def cross(graph: schema.GraphDef) -> None:
        left, right = (node_of(graph, f"{side}/kernel/read") for side in ("left", "right"))
        left.input[0], right.input[0] = right.input[0], left.input[0]

    assert wrong(edited(frozen, cross), thawed) == {("input", "left/kernel/read"), ("input", "right/kernel/read")}


def test_another_model(fixtures: Path):
    found = errors(gs.load(fixtures / "cond.pb"), gs.load(fixtures / "mobile_cnn.ckpt"))
    assert {finding.rule for finding in found} >= {"missing-node"}


def test_frozen_again(fixtures: Path):
    for name in TWINS:
        frozen, thawed, again = (gs.load(fixtures / f"{name}.{end}") for end in ("pb", "ckpt", "ckpt"))
        read = {text.lstrip("^").partition(":")[0] for node in frozen.graph for text in node.inputs}
        gs.freeze(again, outputs=tuple(node.name for node in frozen.graph if node.name not in read))
        assert errors(again, thawed) == [], name


def test_two_frozen_graphs_and_two_thawed_ones(fixtures: Path):
    assert errors(gs.load(fixtures / "cond.pb"), gs.load(fixtures / "cond.pb")) == []
    a, b = gs.load(fixtures / "cond.ckpt"), gs.load(fixtures / "cond.ckpt")
    assert errors(a, b) == []
    b.variables["left/kernel"] = as_tensor(np.zeros((4, 4), np.float32))
    assert wrong(a, b) == {("value", "left/kernel")}


def call(name: str, *functions: Function) -> Model:
    model = notation.model(f"x = Placeholder {{dtype: f32}}; c = PartitionedCall(x) {{f: fn:{name}, Tout: [f32]}}")
    model.library.functions.update({each.name: each for each in functions})
    return model


def test_functions_go_by_their_calls():
    a = call("f_1", function("f_1", "x", "n:activations:0", "n = Relu(x)"))
    b = call("f_2", function("f_2", "arg", "n:activations:0", "n = Relu(arg)"))
    assert errors(a, b) == []
    c = call("f_2", function("f_2", "arg", "n:activations:0", "n = Elu(arg)"))
    assert wrong(a, c) == {("op", "n")}


def test_functions_that_recur():
    a = call("f", function("f", "x", "n:output:0", "n = PartitionedCall(x) {f: fn:f}"))
    assert errors(a, a) == []


def test_signatures_of_functions():
    one = function("f", "x", "n:activations:0", "n = Relu(x)")
    two = function("f", "x y", "n:activations:0 n:activations:0", "n = Relu(x)")
    assert [finding.message for finding in errors(call("f", one), call("f", two))] == [
        "has 1 arguments, 'f' 2",
        "has 1 results, 'f' 2",
    ]
    two = function("f", "x", "x", "n = Relu(x)")
    assert [finding.message for finding in errors(call("f", one), call("f", two))] == [
        "result 'out0' is 'n:activations:0', there 'x'"
    ]
    two = function("f", "x", "n:activations:0", "n = Relu(x)")
    two.proto.signature.input_arg[0].type = 2
    assert [finding.rule for finding in errors(call("f", one), call("f", two))] == ["function"]


def test_arguments_in_another_order():
    one = function("f", "x y", "n:z:0", "n = Sub(x, y)")
    two = function("f", "y x", "n:z:0", "n = Sub(x, y)")
    assert [(finding.rule, finding.node) for finding in errors(call("f", one), call("f", two))] == [
        ("input", "n"),
        ("input", "n"),
    ]


def test_function_that_is_not_there():
    a = call("f", function("f", "x", "n:activations:0", "n = Relu(x)"))
    assert wrong(a, call("f")) == {("function", "c")}
    assert errors(call("f"), call("f")) == []


def test_what_both_have_in_one_file_is_not_read(fixtures: Path):
    frozen = gs.load(fixtures / "mobile_cnn.pb")
    thawed = Model(Graph(frozen.graph), frozen.library)
    gs.unfreeze(thawed)
    spans = [tensor.span for tensor in thawed.variables.values() if tensor.span and tensor.span.source.path]
    assert spans
    for span in spans:
        assert isinstance(span.source, FileSource)
        span.source.close()
    assert errors(frozen, thawed) == []
