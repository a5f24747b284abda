"""`find_weights` as a whole: errors, real files, hostile graphs, laziness, speed."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphsurgeon as gs
from graphsurgeon.ir.graph import Graph
from graphsurgeon.ir.index import Index
from graphsurgeon.ir.model import Model
from graphsurgeon.ir.node import Node
from graphsurgeon.weights import find_weights
from proto_utils.errors import GraphSurgeonError, NotFoundError
from proto_utils.files import CHUNK_NBYTES, BytesSource, Span
from tests.counting import num_calls
from tests.models import shared, shared_files
from tests.notation import function, graph, model
from tests.weights.verdicts import plan

CONV = "x = Placeholder\nconv/kernel = Const {f32 [3,3,2,4]}\ny = Conv2D(x, conv/kernel)\n"


def test_a_select_that_matches_nothing_names_what_is_near():
    with pytest.raises(NotFoundError) as caught:
        plan(CONV, select=("conv/kernal",))
    assert caught.value.fields()["near"] == ("conv/kernel",)


def test_a_select_that_only_matches_inside_a_function_says_so():
    body = function("f", "x", "y:product:0", "k = Const {f32 [4,4]}\ny = MatMul(x, k)")
    with pytest.raises(NotFoundError) as caught:
        plan(CONV + "z = PartitionedCall(y) {f: fn:f}", body, select=("k",))
    assert caught.value.hint == "it is inside function 'f', which cannot hold a variable"


def test_a_select_names_constants_only():
    with pytest.raises(NotFoundError):
        plan(CONV, select=("x",))


def test_an_empty_graph_has_an_empty_plan():
    found = plan("")
    assert (found.weights, found.kept, found.fingerprinted) == ([], [], False)


def test_an_index_is_used_when_given():
    made = model(CONV)
    assert find_weights(made, Index(Graph())).weights == []
    assert len(find_weights(made, Index(made.graph)).weights) == 1


class Counting(BytesSource):
    """A source that counts the bytes read from it."""

    count = 0

    def read(self, start: int, end: int) -> bytes:
        self.count += end - start
        return super().read(start, end)

    def chunks(self, start: int, end: int, nbytes: int = CHUNK_NBYTES) -> Iterator[memoryview]:
        self.count += end - start
        return super().chunks(start, end, nbytes)


def test_no_payload_is_read():
    text = (
        "x = Placeholder\nk = Const {f32 [3,3,64,64]}\ny = Conv2D(x, k)\ns = Const {f32 [64]}\no = Const {f32 [64]}\n"
        "z = AddV2(y, o)\nq = Mul(z, s)\nm = Const {f32 [900]}\nn = Exp(m)"
    )
    source = Counting(model(text).to_graph_def().SerializeToString())
    lazy = Model.read_graph_def(Span(source, 0, source.size))
    source.count = 0
    assert {weight.node.name for weight in find_weights(lazy).weights} == {"k", "o", "s"}
    assert source.count < 1000  # of 150,000


OPS = st.sampled_from([
    "Identity", "Mul", "Add", "AddV2", "Sub", "Rsqrt", "Sqrt", "Pow", "Merge", "NextIteration", "Switch", "Enter",
    "ConcatV2", "Pack", "Split", "IdentityN", "MatMul", "Conv2D", "FusedBatchNormV3", "BiasAdd", "Gather", "GatherV2",
    "Einsum", "Const", "PartitionedCall", "While", "f", "_FusedConv2D", "AssignSub",
])  # fmt: skip
NAMES = st.sampled_from(
    ["a", "b", "c", "d", "e", "f", "a/read", "ReadVariableOp", "d/axis", "e/ReadVariableOp/resource"]
)
INPUTS = st.builds(
    lambda name, suffix: "^" + name if suffix == "^" else name + suffix,
    NAMES,
    st.sampled_from(["", "", ":1", "^", ":o:0", ":"]),
)


@given(st.lists(st.tuples(NAMES, OPS, st.lists(INPUTS, max_size=6)), max_size=14))
def test_no_graph_is_too_broken(lines):
    """Duplicates, cycles, dangling and missing inputs, attrs that are not there: a plan, or our own error."""
    nodes = list(graph("w = Const {f32 [4,4]}; v = Const {f32 [4]}; a = Const {f32 [4]}"))
    nodes += [Node.new(name, op, inputs) for name, op, inputs in lines]
    body = function("f", "a b", "e:o:0 a", "e = Mul(a, b)\nd = PartitionedCall(a, b) {f: fn:f}")
    found = find_weights(Model(Graph(nodes), model("", body).library))
    names = [weight.node.name for weight in found.weights] + [
        kept.node.name for kept in found.kept if kept.function is None
    ]
    assert set(names) <= {node.name for node in nodes}


def layers(count):
    """A frozen chain of `count` dense layers: 11 nodes each, 3 of them constants."""
    layer = """
        @/w = Const {f32 [2,2]}; @/w/read = Identity(@/w); @/b = Const {f32 [2]}; @/b/read = Identity(@/b)
        @/s = Const {i32 [2]}; @/y = MatMul(INPUT, @/w/read); @/z = BiasAdd(@/y, @/b/read)
        @/r = Reshape(@/z, @/s); @/1 = Relu(@/r); @/2 = Tanh(@/1); @ = Exp(@/2)
    """
    chain = (layer.replace("@", f"l{i + 1}").replace("INPUT", f"l{i}") for i in range(count))
    return "l0 = Placeholder\n" + "".join(chain)


def test_the_cost_is_linear():
    few, many = (
        num_calls(functools.partial(find_weights, made, Index(made.graph)))
        for made in (model(layers(300)), model(layers(2400)))
    )
    assert many < 8.5 * few  # 8 times the layers


def test_the_char_rnn_is_recognized_with_and_without_its_marks():
    """One model three times: as frozen, stripped for mobile, and optimized until no read was left."""
    folder = "zaneoliver6+char-rnn-lstm-receipts"
    found = {}
    for name in ("frozen_model", "frozen_model_mobile", "rnn_optimized_model", "rnn_optimized_model_mobile"):
        plan_ = find_weights(gs.load(str(shared(f"{folder}/{name}.pb"))))
        found[name] = {(weight.node.name, weight.trainable) for weight in plan_.weights}
        assert plan_.fingerprinted is ("optimized" not in name)
    assert len(found["frozen_model"]) == 7
    assert len({frozenset(each) for each in found.values()}) == 1


def test_real_files_of_others_have_a_plan():
    """Whatever loads has one; it accounts for each constant of more than one element once."""
    files = [path for path in shared_files(".pb", ".pbtxt") if "saved_model" not in path.name]
    if not files:
        pytest.skip("../shared/models is not beside the project")
    judged = 0
    for path in files:
        try:
            made = gs.load(str(path))
        except GraphSurgeonError:
            continue
        found = find_weights(made)
        names = [weight.node.name for weight in found.weights] + [
            kept.node.name for kept in found.kept if kept.function is None
        ]
        assert len(names) == len(set(names)), path
        judged += bool(found.weights)
    assert judged > 400
